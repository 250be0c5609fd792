"""Reported costs beside what the same tokens come to at list prices: how far estimates can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from queries.conditions import where
from queries.filters import Filters
from queries.kinds import COST_TOLD
from queries.prices import is_steady, rates
from queries.store import Query, Store

# The price of a day is that of its noon: some lists change within a day.
_DAY = "date_trunc('day', r.start_time, 'UTC')"


@dataclass(frozen=True)
class Compared:
    """Over the ``runs`` of a model that report their cost and their tokens: what they reported, and what an
    estimate would have said."""

    model: str
    runs: int
    reported: float
    at_list: float

    @property
    def off(self) -> float | None:
        """How far the list is from what was reported, as a share of it."""
        return self.at_list / self.reported - 1 if self.reported else None


def compared(store: Store, filters: Filters) -> list[Compared]:
    """By model, most runs first; only models with a known price. From raw rows, in one look at them."""
    runs, parameters = where(filters)
    models = store.fetch(Query(("runs",), filters, by="model"))["model"].tolist()
    changing = [str(model) for model in models if not is_steady(model)]
    key = f"compared {runs} {parameters!r} {changing!r}"
    return reckon(store.cached(key, lambda c: _read(c, runs, parameters, changing)), filters.start)


def reckon(rows: list[tuple[Any, ...]], start: datetime) -> list[Compared]:
    """``rows``: model, day or None, runs, reported dollars, tokens uncached, read, written and put out."""
    found: dict[str, list[Any]] = {}
    for model, day, number, reported, *tokens in rows:
        known = rates(model, (day or start).astimezone(UTC) + timedelta(hours=12))
        if known is not None:
            prices = (known.uncached, known.cache_read, known.cache_write, known.output)
            cost = sum((int(n) * price for n, price in zip(tokens, prices, strict=True)), Decimal(0))
            sums = found.setdefault(model, [0, Decimal(0), Decimal(0)])
            for place, amount in enumerate((number, reported, cost)):
                sums[place] += amount
    models = [
        Compared(model, number, round(float(reported), 9), round(float(cost), 9))
        for model, (number, reported, cost) in found.items()
    ]
    return sorted(models, key=lambda model: (-model.runs, model.model))


def _read(
    connection: Connection, runs: str, parameters: dict[str, object], changing: list[str]
) -> list[tuple[Any, ...]]:
    # By the day only where the price of a day matters.
    day = f"CASE WHEN r.model = ANY(%(changing)s) THEN {_DAY} END"
    cached = "coalesce(r.cache_read_tokens, 0)", "coalesce(r.cache_write_tokens, 0)"
    uncached = f"r.input_tokens - {' - '.join(cached)}"
    sums = ", ".join(f"sum({part})::numeric" for part in (uncached, *cached, "r.output_tokens"))
    sql = (
        f"SELECT r.model, {day}, count(*), sum(r.cost_usd), {sums} FROM agent_execution r WHERE {runs} "
        f"AND {COST_TOLD} GROUP BY 1, 2"
    )
    rows = connection.exec_driver_sql(sql, parameters | {"changing": changing})
    return [tuple(row) for row in rows]
