"""Files to runs: reads, judges and writes in batches; Python parses one while PostgreSQL writes the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy.exc
from sqlalchemy import Engine

from ingest.columns import RecordOptions, is_known
from ingest.facets import refresh
from ingest.lines import Broken, Record
from ingest.progress import Progress
from ingest.readers import read
from ingest.record import Canon
from ingest.rejects import Rejects
from ingest.sources import Source, SourceError, find
from ingest.summary import ImportSummary
from ingest.write import Writer, WriteResult, finish_import, start_import
from queries.engine import make_engine
from queries.errors import RecordError, UserError, first_line

BATCH_ROWS = 20_000
BATCH_BYTES = 2**25
_REPORT_EVERY = 1_000

_DATABASE_GONE = (psycopg.OperationalError, sqlalchemy.exc.OperationalError)


@dataclass(frozen=True)
class ImportOptions:
    """``record``: how to read what the source does not say; ``replace``: known runs that come changed
    replace the stored ones; ``rejects``: the file for rejected rows (None: beside where we run)."""

    record: RecordOptions = field(default_factory=RecordOptions)
    replace: bool = False
    rejects: Path | None = None


def pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """``FIELD=COLUMN`` texts of a command line as a mapping; UserError where there is no ``=``."""
    found: dict[str, str] = {}
    for text in given:
        left, sign, right = text.partition("=")
        if not (left and sign and right):
            raise UserError(f"{option} {text!r} is not of the form {_FORM[option]}")
        found[left] = right
    return found


_FORM: Mapping[str, str] = {
    "--map": "FIELD=COLUMN, such as cost_usd=price",
    "--map-status": "VALUE=STATUS, such as done=success",
}


@dataclass
class _Batch:
    rows: list[tuple[object, ...]] = field(default_factory=list)
    origins: list[tuple[str, int, Record]] = field(default_factory=list)  # source, line, record
    size: int = 0

    @property
    def full(self) -> bool:
        return len(self.rows) >= BATCH_ROWS or self.size >= BATCH_BYTES


def import_paths(
    engine_or_url: Engine | str,
    paths: Sequence[str],
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportSummary:
    """Imports files, folders and ``-``; what cannot enter is told in the summary, row by row in a file.

    UserError where nothing can be done: a path that is not there, an option that makes no sense, a
    database that goes away. What was written by then stays, and running it again skips it.
    """
    options = options or ImportOptions()
    sources = find(paths)
    canon = Canon(options.record)
    rejects = Rejects(options.rejects, sources)
    engine = make_engine(engine_or_url) if isinstance(engine_or_url, str) else engine_or_url
    running = _Import(engine, sources, options, canon, rejects, progress or Progress())
    try:
        return _logged(engine, running)
    except _DATABASE_GONE as error:
        raise UserError(running.gone(error)) from error
    finally:
        rejects.close()
        if isinstance(engine_or_url, str):
            engine.dispose()


def take(
    engine: Engine,
    source: Source,
    options: ImportOptions,
    canon: Canon,
    rejects: Rejects,
    import_id: int,
    asked_to_end: Callable[[], bool],
) -> ImportSummary:
    """Imports one source for somebody who keeps the log, and comes again with more."""
    running = _Import(engine, [source], options, canon, rejects, Progress())
    running.asked_to_end = asked_to_end
    return running.run(import_id)


def _logged(engine: Engine, running: _Import) -> ImportSummary:
    summary = running.summary
    import_id = start_import(engine, ", ".join(summary.sources)[:1_000])
    running.run(import_id)
    refresh(engine)
    finish_import(engine, import_id, summary.counts())
    return summary


class _Import:
    def __init__(
        self,
        engine: Engine,
        sources: list[Source],
        options: ImportOptions,
        canon: Canon,
        rejects: Rejects,
        progress: Progress,
    ) -> None:
        self._engine = engine
        self._sources = sources
        self._options = options
        self._canon = canon
        self._rejects = rejects
        self._progress = progress
        self.summary = ImportSummary([source.name for source in sources])
        self.asked_to_end: Callable[[], bool] = lambda: False
        self._batch = _Batch()
        self._written: tuple[_Batch, Future[WriteResult]] | None = None

    def run(self, import_id: int) -> ImportSummary:
        began = time.monotonic()
        try:
            self._begin_progress()
            with (
                Writer(self._engine, import_id=import_id, replace=self._options.replace) as writer,
                ThreadPoolExecutor(1, "import-writer") as pool,
            ):
                self._read_all(writer, pool)
        finally:
            self._progress.end()
        self.summary.take_rejects(self._rejects)
        self.summary.seconds = time.monotonic() - began
        return self.summary

    def _read_all(self, writer: Writer, pool: ThreadPoolExecutor) -> None:
        try:
            for source in self._sources:
                try:
                    self._read(source, writer, pool)
                except SourceError as error:
                    self.summary.problems.append(str(error))
            self._hand_over(writer, pool)
        except KeyboardInterrupt:
            # What was handed over is committed; the rest comes with the next import of the same.
            self.summary.interrupted = True
        self._collect()

    def _read(self, source: Source, writer: Writer, pool: ThreadPoolExecutor) -> None:
        canon, summary, name = self._canon, self.summary, source.name
        before = sum(other.position for other in self._sources if other is not source)
        now = datetime.now(UTC)
        for line, record, size in read(source, self._known, self._options.record.statuses):
            summary.read += 1
            batch = self._batch
            batch.size += size
            try:
                if isinstance(record, Broken):
                    raise RecordError(record.code, "record", None, record.reason)
                batch.rows.append(canon.row(record, now))
                batch.origins.append((name, line, record))
            except RecordError as error:
                self._rejects.add(name, line, record, error)
            if batch.full:
                self._hand_over(writer, pool)
                now = datetime.now(UTC)
                if self.asked_to_end():
                    raise KeyboardInterrupt
            if summary.read % _REPORT_EVERY == 0:
                self._progress.update(summary.read, before + source.position)
        self._progress.update(summary.read, before + source.position)

    def _known(self, column: str) -> bool:
        return is_known(column) or column in self._options.record.columns.values()

    def _hand_over(self, writer: Writer, pool: ThreadPoolExecutor) -> None:
        """Lets the writer have this batch once it is through with the one before."""
        prepared = writer.prepare(self._batch.rows)
        self._collect()
        if prepared:
            self._written = (self._batch, pool.submit(writer.write, prepared))
        self._batch = _Batch()

    def _collect(self) -> None:
        if self._written is None:
            return
        batch, future = self._written
        result = future.result()
        self._written = None
        self.summary.take(result)
        for position, reason in result.rejected:
            error = RecordError("refused_by_database", "record", None, reason)
            self._rejects.add(*batch.origins[position], error)
        self._rejects.flush()

    def _begin_progress(self) -> None:
        sizes = [source.size for source in self._sources]
        self._progress.begin(None if None in sizes else sum(filter(None, sizes)))

    def gone(self, error: Exception) -> str:
        done = self.summary
        return (
            f"the database could not be used: {first_line(error)}. "
            f"{done.inserted:,} runs were inserted before; run the same import again, known runs are skipped"
        )
