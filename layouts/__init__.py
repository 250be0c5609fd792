"""Draw: data in, components and figures out. No SQL, no callbacks."""
