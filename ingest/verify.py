"""Compares the rollups with the raw rows, in one snapshot, and names every difference."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import IsolationLevel
from sqlalchemy import Engine, Table

from ingest import months
from ingest.rollups import SUMS, coarser_sketches, coarser_sums, of_runs, runs_between
from ingest.sketch_check import differing_bins
from ingest.transactions import Connection, Cursor, connected, transact
from ingest.verify_facets import facet_differences
from queries.measures import SKETCHES
from queries.schema import SHAPES, sketches, sums
from queries.sketch import PAIR_BYTES

LISTED = 1_000
_AT_ONCE = 50_000


@dataclass(frozen=True)
class Difference:
    """One value that is not what the raw rows say. A rollup's value counts rows not folded yet, too."""

    table: str
    bucket: datetime
    key: Mapping[str, str]
    measure: str
    rollup: object
    raw: object

    def __str__(self) -> str:
        key = ", ".join(f"{name} {value!r}" for name, value in self.key.items())
        return (
            f"{self.table}, {self.bucket:%Y-%m-%d %H:%M}Z, {key}: "
            f"{self.measure} is {self.rollup}, the raw rows say {self.raw}"
        )


class Differences(list[Difference]):
    """The first LISTED differences; ``total`` counts all."""

    total: int = 0

    def note(self, difference: Difference) -> None:
        self.total += 1
        if len(self) < LISTED:
            self.append(difference)


def verify(engine: Engine, seconds: float | None = None) -> Differences:
    """Every difference there is, none where all is well; writers and readers go on meanwhile.

    After ``seconds`` it gives up: psycopg's QueryCanceled.
    """
    with connected(engine, IsolationLevel.REPEATABLE_READ) as connection, _at_most(connection, seconds):
        return transact(connection, _verify)


