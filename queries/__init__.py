"""Ask: schema, metrics, filters, statements, store. Knows no Dash and no Flask."""
