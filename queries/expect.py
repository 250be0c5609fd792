"""What each bucket of a series could be expected to be, and how far it lies from that. Pure.

The expectation of a bucket is made of what came before it, by medians, so that an anomaly does not move
it: the level of the buckets before (`Memory.window`), plus for volumes their drift (Theil's incomplete
method, "A rank-invariant method of linear and polynomial regression analysis", 1950), plus the rhythm:
how the other buckets of the same phase (weekday, hour) lie to the week around them. All of it on a
logarithmic scale (the logit for shares), for busy days are a multiple of quiet ones.

The spread is that of the errors of these very expectations over all buckets (median absolute deviation,
scaled to a standard deviation; the standard deviation itself while no rhythm is known, for quiet weekends
are then no anomalies), and for counts and shares never less than chance alone: Poisson and binomial
tails, widened by the dispersion found. As it is estimated from a limited number of buckets, it is read
with Student's t. tests/bench/alarms.py measures how often flat noise is flagged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

MIN_RUNS = 20  # a bucket with fewer runs, or fewer expected, is neither judged nor learned from
SAME_PHASE = 3  # other buckets of the same phase that a rhythm needs
MIN_ERRORS = 10  # past expectations that the spread needs
_NORMAL_MAD = 0.6744897501960817  # the MAD of the standard normal distribution
_MAD_EFFICIENCY = 0.37  # of the MAD against the standard deviation: the degrees of freedom it is worth
_ONE_THIRD = 1 / 3  # the median of a Poisson count is about its mean less a third

# count: of runs. share: of runs, from 0 to 1. size: sums, averages and percentiles, greater than 0.
Kind = Literal["count", "share", "size"]


@dataclass(frozen=True)
class Memory:
    """In buckets: how long a ``week`` is; how many before a bucket make its level (``window``, at the
    ``least``); over how many its ``drift`` is measured (0: none); how many move ``together`` (the hours
    of a day), so that the spread is known no better than from one of them."""

    week: int
    window: int
    least: int
    drift: int
    together: int = 1


MEMORY = {
    "hour": Memory(168, 168, 24, 0, together=24),
    "day": Memory(7, 21, 7, 28),
    "week": Memory(1, 8, 4, 8),
}


@dataclass(frozen=True)
class Observed:
    """A series, oldest bucket first. ``values``: counts, shares or sizes, NaN where not known; ``runs``:
    of which each is made; ``counted``: False for what is to be ignored (incomplete). ``volume``: grows
    with the number of runs, so that its drift is followed. ``rhythms``: a phase for each bucket, the
    finest rhythm first; the first that has enough history is used."""

    kind: Kind
    values: np.ndarray
    runs: np.ndarray
    counted: np.ndarray
    volume: bool = False
    rhythms: Sequence[np.ndarray] = ()


@dataclass(frozen=True)
class Expected:
    """Per bucket; all NaN where nothing can be said. ``score``: how many standard deviations the value
    lies above (below: negative) ``middle``; beyond ``low`` or ``high`` it is unusual."""

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    score: np.ndarray


def expect(series: Observed, grain: str, sigma: float) -> Expected:
    """The expectation of every bucket, and the band of ``sigma`` standard deviations around it."""
    memory = MEMORY[grain]
    x = _scaled(series)
    profile = _profile(x, series.rhythms, memory.week)
    blind = profile is None and bool(series.rhythms)
    centre = _centre(x, np.zeros(len(x)) if profile is None else profile, series.volume, memory)
    errors = x - centre
    judged = series.counted & np.isfinite(errors) & _enough(series, centre)
    number = int(judged.sum())
    if number < MIN_ERRORS:
        return Expected(*(np.full(len(x), np.nan) for _ in range(4)))
    freedom = max(1.0, _MAD_EFFICIENCY * number / memory.together)
    limit = -float(special.stdtrit(freedom, special.ndtr(-sigma)))
    case = _Case(series, centre, errors, judged, limit, _standard_deviation if blind else _deviation)
    measured, low, high = _SPREADS[series.kind](case)
    score = -special.ndtri(special.stdtr(freedom, -np.abs(measured))) * np.sign(measured)
    middle = special.expit(centre) if series.kind == "share" else np.exp(centre)
    return Expected(*(np.where(judged, part, np.nan) for part in (middle, low, high, score)))


def _scaled(series: Observed) -> np.ndarray:
    """Values on the scale on which noise is about as large up as down; NaN for what is not learned from."""
    values, runs = series.values.astype(float), series.runs.astype(float)
    usable = series.counted.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        if series.kind == "count":
            x = np.log(values + _ONE_THIRD)
        elif series.kind == "share":
            hits = values * runs
            x = np.log((hits + _ONE_THIRD) / (runs - hits + _ONE_THIRD))
            usable &= runs >= MIN_RUNS
        else:
            x = np.log(values)
            usable &= (runs >= MIN_RUNS) & (values > 0)
    return np.where(usable, x, np.nan)


def _enough(series: Observed, centre: np.ndarray) -> np.ndarray:
    expected_runs = np.exp(centre) if series.kind == "count" else series.runs
    return expected_runs >= MIN_RUNS


# ---- where the middle lies ---------------------------------------------------------------------------


def _centre(x: np.ndarray, profile: np.ndarray, volume: bool, memory: Memory) -> np.ndarray:
    steady = pd.Series(x - profile)
    level = steady.rolling(memory.window, min_periods=memory.least).median().shift(1).to_numpy()
    if volume and memory.drift:
        level = level + _drift(steady, memory.drift) * (memory.window + 1) / 2
    return level + profile


def _drift(steady: pd.Series, span: int) -> np.ndarray:
    """How much the series rises from one bucket to the next; 0 until there is enough to tell."""
    rises = steady.diff(span) / span
    found = rises.rolling(span, min_periods=span // 2).median().shift(1)
    return found.fillna(0.0).to_numpy()


def _profile(x: np.ndarray, rhythms: Sequence[np.ndarray], week: int) -> np.ndarray | None:
    """How far the other buckets of the same phase lie above the week around them; None without a rhythm."""
    around = pd.Series(x).rolling(week, center=True, min_periods=(week + 1) // 2).median()
    apart = x - around.to_numpy()
    return next((found for phases in rhythms if (found := _others(apart, phases)) is not None), None)


def _others(apart: np.ndarray, phases: np.ndarray) -> np.ndarray | None:
    """For each bucket the median of the others of its phase, NaN where these are too few; None where
    that is so for most buckets, which is to say that there is no rhythm to be seen yet."""
    found = np.full(len(apart), np.nan)
    for phase in np.unique(phases):
        places = np.flatnonzero(phases == phase)
        ordered = np.sort(apart[places][np.isfinite(apart[places])])
        if len(ordered) > SAME_PHASE:
            for place in places:
                found[place] = _median_without(ordered, apart[place])
    both = np.isfinite(apart) & np.isfinite(found)
    if both.sum() * 2 <= np.isfinite(apart).sum():
        return None
    return found * _share_of_rhythm(apart[both], found[both], len(np.unique(phases[both])))


def _share_of_rhythm(apart: np.ndarray, found: np.ndarray, number: int) -> float:
    """How much of the differences between phases is rhythm and not the noise of their medians, from 0 to
    1 (James and Stein's shrinkage): a rhythm that is not there would only blur what is expected."""
    noise = math.pi / 2 * _deviation(apart - found) ** 2 * number / len(found)
    between = float(np.mean(found**2))
    return max(0.0, 1 - noise / between) if between > 0 else 0.0


def _median_without(ordered: np.ndarray, own: float) -> float:
    """The median of sorted values, one of them (``own``, unless it is NaN) left out."""
    rest = ordered if np.isnan(own) else np.delete(ordered, np.searchsorted(ordered, own))
    half = len(rest) // 2
    return float(rest[half]) if len(rest) % 2 else float((rest[half - 1] + rest[half]) / 2)


# ---- how far values spread around it -----------------------------------------------------------------


def _deviation(errors: np.ndarray) -> float:
    return float(np.median(np.abs(errors))) / _NORMAL_MAD


def _standard_deviation(errors: np.ndarray) -> float:
    return max(_deviation(errors), float(np.sqrt(np.mean(errors**2))))


Spread = tuple[np.ndarray, np.ndarray, np.ndarray]  # score, low, high
Tail = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class _Case:
    """``limit``: how many deviations are unusual."""

    series: Observed
    centre: np.ndarray
    errors: np.ndarray
    judged: np.ndarray
    limit: float
    deviation: Callable[[np.ndarray], float]

    def extra(self, chance: np.ndarray) -> float:
        """The variance beside ``chance`` (that of counting) which makes the errors as large as they are."""
        errors, chance = self.errors[self.judged], chance[self.judged]
        low, high = 0.0, float(np.max(errors**2)) / _NORMAL_MAD**2
        for _ in range(50):
            middle = (low + high) / 2
            if self.deviation(errors / np.sqrt(chance + middle)) > 1:
                low = middle
            else:
                high = middle
        return high if low else 0.0


def _of_sizes(case: _Case) -> Spread:
    """The larger of two: the same spread in all buckets, or one that shrinks with the number of runs."""
    root = np.sqrt(np.maximum(case.series.runs, 1))
    errors, judged = case.errors, case.judged
    spread = np.maximum(case.deviation(errors[judged]), case.deviation((errors * root)[judged]) / root)
    spread = np.maximum(spread, 1e-9)  # equal values: any other is beyond
    reach = case.limit * spread
    return errors / spread, np.exp(case.centre - reach), np.exp(case.centre + reach)


def _of_counts(case: _Case) -> Spread:
    mean = np.exp(case.centre)
    factor = 1 + case.extra(1 / mean) * mean

    def at_least(hits: np.ndarray) -> np.ndarray:
        return np.asarray(special.gammainc(np.maximum(hits, 1e-12), mean / factor))

    return _by_tails(at_least, case.series.values, mean, factor, np.full(len(mean), np.inf), case.limit)


def _of_shares(case: _Case) -> Spread:
    share, runs = special.expit(case.centre), np.maximum(case.series.runs, 1).astype(float)
    chance = 1 / (runs * share * (1 - share))
    factor = 1 + case.extra(chance) / chance

    def at_least(hits: np.ndarray) -> np.ndarray:
        rest = np.maximum(runs / factor - hits + 1, 1e-12)
        return np.asarray(special.betainc(np.maximum(hits, 1e-12), rest, share))

    hits = case.series.values * runs
    score, low, high = _by_tails(at_least, hits, share * runs, factor, runs, case.limit)
    return score, low / runs, high / runs


def _by_tails(
    at_least: Tail, hits: np.ndarray, mean: np.ndarray, factor: np.ndarray, most: np.ndarray, limit: float
) -> Spread:
    """``at_least(a)``: how likely so many are, in units of ``factor`` runs: as if runs came in clumps of
    that size. The halves make whole runs out of clumps: exact for a factor of 1, continuous for large."""
    above = at_least(hits / factor + (1 - 1 / factor) / 2)
    below = 1 - at_least(hits / factor + (1 + 1 / factor) / 2)
    score = np.where(above < 0.5, -special.ndtri(above), np.where(below < 0.5, special.ndtri(below), 0.0))
    rare = float(special.ndtr(-limit))
    reach = np.minimum(mean + 60 * np.sqrt(mean * factor) + 60 * factor, most + factor) / factor
    high = np.floor(factor * _inverse(at_least, rare, reach) - (factor - 1) / 2)
    low = np.ceil(factor * _inverse(at_least, 1 - rare, reach) - (factor + 1) / 2)
    return score, np.maximum(low, 0.0), np.minimum(high, most)


def _inverse(tail: Tail, wanted: float, reach: np.ndarray) -> np.ndarray:
    """Where the falling ``tail`` is ``wanted``, between 0 and ``reach``."""
    low, high = np.zeros(len(reach)), reach.copy()
    for _ in range(40):
        middle = (low + high) / 2
        over = tail(middle) > wanted
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return (low + high) / 2


_SPREADS = {"count": _of_counts, "share": _of_shares, "size": _of_sizes}
