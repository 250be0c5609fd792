"""How far the files that `watch` follows have been read.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE watched_file (machine text NOT NULL, path bytea NOT NULL, file_id text NOT NULL, "
        "signature text NOT NULL, position bigint NOT NULL, lines bigint NOT NULL, head bytea NOT NULL, "
        "PRIMARY KEY (machine, path))"
    )
