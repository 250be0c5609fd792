"""Demo data: a realistic, reproducible world of agent runs, written through ingest like any other data."""
