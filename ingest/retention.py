"""Drops raw rows by whole month once they are old enough; rollups, facets and keys stay as they are.

First the boundary moves (``data_state.raw_from``): from then on nobody writes before it. Then the months
before it are detached and dropped, one by one, each resumed by the next call where it was broken off.
Readers never wait, and writers only until those before them are through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from psycopg import sql
from sqlalchemy import Engine

from ingest import facets, partitions
from ingest.transactions import Connection, Cursor, connected, transact

# Held by whoever drops: two would be in each other's way.
LOCK = 7_310_552_005
# Seconds that writers may have to wait for a slow one of them, before it is tried again another time.
PATIENCE = 5
_TRIES = 5

_PARTITIONS = """
SELECT c.relname, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'agent_execution'::regclass
"""
_DETACHED = """
SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relname ~ '^agent_execution_[0-9]{4}_[0-9]{2}$'
  AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'agent_execution'::regclass)
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
"""


def retain(engine: Engine, days: int, now: datetime) -> list[str]:
    """Drops the months that are over for ``days``; gives the names of the partitions that went.

    Also those that an earlier call left behind the boundary. Nothing where another one is at it.
    """
    with connected(engine) as connection:
        if not _try_lock(connection):
            return []
        try:
            return _retain(engine, connection, _month_of(now - timedelta(days=days)))
        finally:
            if not connection.closed:
                transact(connection, lambda cursor: cursor.execute(f"SELECT pg_advisory_unlock({LOCK})"))


def _try_lock(connection: Connection) -> bool:
    def lock(cursor: Cursor) -> bool:
        cursor.execute(f"SELECT pg_try_advisory_lock({LOCK})")
        return bool(cursor.fetchone()[0])  # type: ignore[index]

    return transact(connection, lock)


def _retain(engine: Engine, connection: Connection, wanted: datetime) -> list[str]:
    attached, boundary = transact(connection, _standing)
    if any(_start(name) < wanted for name in attached) and (boundary is None or boundary < wanted):
        _move_boundary(engine, wanted)
        boundary = wanted
    if boundary is None:
        return []
    for name, pending in attached.items():
        if _start(name) < boundary:
            _detach(connection, name, pending)
    gone = [name for name in transact(connection, _detached) if _start(name) < boundary]
    for name in gone:
        transact(connection, partial(_drop, name=name))
    partitions.forget(engine)
    return gone


def _standing(cursor: Cursor) -> tuple[dict[str, bool], datetime | None]:
    """Partition -> whether it was being detached when that was broken off; and the boundary."""
    cursor.execute(_PARTITIONS)
    attached = {name: pending for name, pending in cursor.fetchall() if re.search(r"_\d{4}_\d\d$", name)}
    cursor.execute("SELECT raw_from FROM data_state")
    return dict(sorted(attached.items())), cursor.fetchone()[0]  # type: ignore[index]


def _detached(cursor: Cursor) -> list[str]:
    cursor.execute(_DETACHED)
    return sorted(row[0] for row in cursor.fetchall())


def _move_boundary(engine: Engine, boundary: datetime) -> None:
    """With every facet of the months before made: once they are gone, nothing could make it."""
    for _ in range(_TRIES):
        facets.refresh(engine, until=boundary)
        with connected(engine) as connection:
            if transact(connection, lambda cursor: _moved(cursor, boundary)):
                return
    raise RuntimeError(f"runs of before {boundary:%Y-%m-%d} keep changing; nothing was dropped yet")


def _moved(cursor: Cursor, boundary: datetime) -> bool:
    """False where some facet is out of date."""
    cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
    # Waits for all who write: what they changed is seen below, and whoever comes later sees the boundary.
    cursor.execute("LOCK TABLE ONLY agent_execution IN SHARE MODE")
    cursor.execute(
        f"SELECT pg_try_advisory_xact_lock({facets.LOCK}) "
        "AND NOT EXISTS (SELECT FROM facet_dirty WHERE hour < %s)",
        (boundary,),
    )
    if not cursor.fetchone()[0]:  # type: ignore[index]
        return False
    # Answers kept under the old identity know nothing of the boundary.
    cursor.execute("UPDATE data_state SET raw_from = %s, identity = gen_random_uuid()", (boundary,))
    return True


def _detach(connection: Connection, name: str, pending: bool) -> None:
    """Waits for whoever has begun to read or write, and lets everybody else go on meanwhile."""
    how = "FINALIZE" if pending else "CONCURRENTLY"
    statement = sql.SQL(f"ALTER TABLE agent_execution DETACH PARTITION {{}} {how}")
    with _autocommit(connection):
        connection.execute(statement.format(sql.Identifier(name)))


@contextmanager
def _autocommit(connection: Connection) -> Iterator[None]:
    connection.rollback()
    connection.autocommit = True
    try:
        connection.execute("SET statement_timeout = 0")
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False


def _drop(cursor: Cursor, name: str) -> None:
    """Each import that brought rows of the month says how many of them are gone."""
    table = sql.Identifier(name)
    cursor.execute(
        sql.SQL(
            "UPDATE data_import i SET dropped = i.dropped + gone.n FROM (SELECT import_id, count(*) AS n "
            "FROM {} GROUP BY 1) AS gone WHERE i.import_id = gone.import_id"
        ).format(table)
    )
    cursor.execute(sql.SQL("DROP TABLE {}").format(table))


def _month_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _start(name: str) -> datetime:
    year, month = name.split("_")[-2:]
    return datetime(int(year), int(month), 1, tzinfo=UTC)
