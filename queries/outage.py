"""Whether an error means that the database is away, so that callers need not know the driver."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLSTATEs of OperationalErrors that a reachable database raises about one statement.
_STATEMENT_ONLY = {"57014", "53400", "54001"}  # cancelled by the timeout, limits of configuration and stack


def is_outage(error: BaseException) -> bool:
    """True where trying again later may help: nobody answers, hangs up, or gives out no connection."""
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, psycopg.Error):  # what writes talks to the driver itself
        return _away(error, error.sqlstate)
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) and state not in _STATEMENT_ONLY


def _away(error: psycopg.Error, state: str | None) -> bool:
    return (
        isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and state not in _STATEMENT_ONLY
    )


def is_timeout(error: BaseException) -> bool:
    """True where one statement took longer than statement_timeout lets it."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == "57014"
