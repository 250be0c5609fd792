"""What changed between two periods: the values of every member, and where it can be had the exact split.

Asks the store for sums only; the arithmetic is in queries.decompose, the words are in layouts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from queries.decompose import ZERO, Amount, Decomposition, decompose_ratio, decompose_sum, stands_out
from queries.errors import QueryError
from queries.filters import Filters
from queries.frames import Columns
from queries.measures import MEASURE
from queries.metrics import METRICS, Metric, Term, metric
from queries.ranges import Extent, parse_range
from queries.store import Query, Store

OVERLAPPING = ("tool", "error_template")  # their parts are more, or fewer, than the whole
# Sums and ratios are split; of percentiles each member's own change is shown.
EXPLAINED = tuple(
    record for record in METRICS if record.kind != "interval" and not record.name.startswith("runs_without_")
)
_NANO = 10**9
DEFAULT_METRIC, DEFAULT_BY = "cost_usd", "model"  # of the page and of the API


@dataclass(frozen=True)
class Periods:
    """Both with the same filters but for the period; ``after`` ends no later than now."""

    before: Filters
    after: Filters

    @property
    def days(self) -> tuple[float, float]:
        """How long each is."""
        before, after = ((p.end - p.start).total_seconds() / 86_400 for p in (self.before, self.after))
        return before, after

    @property
    def overlap(self) -> bool:
        return self.before.end > self.after.start and self.before.start < self.after.end


@dataclass(frozen=True)
class Side:
    """One period of a member: NaN where the metric has no value."""

    runs: int
    value: float


@dataclass(frozen=True)
class Member:
    name: str
    before: Side
    after: Side


@dataclass(frozen=True)
class Change:
    """``split``: None for percentiles, for members that overlap, and where a period has no value.
    ``lacking``: how many runs of each period do not have what the metric is made of."""

    metric: Metric
    by: str
    periods: Periods
    whole: Member
    members: dict[str, Member]
    split: Decomposition | None
    lacking: tuple[int, int]

    @property
    def ranked(self) -> list[Member]:
        """Those with most runs first."""
        return sorted(self.members.values(), key=lambda m: (-m.before.runs - m.after.runs, m.name))


def periods(filters: Filters, against: str, extent: Callable[[], Extent | None]) -> Periods | None:
    """The part of the period that has passed, and the one before of the same length or the range
    ``against``; None where there is nothing to compare with."""
    after = filters.elapsed()
    if against:
        before: Filters | None = _range(filters, against, extent)
    else:
        before = replace(filters, compare="previous").previous()
    if before is None or before.start >= before.end or after.start >= after.end:
        return None
    return Periods(before, after)


def _range(filters: Filters, against: str, extent: Callable[[], Extent | None]) -> Filters:
    try:
        span = parse_range(against, filters.tz, filters.now, extent)
    except QueryError as error:
        error.parameter = "against"
        raise
    return replace(filters, range=span.token, start=span.start, end=span.end).elapsed()


def explainable(name: str) -> Metric:
    """The record of a metric whose change can be shown; QueryError for any other."""
    record = metric(name)
    if record not in EXPLAINED:
        allowed = ", ".join(each.name for each in EXPLAINED)
        raise QueryError("bad_metric", "metric", f"the change of {name} is not explained", allowed)
    return record


def change(store: Store, record: Metric, by: str, asked: Periods) -> Change:
    """``by``: a dimension of queries.frames."""
    sides = (asked.before, asked.after)
    names = ("runs", record.name)
    # Of thousands of members all that other metrics need besides would take most of the time.
    wide = store.facets().get(by) is False
    asked_by = [Query(names, side, by=by, alone=wide) for side in sides]
    frames = store.fetch_many(*asked_by)
    wholes = [_side(frame, record) for frame in store.fetch_many(*(Query(names, side) for side in sides))]
    rows = [store.sums_of(query) for query in asked_by]
    values = [side.value for side in wholes]
    splits = record.kind in ("sum", "ratio") and by not in OVERLAPPING and not any(v != v for v in values)
    return Change(
        record,
        by,
        asked,
        Member("", *wholes),
        _members(frames, record, by),
        split(record, *rows) if splits else None,
        (_lacking(record, store.sums(sides[0])), _lacking(record, store.sums(sides[1]))),
    )


def split(metric: Metric, before: Columns, after: Columns) -> Decomposition | None:
    """The decomposition of the change of ``metric`` from one set of sums by member to another."""
    old, new = amounts(metric, before), amounts(metric, after)
    return decompose_ratio(old, new) if metric.kind == "ratio" else decompose_sum(old, new)


def amounts(metric: Metric, rows: Columns) -> dict[str, Amount]:
    """Per member the exact numerator, and the denominator or, of a sum, the runs that have the value.

    The weight of a sum counts runs of every status, so that "more of them failed" can be told from "more
    runs": the failed ones alone would each be one failure.
    """
    scale = Fraction(repr(metric.scale))
    values = _added_up(metric.numerator, rows)
    weights = _added_up(metric.denominator or (Term(counter(metric)),), rows)
    return {name: Amount(scale * value, weights[name]) for name, value in values.items()}


def counter(metric: Metric) -> str:
    """The measure that counts the runs a sum is spread over."""
    return MEASURE[metric.numerator[0].measure].known or "runs"


def _added_up(terms: Iterable[Term], rows: Columns) -> dict[str, Fraction]:
    """Per member that has runs; whole numbers are added, thousands of fractions would take seconds."""
    units = [(term, _units(term.measure, rows[term.measure])) for term in terms]
    found: dict[str, list[int]] = {}
    for i, (name, status) in enumerate(zip(rows["key"], rows["status"], strict=True)):
        if rows["runs"][i] <= 0:  # its runs have been taken back
            continue
        so_far = found.setdefault(name, [0] * len(units))
        for place, (term, whole) in enumerate(units):
            if term.statuses is None or status in term.statuses:
                so_far[place] += term.sign * whole[i]
    steps = [_NANO if MEASURE[term.measure].money else 1 for term, _ in units]
    return {
        name: sum((Fraction(whole, step) for whole, step in zip(sums, steps, strict=True)), ZERO)
        for name, sums in found.items()
    }


def _units(measure: str, values: Iterable[float]) -> list[int]:
    """What the database keeps, in whole numbers: billionths of a dollar, or the thing itself."""
    if MEASURE[measure].money:
        return [round(Decimal(repr(float(value))).scaleb(9)) for value in values]
    return [round(float(value)) for value in values]


def _lacking(metric: Metric, rows: Columns) -> int:
    known = MEASURE[metric.numerator[0].measure].known if metric.numerator else None
    if known in (None, "estimated_known"):  # a cost that is reported lacks no estimate
        return 0
    return round(sum(rows["runs"]) - sum(rows[known]))


def _members(frames: list[pd.DataFrame], metric: Metric, by: str) -> dict[str, Member]:
    sides = [
        {str(row[by]): Side(int(row["runs"]), float(row[metric.name])) for row in frame.to_dict("records")}
        for frame in frames
    ]
    nothing = Side(0, 0.0 if metric.kind == "sum" else float("nan"))
    names = dict.fromkeys((*sides[1], *sides[0]))
    members = (Member(name, sides[0].get(name, nothing), sides[1].get(name, nothing)) for name in names)
    return {member.name: member for member in members if member.before.runs or member.after.runs}


def _side(frame: pd.DataFrame, metric: Metric) -> Side:
    row = frame.iloc[0]
    return Side(int(row["runs"]), float(row[metric.name]))


def odd(found: Change) -> float:
    """How much stands out from moving in step (queries.decompose.stands_out)."""
    split = found.split
    return float(stands_out(split, found.metric.kind == "ratio")) if split else 0.0


def defines(record: Metric, by: str) -> bool:
    """Whether the members of ``by`` are what the metric is made of: success rate by status explains
    itself."""
    return by in ("status", "error_category") and any(term.statuses for term in record.terms)
