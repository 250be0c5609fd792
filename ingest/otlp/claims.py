"""Traces whose run is told by other means, as rows, in a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ingest.otlp.stored import ROW, Traces, read_runs, rows
from ingest.transactions import Cursor
from queries.schema import CONTENT_COLUMNS

_CLAIM = (
    "INSERT INTO otel_trace AS t (trace_id, seen_at, spans, has_run, has_top, settled, closed, runs) "
    "SELECT trace_id, now(), 0, false, false, false, false, '{}' FROM unnest(%(traces)s::bytea[]) "
    "AS s (trace_id) ORDER BY trace_id ON CONFLICT (trace_id) DO UPDATE SET seen_at = t.seen_at "
    f"RETURNING {ROW}"
)
_KNOWN = "SELECT invocation_id FROM execution_key WHERE invocation_id = ANY(%(ids)s)"
_NOTE_POSTED = (
    "UPDATE otel_trace t SET posted = s.posted, unmade = 0, stale_since = NULL "
    "FROM jsonb_to_recordset(%(posted)s::jsonb) AS s (id text, posted jsonb) "
    "WHERE t.trace_id = decode(s.id, 'hex')"
)
_RUN = (
    f"SELECT {', '.join(f'r.{name}' for name in CONTENT_COLUMNS)} FROM agent_execution r "
    "JOIN execution_key k USING (start_time, invocation_id) WHERE k.invocation_id = %(id)s "
    "AND r.start_time = (SELECT start_time FROM execution_key WHERE invocation_id = %(id)s)"
)


def claim(cursor: Cursor, traces: Sequence[bytes]) -> Traces:
    """The rows of the traces, made where there are none, ours until the transaction ends."""
    cursor.execute(_CLAIM, {"traces": list(traces)})
    claimed = rows(cursor)
    read_runs(cursor, claimed)
    return claimed


def known(cursor: Cursor, ids: Sequence[str]) -> set[str]:
    """Which of these runs are known."""
    cursor.execute(_KNOWN, {"ids": list(ids)})
    return {row[0] for row in cursor.fetchall()}


def note_posted(cursor: Cursor, posted: Mapping[bytes, Mapping[str, Any]]) -> None:
    """What was said of their runs, which are made of all their spans at that."""
    if posted:
        said = [{"id": trace.hex(), "posted": record} for trace, record in posted.items()]
        cursor.execute(_NOTE_POSTED, {"posted": orjson.dumps(said).decode()})


def run_of(cursor: Cursor, run: str) -> tuple[object, ...] | None:
    """A run's row in the order of ingest.columns.FIELDS; None where it is not kept any more."""
    cursor.execute(_RUN, {"id": run})
    return cursor.fetchone()
