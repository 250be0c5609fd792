"""Saved views: the address of a page under a name, for the whole team; at most one is the start page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select

from queries.page_tables import saved_view as table

MOST = 500  # views of a team
LONGEST_NAME = 100
LONGEST_URL = 6_000
LONGEST_PATH = 1_000


@dataclass(frozen=True)
class SavedView:
    """``url``: path and query string, as the page writes them."""

    view_id: int
    name: str
    url: str
    is_start: bool
    created_at: datetime


def saved_views(connection: Connection) -> list[SavedView]:
    """All of them, by name."""
    return list(_read(connection, _statement().order_by(func.lower(table.c.name))))


def saved_view(connection: Connection, view_id: int) -> SavedView | None:
    found = _read(connection, _statement().where(table.c.view_id == view_id))
    return next(found, None)


def named(connection: Connection, name: str) -> SavedView | None:
    """The view of this name; capitals do not matter."""
    same = func.lower(table.c.name) == func.lower(name)
    return next(_read(connection, _statement().where(same)), None)


def start_view(connection: Connection) -> SavedView | None:
    """The one that ``/`` leads to."""
    return next(_read(connection, _statement().where(table.c.is_start)), None)


def _statement() -> Select:
    columns = (table.c.view_id, table.c.name, table.c.path, table.c.search)
    return select(*columns, table.c.is_start, table.c.created_at)


def _read(connection: Connection, statement: Select) -> Iterator[SavedView]:
    for row in connection.execute(statement):
        yield SavedView(row.view_id, row.name, row.path + row.search, row.is_start, row.created_at)
