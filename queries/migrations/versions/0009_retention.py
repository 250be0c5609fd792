"""From which month on raw rows are kept, and what that means for imports and facets.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE data_state ADD raw_from timestamptz")
    op.execute("ALTER TABLE data_import ADD dropped bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE rollup_facet ADD complete_from timestamptz")
