"""How many runs of each kind there are and what they cost: in one look at the raw rows, exact."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from queries.conditions import Parameters, where
from queries.facets import NO_FILES
from queries.filters import Filters
from queries.kinds import condition
from queries.store import Query, Store


@dataclass(frozen=True)
class Tally:
    """``cost``: of those with a known cost; None where there are runs and none has one."""

    name: str
    runs: int
    cost: float | None


def tally(store: Store, filters: Filters, *names: str) -> dict[str, Tally]:
    """The kinds called ``names`` among the runs of ``filters``. A run may be of several."""
    sql, parameters = statement(store, filters, *names)
    row: tuple[object, ...] = store.cached(
        f"tally {sql} {parameters!r}",
        lambda connection: tuple(connection.exec_driver_sql(sql, parameters).one()),
    )
    return {name: _tally(name, row[2 * n], row[2 * n + 1]) for n, name in enumerate(names)}


def statement(store: Store, filters: Filters, *names: str) -> tuple[str, Parameters]:
    """SQL and its parameters: one row, number and cost of each kind after the other."""
    runs, parameters = where(filters)
    columns, either = [], []
    for name in names:
        sql, values = condition(name, store, filters)
        # Of a single one all rows are, and an index that has the rest of the condition then has all it takes.
        which = f" FILTER (WHERE {sql})" if len(names) > 1 else ""
        columns.append(f"count(*){which}, sum(r.cost_usd){which}")
        either.append(f"({sql})")
        parameters |= values
    # The conditions once more, so that an index may find the rows of a single kind.
    text = f"SELECT {', '.join(columns)} FROM agent_execution r WHERE {runs} AND ({' OR '.join(either)})"
    return text, parameters


def unchanged(store: Store, filters: Filters) -> Tally:
    """The kind ``no_change``, from the rollups where they know it: the same, sooner."""
    if filters.statuses and "success" not in filters.statuses:
        return Tally("no_change", 0, 0.0)
    asked = replace(filters, status=("success",))
    frame = store.fetch(Query(("runs", "cost_usd"), asked, by=NO_FILES))
    if not len(frame):
        return Tally("no_change", 0, 0.0)
    cost = float(frame["cost_usd"].iloc[0])
    return Tally("no_change", int(frame["runs"].iloc[0]), None if math.isnan(cost) else cost)


def _tally(name: str, runs: object, cost: object) -> Tally:
    number = int(runs)  # type: ignore[call-overload]
    return Tally(name, number, float(cost or 0) if cost is not None or not number else None)  # type: ignore[arg-type]
