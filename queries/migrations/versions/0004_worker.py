"""What became of the worker's jobs.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE worker_job (job text PRIMARY KEY, succeeded_at timestamptz, did text, "
        "failed_at timestamptz, failures integer NOT NULL DEFAULT 0, problem text)"
    )
