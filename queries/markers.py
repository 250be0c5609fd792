"""What happened on the time axis: first runs of versions and the team's own marks, with before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pandas as pd
from sqlalchemy import Connection, select

from queries.beforeafter import COLUMNS, Figure, figures, prepared
from queries.conditions import where
from queries.filters import Filters
from queries.page_tables import marker as table
from queries.store import Query, Store
from queries.versions import FirstRun, first_runs

HOURS_UP_TO = timedelta(days=32)  # longer periods are compared by days: a day is a cluster as good as an hour
MOST = 500  # own marks of one period


@dataclass(frozen=True)
class OwnMarker:
    marker_id: int
    at: datetime
    label: str


@dataclass(frozen=True)
class Marker:
    """``agent`` and ``version`` of a first run; ``marker_id`` of one that the team made.

    ``before`` and ``after``: metric -> figure from the marker before (of the same agent, or own) up to
    this one, and from this one to the next; ``since`` and ``until`` are these ends.
    """

    at: datetime
    label: str
    since: datetime
    until: datetime
    before: dict[str, Figure]
    after: dict[str, Figure]
    agent: str = ""
    version: str = ""
    marker_id: int | None = None


def own_markers(store: Store, start: datetime | None = None, end: datetime | None = None) -> list[OwnMarker]:
    """The team's marks, oldest first; they are not part of the data version, so never cached."""
    statement = select(table.c.marker_id, table.c.at, table.c.label)
    if start is not None and end is not None:
        statement = statement.where(table.c.at >= start, table.c.at < end)
    statement = statement.order_by(table.c.at, table.c.marker_id).limit(MOST)

    def read(connection: Connection) -> list[OwnMarker]:
        return [OwnMarker(*row) for row in connection.execute(statement)]

    return store.uncached(read)


def markers(store: Store, filters: Filters) -> list[Marker]:
    """Everything to mark in the period, oldest first. Figures are of the runs that the filters let
    through; a version of which they let no run through is left out."""
    found = [*_versions(store, filters), *_own(store, filters)]
    return sorted(found, key=lambda marker: (marker.at, marker.label))


def _versions(store: Store, filters: Filters) -> Iterator[Marker]:
    first = first_runs(store, filters)
    if not first:
        return
    passing = _passing_by_rows if filters.facets else _passing
    first = passing(store, filters, first)
    # A filter on versions would leave nothing to compare a new one with.
    frame = _frame(store, replace(filters, version=()), by="agent") if first else None
    for agent in dict.fromkeys(run.agent for run in first):
        assert frame is not None
        own = [run for run in first if run.agent == agent]
        spans = _spans([run.at for run in own], filters)
        rows = prepared(frame[frame["agent"] == agent])
        for run, (since, until) in zip(own, spans, strict=True):
            sides = _sides(rows, run.at, since, until)
            yield Marker(run.at, run.version, since, until, *sides, agent=agent, version=run.version)


def _passing(store: Store, filters: Filters, first: list[FirstRun]) -> list[FirstRun]:
    """Those of whose versions the filters let a run through."""
    agents = dict.fromkeys(run.agent for run in first)
    queries = [Query(("runs",), replace(filters, agent=(agent,)), by="agent_version") for agent in agents]
    frames = dict(zip(agents, store.fetch_many(*queries), strict=True))
    return [run for run in first if run.version in set(frames[run.agent]["agent_version"])]


def _passing_by_rows(store: Store, filters: Filters, first: list[FirstRun]) -> list[FirstRun]:
    """The same where no rollup knows: a look for the first such run of each, instead of counting them all."""

    def read(connection: Connection) -> list[bool]:
        return [_any_of(connection, filters, run) for run in first]

    key = f"versions let through {where(filters)!r} {first!r}"
    found: list[bool] = store.cached(key, read)
    return [run for run, some in zip(first, found, strict=True) if some]


def _any_of(connection: Connection, filters: Filters, run: FirstRun) -> bool:
    own = replace(filters, agent=(run.agent,), version=(run.version,), start=max(filters.start, run.at))
    narrowing, values = where(own)
    # In the order of an index, so that the search ends with the first.
    sql = f"SELECT r.start_time FROM agent_execution r WHERE {narrowing} ORDER BY r.start_time LIMIT 1"
    return connection.exec_driver_sql(sql, values).first() is not None


def _own(store: Store, filters: Filters) -> Iterator[Marker]:
    made = own_markers(store, filters.start, filters.end)
    if not made:
        return
    rows = prepared(_frame(store, filters))
    for marker, (since, until) in zip(made, _spans([m.at for m in made], filters), strict=True):
        sides = _sides(rows, marker.at, since, until)
        yield Marker(marker.at, marker.label, since, until, *sides, marker_id=marker.marker_id)


def _spans(instants: Sequence[datetime], filters: Filters) -> list[tuple[datetime, datetime]]:
    """From the instant before each to the one after it, within the part of the period that has passed."""
    end = filters.elapsed().end
    edges = [filters.start, *instants, max(end, instants[-1])]
    return [(low, high) for (low, _), (_, high) in zip(pairwise(edges), pairwise(edges[1:]), strict=False)]


def _sides(
    rows: pd.DataFrame, at: datetime, since: datetime, until: datetime
) -> tuple[dict[str, Figure], dict[str, Figure]]:
    return figures(rows, since, at), figures(rows, at, until)


def _frame(store: Store, filters: Filters, by: str | None = None) -> pd.DataFrame:
    grain = "hour" if filters.end - filters.start <= HOURS_UP_TO else "day"
    return store.fetch(Query(COLUMNS, filters, by=by, grain=grain))
