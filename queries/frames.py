"""From the rows of parts to the frame that answers a Query: labels, groups, metrics. Reads nothing itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from queries.calendar import buckets, edges
from queries.errors import QueryError
from queries.evaluate import Groups, evaluate
from queries.facets import ATTRIBUTE, FIXED, is_facet
from queries.filters import Filters
from queries.measures import MEASURE, MEASURES, SKETCHES, STATUSES
from queries.metrics import Metric, metric
from queries.statements import SUMS, Part

# Every percentile that a metric may ask for is computed at once, so that they share one cached answer.
SHARES = (0.5, 0.9, 0.95, 0.99)
DIMENSIONS = ("model", "agent", "agent_version", "status")
# Of one length each: lists of texts and of quantiles, arrays of numbers.
Columns = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """Some metrics over the runs that ``filters`` let through, by a dimension and by time or neither.

    ``members``: only these of the dimension, in this order, and last None for all others together, where
    they have runs. Others overlap where the dimension is ``tool``, and are left out. ``alone``: no measures
    but those of the metrics are read, which no other question can use: for dimensions of thousands.
    """

    metrics: tuple[str, ...]
    filters: Filters
    by: str | None = None
    grain: str | None = None
    members: tuple[str, ...] = ()
    alone: bool = False

    def key(self) -> Hashable:
        """Everything that decides the answer but the data; of now, only the bucket that it lies in."""
        asked = self.filters
        instants = (asked.start, asked.end, asked.tz, bisect_right(limits_of(self), asked.now))
        return (
            self.metrics,
            self.by,
            self.grain,
            self.members,
            self.alone,
            instants,
            (*wanted(asked).values(), asked.facets),
        )


def limits_of(query: Query) -> tuple[datetime, ...]:
    """The edges of the buckets; QueryError where the question makes no sense."""
    if query.by is not None:
        check_dimension(query.by)
    filters = query.filters
    if filters.start >= filters.end:
        raise QueryError("bad_range", "range", "the period is empty", "a period that ends after it begins")
    if not query.grain:
        return (filters.start, filters.end)
    return edges(filters.start, filters.end, filters.tz, query.grain)


def wanted(filters: Filters) -> dict[str, tuple[str, ...]]:
    """What each dimension must be one of; empty for anything."""
    return {
        "status": filters.statuses,
        "model": filters.model,
        "agent": filters.agent,
        "agent_version": filters.version,
    }


def part_of(query: Query, what: str) -> Part:
    """The question of ``query`` for ``what`` (sums or a sketch), free of its metrics."""
    filters = query.filters
    return Part(
        what,
        limits_of(query),
        query.by,
        **wanted(filters),
        facets=filters.facets,
        shown=query.members,
        only=_measures(query.metrics) if query.alone and what == SUMS else (),
    )


def _measures(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """All that the metrics are made of, and what counts the runs that know it."""
    named = {term.measure for name in metrics for term in metric(name).terms}
    known = {MEASURE[name].known for name in named} - {None}
    return tuple(m.name for m in MEASURES if m.name in {"runs", *named, *known})


def frame(query: Query, read: Callable[[Part], Columns]) -> pd.DataFrame:
    """The frame that answers ``query``; ``read`` gives the rows of a part."""
    filters, records = query.filters, [metric(name) for name in query.metrics]
    limits = limits_of(query)

    def part(what: str) -> Part:
        return part_of(query, what)

    sums = read(part(SUMS))
    members = _members(query, sums)
    columns, grid = _labels(query, limits, members)
    groups = Groups(sums, _positions(sums, query.by, members), grid)
    quantile = {
        name: _quantiles(read(part(name)), query.by, members, grid)
        for name in SKETCHES
        if any(record.sketch == name for record in records)
    }
    if query.by == "tool":
        columns["calls"] = groups.added("calls")
    for record in records:
        columns[record.name] = _values(record, groups, quantile)
    frame = pd.DataFrame(columns)
    return _drop_future(frame, filters, sums, len(members)) if query.grain else frame


def _values(record: Metric, groups: Groups, quantile: dict[str, np.ndarray]) -> np.ndarray:
    if record.kind == "percentile":
        return quantile[record.sketch][:, SHARES.index(record.quantile)]
    values = evaluate(record, groups)
    # Money is kept to a billionth of a dollar: adding statuses up must not show as a tail of digits.
    return np.round(values, 9) if record.unit == "usd" and record.kind == "sum" else values


def _members(query: Query, sums: Columns) -> list[Any]:
    """The values of the dimension, most runs first; all four statuses, always; or those asked for."""
    if query.by is None:
        return [None]
    if query.by == "status" and not query.members:
        return list(STATUSES)
    runs: dict[str | None, float] = {}
    for name, count in zip(sums["key"], sums["runs"], strict=True):
        runs[name] = runs.get(name, 0) + count
    if query.members:
        return [*query.members, *([None] if runs.get(None, 0) > 0 else [])]
    return sorted(
        (name for name, count in runs.items() if name is not None and count > 0), key=lambda n: (-runs[n], n)
    )


def _labels(query: Query, limits: tuple[datetime, ...], members: list[Any]) -> tuple[dict[str, Any], int]:
    """The leading columns of the frame, bucket by bucket and member by member, and its length."""
    columns: dict[str, Any] = {}
    number = len(limits) - 1
    if query.grain:
        spans = buckets(limits, query.filters.tz)
        each = [span for span in spans for _ in members]
        columns["start"] = pd.Series([start for start, _ in each], dtype=object)
        columns["end"] = pd.Series([end for _, end in each], dtype=object)
        columns["partial"] = [query.filters.partial(start, end) for start, end in each]
    if query.by:
        # As objects where there may be a None, which would become a NaN among texts.
        columns[query.by] = pd.Series(members * number, dtype=object if query.members else None)
    return columns, number * len(members)


def _positions(rows: Columns, by: str | None, members: list[Any]) -> np.ndarray:
    """The row of the frame that each row of a part belongs to."""
    bucket = np.asarray(rows["i"], dtype=np.int64) - 1
    if by is None:
        return bucket
    place = {name: number for number, name in enumerate(members)}
    # A member without runs left (taken back) has no row of its own; its zero sums may go anywhere.
    member = np.asarray([place.get(name, 0) for name in rows["key"]], dtype=np.int64)
    return bucket * len(members) + member


def _quantiles(rows: Columns, by: str | None, members: list[Any], grid: int) -> np.ndarray:
    values = np.full((grid, len(SHARES)), np.nan)
    gone = set() if by is None else set(rows["key"]) - set(members)
    kept = [n for n in range(len(rows["i"])) if by is None or rows["key"][n] not in gone]
    positions = _positions(rows, by, members)
    for n in kept:
        values[positions[n]] = rows["quantiles"][n]
    return values


def _drop_future(frame: pd.DataFrame, filters: Filters, sums: Columns, members: int) -> pd.DataFrame:
    """Without the buckets that have not begun: nothing has happened there, which is not zero.

    Runs whose clock is ahead keep theirs; the first bucket always stays.
    """
    last_with_runs = max((i for i, n in zip(sums["i"], sums["runs"], strict=True) if n > 0), default=1)
    begun = np.array([start <= filters.now for start in frame["start"]], dtype=bool)
    with_runs = np.arange(len(frame)) // max(1, members) < last_with_runs
    return frame[begun | with_runs].reset_index(drop=True)


def check_dimension(name: str) -> None:
    """QueryError ``bad_by`` for anything but a dimension or a facet."""
    if name not in DIMENSIONS and not is_facet(name):
        allowed = ", ".join((*DIMENSIONS, *FIXED, f"{ATTRIBUTE}NAME"))
        raise QueryError("bad_by", "by", f"{name!r} is not a dimension", allowed)
