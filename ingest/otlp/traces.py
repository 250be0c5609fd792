"""Spans of open traces, kept until their runs are complete; runs are put together in the transaction in
which the spans come, so that what was acknowledged is there, once, whoever sends what in which order.

A trace's row is locked first, always in the order of the ids: requests with spans of one trace, in
whatever server process, go one after the other. A long trace is put together anew when it has grown by a
share of itself, and a moment later (RunMaker.catch_up): so a request costs what it brings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine

from ingest import imports
from ingest.otlp import stored, waiting
from ingest.otlp.making import RunMaker
from ingest.otlp.runs import Assembler
from ingest.otlp.spans import Span
from ingest.otlp.stored import Kept, Trace
from ingest.posts import Sender
from ingest.transactions import Cursor
from ingest.write import Made

SHORT = 200  # spans: a trace of so many is put together anew whatever comes
SHARE = 8  # a longer one when an eighth of it is new


class _TakenBackError(Exception):
    """The import that was to have the runs is being taken back."""


class SpanKeeper(RunMaker):
    """Takes spans in and lets the runs that they make enter. May be used by several threads."""

    def __init__(self, engine: Engine, assembler: Assembler | None = None, short: int = SHORT) -> None:
        super().__init__(engine, assembler)
        self._short = short

    def keep(self, spans: Iterable[Span], sender: Sender | None = None) -> Kept:
        """All of ``spans`` and what they make of runs, or nothing. The log of imports has one for all that a
        ``sender`` brings in an hour."""
        coming = stored.by_trace(spans)
        while coming:
            try:
                return self._keep(coming, self._import(sender) if sender else None)
            except _TakenBackError:
                continue  # a moment ago: what comes from now on is another import
        return Kept()

    def _keep(self, coming: Mapping[bytes, list[Span]], import_id: int | None) -> Kept:
        kept = Kept()

        def make(cursor: Cursor) -> Made:
            nonlocal kept
            kept = Kept()  # anew where the transaction is tried again
            if not waiting.hold(cursor, import_id):
                raise _TakenBackError
            traces = stored.lock(cursor, coming)
            changed = stored.store(cursor, traces, kept)
            worth = stored.few({key: trace for key, trace in changed.items() if self._is_worth_it(trace)})
            stored.note_changed(cursor, changed, worth, import_id)
            return self._made(cursor, worth, stored.read(cursor, list(worth)), kept)

        kept.written = self._write(make, import_id)
        return kept

    def _is_worth_it(self, trace: Trace) -> bool:
        return trace.may_run and (trace.spans <= self._short or trace.unmade * SHARE >= trace.spans)

    def _import(self, sender: Sender) -> int:
        source, key = f"{sender.door}: {sender.name}", f"{sender.door}/{sender.key}"
        return imports.open_bundle(self._engine, source, key, datetime.now(UTC))
