"""Runs that were announced and have not ended: how many, since when, which are overdue. They count nowhere.

Whether a run has ended is asked at the gate, so that its end counts the moment it is committed, whatever
brought it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from queries.filters import Filters, parse
from queries.store import Query, Store

SHOWN = 100
# So many are looked at; that many agents at once would be news by itself.
_LOOKED_AT = 10_000
# With fewer runs of the model that tell their duration, its 99th percentile says little.
_ENOUGH = 100

_STATEMENT = """
SELECT {columns}, count(*) OVER () AS total FROM run_in_flight AS f
WHERE heard_at >= :heard_since
  AND NOT EXISTS (SELECT FROM execution_key AS k WHERE k.invocation_id = f.invocation_id){narrowed}
ORDER BY start_time, invocation_id LIMIT :limit
"""
_COLUMNS = ("invocation_id", "agent", "agent_version", "model", "start_time", "heard_at", "attributes")
_NARROWING = {
    "model": " AND model = ANY(:model)",
    "agent": " AND agent = ANY(:agent)",
    "version": " AND coalesce(agent_version, '') = ANY(:version)",
}


@dataclass(frozen=True)
class Patience:
    """How long a run may be silent before it is given up, and how long it may take where its model's runs
    do not tell."""

    give_up: timedelta = timedelta(hours=24)
    overdue: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class Flight:
    """A run in flight. ``due``: when it would have taken longer than 99 of 100 runs of its model."""

    invocation_id: str
    agent: str
    agent_version: str | None
    model: str
    start_time: datetime
    heard_at: datetime
    attributes: dict[str, Any]
    due: datetime
    overdue: bool


@dataclass(frozen=True)
class InFlight:
    """``total`` may be more than ``overdue`` was counted among (the oldest 10,000). ``flights``: the first
    of them, the oldest first; ``oldest``: the start of that one."""

    total: int
    overdue: int
    oldest: datetime | None
    flights: tuple[Flight, ...]


def in_flight(store: Store, filters: Filters, patience: Patience, limit: int = SHOWN) -> InFlight:
    """Of the models, agents and versions of ``filters``, now: its period and its other filters are about
    runs that have ended."""
    rows = store.uncached(lambda connection: _rows(connection, filters, patience))
    limits = _limits(store, filters, patience, {row.model for row in rows})
    flights = [_flight(row, limits[row.model], filters.now) for row in rows]
    return InFlight(
        total=int(rows[0].total) if rows else 0,
        overdue=sum(flight.overdue for flight in flights),
        oldest=flights[0].start_time if flights else None,
        flights=tuple(flights[:limit]),
    )


def _rows(connection: Connection, filters: Filters, patience: Patience) -> list[Any]:
    named = {name: list(getattr(filters, name)) for name in _NARROWING}
    narrowed = "".join(_NARROWING[name] for name, names in named.items() if names)
    statement = text(_STATEMENT.format(columns=", ".join(_COLUMNS), narrowed=narrowed))
    asked = {name: names for name, names in named.items() if names}
    since = filters.now - patience.give_up
    return list(connection.execute(statement, asked | {"heard_since": since, "limit": _LOOKED_AT}))


def _limits(store: Store, filters: Filters, patience: Patience, models: set[str]) -> dict[str, timedelta]:
    """How long a run of each model may take before it is overdue."""
    found = dict.fromkeys(models, patience.overdue)
    if not models:
        return found
    # In UTC and by whole days, so that all readers share the answer.
    lately = replace(parse({"range": "30d"}, now=filters.now), model=tuple(sorted(models)))
    frame = store.fetch(Query(("runs", "runs_without_duration", "p99_duration_ms"), lately, by="model"))
    for row in frame.itertuples():
        if row.runs - row.runs_without_duration >= _ENOUGH:
            found[row.model] = timedelta(milliseconds=float(row.p99_duration_ms))
    return found


def _flight(row: Any, limit: timedelta, now: datetime) -> Flight:
    due = row.start_time + limit
    known = {name: getattr(row, name) for name in _COLUMNS}
    return Flight(**known, due=due, overdue=now > due)
