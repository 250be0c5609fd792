"""Monthly partitions (UTC) of agent_execution, made before the write in a transaction of their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from weakref import WeakKeyDictionary

from psycopg import sql
from sqlalchemy import Engine

from ingest.transactions import Connection, Cursor, transact

Month = tuple[int, int]

# A partition takes some ten locks; a year of them is far from what a server holds in one transaction.
_AT_ONCE = 12

_known: WeakKeyDictionary[Engine, set[Month]] = WeakKeyDictionary()


def months(instants: Iterable[datetime]) -> set[Month]:
    utc = (instant.astimezone(UTC) for instant in instants)
    return {(instant.year, instant.month) for instant in utc}


def ahead(now: datetime, number: int) -> set[Month]:
    """This month and the ``number`` after it."""
    utc = now.astimezone(UTC)
    following = range(utc.month - 1, utc.month + number)
    return {(utc.year + month // 12, month % 12 + 1) for month in following}


def ensure(engine: Engine, connection: Connection, wanted: set[Month]) -> list[Month]:
    """Makes the partitions that are missing, and gives them; asks the database only about months not seen
    before."""
    known = _known.setdefault(engine, set())
    missing, made = sorted(wanted - known), []
    for first in range(0, len(missing), _AT_ONCE):
        some = missing[first : first + _AT_ONCE]
        made += transact(connection, partial(_make, wanted=some))
        known.update(some)
    return made


def forget(engine: Engine) -> None:
    """Asks the database again: somebody dropped a partition that was there."""
    _known.pop(engine, None)


def name(month: Month) -> str:
    return f"agent_execution_{month[0]:04}_{month[1]:02}"


def _make(cursor: Cursor, wanted: list[Month]) -> list[Month]:
    if not _absent(cursor, wanted):
        return []
    # The lock comes before the look: an advisory lock, or a look before the lock, sees a stale catalog.
    # It stops neither readers nor writers, which CREATE TABLE ... PARTITION OF would.
    cursor.execute("LOCK TABLE agent_execution IN SHARE UPDATE EXCLUSIVE MODE")
    absent = _kept(cursor, _absent(cursor, wanted))
    for month in absent:
        _make_one(cursor, month)
    return absent


def _kept(cursor: Cursor, wanted: list[Month]) -> list[Month]:
    """Without those that retention has dropped: what is there would no longer be all of the month."""
    cursor.execute("SELECT raw_from FROM data_state")
    raw_from: datetime | None = cursor.fetchone()[0]  # type: ignore[index]
    return [month for month in wanted if raw_from is None or month >= (raw_from.year, raw_from.month)]


def _absent(cursor: Cursor, wanted: list[Month]) -> list[Month]:
    cursor.execute(
        "SELECT to_regclass(name) IS NULL FROM unnest(%s::text[]) WITH ORDINALITY AS t(name, i) ORDER BY i",
        ([name(month) for month in wanted],),
    )
    absent = cursor.fetchall()
    return [month for month, (is_absent,) in zip(wanted, absent, strict=True) if is_absent]


def _make_one(cursor: Cursor, month: Month) -> None:
    partition = sql.Identifier(name(month))
    cursor.execute(sql.SQL("CREATE TABLE {} (LIKE agent_execution INCLUDING ALL)").format(partition))
    following = (month[0] + month[1] // 12, month[1] % 12 + 1)
    cursor.execute(
        sql.SQL("ALTER TABLE agent_execution ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            partition, _bound(month), _bound(following)
        )
    )


def _bound(month: Month) -> sql.Literal:
    # With its offset: without one, sessions of different zones leave holes between the months.
    return sql.Literal(f"{month[0]:04}-{month[1]:02}-01 00:00:00+00")
