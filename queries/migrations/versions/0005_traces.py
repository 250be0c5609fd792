"""Spans of OpenTelemetry, kept while their trace is open, and the traces that runs were made of.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

# Spans come and go by the thousand: vacuum by count, not by share, or dead rows pile up.
VACUUM = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE otel_trace (trace_id bytea PRIMARY KEY CHECK (octet_length(trace_id) = 16), "
        "seen_at timestamptz NOT NULL, spans integer NOT NULL, has_run boolean NOT NULL, "
        "has_top boolean NOT NULL, settled boolean NOT NULL, closed boolean NOT NULL, "
        "runs text[] NOT NULL, posted jsonb) "
        f"WITH (fillfactor = 80, {VACUUM})"
    )
    op.execute("CREATE INDEX otel_trace_open ON otel_trace (seen_at) WHERE NOT closed")
    op.execute(
        "CREATE TABLE otel_span (trace_id bytea, span_id bytea CHECK (octet_length(span_id) = 8), "
        "parent_id bytea, start_ns bigint NOT NULL, end_ns bigint, "
        f'facts text COLLATE "C" NOT NULL, PRIMARY KEY (trace_id, span_id)) WITH ({VACUUM})'
    )
