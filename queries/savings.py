"""What the prompt cache saved: tokens read from it at the difference of two prices, less dearer writes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd

from queries.filters import Filters
from queries.prices import Rates, is_steady, rates
from queries.store import Query, Store

METRICS = ("runs", "runs_without_cache_read", "cache_read_tokens", "cache_write_tokens")


@dataclass(frozen=True)
class ModelSavings:
    """``saved`` by reads and ``paid`` more for writes, in dollars, over the ``runs`` that report reads."""

    model: str
    runs: int
    saved: float
    paid: float

    @property
    def net(self) -> float:
        return round(self.saved - self.paid, 9)


@dataclass(frozen=True)
class Savings:
    """``models``: of known prices, most saved first. ``unpriced``: runs that report cache reads of models
    whose prices are not known, and ``unpriced_models`` their names; ``silent``: runs that report none."""

    models: tuple[ModelSavings, ...]
    unpriced: int
    unpriced_models: tuple[str, ...]
    silent: int

    @property
    def runs(self) -> int:
        return sum(model.runs for model in self.models)

    @property
    def saved(self) -> float:
        return round(sum(model.saved for model in self.models), 9)

    @property
    def paid(self) -> float:
        return round(sum(model.paid for model in self.models), 9)

    @property
    def net(self) -> float | None:
        """None where no run says anything about it."""
        return round(self.saved - self.paid, 9) if self.runs else None


def savings(store: Store, filters: Filters) -> Savings:
    whole = store.fetch(Query(METRICS, filters, by="model"))
    changing = tuple(sorted(model for model in whole["model"] if not is_steady(model)))
    daily = None
    if changing:
        # The price of a day is that of its noon (UTC): some lists change within a day.
        asked = replace(filters, model=changing)
        daily = store.fetch(Query(METRICS, asked, by="model", grain="day"))
    return reckon(whole, daily, filters.start)


def reckon(whole: pd.DataFrame, daily: pd.DataFrame | None, moment: datetime) -> Savings:
    """``whole``: a row per model. ``daily``: a row per day and model whose price changes."""
    models, unpriced, silent = [], {}, 0
    for row in whole.to_dict("records"):
        model, without = str(row["model"]), int(row["runs_without_cache_read"])
        telling = int(row["runs"]) - without
        silent += without
        if telling:
            amounts = _amounts(model, row, daily, moment)
            if amounts is None:
                unpriced[model] = telling
            else:
                models.append(ModelSavings(model, telling, *amounts))
    models.sort(key=lambda model: (-model.net, model.model))
    return Savings(tuple(models), sum(unpriced.values()), tuple(unpriced), silent)


def _amounts(
    model: str, row: dict[str, object], daily: pd.DataFrame | None, moment: datetime
) -> tuple[float, float] | None:
    """Dollars saved and paid more; None where a price is not known."""
    saved = paid = Decimal(0)
    for when, tokens in _pieces(model, row, daily, moment):
        known = rates(model, when)
        if known is None or not known.lists_cache_reads:
            return None
        saved += _tokens(tokens["cache_read_tokens"]) * (known.uncached - known.cache_read)
        paid += _tokens(tokens["cache_write_tokens"]) * _dearer(known)
    return round(float(saved), 9), round(float(paid), 9)


def _pieces(
    model: str, row: dict[str, object], daily: pd.DataFrame | None, moment: datetime
) -> Iterator[tuple[datetime, dict[str, object]]]:
    if daily is None or is_steady(model):
        yield moment, row
        return
    for day in daily[daily["model"] == model].to_dict("records"):
        noon = day["start"].astimezone(UTC) + timedelta(hours=12)
        yield noon, day


def _dearer(known: Rates) -> Decimal:
    """What a token written to the cache costs more than an ordinary one: Anthropic asks a quarter more."""
    return known.cache_write - known.uncached


def _tokens(value: object) -> int:
    number = float(value)  # type: ignore[arg-type]
    return 0 if math.isnan(number) else int(number)
