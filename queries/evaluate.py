"""From summed measures and quantiles to metrics: the only place where a ratio is divided. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from queries.measures import MEASURE, STATUSES
from queries.metrics import Metric, Term

Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution: a two-sided 95 % interval


class Groups:
    """Measures of groups, each split by status: what the rows of a sums part become.

    ``position``: for each row the number of its group, from 0; ``size``: how many groups there are.
    """

    def __init__(self, rows: dict[str, Any], position: np.ndarray, size: int) -> None:
        self._rows = rows
        self._position = position
        self._size = size
        self._status = np.array([STATUSES.index(name) for name in rows["status"]], dtype=np.int64)
        # Metrics share many terms: the runs of a status, what is known.
        self._added: dict[tuple[str, tuple[str, ...] | None], np.ndarray] = {}

    def total(self, term: Term) -> np.ndarray:
        """The sum of one term per group, its sign left out; 0 where there are no rows."""
        return self._add_up(term.measure, term.statuses)

    def known(self, term: Term) -> np.ndarray:
        """Per group: whether the term says anything: some value is known, or there are no runs at all."""
        counter = MEASURE[term.measure].known
        if counter is None:
            return np.ones(self._size, dtype=bool)
        return (self._add_up(counter, term.statuses) > 0) | (self._add_up("runs", term.statuses) == 0)

    def added(self, measure: str) -> np.ndarray:
        """The sum of a measure per group, over all statuses."""
        return self._add_up(measure, None)

    def _add_up(self, measure: str, statuses: tuple[str, ...] | None) -> np.ndarray:
        key = (measure, statuses)
        if key not in self._added:
            weights = np.asarray(self._rows[measure], dtype=float)
            if statuses is not None:
                weights = weights * np.isin(STATUSES, statuses)[self._status]
            self._added[key] = np.bincount(self._position, weights=weights, minlength=self._size)
        return self._added[key]


def evaluate(metric: Metric, groups: Groups) -> np.ndarray:
    """One float per group; NaN where the metric has no value."""
    top, known = _combine(metric.numerator, groups)
    if metric.kind == "sum":
        return np.where(known, top, np.nan)
    bottom, bottom_known = _combine(metric.denominator, groups)
    if metric.kind == "interval":
        return wilson(top, bottom, metric.bound)
    usable = known & bottom_known & (bottom > 0)
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=usable) * metric.scale


def _combine(terms: tuple[Term, ...], groups: Groups) -> tuple[np.ndarray, np.ndarray]:
    totals = sum(term.sign * groups.total(term) for term in terms)
    known = np.logical_and.reduce([groups.known(term) for term in terms])
    return np.asarray(totals, dtype=float), known


def wilson(successes: np.ndarray, trials: np.ndarray, bound: int) -> np.ndarray:
    """The lower (-1) or upper (+1) end of the 95 % score interval; NaN without trials.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    n = np.where(trials > 0, trials, np.nan)
    share = successes / n
    spread = Z95 * np.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    end = (share + Z95**2 / (2 * n) + bound * spread) / (1 + Z95**2 / n)
    return np.clip(end, 0.0, 1.0)
