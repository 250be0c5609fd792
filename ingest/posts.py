"""Runs that come in one request: read, judged and written, and what became of each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Engine

from ingest import imports, in_flight
from ingest.batch import IDS_NAMED, SMALL, WriteResult
from ingest.elements import json_elements
from ingest.lines import Broken, Record, json_lines
from ingest.otlp.posted import PostedRuns, trace_of
from ingest.otlp.runs import Assembler
from ingest.readers import sniff
from ingest.record import Canon
from ingest.rejects import short
from ingest.staging import Row
from ingest.write import Writer
from queries.errors import RecordError, UserError

# A record that says so takes the place of what is known of its run.
REPLACE = "replace"

_UTF8_MARK = b"\xef\xbb\xbf"
_NAME = "runs.jsonl"  # what a body without any sign of a format is read as


class TooManyRunsError(UserError):
    """More runs in one request than are taken; none of them was written."""


@dataclass(frozen=True)
class Sender:
    """Who sends, and through which door: what a request is called in the log of imports.

    ``key``: tells senders apart who have or had the same name.
    """

    door: str
    name: str
    key: str


@dataclass(frozen=True)
class Rejection:
    """A record that did not enter; ``index`` counts the records of the request from 0."""

    index: int
    field: str
    value: object
    code: str
    reason: str


@dataclass
class Received:
    """read = inserted + replaced + already_there + differing + announced + rejections.

    ``import_id``: of the log of imports, to take back what the request brought; None: announced runs alone.
    """

    read: int = 0
    inserted: int = 0
    replaced: int = 0
    already_there: int = 0
    differing: int = 0
    announced: int = 0
    differing_ids: list[str] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    import_id: int | None = None

    def take(self, result: WriteResult) -> None:
        self.inserted += result.inserted
        self.replaced += result.replaced
        self.already_there += result.already_there
        self.differing += result.differing
        self.differing_ids += result.differing_ids[: IDS_NAMED - len(self.differing_ids)]

    def counts(self) -> dict[str, int]:
        """For the log of imports, which is of runs that have ended."""
        names = ("inserted", "replaced", "already_there", "differing")
        found = {name: getattr(self, name) for name in names} | {"rejected": len(self.rejections)}
        return found | {"read": sum(found.values())}


@dataclass(frozen=True)
class _Judged:
    index: int
    row: Row
    replace: bool


def receive(
    engine: Engine,
    body: bytes,
    canon: Canon,
    sender: Sender,
    *,
    now: datetime,
    most_runs: int,
    replace: bool = False,
    assembler: Assembler | None = None,
    lines: bool = False,
) -> Received:
    """What became of the runs of a body: one, an array, or one a line. What is good is kept.
    ``lines``: it is one a line, whatever it looks like: a broken one then costs only itself.

    TooManyRunsError, and nothing is written, where there are more than ``most_runs``.
    """
    received = Received()
    records = _records(body, lines)
    ended, running = _judge(records, canon, now, most_runs, replace, received)
    if ended or received.rejections:
        _write(engine, ended, sender, now, received, assembler or Assembler())
    if running:
        # After those that have ended: a run that ends in the same request is not in flight.
        announced = in_flight.announce(engine, running)
        received.announced += announced
        received.already_there += len(running) - announced
    received.rejections.sort(key=attrgetter("index"))
    return received


def _judge(
    records: Iterator[Record | Broken],
    canon: Canon,
    now: datetime,
    most_runs: int,
    replace: bool,
    received: Received,
) -> tuple[list[_Judged], list[Row]]:
    """Runs that have ended, and runs that are announced; the others are among the rejections."""
    ended: list[_Judged] = []
    running: list[Row] = []
    for index, record in enumerate(records):
        if index == most_runs:
            raise TooManyRunsError(f"There are more than {most_runs:,} runs in one request.")
        received.read += 1
        try:
            if isinstance(record, Broken):
                raise RecordError(record.code, "record", record.text, record.reason)
            if in_flight.is_announced(record):
                running.append(in_flight.row(record, canon, now))
            else:
                own, plain = _replaces(record)
                ended.append(_Judged(index, canon.row(plain, now), replace if own is None else own))
        except RecordError as error:
            received.rejections.append(
                Rejection(index, error.field, short(error.value), error.code, error.plain)
            )
    return ended, running


def _records(body: bytes, lines: bool) -> Iterator[Record | Broken]:
    body = body.removeprefix(_UTF8_MARK)
    elements = not lines and sniff(body, _NAME, lambda column: False) == "json"
    read = json_elements if elements else json_lines
    return (record for _, record, _ in read(iter([body])))


def _replaces(record: Record) -> tuple[bool | None, Record]:
    """Whether it says that it replaces a known run (None: it does not say), and the rest of it."""
    if REPLACE not in record:
        return None, record
    said = record[REPLACE]
    if not isinstance(said, bool):
        raise RecordError("not_a_boolean", REPLACE, said, "is not true or false")
    return said, {name: value for name, value in record.items() if name != REPLACE}


def _write(
    engine: Engine,
    ended: list[_Judged],
    sender: Sender,
    now: datetime,
    received: Received,
    assembler: Assembler,
) -> None:
    """In the order given: of two records of one run, the one that replaces may come first or last."""
    # Small requests share an import of the hour; a large one is worth being taken back by itself.
    bundled = len(ended) <= SMALL
    source = f"{sender.door}: {sender.name}"
    if bundled:
        import_id = imports.open_bundle(engine, source, f"{sender.door}/{sender.key}", now)
    else:
        import_id = imports.start_import(engine, source)
    received.import_id = import_id
    for replace, group in groupby(ended, attrgetter("replace")):
        posted = PostedRuns(engine, assembler, import_id=import_id, replace=replace)
        with Writer(engine, import_id=import_id, replace=replace) as writer:
            _write_some(writer, posted, list(group), received)
    if bundled:
        imports.add_to_import(engine, import_id, received.counts())
    else:
        imports.finish_import(engine, import_id, received.counts())


def _write_some(writer: Writer, posted: PostedRuns, some: list[_Judged], received: Received) -> None:
    rows = _without_linked(posted, [judged.row for judged in some], received)
    result = writer.write(rows)
    received.take(result)
    index_of = {id(judged.row): judged.index for judged in some}
    for position, reason in result.rejected:
        index = index_of[id(rows[position])]
        received.rejections.append(Rejection(index, "record", None, "refused_by_database", reason))


def _without_linked(posted: PostedRuns, rows: list[Row], received: Received) -> list[Row]:
    """Writes the runs that say of which trace they are, together with its spans; gives the others."""
    traces = [(trace_of(row), row) for row in rows]
    linked = [(trace, row) for trace, row in traces if trace is not None]
    if not linked:
        return rows
    result, others = posted.write(linked)
    received.take(result)
    return [row for trace, row in traces if trace is None] + others
