"""Roof: the tokens that programs show: made, listed, revoked, and known again in a request's header.

A token is 256 random bits, so that its SHA-256 says nothing of it and needs no salt. Each request looks
its token up, so that a revoked one is refused by every server process from then on.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, Select, exists, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from queries.access_tables import api_token
from queries.errors import QueryError, UserError, did_you_mean

# What each may do: read; send runs; read, send runs, and change what the team shares.
ROLES = ("viewer", "ingest", "editor")
SENDERS = ("ingest", "editor")

_PREFIX = "fxm_"  # so that people and scanners of secrets know what they have found
_NAME_CHARS = 80
# Last use is told to the minute: a write for each request would cost more than the request.
_TOLD_EVERY = timedelta(minutes=1)
_HOW = "a header `Authorization: Bearer TOKEN`; `fixer-metrics token create NAME` makes a token"
_EMPTY = (
    "The header `Authorization: Bearer` of this request has no token after the word Bearer; "
    "perhaps the variable that should hold it is empty."
)
_COLUMNS = [column for column in api_token.columns if column.name != "hash"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token as it is listed; ``last_used_at`` is right to the minute, None: never."""

    token_id: int
    name: str
    role: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(engine: Engine, name: str, role: str) -> str:
    """A new token, to be shown once. UserError where one of that name is in use."""
    name = name.strip()
    if not name or len(name) > _NAME_CHARS or not name.isprintable():
        raise UserError(f"A token's name is 1 to {_NAME_CHARS} characters that can be printed, not {name!r}.")
    if role not in ROLES:
        raise UserError(f"{role!r} is no role.{did_you_mean(role, ROLES)} Allowed: {', '.join(ROLES)}")
    token = _PREFIX + secrets.token_urlsafe(32)
    values = {"name": name, "role": role, "hash": _hash(token), "created_at": func.now()}
    try:
        with engine.begin() as connection:
            connection.execute(insert(api_token).values(values))
    except IntegrityError:
        raise UserError(
            f"There is a token {name!r} already. Choose another name, or revoke that one: "
            f"fixer-metrics token revoke {name!r}"
        ) from None
    return token


def tokens(engine: Engine) -> list[Token]:
    """All there were, the newest first."""
    with engine.connect() as connection:
        return [Token(*row) for row in connection.execute(_select().order_by(api_token.c.token_id.desc()))]


def revoke(engine: Engine, name: str) -> None:
    """From here on it is refused. UserError where no token of that name is in use."""
    in_use = api_token.c.revoked_at.is_(None)
    statement = update(api_token).where(api_token.c.name == name, in_use).values(revoked_at=func.now())
    with engine.begin() as connection:
        if connection.execute(statement).rowcount:
            return
        names = list(connection.execute(select(api_token.c.name).where(in_use)).scalars())
    listed = ", ".join(sorted(names)) or "none; `fixer-metrics token create NAME` makes one"
    raise UserError(f"No token {name!r} is in use.{did_you_mean(name, names)} In use: {listed}")


def identify(engine: Engine, authorization: str | None) -> Token | None:
    """The token of an ``Authorization`` header; None where it holds none.

    A QueryError (401) where it holds one that is not, or no longer, ours: it is never taken for none.
    ``engine`` must be able to write: it notes the use.
    """
    shown = _shown(authorization)
    if shown is None:
        return None
    if not shown:
        raise QueryError("token_unknown", "", _EMPTY, _HOW)
    with engine.begin() as connection:
        row = connection.execute(_select().where(api_token.c.hash == _hash(shown))).one_or_none()
        if row is None or row.revoked_at:
            was = "is not one of ours" if row is None else "has been revoked"
            raise QueryError("token_unknown", "", f"The token of this request {was}.", _HOW)
        token = Token(*row)
        _note_use(connection, token)
    return token


def admit(
    engine: Engine,
    authorization: str | None,
    roles: tuple[str, ...] = SENDERS,
    *,
    configured: bool = False,
) -> Token | None:
    """Whoever may do what ``roles`` may; None: nobody needs a token, and none was shown.

    A token that is shown must be valid. One is needed as soon as authentication is ``configured``, or
    one was ever made: revoking the last one does not open the door again. A QueryError says why not.
    """
    token = identify(engine, authorization)
    if token is None:
        if configured or any_was_made(engine):
            raise QueryError("token_needed", "", "This needs a token.", _HOW)
    elif token.role not in roles:
        message = f"The token {token.name!r} has the role {token.role}, which may not do this."
        raise QueryError("role_too_low", "", message, f"a token with the role {' or '.join(roles)}")
    return token


def any_was_made(engine: Engine) -> bool:
    """Whether there is or was any token at all."""
    with engine.connect() as connection:
        return bool(connection.execute(select(exists().select_from(api_token))).scalar_one())


def _shown(authorization: str | None) -> str | None:
    """The token in ``Bearer TOKEN``; other schemes are somebody else's, such as a proxy's."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _select() -> Select:
    return select(*_COLUMNS)


def _note_use(connection: Connection, token: Token) -> None:
    before = datetime.now(UTC) - _TOLD_EVERY
    if token.last_used_at and token.last_used_at > before:
        return
    # Losing it in a crash of the database is no loss; waiting for the disk would be one.
    connection.execute(text("SET LOCAL synchronous_commit = off"))
    stale = or_(api_token.c.last_used_at.is_(None), api_token.c.last_used_at <= before)
    mine = api_token.c.token_id == token.token_id
    connection.execute(update(api_token).where(mine, stale).values(last_used_at=func.now()))
