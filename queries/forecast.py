"""What a month will have cost at its end: whole past weeks drawn again and again. Pure, no clock, no SQL.

A block bootstrap (Carlstein, "The use of subseries values for estimating the variance of a general
statistic from a stationary sequence", Annals of Statistics 14, 1986) with blocks of a week: each coming
week is one of the last eight, drawn at random, so that its rhythm and the way its days go together stay.
It knows no growth: what is coming is taken to be like the last eight weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

WEEKS = 8
LEAST_WEEKS = 2
DRAWS = 4_000
SEED = 20_261_101
ENDS = (0.025, 0.975)
METHOD = (
    f"Each coming week is taken to be like one of the last whole weeks (at most {WEEKS}): expected is the "
    f"mean of each weekday, the 95 % interval comes of {DRAWS:,} draws of whole weeks (block bootstrap)."
)


@dataclass(frozen=True)
class PastDay:
    """``cost`` of a whole day, and ``rest``, the part of it after the time of day that it is now."""

    day: date
    cost: float
    rest: float


@dataclass(frozen=True)
class Forecast:
    """Spend since the month began, by the end of each of ``days`` (today first): expected, and both ends
    of the 95 % interval. ``chance``: the share of draws that end above the budget; None without one."""

    days: tuple[date, ...]
    expected: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    weeks: int
    chance: float | None


def forecast(
    past: Sequence[PastDay], spent: float, today: date, last: date, budget: float | None
) -> Forecast | None:
    """None where ``past``, which are the days before today without a hole, are fewer than two weeks.

    ``spent``: since the month began, today included as far as it has come.
    """
    each = _each(past, today, last)
    if each is None:
        return None
    number, weeks = each.shape
    days = [today + timedelta(days=n) for n in range(number)]
    drawn = np.random.default_rng(SEED).integers(weeks, size=(DRAWS, number // 7 + 1))
    draws = spent + np.cumsum([each[n][drawn[:, n // 7]] for n in range(number)], axis=0)
    low, high = np.quantile(draws, ENDS, axis=1)
    expected = spent + np.cumsum(each.mean(axis=1))
    chance = None if budget is None else float((draws[-1] > budget).mean())
    return Forecast(tuple(days), _floats(expected), _floats(low), _floats(high), weeks, chance)


def at_the_end(past: Sequence[PastDay], spent: float, today: date, last: date) -> float | None:
    """What ``forecast`` expects by the end of ``last``, without its interval, which takes time."""
    each = _each(past, today, last)
    return None if each is None else spent + float(each.mean(axis=1).sum())


def _each(past: Sequence[PastDay], today: date, last: date) -> np.ndarray | None:
    """What each day from today on, the rest of today first, cost in each of the past weeks."""
    weeks = min(WEEKS, len(past) // 7)
    if weeks < LEAST_WEEKS:
        return None
    used = past[len(past) - 7 * weeks :]
    assert used[-1].day == today - timedelta(days=1), "the past ends yesterday"
    # By week and by place in it: a week back from today begins with today's weekday.
    cost = np.array([day.cost for day in used]).reshape(weeks, 7)
    rest = np.array([day.rest for day in used]).reshape(weeks, 7)[:, 0]
    return np.array([cost[:, n % 7] if n else rest for n in range((last - today).days + 1)])


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(values.tolist())


@dataclass(frozen=True)
class Crossing:
    """When the budget is passed: ``day`` by what happened (``known``) or is expected, None: not this
    month; ``earliest`` and ``latest`` by the ends of the interval, None: not this month."""

    day: date | None
    known: bool
    earliest: date | None
    latest: date | None


def crossing(spent: Sequence[tuple[date, float]], ahead: Forecast | None, budget: float) -> Crossing | None:
    """``spent``: by the end of each day so far. None where it has not happened and nothing is foreseen."""
    happened = _first_above(spent, budget)
    if happened:
        return Crossing(happened, True, happened, happened)
    if ahead is None:
        return None
    expected, low, high = (
        _first_above(list(zip(ahead.days, path, strict=True)), budget)
        for path in (ahead.expected, ahead.low, ahead.high)
    )
    return Crossing(expected, False, high, low)


def _first_above(path: Sequence[tuple[date, float]], budget: float) -> date | None:
    return next((day for day, amount in path if amount > budget), None)
