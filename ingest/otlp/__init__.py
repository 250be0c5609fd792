"""OpenTelemetry's spans to runs: read, kept while a trace is open, put together."""
