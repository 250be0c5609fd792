"""Roof: who keeps spans, as the settings say, and what is done with them from time to time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from dashboard.config import Settings
from ingest.columns import RecordOptions
from ingest.errors import reader
from ingest.otlp.runs import Assembler, TraceOptions
from ingest.otlp.traces import SpanKeeper


def span_keeper(engine: Engine, settings: Settings) -> SpanKeeper:
    record = RecordOptions(errors=reader(settings.error_rules))
    return SpanKeeper(engine, Assembler(TraceOptions(settings.trace_unset_status, record)))


@dataclass(frozen=True)
class TraceChores:
    """Runs of long traces catch up with their spans, quiet traces are settled, old ones closed; harmless when
    two do it at once."""

    keeper: SpanKeeper
    keep: timedelta

    @classmethod
    def of(cls, engine: Engine, settings: Settings) -> TraceChores:
        return cls(span_keeper(engine, settings), timedelta(hours=settings.trace_keep_hours))

    def catch_up(self) -> int:
        return self.keeper.catch_up()

    def settle(self) -> int:
        return self.keeper.settle()

    def close(self) -> int:
        return self.keeper.close(self.keep)
