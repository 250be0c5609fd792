"""Where accounts came in from, and what a provider asks for when somebody logs out there.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("CREATE TABLE login_known (key bytea PRIMARY KEY, last_at timestamptz NOT NULL)")
    op.execute("ALTER TABLE login_session ADD COLUMN id_token text")
