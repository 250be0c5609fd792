"""One run: found by its id, its import, its place among its peers, and how often its error occurs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection

from queries import sketch
from queries.calendar import day_start, local
from queries.conditions import where
from queries.filters import Filters
from queries.run_places import Row
from queries.runs import COLUMNS
from queries.store import Query, Store

DETAILS = (*COLUMNS, "import_id", "ingested_at")
# Up to so many peers are compared one by one; more of them by the sketches, or the latest of them.
COMPARED = 20_000
DAYS = timedelta(days=30)
COMPARISONS = {"cost": "cost_usd", "duration": "duration_ms", "tokens": "total_tokens"}
_SKETCHED = {"cost": "cost_sketch", "duration": "duration_sketch"}
_LACKING = {"cost": "cost", "duration": "duration", "tokens": "total_tokens"}


@dataclass(frozen=True)
class Run:
    """``row``: its DETAILS; None where retention has dropped it and only its key is left.
    ``brought_by``: the import it came with, None where it came alone or the import is not known."""

    run_id: str
    start: datetime
    row: Row | None
    brought_by: dict[str, Any] | None = None


@dataclass(frozen=True)
class Peers:
    """``number`` of runs of its model in the period that have the value, this one included; how many of
    them have a lower and a higher one. ``nearly``: told from a sketch, right within 1 % of the value.
    ``latest``: not all of them, but those that started last."""

    number: int
    below: int
    above: int
    nearly: bool = False
    latest: bool = False


def find(store: Store, run_id: str) -> Run | None:
    """None for an id that no run ever had here."""
    if not run_id or any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in run_id):
        return None
    found: Run | None = store.cached(f"run {run_id!r}", lambda c: _find(c, run_id))
    return found


def _find(connection: Connection, run_id: str) -> Run | None:
    key = "SELECT start_time FROM execution_key WHERE invocation_id = %(id)s"
    start: datetime | None = connection.exec_driver_sql(key, {"id": run_id}).scalar()
    if start is None:
        return None
    columns = ", ".join(DETAILS)
    record = f"SELECT {columns} FROM agent_execution WHERE start_time = %(start)s AND invocation_id = %(id)s"
    row = connection.exec_driver_sql(record, {"start": start, "id": run_id}).mappings().first()
    if row is None:
        return Run(run_id, start, None)
    return Run(run_id, start, dict(row), _import(connection, row["import_id"]))


def _import(connection: Connection, import_id: int | None) -> dict[str, Any] | None:
    brought = "SELECT import_id, source, started_at, inserted FROM data_import WHERE import_id = %(id)s"
    row = connection.exec_driver_sql(brought, {"id": import_id}).mappings().first()
    return dict(row) if row else None


def peer_period(filters: Filters, start: datetime) -> Filters:
    """The period of the filters, nothing else of them; the 30 days up to the run's own where it started
    outside."""
    everything = everybody(filters)
    if filters.start <= start < filters.end:
        return everything
    last = local(start, filters.tz).date()
    first = last - DAYS + timedelta(days=1)
    ends = day_start(first, filters.tz), day_start(last + timedelta(days=1), filters.tz)
    return replace(everything, range=f"{first}..{last}", start=ends[0], end=ends[1])


def everybody(filters: Filters) -> Filters:
    """All runs of the period."""
    return replace(
        filters, status=(), model=(), agent=(), version=(), category=(), error=(), tool=(), attributes=()
    )


def peers(store: Store, filters: Filters, row: Row) -> dict[str, Peers]:
    """By comparison (COMPARISONS): among the runs of its model, in the period of ``peer_period``; only
    where the run has the value."""
    group = replace(peer_period(filters, row["start_time"]), model=(row["model"],))
    asked = {name: row[column] for name, column in COMPARISONS.items() if row[column] is not None}
    metrics = ("runs", *(f"runs_without_{_LACKING[name]}" for name in COMPARISONS))
    known = store.fetch(Query(metrics, group)).iloc[0]
    runs = int(known["runs"])
    found = {}
    for name in list(asked) if runs > COMPARED else []:
        if name in _SKETCHED:
            number = runs - int(known[f"runs_without_{_LACKING[name]}"])
            found[name] = _from_sketch(store, group, _SKETCHED[name], float(asked.pop(name)), number)
    key = f"peers {group.start} {group.end} {group.model} {asked}"
    exact: dict[str, Peers] = store.cached(key, lambda c: _compared(c, group, asked, runs > COMPARED))
    every = found | exact
    return {name: every[name] for name in COMPARISONS if name in every}


def _compared(
    connection: Connection, group: Filters, asked: dict[str, Decimal], latest: bool
) -> dict[str, Peers]:
    narrowing, values = where(group)
    counts = ", ".join(_counts(name, COMPARISONS[name]) for name in asked)
    if not counts:
        return {}
    columns = ", ".join(f"r.{COMPARISONS[name]}" for name in asked)
    rows = f"SELECT {columns} FROM agent_execution r WHERE {narrowing}"
    rows += f" ORDER BY r.start_time DESC LIMIT {COMPARED}" if latest else ""
    values = values | {name: Decimal(value) for name, value in asked.items()}
    one = connection.exec_driver_sql(f"SELECT {counts} FROM ({rows}) AS peers", values).mappings().one()
    return {
        name: Peers(one[name], one[f"{name}_below"], one[f"{name}_above"], latest=latest) for name in asked
    }


def _counts(name: str, column: str) -> str:
    one = f"count(*) FILTER (WHERE {column} {{}} CAST(%({name})s AS numeric)) AS {name}_{{}}".format
    return f"count({column}) AS {name}, {one('<', 'below')}, {one('>', 'above')}"


def _from_sketch(store: Store, group: Filters, kind: str, value: float, number: int) -> Peers:
    """Runs in the same bin count as equal: which of them is higher, a sketch does not know."""
    values, counts = store.bins(group, kind).get(None, (np.empty(0), np.empty(0)))
    own = sketch.bin_value(value)
    below, above = (int(counts[side].sum()) for side in (values < own * 0.999, values > own * 1.001))
    return Peers(number, below, above, nearly=True)


def same_error(store: Store, filters: Filters, row: Row) -> int | None:
    """How many runs of the period have the error of this one (its template); None where it has none."""
    if not row["error_template"]:
        return None
    alike = replace(peer_period(filters, row["start_time"]), error=(row["error_template"],))
    return int(store.fetch(Query(("runs",), alike))["runs"].iloc[0])
