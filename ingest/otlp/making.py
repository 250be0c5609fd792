"""Puts the runs of traces together: at once for whoever takes spans in, and from time to time those that
waited: for spans that come in between, and for parents that may still come.

Runs that are made later belong to the import that the last spans of their trace came with; one that has been
taken back meanwhile brings none any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from ingest import imports
from ingest.batch import WriteResult
from ingest.otlp import stored, tree, waiting
from ingest.otlp.runs import Assembler
from ingest.otlp.spans import Span
from ingest.otlp.stored import Kept, Trace, Traces
from ingest.otlp.waiting import GIVE_UP, QUIET, Quiet, Stale
from ingest.transactions import Cursor, connected, transact
from ingest.write import Made, Writer

AT_ONCE = 500  # traces of one transaction


@dataclass(frozen=True)
class _Looked:
    """How many traces were made, the last one looked at, and whether there may be more."""

    made: int = 0
    last: bytes = b""
    more: bool = False


class RunMaker:
    """Makes the runs of traces that are due. May be used by several threads, and by several processes."""

    def __init__(self, engine: Engine, assembler: Assembler | None = None) -> None:
        self._engine = engine
        self.assembler = assembler or Assembler()

    def catch_up(self, due: Stale | None = None, at_once: int = AT_ONCE) -> int:
        """Gives the runs of long traces what came since they were made. Gives how many traces there were;
        others may be at it at the same time."""
        return self._all(due or Stale(), at_once)

    def settle(self, quiet: timedelta = QUIET, give_up: timedelta = GIVE_UP, at_once: int = AT_ONCE) -> int:
        """Makes the runs of traces that have been quiet for so long and seem to be over, or for ``give_up``:
        parents that have not come are no longer waited for. Gives how many traces there were."""
        return self._all(Quiet(quiet, give_up), at_once)

    def _all(self, due: Quiet | Stale, at_once: int) -> int:
        with connected(self._engine) as connection:
            found = transact(connection, lambda cursor: waiting.imports(cursor, due))
        made = 0
        for import_id in found:
            looked = _Looked(more=True)
            while looked.more:
                looked = self._some(due, import_id, looked.last, at_once)
                made += looked.made
        return made

    def _some(self, due: Quiet | Stale, import_id: int | None, after: bytes, at_once: int) -> _Looked:
        looked = _Looked()

        def make(cursor: Cursor) -> Made:
            nonlocal looked
            is_open = waiting.hold(cursor, import_id)
            traces = waiting.some(cursor, due, import_id, after, at_once)
            few = stored.few(traces)
            spans = stored.read(cursor, list(few))
            ready = {key: trace for key, trace in few.items() if _is_ready(due, trace, spans.get(key, ()))}
            more = len(traces) == at_once or len(few) < len(traces)
            looked = _Looked(len(ready), max(few, default=after), more)
            if isinstance(due, Quiet):
                waiting.note_settled(cursor, ready)
            if not is_open:
                waiting.let_be(cursor, ready)
                return Made()
            stored.note_changed(cursor, ready, ready)
            return self._made(cursor, ready, spans, Kept())

        self._write(make, import_id)
        return looked

    def close(self, older: timedelta, at_once: int = AT_ONCE) -> int:
        """Drops the spans of traces that have been quiet for ``older``; their runs stay, and are known to
        be made. Traces without agents, models and tools go after USELESS. Gives how many there were."""
        closed, some = 0, at_once
        with connected(self._engine) as connection:
            while some == at_once:
                some = transact(connection, lambda cursor: waiting.close(cursor, older, at_once))
                closed += some
        return closed

    def _write(self, make: Callable[[Cursor], Made], import_id: int | None) -> WriteResult:
        """What ``make`` comes to, in one transaction; and in the log what it brought."""
        with Writer(self._engine, import_id=import_id, replace=True) as writer:
            written = writer.write_made(make)
        counts = {name: getattr(written, name) for name in ("inserted", "replaced")}
        if import_id is not None and any(counts.values()):
            imports.add_to_import(self._engine, import_id, {"read": sum(counts.values()), **counts})
        return written

    def _made(
        self, cursor: Cursor, traces: Traces, spans: Mapping[bytes, Iterable[Span]], kept: Kept
    ) -> Made:
        """The runs of traces as their spans are now, instead of those made before."""
        now = datetime.now(UTC)
        rows, gone = [], []
        runs: dict[bytes, list[str]] = {}
        stored.read_runs(cursor, traces)
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


def _is_ready(due: Quiet | Stale, trace: Trace, spans: Iterable[Span]) -> bool:
    """A quiet one is ready, and settled from now on, if it seems to be over."""
    if isinstance(due, Quiet):
        trace.settled = trace.given_up or tree.is_over(spans)
        return trace.settled
    return True
