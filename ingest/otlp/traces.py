"""Spans of open traces, kept until their runs are complete; runs are put together in the transaction in
which the spans come, so that what was acknowledged is there, once, whoever sends what in which order.

A trace's row is locked first, always in the order of the ids: requests with spans of one trace, in
whatever server process, go one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from ingest import imports
from ingest.batch import WriteResult
from ingest.otlp import stored, tree
from ingest.otlp.runs import Assembler
from ingest.otlp.spans import Span
from ingest.otlp.stored import Kept, Traces
from ingest.posts import Sender
from ingest.transactions import Cursor
from ingest.write import Made, Writer

QUIET = timedelta(seconds=60)
GIVE_UP = timedelta(hours=1)
AT_ONCE = 500  # traces of one transaction


class SpanKeeper:
    """Takes spans in and lets the runs that they make enter. May be used by several threads."""

    def __init__(self, engine: Engine, assembler: Assembler | None = None) -> None:
        self._engine = engine
        self.assembler = assembler or Assembler()

    def keep(self, spans: Iterable[Span], sender: Sender | None = None) -> Kept:
        """All of ``spans`` and what they make of runs, or nothing. The log of imports has one for all that a
        ``sender`` brings in an hour."""
        coming = stored.by_trace(spans)
        kept = Kept()

        def make(cursor: Cursor) -> Made:
            nonlocal kept
            kept = Kept()  # anew where the transaction is tried again
            traces = stored.lock(cursor, coming)
            changed = stored.store(cursor, traces, kept)
            return self._make(cursor, {key: traces[key] for key in changed}, kept)

        if coming:
            import_id = self._import(sender) if sender else None
            kept.written = self._write(make, import_id)
            if import_id is not None:
                self._log(import_id, kept.written)
        return kept

    def _import(self, sender: Sender) -> int:
        source, key = f"{sender.door}: {sender.name}", f"{sender.door}/{sender.key}"
        return imports.open_bundle(self._engine, source, key, datetime.now(UTC))

    def _log(self, import_id: int, written: WriteResult) -> None:
        counts = {name: getattr(written, name) for name in ("inserted", "replaced")}
        if any(counts.values()):
            imports.add_to_import(self._engine, import_id, {"read": sum(counts.values()), **counts})

    def settle(self, quiet: timedelta = QUIET, give_up: timedelta = GIVE_UP, at_once: int = AT_ONCE) -> int:
        """Makes the runs of traces that have been quiet for so long and seem to be over, or for ``give_up``:
        parents that have not come are no longer waited for. Gives how many traces there were; others may be
        at it at the same time."""
        settled, after, looked_at = 0, b"", at_once
        while looked_at == at_once:
            looked_at, more, after = self._settle_some(quiet, give_up, after, at_once)
            settled += more
        return settled

    def _settle_some(
        self, quiet: timedelta, give_up: timedelta, after: bytes, at_once: int
    ) -> tuple[int, int, bytes]:
        """How many traces were looked at, how many of them settled, and the last of them."""
        found = 0, 0, after

        def make(cursor: Cursor) -> Made:
            nonlocal found
            traces, late = stored.quiet(cursor, quiet, give_up, after, at_once)
            spans = stored.read(cursor, list(traces))
            over = {k: trace for k, trace in traces.items() if k in late or tree.is_over(spans.get(k, ()))}
            for trace in over.values():
                trace.settled = True
            stored.note_settled(cursor, over)
            found = len(traces), len(over), max(traces, default=after)
            return self._make(cursor, over, Kept())

        self._write(make)
        return found

    def close(self, older: timedelta, at_once: int = AT_ONCE) -> int:
        """Drops the spans of traces that have been quiet for ``older``; their runs stay, and are known to
        be made. Traces without agents, models and tools go after USELESS. Gives how many there were."""
        closed = 0
        while True:
            some = 0

            def make(cursor: Cursor) -> Made:
                nonlocal some
                some = stored.close(cursor, older, at_once)
                return Made()

            self._write(make)
            closed += some
            if some < at_once:
                return closed

    def _write(self, make: Callable[[Cursor], Made], import_id: int | None = None) -> WriteResult:
        with Writer(self._engine, import_id=import_id, replace=True) as writer:
            return writer.write_made(make)

    def _make(self, cursor: Cursor, traces: Traces, kept: Kept) -> Made:
        """The runs of traces as their spans are now, instead of those made before."""
        now = datetime.now(UTC)
        rows, gone = [], []
        runs: dict[bytes, list[str]] = {}
        spans = stored.read(cursor, [key for key, trace in traces.items() if trace.may_run])
        for key, trace in traces.items():
            made, problems = self.assembler.rows(
                spans.get(key, ()), settled=trace.settled, posted=trace.posted, now=now
            )
            kept.problems += problems
            rows += made
            # What was told stands, whatever its spans make of it.
            told = [] if trace.posted is None else [trace.posted["invocation_id"]]
            runs[key] = told or [str(row[0]) for row in made]
            gone += [run for run in trace.runs if run not in runs[key]]
        stored.note_runs(cursor, {key: ids for key, ids in runs.items() if ids != traces[key].runs})
        return Made(rows, gone)
