"""Which tools runs call, and how runs fare with and without each: sums and distributions, no SQL of its own.

"Without" are the runs that report their tools and did not call this one: all that report less those that
called it, sum by sum and bin by bin. Runs that do not say which tools they used are in neither.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from queries.facets import TOOLS_KNOWN
from queries.filters import Filters
from queries.sketch import ACCURACY
from queries.stats import LEAST, Histogram, Interval, Spread, newcombe, welch, wilson
from queries.store import Query, Store

_METRICS = (
    "runs", "successes", "unknowns", "cost_usd", "runs_without_cost", "avg_duration_ms",
    "runs_without_duration",
)  # fmt: skip
_REPORTED = "yes"
_EMPTY = Histogram(np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True)
class Fare:
    """How some runs fared, as sums that can be taken from one another; ``rated``: with a known outcome."""

    runs: float
    rated: float
    successes: float
    cost: float
    priced: float  # runs with a known cost
    duration: float  # milliseconds in all
    timed: float  # runs with a known duration
    costs: Histogram
    durations: Histogram

    def less(self, other: Fare) -> Fare:
        sums = {name: max(0.0, getattr(self, name) - getattr(other, name)) for name in _SUMS}
        costs, durations = _less(self.costs, other.costs), _less(self.durations, other.durations)
        return Fare(**sums, costs=costs, durations=durations)

    @property
    def success_rate(self) -> float:
        return _ratio(self.successes, self.rated)

    @property
    def interval(self) -> Interval | None:
        """95 %, of the success rate."""
        return wilson(self.successes, self.rated) if self.rated else None

    @property
    def cost_per_run(self) -> float:
        return _ratio(self.cost, self.priced)

    @property
    def avg_duration_ms(self) -> float:
        return _ratio(self.duration, self.timed)

    def quantile(self, share: float) -> float:
        """Of the duration."""
        return self.durations.quantile(share) if self.durations.n else math.nan


_SUMS = ("runs", "rated", "successes", "cost", "priced", "duration", "timed")


@dataclass(frozen=True)
class Difference:
    """With less without; ``interval`` of 95 %, None where there are too few runs on a side for one."""

    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Tool:
    name: str
    calls: float
    used: Fare
    unused: Fare

    @property
    def share(self) -> float:
        """Of the runs that report their tools."""
        return _ratio(self.used.runs, self.used.runs + self.unused.runs)

    @property
    def calls_per_run(self) -> float:
        """Over the runs that called it."""
        return _ratio(self.calls, self.used.runs)

    @property
    def success_rate(self) -> Difference:
        a, b = self.used, self.unused
        enough = min(a.rated, b.rated) >= LEAST
        found = newcombe((a.successes, a.rated), (b.successes, b.rated)) if enough else None
        return Difference(a.success_rate - b.success_rate, found)

    @property
    def cost_per_run(self) -> Difference:
        a, b = self.used, self.unused
        return _means(a.cost_per_run - b.cost_per_run, a.costs, b.costs)

    @property
    def avg_duration_ms(self) -> Difference:
        a, b = self.used, self.unused
        return _means(a.avg_duration_ms - b.avg_duration_ms, a.durations, b.durations)


@dataclass(frozen=True)
class Tools:
    """``tools``: most runs first. ``runs``: all that the filters let through; ``reporting``: those of them
    that say which tools they used, none perhaps."""

    tools: list[Tool]
    runs: float
    reporting: float


def tools(store: Store, filters: Filters) -> Tools:
    """Every tool that runs of ``filters`` called."""
    with store.together():
        whole, by_known, by_tool = store.fetch_many(
            Query(("runs",), filters), Query(_METRICS, filters, TOOLS_KNOWN), Query(_METRICS, filters, "tool")
        )
        known = _fares(by_known, TOOLS_KNOWN, _bins(store, filters, TOOLS_KNOWN)).get(_REPORTED)
        used = _fares(by_tool, "tool", _bins(store, filters, "tool"))
    if known is None:
        return Tools([], float(whole["runs"].iloc[0]), 0)
    calls = dict(zip(by_tool["tool"], by_tool["calls"], strict=True))
    found = [Tool(name, float(calls[name]), fare, known.less(fare)) for name, fare in used.items()]
    return Tools(found, float(whole["runs"].iloc[0]), known.runs)


Bins = Mapping[Any, tuple[np.ndarray, np.ndarray]]


def _bins(store: Store, filters: Filters, by: str) -> tuple[Bins, Bins]:
    return store.bins(filters, "cost_sketch", by), store.bins(filters, "duration_sketch", by)


def _fares(frame: pd.DataFrame, by: str, bins: tuple[Bins, Bins]) -> dict[str, Fare]:
    """In the order of the frame."""
    found = {}
    for row in frame.to_dict("records"):
        timed = row["runs"] - row["runs_without_duration"]
        costs, durations = (
            Histogram(*part[row[by]], ACCURACY) if row[by] in part else _EMPTY for part in bins
        )
        found[row[by]] = Fare(
            runs=row["runs"],
            rated=row["runs"] - row["unknowns"],
            successes=row["successes"],
            cost=_zero(row["cost_usd"]),
            priced=row["runs"] - row["runs_without_cost"],
            duration=_zero(row["avg_duration_ms"]) * timed,
            timed=timed,
            costs=costs,
            durations=durations,
        )
    return found


def _less(whole: Histogram, part: Histogram) -> Histogram:
    counts = whole.counts.copy()
    # Bins are 2 % apart: found a little below themselves, so that rounding cannot miss them.
    counts[np.searchsorted(whole.values, part.values * (1 - ACCURACY / 10))] -= part.counts
    left = counts > 0
    return Histogram(whole.values[left], counts[left], whole.accuracy)


def _means(difference: float, a: Histogram, b: Histogram) -> Difference:
    """Of two averages. Their spread comes from the bins: each value is known to within 1 %."""
    if min(a.n, b.n) < LEAST:
        return Difference(difference, None)
    return Difference(difference, welch(difference, _spread(a), _spread(b)))


def _spread(values: Histogram) -> Spread:
    mean = np.average(values.values, weights=values.counts)
    squares = float(np.sum(values.counts * (values.values - mean) ** 2))
    return Spread(squares / (values.n - 1) / values.n, values.n)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _zero(value: float) -> float:
    """A sum of which nothing is known adds nothing."""
    return 0.0 if math.isnan(value) else value
