"""Makes the rollups of facets from the raw rows, hour by hour, wherever runs have changed.

A write only notes the hours it touched (``facet_dirty``), in its own transaction; readers take those from
the raw rows. So facets are exact at every instant, whatever was inserted, replaced or taken back, and an
hour is made once however many writes it saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from psycopg import IsolationLevel
from sqlalchemy import Engine

from ingest.facet_staging import Staging, staging
from ingest.rollups import bounded, bucket
from ingest.transactions import Connection, Cursor, connected, transact
from queries.calendar import DAY, HOUR
from queries.facet_statements import sketch_of_runs
from queries.facets import ATTRIBUTE, LONGEST_NAME, ROLLED_UP, source
from queries.measures import MEASURES, SKETCHES
from queries.schema import RAW_FROM

# Held by whoever makes facets.
LOCK = 7_310_552_003
# Runs whose facets are made in one transaction.
RUNS_AT_ONCE = 100_000
# With more rows an hour than this, and a row for every fourth run, hours cost more than they save.
_WIDE_ROWS = 500
_WIDE_SHARE = 0.25

_SUMS = tuple(measure.name for measure in MEASURES)
COLUMNS = ", ".join(("facet", "bucket", "value", "model", "status", "calls", *_SUMS, *SKETCHES))

# Never an hour whose raw rows are gone: it would come out empty.
_NEXT = f"""
SELECT hour FROM (
    SELECT hour, row_number() OVER (ORDER BY hour) AS place,
           sum(coalesce(runs, 0)) OVER (ORDER BY hour) AS runs
    FROM (SELECT DISTINCT hour FROM facet_dirty
          WHERE hour > %(after)s AND hour < %(until)s AND hour >= {RAW_FROM}) AS dirty
    LEFT JOIN (SELECT bucket AS hour, sum(runs) AS runs FROM status_hour GROUP BY 1) AS known USING (hour)
) AS waiting WHERE runs <= %(most)s OR place = 1 ORDER BY hour
"""
_CLEAN_DAYS = (
    f"SELECT DISTINCT day FROM (SELECT {bucket('day', 'hour')} AS day "
    "FROM unnest(%(hours)s::timestamptz[]) AS hour) "
    f"AS touched WHERE day NOT IN (SELECT {bucket('day', 'hour')} FROM facet_dirty)"
)


def refresh(engine: Engine, *, until: datetime | None = None, most: int = RUNS_AT_ONCE) -> int:
    """Makes the facets of hours that have changed; gives how many hours, 0 where another one is at it.

    ``until``: only hours before; by default those that are over, for the present one changes all the time.
    """
    with connected(engine, IsolationLevel.REPEATABLE_READ) as connection:
        # For the session, and so before the snapshot: the rows of the one before must be seen.
        if not _locked(connection):
            return 0
        try:
            return refresh_on(connection, until=until, most=most)
        finally:
            if not connection.closed:
                connection.execute(f"SELECT pg_advisory_unlock({LOCK})")
                connection.commit()


def refresh_on(connection: Connection, *, until: datetime | None = None, most: int = RUNS_AT_ONCE) -> int:
    """Once through time, each hour at most once: it ends, however long somebody writes into an hour."""
    made, after = 0, datetime.min.replace(tzinfo=UTC)
    while hours := transact(connection, partial(_some, after=after, until=until, most=most)):
        made, after = made + len(hours), hours[-1]
    return made


def mark_all(cursor: Cursor) -> None:
    """Every hour that has runs will be made again."""
    cursor.execute(
        f"INSERT INTO facet_dirty SELECT DISTINCT {bucket('hour', 'start_time')} FROM agent_execution "
        f"WHERE start_time >= {RAW_FROM}"
    )


def configure(engine: Engine, attributes: Sequence[str]) -> list[str]:
    """Rolls exactly these attributes up (and errors and tools); gives the ones that were not before.

    What is new is right at once and fast after the next refresh; the rows of what is gone are deleted.
    """
    wanted = [*ROLLED_UP, *(f"{ATTRIBUTE}{name[:LONGEST_NAME]}" for name in attributes)]
    with connected(engine) as connection:
        return transact(connection, lambda cursor: _configure(cursor, wanted))


def _configure(cursor: Cursor, wanted: list[str]) -> list[str]:
    cursor.execute("LOCK TABLE rollup_facet IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute("SELECT facet FROM rollup_facet")
    known = {row[0] for row in cursor.fetchall()}
    new, gone = [name for name in wanted if name not in known], sorted(known - set(wanted))
    if gone:
        for table in ("rollup_facet", "facet_hour", "facet_day"):
            cursor.execute(f"DELETE FROM {table} WHERE facet = ANY(%s)", (gone,))
    if new:
        cursor.execute(
            "INSERT INTO rollup_facet (facet, complete_from) "
            "SELECT unnest(%s::text[]), (SELECT raw_from FROM data_state)",
            (new,),
        )
        mark_all(cursor)
    return new


def _locked(connection: Connection) -> bool:
    row = connection.execute(f"SELECT pg_try_advisory_lock({LOCK})").fetchone()
    connection.commit()
    return bool(row and row[0])


def _some(cursor: Cursor, after: datetime, until: datetime | None, most: int) -> list[datetime]:
    """One transaction's worth: the next hours, and the days that they complete; gives the hours."""
    cursor.execute("SELECT set_config('work_mem', '64MB', true)")
    cursor.execute(_NEXT.replace("%(until)s", "coalesce(%(until)s, date_trunc('hour', now(), 'UTC'))"),
                   {"after": after, "until": until, "most": most})  # fmt: skip
    hours = [row[0] for row in cursor.fetchall()]
    if not hours:
        return []
    cursor.execute("SELECT facet, hours FROM rollup_facet ORDER BY facet")
    facets = dict(cursor.fetchall())
    span: dict[str, Any] = {"facets": list(facets), **_bounds("hours", hours, HOUR)}
    cursor.execute("DELETE FROM facet_dirty WHERE hour = ANY(%(hours)s)", span)
    cursor.execute(_CLEAN_DAYS, span)
    span |= _bounds("days", [row[0] for row in cursor.fetchall()], DAY)
    runs = _number_of_runs(cursor, span)
    for table, places in (("facet_hour", "hours"), ("facet_day", "days")):
        cursor.execute(
            f"DELETE FROM {table} WHERE facet = ANY(%(facets)s) AND bucket = ANY(%({places})s)", span
        )
    narrow = [facet for facet, by_the_hour in facets.items() if by_the_hour]
    staged = staging(narrow)
    cursor.execute(
        staged.create(f"{_WITHIN['hours']} AND {bucket('hour', 'start_time')} = ANY(%(hours)s)"), span
    )
    cursor.execute(staged.analyze)
    for facet in facets:
        wide = facet not in narrow or _make_hours(cursor, facet, staged, len(hours), runs)
        cursor.execute(_of_runs(facet, "day", "days") if wide else _DAYS_OF_HOURS, span | {"facet": facet})
    cursor.execute(staged.drop)
    return hours


