"""Long traces: what of their spans their runs do not have yet, the import that their last spans came with,
and the spans of runs that were taken back.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE otel_trace ADD unmade integer NOT NULL DEFAULT 0, ADD stale_since timestamptz, "
        "ADD import_id bigint"
    )
    op.execute("CREATE INDEX otel_trace_stale ON otel_trace (stale_since) WHERE stale_since IS NOT NULL")
    op.execute("ALTER TABLE otel_span ADD undone boolean NOT NULL DEFAULT false")
