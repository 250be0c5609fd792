"""The tables of who may see: people with a password, who is logged in, the tokens of programs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table, Text

from queries.schema import INSTANT, metadata, serial

# People with a password here. Names are kept in one spelling (dashboard/access/users.py).
app_user = Table(
    "app_user",
    metadata,
    serial("user_id"),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
)

# Who is logged in. A row that goes ends the session, on all machines; of the cookie only a hash is kept.
# Of a person with a password here the role is the user's, of one of a provider it is the row's.
login_session = Table(
    "login_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("method", Text, nullable=False),
    Column("user_id", BigInteger, ForeignKey("app_user.user_id", ondelete="CASCADE")),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("id_token", Text),  # of a provider at which one can log out, which may ask for it then
)

# Log-ins that failed, by account and address, and accounts with the addresses they came in from; of all
# only a hash is kept.
login_failure = Table(
    "login_failure",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", INSTANT, nullable=False),
    Column("blocked_until", INSTANT, nullable=False),
)
login_known = Table(
    "login_known",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("last_at", INSTANT, nullable=False),
)

# What programs show to be let in; only the SHA-256 of each is kept. A revoked one stays in the list.
api_token = Table(
    "api_token",
    metadata,
    serial("token_id"),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", INSTANT, nullable=False),
    Column("last_used_at", INSTANT),
    Column("revoked_at", INSTANT),
)
