"""An index that finds the runs an import brought, newest first.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # With the start, so that a page of them comes in order however old or many they are.
    op.execute("CREATE INDEX agent_execution_import_idx ON agent_execution (import_id, start_time)")
