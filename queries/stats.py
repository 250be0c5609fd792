"""Intervals of differences, tests and how many more runs it takes, each by a named method. Pure.

Quantiles of the distributions come from scipy.special. scipy.stats and statsmodels, which have most of
these methods ready-made, would cost a server process some 60 MB and seconds at its first comparison:
tests/unit/test_stats.py holds every function here against them instead.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, ndtri, stdtrit

LEVEL = 0.95
POWER = 0.8
LEAST = 30  # fewer runs than this on a side tell nothing that should be acted upon


class Interval(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """``variance`` of the estimate, resting on ``n`` observations; these took ``runs`` runs, where not each
    run is one (of a ratio's successes)."""

    variance: float
    n: float
    runs: float = 0

    @property
    def taken(self) -> float:
        return self.runs or self.n


IntervalAt = Callable[[float], Interval | None]  # the interval at a level such as 0.95; None: none can be had


def wilson(hits: float, n: float, level: float = LEVEL) -> Interval:
    """Score interval of a proportion: E. B. Wilson, JASA 22 (1927)."""
    z = _z(level)
    share, slack = hits / n, z**2 / n
    half = z * math.sqrt(share * (1 - share) / n + slack / (4 * n))
    low, high = ((share + slack / 2 + side * half) / (1 + slack) for side in (-1, 1))
    # Rounding must not put the share itself outside.
    return Interval(min(max(0.0, low), share), max(min(1.0, high), share))


def newcombe(a: tuple[float, float], b: tuple[float, float], level: float = LEVEL) -> Interval:
    """Hybrid score interval of the difference of two proportions, each (hits, runs): R. G. Newcombe,
    Statistics in Medicine 17 (1998), method 10."""
    shares = (a[0] / a[1], b[0] / b[1])
    return mover(shares, wilson(*a, level), wilson(*b, level))


def mover(values: tuple[float, float], a: Interval, b: Interval) -> Interval:
    """The difference of two estimates from an interval of each, by squaring and adding ("MOVER"): G. Y.
    Zou and A. Donner, Statistics in Medicine 27 (2008)."""
    difference = values[0] - values[1]
    low = math.hypot(values[0] - a.low, b.high - values[1])
    high = math.hypot(a.high - values[0], values[1] - b.low)
    return Interval(difference - low, difference + high)


def welch(difference: float, a: Spread, b: Spread, level: float = LEVEL) -> Interval:
    """Interval of the difference of two means with unequal variances: B. L. Welch, Biometrika 34 (1947)."""
    together = a.variance + b.variance
    if together <= 0:
        return Interval(difference, difference)
    freedom = together**2 / sum(side.variance**2 / max(side.n - 1, 1) for side in (a, b))
    half = float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(together)
    return Interval(difference - half, difference + half)


@lru_cache(maxsize=4096)
def ranks(n: int, share: float, level: float = LEVEL) -> tuple[int, int] | None:
    """The ranks (from 1) of the order statistics that hold the quantile between them whatever the
    distribution (H. A. David, Order Statistics); None where ``n`` values are too few for that."""

    def below(k: int) -> float:
        return float(bdtr(k, n, share))

    tail = (1 - level) / 2
    low = bisect_right(range(n), tail, key=below)
    high = bisect_left(range(n), 1 - tail, key=below) + 1
    return (low, high) if low >= 1 and high <= n else None


@dataclass(frozen=True)
class Histogram:
    """Values of bins, ascending, and how many runs each has; ``accuracy``: by how much a value may be
    off, relative. The bins of a sketch (queries.sketch)."""

    values: np.ndarray
    counts: np.ndarray
    accuracy: float = 0.0

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def at(self, rank: int) -> float:
        return float(self.values[np.searchsorted(np.cumsum(self.counts), rank)])

    def quantile(self, share: float) -> float:
        """Nearest rank, as the percentiles of cards and charts (queries.sketch.quantiles)."""
        return self.at(max(1, math.ceil(share * self.n - 1e-9)))

    def interval(self, share: float, level: float = LEVEL) -> Interval | None:
        found = ranks(self.n, share, level)
        return self._widened(self.at(found[0]), self.at(found[1])) if found else None

    def _widened(self, low: float, high: float) -> Interval:
        """To the edges of the bins: where in its bin a value lies is not known."""
        return Interval(low / (1 + self.accuracy), high / (1 - self.accuracy))


@dataclass(frozen=True)
class Mixture:
    """Several histograms with a weight each (summing to 1): a distribution for another mix of strata."""

    parts: tuple[Histogram, ...]
    weights: tuple[float, ...]

    @property
    def n(self) -> int:
        return sum(part.n for part in self.parts)

    def quantile(self, share: float) -> float:
        values, below, _ = self._curve()
        return float(values[_first(below, share)])

    def interval(self, share: float, level: float = LEVEL) -> Interval | None:
        """By turning the interval of the share below into one of values: R. S. Woodruff, JASA 47 (1952)."""
        values, below, variance = self._curve()
        place = _first(below, share)
        # The quantile lies between two values: the larger of their variances.
        reach = _z(level) * math.sqrt(variance[max(0, place - 1) : place + 1].max())
        if share - reach <= 0 or share + reach >= 1:
            return None
        low, high = _first(below, share - reach), _first(below, share + reach)
        edge = self.parts[0].accuracy
        return Interval(float(values[low]) / (1 + edge), float(values[high]) / (1 - edge))

    def _curve(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All values, the weighted share of runs at or below each, and the variance of that share."""
        values = np.unique(np.concatenate([part.values for part in self.parts]))
        below, variance = np.zeros(len(values)), np.zeros(len(values))
        for part, weight in zip(self.parts, self.weights, strict=True):
            reached = np.concatenate([[0.0], np.cumsum(part.counts) / part.n])
            share = reached[np.searchsorted(part.values, values, side="right")]
            below += weight * share
            variance += weight**2 * share * (1 - share) / part.n
        return values, below, variance


def _first(below: np.ndarray, share: float) -> int:
    """The first place where at least ``share`` is reached; rounding of sums is forgiven."""
    return min(int(np.searchsorted(below, share - 1e-12)), len(below) - 1)


def p_value(interval: IntervalAt) -> float:
    """The level of doubt at which the interval just reaches zero: test and interval never disagree."""

    def holds_zero(doubt: float) -> bool:
        found = interval(1 - doubt)
        return found is None or found.low <= 0 <= found.high

    if not holds_zero(_SMALLEST_P):
        return _SMALLEST_P
    low, high = math.log(_SMALLEST_P), 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if holds_zero(math.exp(middle)) else (low, middle)
    return math.exp(high)


_SMALLEST_P = 1e-12


def holm(p_values: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Which of many differences stand when all were looked at: S. Holm, Scandinavian Journal of
    Statistics 6 (1979). With this procedure even one false one has a chance of at most 5 %."""
    standing = [False] * len(p_values)
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for place, i in enumerate(order):
        if p_values[i] > (1 - level) / (len(order) - place):
            break
        standing[i] = True
    return standing


def more_runs(difference: float, a: Spread, b: Spread) -> float:
    """How many more runs on each side would show a difference of this size with a power of 80 % in a
    two-sided test at 5 %, were the spread as it is now (normal approximation); inf for no difference."""
    wanted = (difference / (_z(LEVEL) + _z(2 * POWER - 1))) ** 2
    if wanted <= 0:
        return math.inf
    runs_a, runs_b = a.taken, b.taken
    one_a, one_b = a.variance * runs_a, b.variance * runs_b  # of a single run
    # one_a / (runs_a + more) + one_b / (runs_b + more) = wanted, solved for `more`.
    half = (runs_a + runs_b - (one_a + one_b) / wanted) / 2
    rest = runs_a * runs_b - (one_a * runs_b + one_b * runs_a) / wanted
    return max(0.0, -half + math.sqrt(max(0.0, half**2 - rest)))


def spread_of(interval: Interval, n: float) -> Spread:
    """The spread that a normal estimate with this 95 % interval would have."""
    return Spread(((interval.high - interval.low) / (2 * _z(LEVEL))) ** 2, n)


def _z(level: float) -> float:
    return float(ndtri((1 + level) / 2))
