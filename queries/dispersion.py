"""How far the values of a series spread around what is expected of them, and where bands end. Pure.

Sizes spread as their errors do; counts and shares by chance (Poisson, binomial), and by what the errors
show beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

_NORMAL_MAD = 0.6744897501960817  # the median absolute deviation of the standard normal distribution
RARE = 5  # events a bucket, below which the median of buckets says little


def median(values: np.ndarray) -> float:
    """As numpy's, without its preparations, which take ten times as long on so few values."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    return float(np.partition(values, (half - 1, half))[half - 1 : half + 1].mean())


def deviation(errors: np.ndarray) -> float:
    return median(np.abs(errors)) / _NORMAL_MAD


def standard_deviation(errors: np.ndarray) -> float:
    return max(deviation(errors), float(np.sqrt(np.mean(errors**2))))


Spread = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # middle, score, low, high
Tail = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Case:
    """``limit``: how many deviations are unusual. ``seen``: the buckets whose bands are wanted."""

    values: np.ndarray
    runs: np.ndarray
    centre: np.ndarray
    errors: np.ndarray
    judged: np.ndarray
    limit: float
    deviation: Callable[[np.ndarray], float]
    seen: slice

    def extra(self, chance: np.ndarray) -> float:
        """The variance beside ``chance`` (that of counting) which makes the errors as large as they are."""
        errors, chance = self.errors[self.judged], chance[self.judged]
        low, high = 0.0, float(np.max(errors**2)) / _NORMAL_MAD**2
        for _ in range(40):
            middle = (low + high) / 2
            if self.deviation(errors / np.sqrt(chance + middle)) > 1:
                low = middle
            else:
                high = middle
        return high if low else 0.0


def _of_sizes(case: Case) -> Spread:
    """The larger of two: the same spread in all buckets, or one that shrinks with the number of runs."""
    root = np.sqrt(np.maximum(case.runs, 1))
    errors, judged, seen = case.errors, case.judged, case.seen
    spread = np.maximum(case.deviation(errors[judged]), case.deviation((errors * root)[judged]) / root)
    spread = np.maximum(spread, 1e-9)[seen]  # equal values: any other is beyond
    centre, reach = case.centre[seen], case.limit * spread
    return np.exp(centre), errors[seen] / spread, np.exp(centre - reach), np.exp(centre + reach)


def _of_counts(case: Case) -> Spread:
    extra, mean = case.extra(np.exp(-case.centre)), np.exp(case.centre[case.seen])
    factor = 1 + extra * mean

    def at_least(hits: np.ndarray) -> np.ndarray:
        return np.asarray(special.gammainc(np.maximum(hits, 1e-12), mean / factor))

    return mean, *_by_tails(at_least, case.values[case.seen], mean, factor, case.limit)


def _of_shares(case: Case) -> Spread:
    share, runs = special.expit(case.centre), np.maximum(case.runs, 1).astype(float)
    chance = 1 / (runs * share * (1 - share))
    rare = median((share * runs)[case.judged]) < RARE
    extra = _extra_of_rare(case, share * runs) if rare else case.extra(chance)
    share, runs, chance = (part[case.seen] for part in (share, runs, chance))
    factor = 1 + extra / chance

    def at_least(hits: np.ndarray) -> np.ndarray:
        rest = np.maximum(runs / factor - hits + 1, 1e-12)
        return np.asarray(special.betainc(np.maximum(hits, 1e-12), rest, share))

    hits = case.values[case.seen] * runs
    score, low, high = _by_tails(at_least, hits, share * runs, factor, case.limit)
    return share, score, low / runs, np.minimum(high / runs, 1.0)


def _extra_of_rare(case: Case, mean: np.ndarray) -> float:
    """The same from squares, each cut off a little above what chance makes of it: with a handful of
    events a bucket the median error is one of a few steps."""
    mean = mean[case.judged]
    off = np.minimum(np.abs((case.values * case.runs)[case.judged] - mean), 2 * np.sqrt(mean) + 1)
    return max(0.0, float((off**2 - mean).sum() / (mean**2).sum()))


def _by_tails(
    at_least: Tail, hits: np.ndarray, mean: np.ndarray, factor: np.ndarray, limit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score, low and high. ``at_least(a)``: how likely so many are, in units of ``factor`` runs: as if runs
    came in clumps of that size. The halves make whole runs out of clumps: exact for a factor of 1, and
    continuous for large ones."""
    above = at_least(hits / factor + (1 - 1 / factor) / 2)
    below = 1 - at_least(hits / factor + (1 + 1 / factor) / 2)
    score = np.where(above < 0.5, -special.ndtri(above), np.where(below < 0.5, special.ndtri(below), 0.0))
    rare = float(special.ndtr(-limit))
    high = np.floor(factor * _inverse(at_least, rare, mean / factor, limit) - (factor - 1) / 2)
    low = np.ceil(factor * _inverse(at_least, 1 - rare, mean / factor, limit) - (factor + 1) / 2)
    return score, np.maximum(low, 0.0), high


def _inverse(tail: Tail, wanted: float, mean: np.ndarray, limit: float) -> np.ndarray:
    """Where the falling ``tail`` is ``wanted``: surely within twice the limit around the mean."""
    reach = 2 * limit * np.sqrt(mean) + 2 * limit**2 + 2
    low, high = np.maximum(mean - reach, 0.0), mean + reach
    for _ in range(24):
        middle = (low + high) / 2
        over = tail(middle) > wanted
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return (low + high) / 2


SPREADS = {"count": _of_counts, "share": _of_shares, "size": _of_sizes}
