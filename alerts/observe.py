"""What a rule sees at each instant: the number, how many runs it is made of, and what it says of it.

One instant or a month of them are read the same way, so that the preview of a rule is what evaluating it
would have been. Windows end at the instant and are made of whole quarter hours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.machine import Verdict
from alerts.rules import CHANGES, UNUSUAL_WINDOWS, Rule
from queries.budget import month_of
from queries.calendar import QUARTER, day_start, edges, local, shift_days
from queries.foreseen import foreseen
from queries.store import Store
from queries.unusual import unusual
from queries.windows import Measured, Window, measure

_BACK = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Observation:
    """``value``: in the unit that the rule compares in; None: there is none. ``runs``: of which it is made.
    ``start``, ``end``: of the window. ``before``: of a change, what was; ``expected``: of what is judged as
    unusual, (low, middle, high)."""

    at: datetime
    value: float | None
    runs: int
    verdict: Verdict
    start: datetime
    end: datetime
    now: float | None = None
    before: float | None = None
    expected: tuple[float, float, float] | None = None


def observe(
    store: Store, rule: Rule, instants: Sequence[datetime], budget: float | None = None
) -> list[Observation]:
    """``instants``: on the quarter-hour grid, oldest first."""
    if not instants:
        return []
    if rule.comparison == "unusual":
        return _unusual(store, rule, instants)
    windows = [window(rule, at) for at in instants]
    if rule.comparison in CHANGES:
        return _changes(store, rule, instants, windows)
    found = measure(store, rule.filters, rule.metric, windows)
    values: list[float | None] = [_known(value) for value in found.values]
    if rule.comparison == "budget":
        values = _of_budget(store, rule, instants, values, budget)
    return [
        Observation(at, v, n, verdict(rule, v, n), *w, now=v)
        for at, v, n, w in zip(instants, values, found.runs, windows, strict=True)
    ]


def _of_budget(
    store: Store,
    rule: Rule,
    instants: Sequence[datetime],
    spent: Sequence[float | None],
    budget: float | None,
) -> list[float | None]:
    """In percent of the month's budget."""
    if not budget:
        return [None] * len(instants)
    dollars = foreseen(store, instants, spent, rule.tz) if rule.basis == "foreseen" else spent
    return [None if v is None else round(v / budget * 100, 9) for v in dollars]


def window(rule: Rule, at: datetime) -> Window:
    """The runs that started in it are what is looked at. Of a budget the month so far: at its very end the
    whole of it."""
    if rule.comparison == "budget":
        return month_of(at - QUARTER, rule.tz).start, at
    if rule.comparison == "unusual":
        return _bucket(rule, at)
    return rule.window.before(at, rule.tz), at


def baseline(rule: Rule, now: Window) -> Window:
    """What a change is measured against."""
    if rule.against == "previous":
        return rule.window.before(now[0], rule.tz), now[0]
    days = -_BACK[rule.against]
    return shift_days(now[0], days, rule.tz), shift_days(now[1], days, rule.tz)


def verdict(rule: Rule, value: float | None, runs: int) -> Verdict:
    """Exactly the threshold is not beyond it; exactly the resolve threshold is on its good side."""
    if value is None or runs < rule.min_runs:
        return "no_data"
    sign = 1 if rule.upward else -1
    if rule.comparison == "falls":  # thresholds of a fall are written without a sign
        value, sign = -value, 1
    if sign * (value - rule.limit) > 0:
        return "breach"
    return "clear" if sign * (value - rule.resolve_limit) <= 0 else "between"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _changes(
    store: Store, rule: Rule, instants: Sequence[datetime], windows: Sequence[Window]
) -> list[Observation]:
    both = measure(store, rule.filters, rule.metric, [*windows, *(baseline(rule, w) for w in windows)])
    number = len(windows)
    found = []
    for place, (at, now) in enumerate(zip(instants, windows, strict=True)):
        after, before = _known(both.values[place]), _known(both.values[place + number])
        runs = min(both.runs[place], both.runs[place + number])
        moved = change(rule, after, before)
        found.append(Observation(at, moved, runs, verdict(rule, moved, runs), *now, after, before))
    return found


def change(rule: Rule, after: float | None, before: float | None) -> float | None:
    """In percent of what was, or in points; from zero there is no percentage."""
    if after is None or before is None:
        return None
    if rule.unit == "points":
        return round((after - before) * 100, 9)
    return None if before == 0 else round((after - before) / abs(before) * 100, 9)


# ---- unusual -----------------------------------------------------------------------------------------


def _bucket(rule: Rule, at: datetime) -> Window:
    """The last full hour, day or week of the zone before ``at``."""
    grain = UNUSUAL_WINDOWS[str(rule.window)]
    first = shift_days(day_start(local(at, rule.tz).date(), rule.tz), -15, rule.tz)
    limits = [edge for edge in edges(first, at + QUARTER, rule.tz, grain)[1:] if edge <= at]
    return limits[-2], limits[-1]


def _unusual(store: Store, rule: Rule, instants: Sequence[datetime]) -> list[Observation]:
    buckets = [_bucket(rule, at) for at in instants]
    different = sorted(set(buckets))
    values = measure(store, rule.filters, rule.metric, different)
    judged = _judged(store, rule, different)
    return [
        _of_bucket(rule, at, bucket, values, different.index(bucket), judged.get(bucket[0]))
        for at, bucket in zip(instants, buckets, strict=True)
    ]


Judged = tuple[
    tuple[float, float, float], bool
]  # the expected band, and whether it lies beyond for the worse


def _judged(store: Store, rule: Rule, buckets: Sequence[Window]) -> dict[datetime, Judged]:
    grain = UNUSUAL_WINDOWS[str(rule.window)]
    period = replace(
        rule.filters, start=buckets[0][0], end=buckets[-1][1], now=buckets[-1][1], grain=grain,
        grain_asked=grain, compare="none",
    )  # fmt: skip
    found = unusual(store, period, rule.threshold)
    name = rule.metric.name
    bad = {flag.start for flag in found.flags if flag.metric == name and not flag.model and _bad(flag.worse)}
    band = zip(*found.bands[name], strict=True)
    return {start: (expected, start in bad) for start, expected in zip(found.starts, band, strict=False)}


def _bad(worse: bool | None) -> bool:
    """Better than expected wakes nobody; where neither direction is better, both do."""
    return worse is not False


def _of_bucket(
    rule: Rule, at: datetime, bucket: Window, values: Measured, place: int, judged: Judged | None
) -> Observation:
    value, runs = _known(values.values[place]), values.runs[place]
    expected, beyond = judged or ((math.nan,) * 3, False)
    unknown = value is None or runs < rule.min_runs or math.isnan(expected[1])
    said: Verdict = "no_data" if unknown else "breach" if beyond else "clear"
    band = None if math.isnan(expected[1]) else expected
    return Observation(at, value, runs, said, *bucket, now=value, expected=band)
