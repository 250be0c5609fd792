"""Failed runs in groups, by template or by category: how many, what they cost, what they hit, what is new.

- A group is ``new`` where no run of it was ever seen before this period, ``back`` where there was none in
  the whole previous period but some before it, ``gone`` where there are none now but some in the previous
  period. It is ``growing`` where its runs per run grew by a quarter or more since the previous period
  (both up to the same point) and by more than chance explains: given the runs of both periods together,
  those of this one exceed what is expected by three standard deviations, and are ten at least.
- What a group ``hits`` is told by queries.error_hits.

All of it is over the runs that the filters let through, whatever their status; nothing is told of change
where the previous period has no runs at all.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from queries import error_reads
from queries.calendar import buckets
from queries.error_hits import LEAST_RATIO, SIGMAS, Hit, hits
from queries.errors import QueryError, did_you_mean
from queries.filters import Filters
from queries.frames import Query, limits_of
from queries.measures import FAILED, STATUSES
from queries.store import Store

BY = {"template": "error_template", "category": "error_category"}
SORTS = ("runs", "cost", "change", "first", "last", "name")
STATES = ("new", "growing", "back", "gone")
SHOWN, MOST = 50, 500

LEAST_RUNS = 10


@dataclass(frozen=True)
class Group:
    """``name``: template or category, '' for runs without. ``share``: of the failed runs. ``cost``: None
    where no run of it has one. ``before``: its runs in the previous period, up to the same point; None
    without a comparison. ``line``: runs per bucket. ``categories``: of its runs, the most frequent first."""

    name: str
    runs: int
    share: float
    cost: float | None
    before: int | None
    line: tuple[int, ...]
    hits: tuple[Hit, ...] = ()
    categories: tuple[str, ...] = ()
    state: str = ""
    first: datetime | None = None
    last: datetime | None = None
    example: str | None = None
    example_id: str | None = None


@dataclass(frozen=True)
class Groups:
    """``groups``: the first of ``total`` in the order asked for, ``gone`` of which have no runs now.
    ``failed``/``runs``: failed runs and all runs. ``buckets``: what the lines stand for."""

    by: str
    groups: tuple[Group, ...]
    total: int
    gone: int
    failed: int
    runs: int
    cost: float | None
    buckets: tuple[tuple[datetime, datetime], ...]
    previous: Filters | None


def error_groups(
    store: Store, filters: Filters, by: str = "template", *, sort: str = "-runs", limit: int = SHOWN
) -> Groups:
    """The groups of the failed runs that ``filters`` let through."""
    _check("by", by, tuple(BY))
    _check("sort", sort.removeprefix("-"), SORTS)
    failed, everything = of_failed(filters), replace(filters, status=(), category=(), error=())
    if failed is None:
        return Groups(by, (), 0, 0, 0, _runs(store, everything), None, (), None)
    spans = _begun(filters)
    now = _Sums(error_reads.by_bucket(store, failed, BY[by], filters.grain))
    then = _before(store, failed, BY[by])
    groups = _groups(now, then, len(spans))
    shown = _shown(store, failed, BY[by], groups, sort, limit)
    shown = _with_hits(store, failed, everything, BY[by], shown)
    runs = _runs(store, everything)
    if then.sums is not None:
        rates = (runs, _runs(store, _previous(everything)))
        shown = [replace(g, state=_state(g, filters, rates, then.earlier.get(g.name, 0))) for g in shown]
    return Groups(
        by=by,
        groups=tuple(shown),
        total=len(groups),
        gone=sum(group.runs == 0 for group in groups),
        failed=sum(now.runs.values()),
        runs=runs,
        cost=now.all_cost,
        buckets=spans,
        previous=failed.previous() if then.sums else None,
    )


def of_failed(filters: Filters) -> Filters | None:
    """The failed runs among those that pass; None where the status filter lets none through."""
    exact = tuple(s for s in STATUSES if s in FAILED and (not filters.statuses or s in filters.statuses))
    return replace(filters, status=exact) if exact else None


def _check(parameter: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        more = " (with - before it for the largest first)" if parameter == "sort" else ""
        raise QueryError(
            f"bad_{parameter}",
            parameter,
            f"{parameter} {value[:40]!r} is not known here.{did_you_mean(value, allowed)}",
            ", ".join(allowed) + more,
        )


def _previous(filters: Filters) -> Filters:
    before = filters.previous()
    assert before is not None
    return before


def _begun(filters: Filters) -> tuple[tuple[datetime, datetime], ...]:
    """The buckets that have begun, at least one."""
    every = buckets(limits_of(Query((), filters, grain=filters.grain)), filters.tz)
    return tuple(span for place, span in enumerate(every) if place == 0 or span[0] <= filters.now)


def _runs(store: Store, filters: Filters) -> int:
    return int(store.fetch(Query(("runs",), filters))["runs"].iloc[0])


class _Sums:
    """Rows of ``error_reads.by_bucket`` added up by group."""

    def __init__(self, rows: error_reads.Rows) -> None:
        self.runs: dict[str, int] = defaultdict(int)
        self.cost: dict[str, float] = defaultdict(float)
        self.known: dict[str, int] = defaultdict(int)
        self.lines: dict[str, dict[int, int]] = defaultdict(dict)
        for bucket, name, runs, cost, known in rows:
            self.runs[name] += int(runs)
            self.cost[name] += cost
            self.known[name] += int(known)
            self.lines[name][bucket] = int(runs)

    @property
    def all_cost(self) -> float | None:
        return round(sum(self.cost.values()), 9) if any(self.known.values()) else None


@dataclass(frozen=True)
class _Then:
    """The previous period. ``sums``: of it up to the same point, None where it has no runs to compare with;
    ``earlier``: the runs of each group in the rest of it, for what was there is not back."""

    sums: _Sums | None
    earlier: Mapping[str, int]

    def runs(self, name: str) -> int | None:
        return None if self.sums is None else self.sums.runs.get(name, 0)


def _before(store: Store, failed: Filters, by: str) -> _Then:
    before = failed.previous()
    if before is None or not _runs(store, replace(before, status=(), category=(), error=())):
        return _Then(None, {})
    rest = replace(before, start=before.end, end=max(before.end, failed.start))
    earlier = _Sums(error_reads.by_bucket(store, rest, by, None)) if rest.start < rest.end else _Sums([])
    return _Then(_Sums(error_reads.by_bucket(store, before, by, None)), earlier.runs)


def _groups(now: _Sums, then: _Then, number: int) -> list[Group]:
    """Of this period and the previous one; ``number``: of the buckets."""
    before = then.sums.runs if then.sums else {}
    return [
        _group(name, now, then.runs(name), number) for name in sorted({*now.runs, *before, *then.earlier})
    ]


def _group(name: str, now: _Sums, before: int | None, number: int) -> Group:
    runs, everything = now.runs.get(name, 0), sum(now.runs.values())
    return Group(
        name=name,
        runs=runs,
        share=runs / everything if everything else 0.0,
        cost=round(now.cost[name], 9) if now.known.get(name) else None,
        before=before,
        line=tuple(now.lines[name].get(place + 1, 0) for place in range(number)),
    )


def _ordered(groups: list[Group], sort: str) -> list[Group]:
    """By ``sort``; what has no value last, equal ones with most runs first."""
    key = sort.removeprefix("-")
    calm = sorted(groups, key=lambda g: (-g.runs, -(g.before or 0), g.name))
    some = [group for group in calm if _value(group, key) is not None]
    none = [group for group in calm if _value(group, key) is None]
    return sorted(some, key=lambda g: _value(g, key), reverse=sort.startswith("-")) + none


def _value(group: Group, key: str) -> Any:
    if key == "change":
        return None if group.before is None else group.runs - group.before
    return getattr(group, key)


def _shown(store: Store, failed: Filters, by: str, groups: list[Group], sort: str, limit: int) -> list[Group]:
    if sort.removeprefix("-") not in ("first", "last"):
        return _with_seen(store, failed, by, _ordered(groups, sort)[:limit])
    # Looked up run by run, and so for the largest groups only.
    largest = _ordered(groups, "-runs")[:MOST]
    return _ordered(_with_seen(store, failed, by, largest), sort)[:limit]


def _with_seen(store: Store, failed: Filters, by: str, groups: list[Group]) -> list[Group]:
    found = error_reads.seen(store, failed, by, [group.name for group in groups])
    return [
        replace(g, first=s.first, last=s.last, example=s.message, example_id=s.invocation_id)
        if (s := found.get(g.name))
        else g
        for g in groups
    ]


def _with_hits(
    store: Store, failed: Filters, everything: Filters, by: str, groups: list[Group]
) -> list[Group]:
    found = hits(store, failed, everything, by, {group.name: group.runs for group in groups})
    return [replace(g, hits=found[g.name].hits, categories=found[g.name].categories) for g in groups]


def _state(group: Group, filters: Filters, runs: tuple[int, int], earlier: int) -> str:
    before = (group.before or 0) + earlier
    if not group.runs:
        return "gone"
    if group.first is not None and group.first >= filters.start:
        return "new"
    if not before:
        return "back"
    return "growing" if _grew(group.runs, group.before or 0, *runs) else ""


def _grew(now: int, before: int, runs_now: int, runs_before: int) -> bool:
    """Given now + before runs, this period would have its share of all runs if nothing had changed."""
    if now < LEAST_RUNS or not runs_before or now * runs_before < LEAST_RATIO * before * runs_now:
        return False
    share = runs_now / (runs_now + runs_before)
    expected = (now + before) * share
    return now - expected >= SIGMAS * math.sqrt(expected * (1 - share))
