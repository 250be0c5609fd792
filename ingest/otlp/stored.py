"""Traces and spans as rows: locked, stored, read, in a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingest.batch import WriteResult
from ingest.otlp.names import LINK
from ingest.otlp.spans import Facts, Span
from ingest.transactions import Cursor

LONGEST_TRACE = 20_000  # spans


@dataclass
class Kept:
    """What became of the spans of a request: ``late`` ones belong to traces that are closed, ``surplus``
    ones to traces that are too long, and ``problems`` say why a run cannot enter."""

    new: int = 0
    known: int = 0
    late: int = 0
    surplus: int = 0
    problems: list[str] = field(default_factory=list)
    written: WriteResult = field(default_factory=WriteResult)


@dataclass
class Trace:
    """The row of a trace, and what comes for it."""

    settled: bool
    closed: bool
    has_run: bool  # a span of an agent, a model or a tool came
    has_top: bool  # a span came above which none is waited for
    spans: int
    unmade: int  # changes of its spans that its runs do not have yet
    posted: dict[str, Any] | None
    given_up: bool = False  # nothing has come for so long that nothing more will
    runs: list[str] = field(default_factory=list)  # filled in by read_runs
    coming: list[Span] = field(default_factory=list)

    @property
    def may_run(self) -> bool:
        """Whether its spans can make a run: children come before their parents, mostly."""
        return self.has_run and (self.has_top or self.settled or self.posted is not None)


Traces = dict[bytes, Trace]


def by_trace(spans: Iterable[Span]) -> dict[bytes, list[Span]]:
    """In the order of the ids; of two copies of a span the one that everybody keeps."""
    chosen: dict[tuple[bytes, bytes], Span] = {}
    for span in spans:
        key = span.trace_id, span.span_id
        other = chosen.get(key)
        if other is None or _rank(span) > _rank(other):
            chosen[key] = span
    found: dict[bytes, list[Span]] = {}
    for key in sorted(chosen):
        found.setdefault(key[0], []).append(chosen[key])
    return found


def _rank(span: Span) -> tuple[int, int, bytes, str]:
    """As in the statement that stores it."""
    end = -1 if span.end_ns is None else span.end_ns
    return end, span.start_ns, span.parent_id or b"", span.facts.pack()


# Without its runs: a trace may have thousands, and only who makes them anew needs to know them.
ROW = "t.trace_id, t.settled, t.closed, t.has_run, t.has_top, t.spans, t.unmade, t.posted"
_LOCK = (
    "INSERT INTO otel_trace AS t (trace_id, seen_at, spans, has_run, has_top, settled, closed, runs) "
    "SELECT trace_id, now(), 0, has_run, has_top, false, false, '{}' FROM unnest(%(traces)s::bytea[], "
    "%(has_run)s::bool[], %(has_top)s::bool[]) AS s (trace_id, has_run, has_top) ORDER BY trace_id "
    "ON CONFLICT (trace_id) DO UPDATE SET seen_at = now(), has_run = t.has_run OR excluded.has_run, "
    "has_top = t.has_top OR excluded.has_top "
    f"RETURNING {ROW}"
)
_RANK = "coalesce({0}.end_ns, -1), {0}.start_ns, coalesce({0}.parent_id, ''), {0}.facts"
# Of two copies of a span that differ everybody keeps the same one, whichever came first.
_STORE = (
    "WITH stored AS (INSERT INTO otel_span AS o (trace_id, span_id, parent_id, start_ns, end_ns, facts) "
    "SELECT * FROM unnest(%(trace)s::bytea[], %(span)s::bytea[], %(parent)s::bytea[], %(start)s::bigint[], "
    "%(end)s::bigint[], %(facts)s::text[]) "
    "ON CONFLICT (trace_id, span_id) DO UPDATE SET parent_id = excluded.parent_id, "
    "start_ns = excluded.start_ns, end_ns = excluded.end_ns, facts = excluded.facts "
    f"WHERE ({_RANK.format('excluded')}) > ({_RANK.format('o')}) RETURNING trace_id, xmax = 0 AS is_new) "
    "SELECT trace_id, count(*), count(*) FILTER (WHERE is_new) FROM stored GROUP BY trace_id"
)
_NOTE_CHANGED = (
    "UPDATE otel_trace t SET spans = s.spans, unmade = s.unmade, "
    "stale_since = CASE WHEN s.stale THEN coalesce(t.stale_since, now()) END, "
    "import_id = coalesce(%(import_id)s::bigint, t.import_id) "
    "FROM unnest(%(traces)s::bytea[], %(spans)s::int[], %(unmade)s::int[], %(stale)s::bool[]) "
    "AS s (trace_id, spans, unmade, stale) WHERE t.trace_id = s.trace_id"
)
_READ = (
    "SELECT trace_id, span_id, parent_id, start_ns, end_ns, facts, undone FROM otel_span "
    "WHERE trace_id = ANY(%(traces)s::bytea[])"
)
_READ_RUNS = "SELECT trace_id, runs FROM otel_trace WHERE trace_id = ANY(%(traces)s::bytea[])"
_NOTE_RUNS = (
    "UPDATE otel_trace t SET runs = ARRAY(SELECT jsonb_array_elements_text(s.runs)) "
    "FROM jsonb_to_recordset(%(runs)s::jsonb) AS s (id text, runs jsonb) "
    "WHERE t.trace_id = decode(s.id, 'hex')"
)


def lock(cursor: Cursor, coming: Mapping[bytes, list[Span]]) -> Traces:
    """The rows of the traces, ours until the transaction ends."""
    marks = [
        (any(s.facts.kind != LINK for s in spans), any(s.parent_id is None or s.facts.remote for s in spans))
        for spans in coming.values()
    ]
    has_run, has_top = ([bool(mark[place]) for mark in marks] for place in (0, 1))
    cursor.execute(_LOCK, {"traces": list(coming), "has_run": has_run, "has_top": has_top})
    traces = rows(cursor)
    for key, trace in traces.items():
        trace.coming = coming[key]
    return traces


def rows(found: Iterable[tuple[Any, ...]]) -> Traces:
    """What was asked for with ROW."""
    return {row[0]: Trace(*row[1:]) for row in found}


def store(cursor: Cursor, traces: Traces, kept: Kept) -> Traces:
    """The traces that have changed, with how many spans they have now."""
    spans = []
    for trace in traces.values():
        if trace.closed:
            kept.late += len(trace.coming)
        elif trace.spans + len(trace.coming) > LONGEST_TRACE:
            kept.surplus += len(trace.coming)
        else:
            spans += trace.coming
    cursor.execute(_STORE, _columns(spans))
    stored = cursor.fetchall()
    kept.new = sum(new for _, _, new in stored)
    kept.known = len(spans) - kept.new
    for trace, changes, new in stored:
        traces[trace].spans += new
        traces[trace].unmade += changes
    return {trace: traces[trace] for trace, *_ in stored}


def note_changed(
    cursor: Cursor, changed: Traces, made: Container[bytes], import_id: int | None = None
) -> None:
    """``made``: those whose runs are made of all their spans; others that have runs lack something."""
    values = {
        "traces": list(changed),
        "spans": [trace.spans for trace in changed.values()],
        "unmade": [0 if key in made else trace.unmade for key, trace in changed.items()],
        "stale": [key not in made and trace.may_run for key, trace in changed.items()],
        "import_id": import_id,
    }
    cursor.execute(_NOTE_CHANGED, values)


def _columns(spans: Sequence[Span]) -> dict[str, list[Any]]:
    return {
        "trace": [span.trace_id for span in spans],
        "span": [span.span_id for span in spans],
        "parent": [span.parent_id for span in spans],
        "start": [span.start_ns for span in spans],
        "end": [span.end_ns for span in spans],
        "facts": [span.facts.pack() for span in spans],
    }


def read(cursor: Cursor, traces: Sequence[bytes]) -> dict[bytes, list[Span]]:
    found: dict[bytes, list[Span]] = {}
    if traces:
        cursor.execute(_READ, {"traces": list(traces)})
        for trace, span, parent, start, end, facts, undone in cursor.fetchall():
            known = found.setdefault(trace, [])
            known.append(Span(trace, span, parent, start, end, Facts.unpack(facts), undone))
    return found


def read_runs(cursor: Cursor, traces: Traces) -> None:
    """Tells each of ``traces`` its runs."""
    cursor.execute(_READ_RUNS, {"traces": list(traces)})
    for trace, runs in cursor.fetchall():
        traces[trace].runs = runs


def few(traces: Traces) -> Traces:
    """The first of them, as many as memory should hold at once: together they have no more spans than the
    longest."""
    found: Traces = {}
    spans = 0
    for key, trace in traces.items():
        spans += trace.spans
        if found and spans > LONGEST_TRACE:
            break
        found[key] = trace
    return found


def note_runs(cursor: Cursor, runs: Mapping[bytes, list[str]]) -> None:
    if runs:
        said = [{"id": trace.hex(), "runs": ids} for trace, ids in runs.items()]
        cursor.execute(_NOTE_RUNS, {"runs": orjson.dumps(said).decode()})
