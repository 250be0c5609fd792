"""Tells category and template of the runs that are there anew, when rules or templates have changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine

from ingest.errors import GIVEN_CATEGORY, ErrorReader
from ingest.months import following
from ingest.rollups import bucket
from ingest.transactions import Cursor, connected, transact
from queries.schema import RAW_FROM

# Rows looked at in one transaction: what is held in memory, and how long a run may be locked.
AT_ONCE = 5_000

_RUNS = f"""
SELECT start_time, invocation_id, ingested_at, status, error_message,
       attributes ->> '{GIVEN_CATEGORY}' AS given, error_category, error_template
FROM agent_execution
WHERE start_time >= %(first)s AND start_time < %(last)s
  AND (start_time, invocation_id) > (%(after_start)s, %(after_id)s)
  AND (status IN ('failure', 'error') OR error_message IS NOT NULL
       OR error_category IS NOT NULL OR error_template IS NOT NULL)
ORDER BY start_time, invocation_id LIMIT %(most)s
"""
# A run that was replaced meanwhile came in anew, and was told by whoever brought it.
_TELL = f"""
WITH told AS (
    UPDATE agent_execution r SET error_category = t.category, error_template = t.template
    FROM unnest(%(starts)s::timestamptz[], %(ids)s::text[], %(ingested)s::timestamptz[],
                %(categories)s::text[], %(templates)s::text[]) AS t (start, id, ingested, category, template)
    WHERE r.start_time = t.start AND r.invocation_id = t.id AND r.ingested_at = t.ingested
      AND r.start_time >= %(first)s AND r.start_time < %(last)s AND r.start_time >= {RAW_FROM}
    RETURNING r.start_time
), dirty AS (
    INSERT INTO facet_dirty SELECT DISTINCT {bucket("hour", "start_time")} FROM told
)
SELECT count(*) FROM told
"""

Place = tuple[datetime, str]


def rederive(engine: Engine, reader: ErrorReader, at_once: int = AT_ONCE) -> int:
    """How many runs got another category or template; their facets are made again by the next refresh."""
    changed = 0
    with connected(engine) as connection:
        ends = transact(connection, _ends)
        month, last = ends if ends else (None, None)
        while month is not None and last is not None and month <= last:
            place: Place | None = (month, "")
            while place is not None:
                some = partial(_some, reader=reader, month=month, place=place, most=at_once)
                count, place = transact(connection, some)
                changed += count
            month = following(month)
    return changed


def _ends(cursor: Cursor) -> tuple[datetime, datetime] | None:
    """The first month that has runs, and the last run's start."""
    cursor.execute("SELECT date_trunc('month', min(start_time), 'UTC'), max(start_time) FROM agent_execution")
    first, last = cursor.fetchone()  # type: ignore[misc]
    return (first, last) if first else None


def _some(
    cursor: Cursor, reader: ErrorReader, month: datetime, place: Place, most: int
) -> tuple[int, Place | None]:
    """(runs changed of the next ``most`` of the month, where to go on; None at its end)"""
    span: dict[str, Any] = {"first": month, "last": following(month)}
    cursor.execute(_RUNS, {**span, "after_start": place[0], "after_id": place[1], "most": most})
    rows = cursor.fetchall()
    told = [
        (start, run, ingested, category, template)
        for start, run, ingested, status, message, given, *stored in rows
        for category, template in [reader.read(message, status, given)]
        if [category, template] != stored
    ]
    count = _tell(cursor, span, told) if told else 0
    return count, (rows[-1][0], rows[-1][1]) if len(rows) == most else None


def _tell(cursor: Cursor, span: dict[str, Any], told: Sequence[tuple[object, ...]]) -> int:
    names = ("starts", "ids", "ingested", "categories", "templates")
    columns = {name: list(column) for name, column in zip(names, zip(*told, strict=True), strict=True)}
    cursor.execute(_TELL, span | columns)
    (count,) = cursor.fetchone()  # type: ignore[misc]
    # No run was added: without this, answers cached before would be taken for right.
    cursor.execute("UPDATE data_state SET identity = gen_random_uuid()")
    return int(count)
