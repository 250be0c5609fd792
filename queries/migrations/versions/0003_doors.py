"""Runs that come by themselves: tokens of who may send them, runs in flight, and posts bundled in the log.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE api_token (token_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100), "
        "role text NOT NULL CHECK (role IN ('viewer', 'ingest', 'editor')), "
        "hash bytea NOT NULL UNIQUE, created_at timestamptz NOT NULL, last_used_at timestamptz, "
        "revoked_at timestamptz)"
    )
    # The name of a revoked one is free again.
    op.execute("CREATE UNIQUE INDEX api_token_name ON api_token (name) WHERE revoked_at IS NULL")
    op.execute(
        'CREATE TABLE run_in_flight (invocation_id text COLLATE "C" PRIMARY KEY '
        "CHECK (octet_length(invocation_id) BETWEEN 1 AND 512), "
        "agent text NOT NULL, agent_version text, model text NOT NULL, start_time timestamptz NOT NULL, "
        "heard_at timestamptz NOT NULL, attributes jsonb NOT NULL) "
        "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)"
    )
    op.execute("ALTER TABLE data_import ADD bundle text UNIQUE")
