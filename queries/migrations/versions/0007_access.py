"""People with passwords, who is logged in, and log-ins that failed.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE app_user (user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "name text NOT NULL UNIQUE, role text NOT NULL CHECK (role IN ('viewer', 'editor')), "
        "password_hash text NOT NULL, created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL)"
    )
    op.execute(
        "CREATE TABLE login_session (token_hash bytea PRIMARY KEY, method text NOT NULL, "
        "user_id bigint REFERENCES app_user ON DELETE CASCADE, name text NOT NULL, role text NOT NULL, "
        "created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL)"
    )
    op.execute("CREATE INDEX login_session_user ON login_session (user_id)")
    op.execute("CREATE INDEX login_session_expires ON login_session (expires_at)")
    op.execute(
        "CREATE TABLE login_failure (key bytea PRIMARY KEY, failures integer NOT NULL, "
        "last_at timestamptz NOT NULL, blocked_until timestamptz NOT NULL)"
    )
