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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from queries.dispersion import RARE, SPREADS, Case, deviation, median, standard_deviation

MIN_RUNS = 20  # a bucket with fewer runs, or fewer expected, is neither judged nor learned from
SAME_PHASE = 3  # other buckets of the same phase that a rhythm needs
MIN_ERRORS = 10  # past expectations that the spread needs
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


def expect(series: Observed, grain: str, sigma: float, since: int = 0) -> Expected:
    """The expectation of each bucket from ``since`` on, and the band of ``sigma`` standard deviations."""
    memory = MEMORY[grain]
    x = _scaled(series)
    profile = _profile(x, series.rhythms, memory.week)
    blind = profile is None and bool(series.rhythms)
    centre = _centre(x, np.zeros(len(x)) if profile is None else profile, series, memory)
    errors = x - centre
    judged = series.counted & np.isfinite(errors) & _enough(series, centre)
    number = int(judged.sum())
    if number < MIN_ERRORS:
        return Expected(*(np.full(len(x) - since, np.nan) for _ in range(4)))
    blocks = len(np.unique(np.flatnonzero(judged) // memory.together))
    freedom = max(1.0, _MAD_EFFICIENCY * blocks)
    limit = -float(special.stdtrit(freedom, special.ndtr(-sigma)))
    of = standard_deviation if blind else deviation
    case = Case(series.values, series.runs, centre, errors, judged, limit, of, slice(since, None))
    middle, measured, low, high = SPREADS[series.kind](case)
    score = -special.ndtri(special.stdtr(freedom, -np.abs(measured))) * np.sign(measured)
    return Expected(*(np.where(judged[since:], part, np.nan) for part in (middle, low, high, score)))


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


def _centre(x: np.ndarray, profile: np.ndarray, series: Observed, memory: Memory) -> np.ndarray:
    steady = pd.Series(x - profile)
    level = steady.rolling(memory.window, min_periods=memory.least).median().shift(1).to_numpy()
    if series.volume and memory.drift:
        level = level + _drift(steady, memory.drift) * (memory.window + 1) / 2
    if series.kind == "share":
        rare = _of_rare(np.isfinite(x - profile), profile, series, memory)
        level = np.where(np.isfinite(rare) & np.isfinite(level), rare, level)
    return level + profile


def _of_rare(usable: np.ndarray, profile: np.ndarray, series: Observed, memory: Memory) -> np.ndarray:
    """The level of what happens less than RARE times a bucket, NaN elsewhere: the hits of all buckets
    before, each cut off a little above what is expected of it. The median of such small numbers lies
    beside their mean."""
    runs = np.where(usable, series.runs, 0.0)
    hits = np.where(usable, series.values * series.runs, 0.0)
    size = np.where(usable, runs * np.exp(profile), 0.0)
    hits, size = (_before(part, memory.window) for part in (hits, size))
    total, number = size.sum(axis=1), (size > 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits.sum(axis=1) / total
        for _ in range(5):
            mean = size * share[:, None]
            share = np.minimum(hits, mean + 2 * np.sqrt(mean) + 1).sum(axis=1) / total
        rare = (share * total < RARE * number) & (share > 0)
        return np.where(rare, np.log(share / (1 - share)), np.nan)


def _before(values: np.ndarray, window: int) -> np.ndarray:
    """A row for each bucket: the ``window`` values before it, 0 where there are none."""
    padded = np.concatenate([np.zeros(window), values])
    return np.lib.stride_tricks.sliding_window_view(padded, window)[: len(values)]


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
            found[places] = _medians_without(ordered, apart[places])
    both = np.isfinite(apart) & np.isfinite(found)
    if both.sum() * 2 <= np.isfinite(apart).sum():
        return None
    return found * _share_of_rhythm(apart[both], found[both], len(np.unique(phases[both])))


def _share_of_rhythm(apart: np.ndarray, found: np.ndarray, number: int) -> float:
    """How much of the differences between phases is rhythm and not the noise of their medians, from 0 to
    1 (James and Stein's shrinkage): a rhythm that is not there would only blur what is expected."""
    noise = math.pi / 2 * deviation(apart - found) ** 2 * number / len(found)
    between = float(np.mean(found**2))
    return max(0.0, 1 - noise / between) if between > 0 else 0.0


def _medians_without(ordered: np.ndarray, own: np.ndarray) -> np.ndarray:
    """For each of ``own`` the median of the ``ordered`` values without it; of all where it is NaN."""
    rank, half = np.searchsorted(ordered, own), (len(ordered) - 1) // 2

    def rest(place: int) -> np.ndarray:
        return ordered[place + (place >= rank)]

    found = rest(half) if len(ordered) % 2 == 0 else (rest(half - 1) + rest(half)) / 2
    return np.where(np.isnan(own), median(ordered), found)
