"""Reported costs beside what the same tokens come to at list prices: how far estimates can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from queries.calendar import DAY
from queries.facet_statements import floor, range_of
from queries.facets import COST_TOLD
from queries.filters import Filters
from queries.prices import is_steady, rates
from queries.store import Store

_NOON = timedelta(hours=12)
_TOKENS = ("uncached_input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")


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


@dataclass(frozen=True)
class Told:
    """Of some runs of a model: what they reported in dollars, and their tokens uncached, read, written and
    put out, to be held against the prices of ``moment``."""

    model: str
    moment: datetime
    runs: int
    reported: Decimal
    tokens: tuple[int, ...]


def compared(store: Store, filters: Filters) -> list[Compared]:
    """By model, most runs first; only models with a known price."""
    told = list(_told(store, filters, (filters.start, filters.end)))
    changing = tuple(sorted({one.model for one in told if not is_steady(one.model)}))
    if changing:
        # By the day only where the price of a day matters.
        told = [one for one in told if one.model not in changing]
        told += _told(store, replace(filters, model=changing), _days(filters))
    return reckon(told)


def reckon(told: Iterable[Told]) -> list[Compared]:
    found: dict[str, list[Decimal]] = {}
    for one in told:
        known = rates(one.model, one.moment)
        if known is not None:
            prices = (known.uncached, known.cache_read, known.cache_write, known.output)
            at_list = sum((n * price for n, price in zip(one.tokens, prices, strict=True)), Decimal(0))
            sums = found.setdefault(one.model, [Decimal(0)] * 3)
            for place, amount in enumerate((Decimal(one.runs), one.reported, at_list)):
                sums[place] += amount
    models = [
        Compared(model, int(runs), round(float(reported), 9), round(float(at_list), 9))
        for model, (runs, reported, at_list) in found.items()
    ]
    return sorted(models, key=lambda model: (-model.runs, model.model))


def _told(store: Store, filters: Filters, edges: tuple[datetime, ...]) -> Iterator[Told]:
    """By model, status and the buckets between ``edges``."""
    rows = store.sums_within(filters, "model", (COST_TOLD, "yes"), edges)
    for n, model in enumerate(rows["key"]):
        if rows["runs"][n]:
            # The price of a day is that of its noon: some lists change within a day.
            noon = floor(edges[int(rows["i"][n]) - 1], DAY) + _NOON
            reported = Decimal(repr(float(rows["cost_usd"][n])))
            tokens = tuple(round(rows[name][n]) for name in _TOKENS)
            yield Told(str(model), noon, int(rows["runs"][n]), reported, tokens)


def _days(filters: Filters) -> tuple[datetime, ...]:
    """The edges of its days (UTC)."""
    within = range_of(floor(filters.start, DAY) + DAY, filters.end, DAY)
    return (filters.start.astimezone(UTC), *within, filters.end.astimezone(UTC))
