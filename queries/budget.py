"""Spend of the calendar month that it is, against a budget: to date, day by day, and foreseen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from queries.calendar import day_start, local
from queries.filters import Filters, parse
from queries.forecast import WEEKS, Crossing, Forecast, PastDay, crossing, forecast
from queries.store import Query, Store

METRICS = ("runs", "cost_usd", "estimated_cost_usd", "runs_without_cost")


@dataclass(frozen=True)
class Month:
    """A calendar month of the zone. ``days``: its days; ``start``, ``end``: its instants, end excluded."""

    days: tuple[date, ...]
    today: date
    start: datetime
    end: datetime

    @property
    def elapsed(self) -> int:
        """How many of the days have begun."""
        return (self.today - self.days[0]).days + 1


@dataclass(frozen=True)
class Spend:
    """``spent``: since the month began, by the end of each day so far. ``ahead``: None with too little
    history, of which there are ``history`` days. ``even``: the budget's even line by the end of each day."""

    month: Month
    filters: Filters
    budget: float | None
    spent: tuple[float, ...]
    estimated: float
    without_cost: int
    history: int
    ahead: Forecast | None
    crossed: Crossing | None

    @property
    def to_date(self) -> float:
        return self.spent[-1]

    @property
    def even(self) -> tuple[float, ...]:
        """By time, not by days: a day of 23 hours is allowed less than one of 25."""
        if self.budget is None:
            return ()
        whole = (self.month.end - self.month.start).total_seconds()
        ends = [day_start(day + timedelta(days=1), self.filters.tz) for day in self.month.days]
        return tuple(self.budget * (end - self.month.start).total_seconds() / whole for end in ends)

    @property
    def even_now(self) -> float | None:
        """What the even line allows by now."""
        if self.budget is None:
            return None
        whole, gone = self.month.end - self.month.start, self.filters.now - self.month.start
        return self.budget * (gone / whole)


def month_of(now: datetime, tz: str) -> Month:
    """The calendar month of the zone that ``now`` lies in."""
    today = local(now, tz).date()
    first = today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    days = tuple(first + timedelta(days=n) for n in range((following - first).days))
    return Month(days, today, day_start(first, tz), day_start(following, tz))


def month_filters(asked: Filters) -> Filters:
    """All runs of the month that it is, whatever ``asked`` narrows: a budget is for everything."""
    month = month_of(asked.now, asked.tz)
    asking = {"range": f"{month.days[0]}..{month.days[-1]}", "tz": asked.tz, "compare": "none"}
    return parse(asking, now=asked.now, default_tz=asked.tz)


def spend(store: Store, asked: Filters, budget: float | None) -> Spend:
    """Of ``asked`` only the zone and now count."""
    month, filters = month_of(asked.now, asked.tz), month_filters(asked)
    past = _past(store, asked, month.today)
    frame = store.fetch(Query(METRICS, filters, grain="day"))
    daily = _by_day(frame)
    so_far = month.days[: month.elapsed]
    spent = _running(daily.get(day, 0.0) for day in so_far)
    ahead = forecast(past, spent[-1], month.today, month.days[-1], budget)
    pairs = list(zip(so_far, spent, strict=True))
    return Spend(
        month=month,
        filters=filters,
        budget=budget,
        spent=spent,
        estimated=float(frame["estimated_cost_usd"].sum()),
        without_cost=int(frame["runs_without_cost"].sum()),
        history=len(past),
        ahead=ahead,
        crossed=None if budget is None else crossing(pairs, ahead, budget),
    )


def _running(amounts: Iterable[float]) -> tuple[float, ...]:
    total, running = 0.0, []
    for amount in amounts:
        # To a billionth of a dollar, as money is kept: a tail of digits must not pass a budget.
        total = round(total + amount, 9)
        running.append(total)
    return tuple(running)


def _by_day(frame: pd.DataFrame) -> dict[date, float]:
    costs: dict[date, float] = {}
    for start, cost in zip(frame["start"], frame["cost_usd"].tolist(), strict=True):
        costs[start.date()] = 0.0 if math.isnan(cost) else cost
    return costs


def _past(store: Store, asked: Filters, today: date) -> list[PastDay]:
    since = first_whole_day(store, asked.tz)
    if since is None:
        return []
    first = max(today - timedelta(days=7 * WEEKS), since)
    hours = cost_by_hour(store, first, today, asked)
    return past_days(hours, local(asked.now, asked.tz), first, today)


# ---- what the forecast rests on: the last eight weeks, up to yesterday ----------------------------------


def first_whole_day(store: Store, tz: str) -> date | None:
    """The day after the first one with runs, which may be half; None: there is no run."""
    extent = store.extent()
    return None if extent is None else local(extent[0], tz).date() + timedelta(days=1)


def cost_by_hour(store: Store, first: date, today: date, asked: Filters) -> dict[date, list[float]]:
    """Of all runs of the days from ``first`` up to yesterday, by hour of the wall clock; of ``asked`` only
    the zone and now count. Days without runs are left out."""
    if first >= today:
        return {}
    asking = {"range": f"{first}..{today - timedelta(days=1)}", "tz": asked.tz, "grain": "hour"}
    filters = parse(asking, now=asked.now, default_tz=asked.tz)
    frame = store.fetch(Query(("runs", "cost_usd"), filters, grain="hour"))
    hours: dict[date, list[float]] = {}
    for start, amount in zip(frame["start"], frame["cost_usd"].tolist(), strict=True):
        if not math.isnan(amount):
            hours.setdefault(start.date(), [0.0] * 24)[start.hour] += amount
    return hours


def past_days(
    hours: Mapping[date, Sequence[float]], now: datetime, first: date, today: date
) -> list[PastDay]:
    """The hour of the day that it is ``now`` counts by its part to come."""
    to_come = (60 - now.minute) / 60
    found = []
    for day in (first + timedelta(days=n) for n in range((today - first).days)):
        cost = hours.get(day, _NOTHING)
        rest = cost[now.hour] * to_come + sum(cost[now.hour + 1 :])
        found.append(PastDay(day, sum(cost), rest))
    return found


_NOTHING = [0.0] * 24
