"""Spend of the month against rows made by hand: the zone's month, its days, what is foreseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.write import Writer
from queries.budget import Spend, month_of, spend
from queries.filters import Filters, parse
from queries.store import Store

Run = Callable[..., tuple[Any, ...]]
NOW = datetime(2026, 11, 18, 13, 30, tzinfo=UTC)  # 14:30 in Berlin, a Wednesday


def asked(now: datetime = NOW, tz: str = "Europe/Berlin", **more: str) -> Filters:
    return parse({"tz": tz, **more}, now=now)


def put(engine: Engine, run: Run, *costs: tuple[str, str | None], **more: Any) -> None:
    rows = [
        run(start, cost_usd=None if cost is None else Decimal(cost), cost_source=cost and "reported", **more)
        for start, cost in costs
    ]
    with Writer(engine) as writer:
        writer.write(rows)


def spent(store: Store, now: datetime = NOW, tz: str = "Europe/Berlin", budget: float | None = None) -> Spend:
    return spend(store, asked(now, tz), budget)


def test_a_month_is_a_month_of_the_zone(engine: Engine, store: Store, run: Run) -> None:
    put(
        engine, run,
        ("2026-10-31T22:59+00:00", "1"),  # 31 October everywhere
        ("2026-10-31T23:00+00:00", "2"),  # 1 November in Berlin, 31 October in UTC
        ("2026-11-01T12:00+00:00", "4"),
        ("2026-11-18T09:00+00:00", "8"),
    )  # fmt: skip
    assert spent(store).to_date == 14
    assert spent(store, tz="UTC").to_date == 12
    found = spent(store)
    # By the end of each day so far: 1 November to 18 November.
    assert found.spent == (6.0,) * 17 + (14.0,)
    assert found.month.start == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert (found.month.days[0], found.month.days[-1]) == (date(2026, 11, 1), date(2026, 11, 30))


def test_a_month_begins_when_it_is_one_in_the_zone() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert month_of(late, "Europe/Berlin").today == date(2026, 12, 1)
    assert month_of(late, "UTC").today == date(2026, 11, 30)
    assert month_of(late, "Europe/Berlin").days[-1] == date(2026, 12, 31)


def test_the_even_line_runs_by_hours_not_by_days(store: Store) -> None:
    # March in Berlin has 31 * 24 - 1 = 743 hours, for the 29th has 23.
    found = spent(store, datetime(2026, 3, 10, 11, tzinfo=UTC), budget=743)
    even = found.even
    assert [round(even[day], 6) for day in (0, 27, 28, 30)] == [24, 28 * 24, 28 * 24 + 23, 743]
    # Noon of the tenth: nine days and a half.
    assert found.even_now == pytest.approx(9.5 * 24)


def test_the_filters_of_the_page_leave_the_budget_alone(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run, ("2026-11-02T12:00+00:00", "3"), model="a")
    put(engine, run, ("2026-11-02T12:00+00:00", "4"), model="b", status="error")
    narrowed = asked(model="a", status="success", range="7d")
    assert spend(store, narrowed, None).to_date == 7


def test_runs_without_a_cost_are_counted(engine: Engine, store: Store, run: Run) -> None:
    put(
        engine,
        run,
        ("2026-11-02T12:00+00:00", "3"),
        ("2026-11-02T12:00+00:00", None),
        ("2026-11-03T12:00+00:00", None),
    )
    found = spent(store, budget=100)
    assert (found.to_date, found.without_cost, found.estimated) == (3, 2, 0)


def test_a_passed_budget_names_the_day(engine: Engine, store: Store, run: Run) -> None:
    put(
        engine,
        run,
        ("2026-11-02T12:00+00:00", "3"),
        ("2026-11-05T12:00+00:00", "3"),
        ("2026-11-09T12:00+00:00", "3"),
    )
    crossed = spent(store, budget=5).crossed
    assert crossed
    assert (crossed.day, crossed.known) == (date(2026, 11, 5), True)


def test_the_forecast_adds_the_mean_of_each_weekday(engine: Engine, store: Store, run: Run) -> None:
    # The first day with runs is no ground (it may be half): 28 whole days from 21 October to 17 November.
    put(engine, run, ("2026-10-20T12:00+00:00", "500"))
    day = date(2026, 10, 21)
    while day < date(2026, 11, 18):
        # Weekdays: $2 at 9 and $6 at 20 o'clock in Berlin, across the end of summer time; weekends nothing.
        if day.weekday() < 5:
            shift = 2 if day < date(2026, 10, 25) else 1
            put(
                engine, run, (f"{day}T{9 - shift:02}:00+00:00", "2"), (f"{day}T{20 - shift:02}:00+00:00", "6")
            )
        day += timedelta(days=1)
    put(engine, run, ("2026-11-18T08:00+00:00", "2"))
    found = spent(store, budget=140)
    # 1 to 17 November: 12 weekdays at $8; today $2 so far.
    assert found.to_date == 98
    assert (found.history, found.ahead and found.ahead.weeks) == (28, 4)
    assert found.ahead
    # Today the $6 of the evening, then eight weekdays until the 30th.
    assert found.ahead.expected[0] == pytest.approx(104)
    assert found.ahead.expected[-1] == found.ahead.low[-1] == found.ahead.high[-1] == pytest.approx(168)
    # 104, 112 (19th), 120 (20th), weekend, 128, 136, 144: on Wednesday, the 25th.
    assert found.crossed
    assert (found.crossed.day, found.crossed.known) == (date(2026, 11, 25), False)


def test_the_hour_that_it_is_counts_by_its_part_to_come(engine: Engine, store: Store, run: Run) -> None:
    for days in range(16):
        put(engine, run, (f"{datetime(2026, 11, 2, 13, 10, tzinfo=UTC) + timedelta(days=days)}", "4"))
    found = spent(store)
    # Each day $4 between 14:00 and 15:00 in Berlin; at 14:30 half of that hour is to come. The run of
    # the first day is no ground, 15 days are left of which the last two weeks count.
    assert found.ahead
    assert found.ahead.expected[0] == pytest.approx(64 + 2)


def test_an_empty_database_has_spent_nothing_and_foresees_nothing(store: Store) -> None:
    found = spent(store, budget=10)
    assert (found.to_date, found.ahead, found.crossed, found.history) == (0, None, None, 0)
