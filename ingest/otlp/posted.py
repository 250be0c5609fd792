"""Runs that are told by other means (POST /api/runs) and say of which trace they are: one run, not two.

What is told goes first, the spans of the trace say the rest. A trace has one such run; a second one that
names the trace is a run of its own, and has nothing of its spans.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Engine

from ingest.batch import WriteResult
from ingest.columns import FIELDS, INDEX
from ingest.otlp import claims, stored
from ingest.otlp.runs import Assembler, with_said
from ingest.otlp.stored import Traces
from ingest.staging import Row
from ingest.transactions import Cursor
from ingest.write import Made, Writer

Record = dict[str, Any]

_ID, _ATTRIBUTES = INDEX["invocation_id"], INDEX["attributes"]
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_TRACE = re.compile(r"[0-9a-f]{32}")
_NAMES = (("traceparent", _TRACEPARENT), ("trace_id", _TRACE), ("traceId", _TRACE))
# Worked out from the rest, and so worked out anew.
_DERIVED = ("error_category", "error_template", "total_tokens")
_JSON = ("tools_used", "attributes")
# What stands where nothing was said.
_UNSAID = {"agent": "fixer", "model": "unknown", "status": "unknown"}


def trace_of(row: Row) -> bytes | None:
    """The trace that a run says it is of; None where it says none, or has the id of a run of spans."""
    packed: str = row[_ATTRIBUTES]  # type: ignore[assignment]
    if '"trace' not in packed:
        return None
    said = orjson.loads(packed)
    for name, form in _NAMES:
        text = said.get(name)
        found = form.fullmatch(text.strip().lower()) if isinstance(text, str) else None
        if found:
            trace = found[found.re.groups]
            is_one_of_spans = str(row[_ID]).startswith(f"{trace}-") or not int(trace, 16)
            return None if is_one_of_spans else bytes.fromhex(trace)
    return None


def said_by(row: Row) -> Record:
    """What a run's row says, in the words of ingest.record."""
    record = {name: _plain(name, value) for name, value in zip(FIELDS, row, strict=True) if value is not None}
    if record.get("cost_source") == "estimated":
        del record["cost_usd"]
    for name in (*_DERIVED, "cost_source"):
        record.pop(name, None)
    return {name: value for name, value in record.items() if value != _UNSAID.get(name)}


def _plain(name: str, value: Any) -> Any:
    if name in _JSON and isinstance(value, str):
        return orjson.loads(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


class PostedRuns:
    """Lets rows in that name their traces; each replaces what its spans made."""

    def __init__(
        self,
        engine: Engine,
        assembler: Assembler | None = None,
        *,
        import_id: int | None = None,
        replace: bool = False,
    ) -> None:
        self._engine = engine
        self._assembler = assembler or Assembler()
        self._import_id = import_id
        self._replace = replace

    def write(self, rows: Sequence[tuple[bytes, Row]]) -> tuple[WriteResult, list[Row]]:
        """What became of them, and those that are runs of their own: another one stands for their trace."""
        first: dict[bytes, Row] = {}
        rest = [row for trace, row in rows if first.setdefault(trace, row) is not row]
        result = WriteResult()
        others: list[Row] = []

        def make(cursor: Cursor) -> Made:
            nonlocal result, others
            result, others = WriteResult(), []  # anew where the transaction is tried again
            return self._make(cursor, first, result, others)

        with Writer(self._engine, import_id=self._import_id, replace=True) as writer:
            writer.write_made(make)
        return result, [*others, *rest]

    def _make(
        self, cursor: Cursor, rows: Mapping[bytes, Row], result: WriteResult, others: list[Row]
    ) -> Made:
        traces = claims.claim(cursor, sorted(rows))
        known = claims.known(cursor, [str(row[_ID]) for row in rows.values()])
        claimed: dict[bytes, Row] = {}
        for trace, row in rows.items():
            said, run = traces[trace].posted, str(row[_ID])
            if said is not None and said["invocation_id"] != run:
                others.append(row)
            elif said == said_by(row):
                result.already_there += 1
            elif run in known and run not in traces[trace].runs and said is None:
                others.append(row)  # known already, and of no trace: as any other that comes again
            elif said is not None and not self._replace:
                result.add(WriteResult(differing=1, differing_ids=[run]))
            else:
                claimed[trace] = row
                result.add(WriteResult(replaced=1) if run in known else WriteResult(inserted=1))
        return self._claimed(cursor, traces, claimed)

    def _claimed(self, cursor: Cursor, traces: Traces, claimed: Mapping[bytes, Row]) -> Made:
        said = {trace: said_by(row) for trace, row in claimed.items()}
        claims.note_posted(cursor, said)
        spans = stored.read(cursor, list(claimed))
        now = datetime.now(UTC)
        made, gone = [], []
        for trace, row in claimed.items():
            runs = traces[trace].runs
            told = _with_kept(cursor, said[trace], runs) if traces[trace].closed else said[trace]
            rows, _ = self._assembler.rows(spans.get(trace, ()), settled=True, posted=told, now=now)
            made += rows or [self._assembler.row(told, now) if told is not said[trace] else row]
            gone += [run for run in runs if run != row[_ID]]
        stored.note_runs(cursor, {trace: [str(row[_ID])] for trace, row in claimed.items()})
        return Made(made, gone)


def _with_kept(cursor: Cursor, said: Record, runs: Sequence[str]) -> Record:
    """The spans are gone: what they said is in the run that was made of them."""
    row = claims.run_of(cursor, runs[0]) if len(runs) == 1 else None
    return said if row is None else with_said({"attributes": {}, "status": "unknown"} | said_by(row), said)
