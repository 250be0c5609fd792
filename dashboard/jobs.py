"""Roof: what a worker does, again and again. A new job is one record here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from dashboard.config import Settings
from dashboard.housekeeping import forget_old_answers
from dashboard.trace_keeping import TraceChores
from ingest import facets, in_flight, partitions
from ingest.compact import FOLD_AT, compact, waiting
from ingest.retention import retain
from ingest.transactions import connected

_MONTHS_AHEAD = 3

Work = Callable[[Engine, Settings, datetime], str | None]


@dataclass(frozen=True, slots=True)
class Job:
    """``work`` gets an engine without a time limit, the settings and the present time (UTC), and gives a
    few words on what it did, None where there was nothing to do.

    What it raises is logged and shown, and it is tried again, ever later. It runs ``every`` so many
    seconds and whenever a worker begins to lead; never twice at once in one worker, but another one may
    have taken over from one that still runs: it must be harmless then. Jobs do not wait for each other.
    """

    name: str
    every: float
    work: Work


def _compact(engine: Engine, _settings: Settings, _now: datetime) -> str | None:
    folded = compact(engine) if waiting(engine, 1) else 0
    return f"{folded:,} rollup rows folded" if folded else None


def _compact_many(engine: Engine, settings: Settings, now: datetime) -> str | None:
    return _compact(engine, settings, now) if waiting(engine, FOLD_AT) >= FOLD_AT else None


def _refresh(engine: Engine, _settings: Settings, _now: datetime) -> str | None:
    made = facets.refresh(engine)
    return f"facets of {made:,} hours made" if made else None


def _partitions(engine: Engine, _settings: Settings, now: datetime) -> str | None:
    with connected(engine) as connection:
        made = partitions.ensure(engine, connection, partitions.ahead(now, _MONTHS_AHEAD))
    return f"partitions made for {', '.join(f'{y}-{m:02}' for y, m in made)}" if made else None


def _in_flight(engine: Engine, settings: Settings, now: datetime) -> str | None:
    gone = in_flight.sweep(engine, now, timedelta(hours=settings.in_flight_hours))
    return f"{gone:,} runs in flight have ended, or were given up" if gone else None


def _retain(engine: Engine, settings: Settings, now: datetime) -> str | None:
    if settings.retention_days is None:
        return None
    gone = retain(engine, settings.retention_days, now)
    return f"dropped {', '.join(gone)}" if gone else None


def _clean_up(_engine: Engine, settings: Settings, _now: datetime) -> str | None:
    gone = forget_old_answers(settings.data / "cache" / "answers")
    return f"{gone:,} old answers removed from the cache" if gone else None


def _catch_up(engine: Engine, settings: Settings, _now: datetime) -> str | None:
    made = TraceChores.of(engine, settings).catch_up()
    return f"runs of {made:,} long traces have caught up with their spans" if made else None


def _settle_traces(engine: Engine, settings: Settings, _now: datetime) -> str | None:
    settled = TraceChores.of(engine, settings).settle()
    return f"{settled:,} traces settled" if settled else None


def _close_traces(engine: Engine, settings: Settings, _now: datetime) -> str | None:
    closed = TraceChores.of(engine, settings).close()
    return f"the spans of {closed:,} traces dropped" if closed else None


def _alerts(engine: Engine, settings: Settings, now: datetime) -> str | None:
    from dashboard.watching import on

    looked = on(settings, engine).look(now)
    return f"alerts: {', '.join(looked.moved)}" if looked.moved else None


def _digests(engine: Engine, settings: Settings, now: datetime) -> str | None:
    from dashboard.watching import on

    made = on(settings, engine).digests(now)
    return f"{made:,} digests made" if made else None


def _messages(engine: Engine, settings: Settings, now: datetime) -> str | None:
    from dashboard.watching import on

    sent, failed = on(settings, engine).send(now)
    return f"{sent:,} messages sent, {failed:,} not" if sent or failed else None


JOBS = (
    Job("compaction", 60, _compact),
    Job("compaction of many", 5, _compact_many),
    Job("facets", 60, _refresh),
    Job("partitions", 3600, _partitions),
    Job("in flight", 60, _in_flight),
    Job("long traces", 2, _catch_up),
    Job("traces", 15, _settle_traces),
    Job("old traces", 600, _close_traces),
    Job("alerts", 30, _alerts),
    Job("digests", 60, _digests),
    Job("messages", 5, _messages),
    Job("retention", 3600, _retain),
    Job("clean-up", 600, _clean_up),
)
