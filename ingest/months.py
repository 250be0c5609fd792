"""Which months the raw rows vouch for: all but those whose partition was dropped."""

from __future__ import annotations

from datetime import datetime

from ingest import partitions
from ingest.transactions import Cursor
from queries.schema import RAW_FROM, execution_key, rollup_delta, sketches, sums

# The first statement of who reads all raw rows: until it ends, retention drops none of them.
HOLD = "LOCK TABLE ONLY agent_execution IN ACCESS SHARE MODE"

_ROLLUPS = [table.name for table in (rollup_delta, *sums.values(), *sketches.values())]


def _month(column: str) -> str:
    return f"date_trunc('month', {column}, 'UTC')"


def dropped(cursor: Cursor) -> list[datetime]:
    """Months that have rollups and whose raw rows are gone, or are no longer kept (queries.schema.RAW_FROM).

    Their rollups cannot be checked or made again, and must be left as they are.
    """
    behind = [f"SELECT DISTINCT {_month('bucket')} FROM {t} WHERE bucket < {RAW_FROM}" for t in _ROLLUPS]
    keys = f"SELECT DISTINCT {_month('start_time')} FROM {execution_key.name}"
    found = _all(cursor, " UNION ".join([keys, *behind]))
    cursor.execute("SELECT raw_from FROM data_state")
    raw_from = cursor.fetchone()[0]  # type: ignore[index]
    names = [partitions.name((month.year, month.month)) for month in found]
    cursor.execute("SELECT n FROM unnest(%s::text[]) AS n WHERE to_regclass(n) IS NULL", (names,))
    gone = {row[0] for row in cursor.fetchall()}
    old = {month for month in found if raw_from and month < raw_from}
    return [month for month, name in zip(found, names, strict=True) if name in gone or month in old]


def vouched(cursor: Cursor) -> list[tuple[datetime, datetime]]:
    """(start, end) of every other month that has runs or rollups."""
    finds = [f"SELECT DISTINCT {_month('bucket')} FROM {table}" for table in _ROLLUPS]
    finds.append(f"SELECT DISTINCT {_month('start_time')} FROM agent_execution")
    found = _all(cursor, " UNION ".join(finds))
    gone = set(dropped(cursor))
    return [(month, following(month)) for month in sorted(found) if month not in gone]


def following(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _all(cursor: Cursor, statement: str) -> list[datetime]:
    cursor.execute(statement)
    return [row[0] for row in cursor.fetchall()]
