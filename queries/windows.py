"""Metrics over windows of time that may overlap: what alerts look at, and their preview over many weeks.

One read of the buckets between all their edges; a window is the sum of its buckets. The metrics are worked
out by queries.evaluate, so that an alert and a card about the same runs never disagree.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from queries.evaluate import Groups, evaluate
from queries.filters import Filters
from queries.frames import Columns
from queries.measures import MEASURE, MEASURES, RATED, SKETCHES, STATUSES
from queries.metrics import Metric
from queries.sketch import values
from queries.store import Store

Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Measured:
    """Of each window: the value of the metric (NaN: it has none) and how many runs it is made of."""

    values: list[float]
    runs: list[int]


def measure(store: Store, filters: Filters, metric: Metric, windows: Sequence[Window]) -> Measured:
    """``windows``: on the quarter-hour grid; of ``filters`` the period does not count."""
    edges = tuple(sorted({edge for window in windows for edge in window}))
    spans = [(bisect_left(edges, start), bisect_left(edges, end)) for start, end in windows]
    sums = _windows(store.buckets(filters, edges), len(edges) - 1, spans)
    groups = Groups(sums, np.asarray(sums["place"]), len(spans))
    runs = [round(number) for number in _made_of(metric, groups)]
    if metric.kind == "percentile":
        sketches = store.sketches(filters, edges, metric.sketch)
        found = _quantiles(sketches, len(edges) - 1, spans, metric.quantile)
    else:
        found = evaluate(metric, groups).tolist()
    if metric.unit == "usd" and metric.kind == "sum":
        found = [round(value, 9) for value in found]  # as money is kept: no tail of digits passes a threshold
    return Measured(found, runs)


def _made_of(metric: Metric, groups: Groups) -> np.ndarray:
    """The runs that the metric says something about: with a known outcome, a known cost, ..."""
    if metric.kind in ("ratio", "interval") and metric.denominator[0].statuses == RATED:
        return groups.total(metric.denominator[0])
    return groups.added(counted_by(metric))


def counted_by(metric: Metric) -> str:
    """The measure that counts the runs which have what the metric is made of."""
    if metric.sketch:
        column = {"duration_ms": "duration_known", "cost_usd": "cost_known"}
        return column[SKETCHES[metric.sketch]]
    known = MEASURE[metric.numerator[0].measure].known or "runs"
    return "cost_known" if known == "estimated_known" else known


def _windows(rows: Columns, buckets: int, spans: Sequence[tuple[int, int]]) -> Columns:
    """Rows by window and status out of rows by bucket and status."""
    status = np.array([STATUSES.index(name) for name in rows["status"]], dtype=np.int64)
    cell = (np.asarray(rows["i"], dtype=np.int64) - 1) * len(STATUSES) + status
    summed: Columns = {
        "place": [place for place in range(len(spans)) for _ in STATUSES],
        "status": list(STATUSES) * len(spans),
    }
    first, last = ([span[side] for span in spans] for side in (0, 1))
    for measured in MEASURES:
        column = np.asarray(rows[measured.name], dtype=float)
        grid = np.bincount(cell, weights=column, minlength=buckets * len(STATUSES))
        so_far = np.zeros((buckets + 1, len(STATUSES)))
        np.cumsum(grid.reshape(buckets, len(STATUSES)), axis=0, out=so_far[1:])
        total = so_far[last] - so_far[first]
        summed[measured.name] = np.round(total, 9 if measured.money else 0).ravel().tolist()
    return summed


def _quantiles(
    found: dict[int, tuple[np.ndarray, np.ndarray]],
    buckets: int,
    spans: Sequence[tuple[int, int]],
    share: float,
) -> list[float]:
    """``found``: bucket -> (bins, counts). Nearest rank, as queries.sketch has it."""
    bins = np.array(sorted({int(one) for pair in found.values() for one in pair[0]}), dtype=np.int64)
    if not len(bins):
        return [math.nan] * len(spans)
    so_far = np.zeros((buckets + 1, len(bins)), dtype=np.int64)
    for bucket, (ones, counts) in found.items():
        so_far[bucket + 1, np.searchsorted(bins, ones)] = counts
    np.cumsum(so_far, axis=0, out=so_far)
    first, last = ([span[side] for span in spans] for side in (0, 1))
    ranked = np.cumsum(so_far[last] - so_far[first], axis=1)
    return [_at_rank(row, values(bins), share) for row in ranked]


def _at_rank(cumulative: np.ndarray, of_bins: np.ndarray, share: float) -> float:
    if cumulative[-1] <= 0:
        return math.nan
    rank = max(1, math.ceil(share * cumulative[-1] - 1e-9))
    return float(of_bins[np.searchsorted(cumulative, rank)])