@contextmanager
def _at_most(connection: Connection, seconds: float | None) -> Iterator[None]:
    """The whole of it, not each statement: that is what statement_timeout would bound."""
    if seconds is None:
        yield
        return
    over = threading.Event()

    def cancel() -> None:
        # More than once: between two statements there is nothing to cancel.
        wait = seconds
        while not over.wait(wait):
            connection.cancel_safe()
            wait = 1.0

    watch = threading.Thread(target=cancel, name="verify-limit", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _verify(cursor: Cursor) -> Differences:
    found = Differences()
    cursor.execute(months.HOLD)
    # All rows of a stream are wanted, not its first tenth soon.
    cursor.execute(
        "SELECT set_config('work_mem', '64MB', true), set_config('cursor_tuple_fraction', '1', true)"
    )
    _check_keys(cursor, found)
    # Month by month: what must be kept meanwhile does not grow with the history.
    spans = months.vouched(cursor)
    cursor.execute("CREATE TEMPORARY TABLE raw_quarter (LIKE rollup_delta) ON COMMIT DROP")
    for first, last in spans:
        span = {"first": first, "last": last}
        cursor.execute(f"INSERT INTO raw_quarter {of_runs(runs_between('%(first)s', '%(last)s'))}", span)
        for (shape, tier), table in sums.items():
            _check_sums(cursor, shape, tier, table, span, found)
        for (shape, tier), table in sketches.items():
            _check_sketches(cursor, shape, tier, table, span, found)
        cursor.execute("TRUNCATE raw_quarter")
        for compared in facet_differences(cursor, span):
            found.note(Difference(*compared))
    return found


Span = Mapping[str, datetime]


def _check_sums(cursor: Cursor, shape: str, tier: str, table: Table, span: Span, found: Differences) -> None:
    rollups = coarser_sums(_stored(table, shape, SUMS), tier, shape)
    raws = coarser_sums("raw_quarter", tier, shape)
    width = len(SHAPES[shape]) + 1
    for rows in _stream(cursor, _compare(shape, rollups, raws, SUMS), span):
        for row in rows:
            values = zip(SUMS, row[width::2], row[width + 1 :: 2], strict=True)
            for measure, rollup, raw in values:
                # A row of zeros, left by runs taken back, says the same as no row.
                if (rollup or 0) != (raw or 0):
                    found.note(_difference(table, shape, row, measure, rollup, raw))


def _check_sketches(
    cursor: Cursor, shape: str, tier: str, table: Table, span: Span, found: Differences
) -> None:
    rollups = coarser_sketches(_stored(table, shape, tuple(SKETCHES)), tier, shape)
    raws = coarser_sketches("raw_quarter", tier, shape)
    width = len(SHAPES[shape]) + 1
    for rows in _stream(cursor, _compare(shape, rollups, raws, tuple(SKETCHES)), span):
        for place, name in enumerate(SKETCHES):
            left = [row[width + 2 * place] or b"" for row in rows]
            right = [row[width + 2 * place + 1] or b"" for row in rows]
            _note_sketches(table, shape, rows, name, left, right, found)


def _note_sketches(
    table: Table,
    shape: str,
    rows: Sequence[Sequence[Any]],
    name: str,
    left: list[bytes],
    right: list[bytes],
    found: Differences,
) -> None:
    for position, sketch in enumerate(left):
        if len(sketch) % PAIR_BYTES:
            broken = f"broken ({len(sketch)} bytes)"
            found.note(_difference(table, shape, rows[position], name, broken, "whole pairs"))
            left[position] = right[position] = b""
    for wrong in differing_bins(left, right):
        measure = f"{name} bin {wrong.bin}"
        found.note(_difference(table, shape, rows[wrong.position], measure, wrong.left, wrong.right))


def _stored(table: Table, shape: str, columns: tuple[str, ...]) -> str:
    """The rows of a tier and those still to be folded into it, within the span."""
    listed = ", ".join(("bucket", *SHAPES[shape], *columns))
    within = "WHERE bucket >= %(first)s AND bucket < %(last)s"
    return (
        f"(SELECT {listed} FROM {table.name} {within} UNION ALL SELECT {listed} FROM rollup_delta {within})"
    )


def _compare(shape: str, rollups: str, raw: str, columns: tuple[str, ...]) -> str:
    """Key, then each column as the rollups and as the raw rows have it, of the rows that differ."""
    key = ", ".join(("bucket", *SHAPES[shape]))
    pairs = ", ".join(f"a.{name}, b.{name}" for name in columns)
    a, b = (", ".join(f"{alias}.{name}" for name in columns) for alias in "ab")
    return (
        f"SELECT {key}, {pairs} FROM ({rollups}) a FULL JOIN ({raw}) b USING ({key}) "
        f"WHERE ROW({a}) IS DISTINCT FROM ROW({b}) ORDER BY {key}"
    )


def _difference(
    table: Table, shape: str, row: Sequence[Any], measure: str, rollup: object, raw: object
) -> Difference:
    key = dict(zip(SHAPES[shape], row[1:], strict=False))
    return Difference(table.name, row[0], key, measure, rollup, raw)


def _check_keys(cursor: Cursor, found: Differences) -> None:
    statement = (
        "SELECT invocation_id, k.start_time, r.start_time "
        "FROM execution_key k FULL JOIN agent_execution r USING (invocation_id) "
        "WHERE k.start_time IS DISTINCT FROM r.start_time AND (r.start_time IS NOT NULL "
        "OR date_trunc('month', k.start_time, 'UTC') <> ALL(%(dropped)s)) ORDER BY 1"
    )
    for rows in _stream(cursor, statement, {"dropped": months.dropped(cursor)}):
        for invocation_id, known, raw in rows:
            key = {"invocation_id": invocation_id}
            found.note(Difference("execution_key", raw or known, key, "start_time", known, raw))


def _stream(cursor: Cursor, statement: str, parameters: Mapping[str, object]) -> Iterator[list[Any]]:
    """Some rows at a time: everything may differ."""
    with cursor.connection.cursor("verify") as stream:
        stream.execute(statement, parameters, binary=True)
        while rows := stream.fetchmany(_AT_ONCE):
            yield rows