def _bounds(places: str, starts: list[datetime], width: timedelta) -> dict[str, Any]:
    if not starts:
        return {places: [], f"{places}_from": None, f"{places}_to": None}
    return {places: starts, f"{places}_from": min(starts), f"{places}_to": max(starts) + width}


def _number_of_runs(cursor: Cursor, span: dict[str, Any]) -> int:
    cursor.execute(
        f"SELECT count(*) FROM agent_execution WHERE {_WITHIN['hours']} "
        f"AND {bucket('hour', 'start_time')} = ANY(%(hours)s)",
        span,
    )
    return int(cursor.fetchone()[0])  # type: ignore[index]


def _make_hours(cursor: Cursor, facet: str, staged: Staging, hours: int, runs: int) -> bool:
    """Whether the facet turned out too wide for hours: then it has none from now on."""
    cursor.execute(f"INSERT INTO facet_hour ({COLUMNS}) {staged.hours(facet)} ORDER BY 3, 2")
    if cursor.rowcount <= max(_WIDE_ROWS * hours, _WIDE_SHARE * runs):
        return False
    cursor.execute("UPDATE rollup_facet SET hours = false WHERE facet = %s", (facet,))
    cursor.execute("DELETE FROM facet_hour WHERE facet = %s", (facet,))
    return True


# The bounds as values: left to a subquery, the planner would not know how few rows lie between.
_WITHIN = {
    places: f"start_time >= %({places}_from)s AND start_time < %({places}_to)s"
    for places in ("hours", "days")
}


def _of_runs(facet: str, tier: str, places: str) -> str:
    """INSERT of the facet's rows of a tier, from the raw rows of these hours or days."""
    rows = of_runs(facet, tier, _WITHIN[places], f"{bucket(tier, 'r.start_time')} = ANY(%({places})s)")
    return f"INSERT INTO facet_{tier} ({COLUMNS}) {rows} ORDER BY 3, 2"


def of_runs(facet: str, tier: str, within: str, where: str = "true") -> str:
    """SELECT of COLUMNS: what the raw rows ``within`` (a condition on their start) add up to."""
    of = source(facet)
    name = facet.replace("'", "''").replace("%", "%%")
    sketches = (bounded(sketch_of_runs(column)) for column in SKETCHES.values())
    values = [f"'{name}'", bucket(tier, "r.start_time"), of.value, "r.model", "r.status"]
    values += [f"coalesce(sum({of.calls}), 0)::bigint", *(m.aggregate for m in MEASURES), *sketches]
    return (
        f"SELECT {', '.join(values)} FROM (SELECT * FROM agent_execution WHERE {within}) AS r {of.join} "
        f"WHERE {where} AND {of.where} GROUP BY 2, 3, 4, 5"
    )


def _days_of_hours() -> str:
    sums = [f"sum({m.name})::{'numeric' if m.money else 'bigint'}" for m in MEASURES]
    sketches = [bounded(f"string_agg({name}, ''::bytea)") for name in SKETCHES]
    values = [
        "facet",
        bucket("day", "bucket"),
        "value",
        "model",
        "status",
        "sum(calls)::bigint",
        *sums,
        *sketches,
    ]
    return (
        f"INSERT INTO facet_day ({COLUMNS}) SELECT {', '.join(values)} FROM facet_hour "
        "WHERE facet = %(facet)s AND bucket >= %(days_from)s AND bucket < %(days_to)s "
        f"AND {bucket('day', 'bucket')} = ANY(%(days)s) GROUP BY 1, 2, 3, 4, 5 ORDER BY 3, 2"
    )


_DAYS_OF_HOURS = _days_of_hours()
