"""The one door to the database: runs enter in batches, with their rollup rows, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Self

import psycopg
from psycopg.errors import CheckViolation, ProgramLimitExceeded
from sqlalchemy import Engine

from ingest import partitions, staging
from ingest.background import BackgroundCompaction
from ingest.batch import SMALL, Batch, WriteResult
from ingest.compact import compact_on
from ingest.imports import finish_import, start_import, take_back, take_back_runs, take_runs
from ingest.partitions import Month
from ingest.staging import ID, START, Row
from ingest.transactions import Connection, Cursor, connected, transact
from queries.engine import make_engine
from queries.errors import first_line

__all__ = [
    "Made",
    "WriteResult",
    "Writer",
    "finish_import",
    "start_import",
    "take_back",
    "take_back_runs",
]

# An importer folds at this many rollup rows of its own, so that readers never have much to add up.
COMPACT_AT = 10_000

# What a row can be to blame for; anything else is no row's fault and rises.
_ROW_ERRORS = (psycopg.DataError, psycopg.IntegrityError, ProgramLimitExceeded, UnicodeEncodeError)


@dataclass(frozen=True)
class Made:
    """What a transaction came to: ``rows`` enter, the runs of ``gone`` are taken out."""

    rows: Sequence[Row] = ()
    gone: Sequence[str] = ()


class Writer:
    """Lets batches of rows in (columns as CONTENT_COLUMNS), each in one transaction. Not for two threads.

    ``replace``: a known run that comes with other content replaces what is stored.
    """

    def __init__(
        self,
        engine_or_url: Engine | str,
        *,
        import_id: int | None = None,
        replace: bool = False,
        compact_at: int = COMPACT_AT,
    ) -> None:
        self._own_engine = isinstance(engine_or_url, str)
        self._engine = make_engine(engine_or_url) if isinstance(engine_or_url, str) else engine_or_url
        self._import_id = import_id
        self._replace = replace
        self._compaction = BackgroundCompaction(self._engine, compact_at)
        self._exit = ExitStack()
        self._connection: Connection | None = None
        self._has_table = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Folds what a bulk write left, and gives the connection back as it was."""
        try:
            self._compaction.close()
            connection = self._connection
            if connection and self._has_table and not connection.closed:
                transact(connection, lambda cursor: cursor.execute(staging.DROP))
                compact_on(connection)
        finally:
            self._disconnect()
            if self._own_engine:
                self._engine.dispose()

    def prepare(self, rows: Sequence[Row]) -> Batch:
        """The part of ``write`` that needs no connection: a thread may do it while another one writes."""
        batch = Batch(rows, self._import_id, self._replace)
        # A row that cannot be sent is told from the others when the batch is written.
        with suppress(*_ROW_ERRORS):
            batch.pack()
        return batch

    def write(self, rows: Sequence[Row] | Batch) -> WriteResult:
        """All of ``rows`` in one transaction; in more only where a row must be left out."""
        batch = rows if isinstance(rows, Batch) else self.prepare(rows)
        result = WriteResult()
        if len(batch):
            self._write(batch, 0, result)
        return result

    def write_made(self, make: Callable[[Cursor], Made]) -> WriteResult:
        """What ``make`` reads, decides and keeps, and the runs that come of it, in one transaction."""
        connection = self._connected()
        months: set[Month] = set()
        for last in (False, True):
            try:
                result, delta_rows = transact(connection, lambda cursor: self._enter(cursor, make, months))
                break
            except CheckViolation as error:
                if error.diag.constraint_name or last:
                    raise
                partitions.forget(self._engine)
                partitions.ensure(self._engine, connection, months)
        self._compaction.appended(delta_rows)
        return result

    def _enter(
        self, cursor: Cursor, make: Callable[[Cursor], Made], months: set[Month]
    ) -> tuple[WriteResult, int]:
        made = make(cursor)
        months |= partitions.months(row[START] for row in made.rows)  # type: ignore[misc]
        result, delta_rows = WriteResult(), 0
        # In one order, as all writers do, and in portions that need no table to wait in.
        rows = sorted(made.rows, key=lambda row: str(row[ID]))
        for first in range(0, len(rows), SMALL):
            some, more = self.prepare(rows[first : first + SMALL]).write(cursor)
            result.add(some)
            delta_rows += more
        if made.gone:
            take_runs(cursor, list(made.gone))
        return result, delta_rows

    def _write(self, batch: Batch, position: int, result: WriteResult) -> None:
        """Halves a batch that is refused until the rows to blame stand alone."""
        months = partitions.months(row[START] for row in batch.given)  # type: ignore[misc]
        partitions.ensure(self._engine, self._connected(), months)
        try:
            written = self._write_batch(batch, months)
            written.rejected = [(position + place, reason) for place, reason in written.rejected]
            result.add(written)
        except _ROW_ERRORS as error:
            if len(batch) == 1:
                result.rejected.append((position, first_line(error)))
                return
            half = len(batch) // 2
            self._write(self.prepare(batch.given[:half]), position, result)
            self._write(self.prepare(batch.given[half:]), position + half, result)

    def _write_batch(self, batch: Batch, months: set[Month]) -> WriteResult:
        connection = self._connected()
        if not batch.small:
            self._make_table(connection)
        try:
            result, delta_rows = transact(connection, batch.write)
        except CheckViolation as error:
            if error.diag.constraint_name:
                raise
            # Not a constraint but a partition is lacking: one that was there was dropped.
            partitions.forget(self._engine)
            partitions.ensure(self._engine, connection, months)
            result, delta_rows = transact(connection, batch.write)
        self._compaction.appended(delta_rows)
        return result

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._disconnect()
            self._connection = self._exit.enter_context(connected(self._engine))
        return self._connection

    def _disconnect(self) -> None:
        self._connection, self._has_table = None, False
        self._exit.close()

    def _make_table(self, connection: Connection) -> None:
        if not self._has_table:
            transact(connection, lambda cursor: cursor.execute(staging.CREATE))
            self._has_table = True
