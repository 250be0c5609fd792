"""A against B: every metric of two sets of runs, their differences, and what can be said of these."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from queries.errors import QueryError
from queries.filters import Filters
from queries.metrics import METRIC, Metric, Term
from queries.names import is_attribute
from queries.pair import COLUMN, Members
from queries.sides import COMPARED, Kind, Rest, Side, Strata, kind_of, strata_of, sums_by
from queries.stats import (
    LEAST,
    LEVEL,
    Interval,
    IntervalAt,
    Spread,
    holm,
    more_runs,
    mover,
    newcombe,
    p_value,
    spread_of,
    welch,
    wilson,
)
from queries.store import Query, Store

# apart: they differ, whatever else was looked at; maybe: alone it would, among many it may be chance; open:
# no difference can be told; same: equal without any spread; few: too few runs; none: a side has no value;
# total: counted, nothing to be unsure of; unread: too few single runs could be read to judge it by.
Verdict = Literal["apart", "maybe", "open", "same", "few", "none", "total", "unread"]

METHODS: dict[Kind, str] = {
    "share": "Newcombe's hybrid score interval",
    "mean": "Welch's t interval",
    "ratio": "delta method with Welch's t interval",
    "percentile": "order statistics of each side, squared and added (MOVER)",
    "total": "counted, not estimated",
}
_WEIGHTED = "direct standardisation with Welch's t interval"
ADJUSTED: dict[Kind, str] = {
    "share": _WEIGHTED,
    "mean": _WEIGHTED,
    "ratio": f"{_WEIGHTED} (delta method)",
    "percentile": "direct standardisation, Woodruff's interval of each side, squared and added (MOVER)",
    "total": "counted, not adjusted",
}


@dataclass(frozen=True)
class Difference:
    """Values in the metric's unit, NaN where there is none; ``interval``: of a less b, at 95 %. ``runs``: how
    many each side rests on, and ``rests`` which. ``more``: how many more on each side would show a difference
    of this size."""

    metric: str
    kind: Kind
    a: float
    b: float
    rests: tuple[Rest, Rest]
    method: str
    verdict: Verdict
    interval: Interval | None = None
    p: float = math.nan
    more: float = math.nan

    @property
    def runs(self) -> tuple[int, int]:
        return self.rests[0].runs, self.rests[1].runs

    @property
    def size(self) -> float:
        return self.a - self.b


@dataclass(frozen=True)
class Comparison:
    """``read``: runs of each side that the spread was read from. ``looked_at``: how many differences were
    judged together. ``both``: runs that are on both sides."""

    a: Filters
    b: Filters
    runs: tuple[int, int]
    differences: tuple[Difference, ...]
    read: tuple[int, int]
    looked_at: int
    both: int
    strata: Strata | None


def compare(store: Store, a: Filters, b: Filters, adjust: str | None = None) -> Comparison:
    """Everything about A against B; adjusted for another mix of ``adjust`` (a dimension) where given."""
    strata = _strata(store, a, b, adjust) if adjust else None
    used = strata if strata and strata.weights else None
    sides = Side(store, a, used), Side(store, b, used)
    sides[0].other, sides[1].other = sides[1], sides[0]
    judged = [_judged(METRIC[name], *sides, adjusted=used is not None) for name in COMPARED]
    tested = [n for n, one in enumerate(judged) if one.verdict == "maybe" or one.verdict == "open"]
    standing = holm([judged[n].p for n in tested])
    for n, stands in zip(tested, standing, strict=True):
        judged[n] = replace(judged[n], verdict="apart" if stands else judged[n].verdict)
    return Comparison(
        a, b, (sides[0].runs, sides[1].runs), tuple(judged), (sides[0].read, sides[1].read),
        len(tested), _on_both(store, a, b), strata,
    )  # fmt: skip


def _strata(store: Store, a: Filters, b: Filters, by: str) -> Strata:
    runs = []
    for filters in (a, b):
        groups, names = sums_by(store, filters, by)
        runs.append(dict(zip(names, groups.total(Term("runs")).tolist(), strict=True)))
    return strata_of(by, *runs)


def _judged(metric: Metric, a: Side, b: Side, *, adjusted: bool) -> Difference:
    kind = kind_of(metric)
    values, rests = (a.value(metric), b.value(metric)), (a.rests_on(metric), b.rests_on(metric))
    plain = Difference(metric.name, kind, *values, rests, (ADJUSTED if adjusted else METHODS)[kind], "total")
    if any(map(math.isnan, values)):
        return replace(plain, verdict="none")
    if kind == "total":
        return plain
    if min(plain.runs) < LEAST:
        return replace(plain, verdict="few")
    estimate = _of_shares if kind == "share" and not adjusted else _ESTIMATES[kind]
    interval, spreads = estimate(metric, a, b)
    found = interval(LEVEL)
    if found is None:
        return replace(plain, verdict="few" if kind == "percentile" else "unread")
    if found == (0, 0):
        return replace(plain, verdict="same", interval=found)
    verdict: Verdict = "open" if found.low <= 0 <= found.high else "maybe"
    more = more_runs(plain.size, *spreads()) if verdict == "open" else math.nan
    return replace(plain, verdict=verdict, interval=found, p=p_value(interval), more=more)


# The interval of the difference at a level, and the spread of each side, which is asked for only where
# there is an interval.
Estimate = tuple[IntervalAt, Callable[[], tuple[Spread, Spread]]]


def _of_shares(metric: Metric, a: Side, b: Side) -> Estimate:
    hits = a.share(metric), b.share(metric)

    def spreads() -> tuple[Spread, Spread]:
        # By way of the interval: a share of 100 % has no variance, and yet is not certain.
        first, second = (spread_of(wilson(*side), side[1]) for side in hits)
        return first, second

    return lambda level: newcombe(*hits, level), spreads


def _of_means(metric: Metric, a: Side, b: Side) -> Estimate:
    first, second = a.spread(metric), b.spread(metric)
    if first is None or second is None:
        return lambda level: None, lambda: (Spread(0, 0), Spread(0, 0))
    difference = a.value(metric) - b.value(metric)
    return lambda level: welch(difference, first, second, level), lambda: (first, second)


def _of_percentiles(metric: Metric, a: Side, b: Side) -> Estimate:
    share, first, second = metric.quantile, a.distribution(metric), b.distribution(metric)
    assert first is not None
    assert second is not None

    def interval(level: float) -> Interval | None:
        one, other = first.interval(share, level), second.interval(share, level)
        return mover((first.quantile(share), second.quantile(share)), one, other) if one and other else None

    def spreads() -> tuple[Spread, Spread]:
        one, other = first.interval(share), second.interval(share)
        assert one is not None
        assert other is not None
        return spread_of(one, first.n), spread_of(other, second.n)

    return interval, spreads


_ESTIMATES: dict[Kind, Callable[[Metric, Side, Side], Estimate]] = {
    "share": _of_means,
    "mean": _of_means,
    "ratio": _of_means,
    "percentile": _of_percentiles,
}


def _on_both(store: Store, a: Filters, b: Filters) -> int:
    """How many runs A and B share: the intervals take them for separate."""
    common = shared(a, b)
    return int(store.fetch(Query(("runs",), common))["runs"].iloc[0]) if common else 0


def shared(a: Filters, b: Filters) -> Filters | None:
    """The filters that only runs of both pass; None where there can be none. Tools, of which a run calls
    several, are those of A."""
    start, end = max(a.start, b.start), min(a.end, b.end)
    if start >= end:
        return None
    both: dict[str, tuple[str, ...]] = {}
    for name in ("model", "agent", "version", "category", "error"):
        both[name] = _either(getattr(a, name), getattr(b, name))
    both["status"] = _either(a.statuses, b.statuses)
    others = dict(b.attributes)
    attributes = {name: _either(values, others.pop(name, ())) for name, values in a.attributes} | others
    if ("\0",) in (*both.values(), *attributes.values()):
        return None
    return replace(a, start=start, end=end, attributes=tuple(sorted(attributes.items())), **both)  # type: ignore[arg-type]


def _either(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """What passes both; ``('\\0',)`` where nothing does, as empty stands for all."""
    if not a or not b:
        return a or b
    return tuple(name for name in a if name in b) or ("\0",)


def adjustable(by: str) -> str:
    """``by``, as a URL says what to adjust for; QueryError ``bad_adjust`` for what is no mix of runs."""
    if by and by not in ("agent", "version", "model") and not is_attribute(by):
        allowed = "agent, version, model or attr.NAME"
        raise QueryError("bad_adjust", "adjust", f"adjust {by[:80]!r} is nothing to adjust for", allowed)
    return by


def members(store: Store) -> Members:
    """What there is of a dimension among some runs, for ``queries.pair``."""

    def found(filters: Filters, by: str) -> list[tuple[str, int]]:
        column = COLUMN.get(by, by)
        frame = store.fetch(Query(("runs",), filters, by=column))
        pairs = zip(frame[column].tolist(), frame["runs"].tolist(), strict=True)
        return sorted(((n, int(r)) for n, r in pairs if r), key=lambda pair: -pair[1])

    return found
