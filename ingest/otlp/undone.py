"""Runs that were taken back with their import: undone stays undone.

The spans that such a run was made of are marked, so that neither they nor what comes under them later is
counted again; new agents of the same trace are. A run that was told by other means takes its trace with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from ingest.otlp import stored, tree
from ingest.otlp.spans import Span
from ingest.otlp.stored import ROW, Traces
from ingest.otlp.tree import RunSpans, invocation_id
from ingest.transactions import Cursor

# What may say of which trace a run is, beside its id.
NAMES = ("traceparent", "trace_id", "traceId")

_TRACE = re.compile(r"(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-.*)?", re.DOTALL)
_LOCK = f"SELECT {ROW} FROM otel_trace t WHERE trace_id = ANY(%(traces)s) ORDER BY trace_id FOR UPDATE"
_MARK = (
    "UPDATE otel_span o SET undone = true FROM unnest(%(traces)s::bytea[], %(spans)s::bytea[]) "
    "AS s (trace_id, span_id) WHERE o.trace_id = s.trace_id AND o.span_id = s.span_id"
)
_CLOSE = (
    "WITH spans AS (DELETE FROM otel_span WHERE trace_id = ANY(%(traces)s)) "
    "UPDATE otel_trace SET posted = NULL, runs = '{}', closed = true, stale_since = NULL "
    "WHERE trace_id = ANY(%(traces)s)"
)


def lock(cursor: Cursor, runs: Iterable[tuple[str, Sequence[str]]]) -> Traces:
    """Traces that these runs may be of, by their ids and what they say, ours until the transaction ends."""
    found = map(_TRACE.fullmatch, (text.strip().lower() for run, said in runs for text in (run, *said)))
    named = sorted({bytes.fromhex(match[1]) for match in found if match})
    if not named:
        return {}
    cursor.execute(_LOCK, {"traces": named})
    traces = stored.rows(cursor)
    stored.read_runs(cursor, traces)
    return traces


def note(cursor: Cursor, traces: Traces, taken: AbstractSet[str]) -> None:
    """That these runs of them were taken back."""
    gone = {key: trace for key, trace in traces.items() if not taken.isdisjoint(trace.runs)}
    told = [key for key, trace in gone.items() if trace.posted is not None]
    if told:
        cursor.execute(_CLOSE, {"traces": told})
    made = {key: trace for key, trace in gone.items() if trace.posted is None}
    for some in _portions(made):
        _mark(cursor, some, taken)
    left = {key: [run for run in trace.runs if run not in taken] for key, trace in made.items()}
    stored.note_runs(cursor, left)


def _portions(traces: Traces) -> Iterator[Traces]:
    left = dict(traces)
    while left:
        some = stored.few(left)
        yield some
        for key in some:
            del left[key]


def _mark(cursor: Cursor, traces: Traces, taken: AbstractSet[str]) -> None:
    spans = stored.read(cursor, list(traces))
    marked: list[Span] = []
    for key, some in spans.items():
        runs = tree.runs_of(some, settled=traces[key].settled)
        marked += chain.from_iterable(run.spans for run in _named(runs, taken))
    columns = {"traces": [span.trace_id for span in marked], "spans": [span.span_id for span in marked]}
    cursor.execute(_MARK, columns)


def _named(runs: Iterable[RunSpans], taken: AbstractSet[str]) -> Iterator[RunSpans]:
    """Those with these ids: their own, or one that the agent's span says; of two that say the same the first
    one has it."""
    said_before: set[str] = set()
    for run in runs:
        said = str(run.head.facts.own.get("invocation_id", "")).strip() if run.head else ""
        if invocation_id(run) in taken or (said in taken and said not in said_before):
            yield run
        said_before.add(said)
