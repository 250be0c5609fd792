"""Compares the rollups of facets with the raw rows of a month; hours out of date are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ingest.facets import COLUMNS, of_runs
from ingest.rollups import bucket
from ingest.sketch_check import differing_bins
from ingest.transactions import Cursor
from queries.measures import MEASURES, SKETCHES

_KEY = ("bucket", "value", "model", "status")
_SUMS = ("calls", *(measure.name for measure in MEASURES))
_WITHIN = "start_time >= %(first)s AND start_time < %(last)s"
# table, bucket, key, measure, rollup, raw: what ingest.verify.Difference is made of.
Compared = tuple[str, datetime, Mapping[str, str], str, object, object]


def facet_differences(cursor: Cursor, span: Mapping[str, datetime]) -> Iterator[Compared]:
    """Every value of the span's facets that is not what the raw rows say."""
    cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS raw_facet (LIKE facet_hour) ON COMMIT DROP")
    cursor.execute("SELECT facet, hours FROM rollup_facet ORDER BY facet")
    for facet, hours in cursor.fetchall():
        for tier in ("hour", "day") if hours else ("day",):
            cursor.execute(f"INSERT INTO raw_facet ({COLUMNS}) {of_runs(facet, tier, _WITHIN)}", span)
            yield from _compare(cursor, facet, tier, span)
            cursor.execute("TRUNCATE raw_facet")


def _compare(cursor: Cursor, facet: str, tier: str, span: Mapping[str, datetime]) -> Iterator[Compared]:
    values = {**span, "facet": facet}
    cursor.execute(_statement(tier, _SUMS), values)
    for row in cursor.fetchall():
        pairs = zip(_SUMS, row[4::2], row[5::2], strict=True)
        for measure, rollup, raw in pairs:
            if (rollup or 0) != (raw or 0):
                yield _difference(tier, facet, row, measure, rollup, raw)
    cursor.execute(_statement(tier, tuple(SKETCHES)), values)
    rows = cursor.fetchall()
    for place, name in enumerate(SKETCHES):
        left, right = ([bytes(row[4 + 2 * place + side] or b"") for row in rows] for side in (0, 1))
        for wrong in differing_bins(left, right):
            row = rows[wrong.position]
            yield _difference(tier, facet, row, f"{name} bin {wrong.bin}", wrong.left, wrong.right)


def _statement(tier: str, columns: Sequence[str]) -> str:
    """Key, then each column as the rollups and as the raw rows have it, of the rows that differ."""
    listed = ", ".join((*_KEY, *columns))
    dirty = f"SELECT {bucket(tier, 'hour')} FROM facet_dirty"
    clean = f"bucket >= %(first)s AND bucket < %(last)s AND bucket NOT IN ({dirty})"
    a, b = (", ".join(f"{alias}.{name}" for name in columns) for alias in "ab")
    pairs = ", ".join(f"a.{name}, b.{name}" for name in columns)
    key = ", ".join(_KEY)
    return (
        f"SELECT {key}, {pairs} FROM "
        f"(SELECT {listed} FROM facet_{tier} WHERE facet = %(facet)s AND {clean}) AS a FULL JOIN "
        f"(SELECT {listed} FROM raw_facet WHERE {clean}) AS b USING ({key}) "
        f"WHERE ROW({a}) IS DISTINCT FROM ROW({b}) ORDER BY {key}"
    )


def _difference(
    tier: str, facet: str, row: Sequence[Any], measure: str, rollup: object, raw: object
) -> Compared:
    key = {"facet": facet, **dict(zip(_KEY[1:], row[1:4], strict=True))}
    return f"facet_{tier}", row[0], key, measure, rollup, raw
