"""Traces and spans as rows: locked, stored, read, dropped, in a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from ingest.batch import WriteResult
from ingest.otlp.names import LINK
from ingest.otlp.spans import Facts, Span
from ingest.transactions import Cursor
from queries.schema import CONTENT_COLUMNS

LONGEST_TRACE = 20_000  # spans
USELESS = timedelta(hours=1)
LOOKED_AT = timedelta(minutes=2)


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
    runs: list[str]
    posted: dict[str, Any] | None
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


_ROW = "t.trace_id, t.settled, t.closed, t.has_run, t.has_top, t.spans, t.runs, t.posted"
_LOCK = (
    "INSERT INTO otel_trace AS t (trace_id, seen_at, spans, has_run, has_top, settled, closed, runs) "
    "SELECT trace_id, now(), 0, has_run, has_top, false, false, '{}' FROM unnest(%(traces)s::bytea[], "
    "%(has_run)s::bool[], %(has_top)s::bool[]) AS s (trace_id, has_run, has_top) ORDER BY trace_id "
    "ON CONFLICT (trace_id) DO UPDATE SET seen_at = now(), has_run = t.has_run OR excluded.has_run, "
    "has_top = t.has_top OR excluded.has_top "
    f"RETURNING {_ROW}"
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
_COUNT = (
    "UPDATE otel_trace t SET spans = t.spans + s.more "
    "FROM unnest(%(traces)s::bytea[], %(more)s::int[]) AS s (trace_id, more) WHERE t.trace_id = s.trace_id"
)
_READ = (
    "SELECT trace_id, span_id, parent_id, start_ns, end_ns, facts FROM otel_span "
    "WHERE trace_id = ANY(%(traces)s::bytea[])"
)
_QUIET = (
    f"SELECT t.seen_at <= now() - %(give_up)s, {_ROW} FROM otel_trace t WHERE NOT closed AND NOT settled "
    "AND has_run AND trace_id > %(after)s AND seen_at <= now() - %(quiet)s "
    "AND (seen_at > now() - %(looked_at)s OR seen_at <= now() - %(give_up)s) "
    "ORDER BY trace_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED"
)
_NOTE_SETTLED = "UPDATE otel_trace SET settled = true WHERE trace_id = ANY(%(traces)s::bytea[])"
_NOTE_RUNS = (
    "UPDATE otel_trace t SET runs = ARRAY(SELECT jsonb_array_elements_text(s.runs)) "
    "FROM jsonb_to_recordset(%(runs)s::jsonb) AS s (id text, runs jsonb) "
    "WHERE t.trace_id = decode(s.id, 'hex')"
)
_CLOSE = (
    "WITH old AS (SELECT trace_id FROM otel_trace WHERE NOT closed AND (seen_at <= now() - %(older)s "
    "OR seen_at <= now() - %(useless)s AND NOT has_run AND posted IS NULL) "
    "ORDER BY trace_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED), "
    "spans AS (DELETE FROM otel_span s USING old WHERE s.trace_id = old.trace_id), "
    # A trace that made no run needs no memory.
    "useless AS (DELETE FROM otel_trace t USING old WHERE t.trace_id = old.trace_id AND t.runs = '{}' "
    "AND t.posted IS NULL), "
    "done AS (UPDATE otel_trace t SET closed = true FROM old WHERE t.trace_id = old.trace_id "
    "AND (t.runs <> '{}' OR t.posted IS NOT NULL)) SELECT count(*) FROM old"
)


def lock(cursor: Cursor, coming: Mapping[bytes, list[Span]]) -> Traces:
    """The rows of the traces, ours until the transaction ends."""
    marks = [
        (any(s.facts.kind != LINK for s in spans), any(s.parent_id is None or s.facts.remote for s in spans))
        for spans in coming.values()
    ]
    has_run, has_top = ([bool(mark[place]) for mark in marks] for place in (0, 1))
    cursor.execute(_LOCK, {"traces": list(coming), "has_run": has_run, "has_top": has_top})
    traces = _rows(cursor)
    for key, trace in traces.items():
        trace.coming = coming[key]
    return traces


def _rows(cursor: Cursor) -> Traces:
    return {row[0]: Trace(*row[1:]) for row in cursor.fetchall()}


def store(cursor: Cursor, traces: Traces, kept: Kept) -> list[bytes]:
    """The traces that have changed."""
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
    more = {trace: new for trace, _, new in stored if new}
    cursor.execute(_COUNT, {"traces": list(more), "more": list(more.values())})
    return [trace for trace, *_ in stored]


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
        for trace, span, parent, start, end, facts in cursor.fetchall():
            found.setdefault(trace, []).append(Span(trace, span, parent, start, end, Facts.unpack(facts)))
    return found


def quiet(
    cursor: Cursor, wait: timedelta, give_up: timedelta, after: bytes, limit: int
) -> tuple[Traces, set[bytes]]:
    """Open traces of which nothing has come for ``wait``, by their ids ``after`` that one, and which of them
    have had nothing for ``give_up``. In between they are looked at for a while, not all the time."""
    looked_at = wait + LOOKED_AT
    values = {"quiet": wait, "give_up": give_up, "looked_at": looked_at, "after": after, "limit": limit}
    cursor.execute(_QUIET, values)
    rows = cursor.fetchall()
    return {row[1]: Trace(*row[2:]) for row in rows}, {row[1] for row in rows if row[0]}


def note_settled(cursor: Cursor, traces: Iterable[bytes]) -> None:
    cursor.execute(_NOTE_SETTLED, {"traces": list(traces)})


def note_runs(cursor: Cursor, runs: Mapping[bytes, list[str]]) -> None:
    if runs:
        said = [{"id": trace.hex(), "runs": ids} for trace, ids in runs.items()]
        cursor.execute(_NOTE_RUNS, {"runs": orjson.dumps(said).decode()})


def close(cursor: Cursor, older: timedelta, limit: int) -> int:
    cursor.execute(_CLOSE, {"older": older, "useless": USELESS, "limit": limit})
    return int(cursor.fetchone()[0])  # type: ignore[index]


# ---- runs that are told by other means ------------------------------------------------------------------

_CLAIM = (
    "INSERT INTO otel_trace AS t (trace_id, seen_at, spans, has_run, has_top, settled, closed, runs) "
    "SELECT trace_id, now(), 0, false, false, false, false, '{}' FROM unnest(%(traces)s::bytea[]) "
    "AS s (trace_id) ORDER BY trace_id ON CONFLICT (trace_id) DO UPDATE SET seen_at = t.seen_at "
    f"RETURNING {_ROW}"
)
_KNOWN = "SELECT invocation_id FROM execution_key WHERE invocation_id = ANY(%(ids)s)"
_NOTE_POSTED = (
    "UPDATE otel_trace t SET posted = s.posted FROM jsonb_to_recordset(%(posted)s::jsonb) "
    "AS s (id text, posted jsonb) WHERE t.trace_id = decode(s.id, 'hex')"
)
_RUN = (
    f"SELECT {', '.join(f'r.{name}' for name in CONTENT_COLUMNS)} FROM agent_execution r "
    "JOIN execution_key k USING (start_time, invocation_id) WHERE k.invocation_id = %(id)s "
    "AND r.start_time = (SELECT start_time FROM execution_key WHERE invocation_id = %(id)s)"
)


def claim(cursor: Cursor, traces: Sequence[bytes]) -> Traces:
    """The rows of the traces, made where there are none, ours until the transaction ends."""
    cursor.execute(_CLAIM, {"traces": list(traces)})
    return _rows(cursor)


def known(cursor: Cursor, ids: Sequence[str]) -> set[str]:
    """Which of these runs are known."""
    cursor.execute(_KNOWN, {"ids": list(ids)})
    return {row[0] for row in cursor.fetchall()}


def note_posted(cursor: Cursor, posted: Mapping[bytes, Mapping[str, Any]]) -> None:
    if posted:
        said = [{"id": trace.hex(), "posted": record} for trace, record in posted.items()]
        cursor.execute(_NOTE_POSTED, {"posted": orjson.dumps(said).decode()})


def run_of(cursor: Cursor, run: str) -> tuple[object, ...] | None:
    """A run's row in the order of ingest.columns.FIELDS; None where it is not kept any more."""
    cursor.execute(_RUN, {"id": run})
    return cursor.fetchone()
