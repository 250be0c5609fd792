"""The one way to a database: UTC sessions, binary results, bounded statements."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import Format
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

from queries.errors import UserError


class BinaryCursor(psycopg.Cursor):
    """Fetches results in binary: sketches arrive as bytes, half the size of hexadecimal text."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.format = Format.BINARY


def make_engine(
    url: str,
    *,
    pool_size: int = 8,
    read_only: bool = False,
    statement_timeout_ms: int = 15_000,
    application_name: str = "fixer-metrics",
) -> Engine:
    """An engine for ``url``; UserError where it is no PostgreSQL address.

    Sessions run in UTC: Python alone owns the calendar. jit costs more than it saves on statements of
    milliseconds. pool_pre_ping lets the pool survive a restart of the database.
    """
    settings = {
        "TimeZone": "UTC",
        "statement_timeout": str(statement_timeout_ms),
        "jit": "off",
        **({"default_transaction_read_only": "on"} if read_only else {}),
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(
        _psycopg_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,  # what fails is logged, and must not tell what was stored or asked for
        connect_args={
            "options": options,
            "application_name": application_name,
            "cursor_factory": BinaryCursor,
            "connect_timeout": 10,
        },
    )


def _psycopg_url(url: str) -> str:
    try:
        parsed = make_url(url)
    except Exception as error:
        raise UserError(
            "DATABASE_URL is not an address; it looks like postgresql://user:password@host:5432/name"
        ) from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise UserError(
            f"DATABASE_URL begins with {parsed.drivername!r}; only PostgreSQL is supported: "
            "postgresql://user:password@host:5432/name"
        )
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
