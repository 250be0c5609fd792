"""The forecast against days made by hand: what must come out can be added up on paper."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from queries.forecast import Crossing, Forecast, PastDay, crossing, forecast

TODAY = date(2026, 11, 18)  # a Wednesday
LAST = date(2026, 11, 30)  # a Monday; twelve whole days are to come


def past(*weeks: float | list[float], rest: float = 0.25) -> list[PastDay]:
    """Whole weeks up to yesterday, each one number for all days or seven from Wednesday on; of each day
    ``rest`` is spent after this time of day."""
    days = [week if isinstance(week, list) else [week] * 7 for week in weeks]
    flat = [cost for week in days for cost in week]
    first = TODAY - timedelta(days=len(flat))
    return [PastDay(first + timedelta(days=n), cost, cost * rest) for n, cost in enumerate(flat)]


def foreseen(*weeks: float | list[float], spent: float = 100, budget: float | None = None) -> Forecast:
    found = forecast(past(*weeks), spent, TODAY, LAST, budget)
    assert found
    return found


def test_equal_weeks_leave_nothing_uncertain() -> None:
    ahead = foreseen(8, 8, 8)
    # 100 so far, a quarter of 8 for the rest of today, then 8 for each of twelve days.
    assert ahead.expected == ahead.low == ahead.high == tuple(102.0 + 8 * n for n in range(13))
    assert (ahead.days[0], ahead.days[-1], ahead.weeks) == (TODAY, LAST, 3)


def test_each_day_is_like_its_weekday() -> None:
    # Wednesday to Tuesday; nothing on Saturday and Sunday.
    ahead = foreseen([10, 20, 30, 0, 0, 4, 5], [10, 20, 30, 0, 0, 4, 5])
    # From the rest of this Wednesday (2.5) to Monday, 30 November.
    steps = [2.5, 20, 30, 0, 0, 4, 5, 10, 20, 30, 0, 0, 4]
    assert ahead.expected == pytest.approx([100 + sum(steps[: n + 1]) for n in range(13)])
    assert ahead.expected[-1] == pytest.approx(100 + 125.5)


def test_the_interval_reaches_from_the_cheapest_weeks_to_the_dearest() -> None:
    ahead = foreseen(10, 20)
    # Expected: 15 a day, a quarter of it for the rest of today.
    assert ahead.expected[-1] == pytest.approx(100 + 3.75 + 12 * 15)
    # This week and the next are each cheap or dear with even chances: a quarter of the draws are cheap
    # throughout, a quarter are dear throughout, so both ends of a 95 % interval are these.
    assert ahead.low[-1] == pytest.approx(100 + 2.5 + 12 * 10)
    assert ahead.high[-1] == pytest.approx(100 + 5 + 12 * 20)


def test_the_chance_counts_the_draws_above_the_budget() -> None:
    # Totals: both cheap 222.5; cheap then dear 282.5 (6 * 10 and 6 * 20); dear then cheap 285; both 345.
    assert foreseen(10, 20, budget=400).chance == 0
    assert foreseen(10, 20, budget=300).chance == pytest.approx(1 / 4, abs=0.03)
    assert foreseen(10, 20, budget=283).chance == pytest.approx(1 / 2, abs=0.03)
    assert foreseen(10, 20, budget=230).chance == pytest.approx(3 / 4, abs=0.03)
    assert foreseen(10, 20, budget=200).chance == 1
    assert foreseen(10, 20).chance is None


def test_the_same_past_gives_the_same_forecast() -> None:
    assert foreseen(1, 5, 9, budget=150) == foreseen(1, 5, 9, budget=150)


def test_only_the_last_eight_whole_weeks_count() -> None:
    assert foreseen(1000, *[8] * 8) == foreseen(*[8] * 8)
    extra = PastDay(TODAY - timedelta(days=15), 1000, 1000)  # a day before two whole weeks
    assert forecast([extra, *past(8, 8)], 100, TODAY, LAST, None) == foreseen(8, 8)


def test_less_than_two_weeks_are_no_ground_for_a_forecast() -> None:
    assert forecast(past(8, 8)[1:], 100, TODAY, LAST, None) is None
    assert forecast([], 100, TODAY, LAST, 50) is None


def test_on_the_last_day_only_its_rest_is_to_come() -> None:
    days = [PastDay(LAST - timedelta(days=14 - n), 8, 2) for n in range(14)]
    ahead = forecast(days, 100, LAST, LAST, None)
    assert ahead
    assert ahead.expected == (102.0,)


SPENT = [(date(2026, 11, 16), 60.0), (date(2026, 11, 17), 80.0), (TODAY, 100.0)]


def test_a_budget_that_is_passed_was_passed_on_a_day() -> None:
    assert crossing(SPENT, None, 79) == Crossing(SPENT[1][0], True, SPENT[1][0], SPENT[1][0])
    # Exactly spent is not passed.
    assert crossing(SPENT, None, 100) is None


def test_a_budget_will_be_passed_between_two_days() -> None:
    ahead = foreseen(10, 20)
    # 150: expected 103.75 + 15 n passes it with n = 4; dear days 105 + 20 n with 3; cheap 102.5 + 10 n with 5.
    day = TODAY + timedelta(days=1)
    assert crossing(SPENT, ahead, 150) == Crossing(
        day + timedelta(days=3), False, day + timedelta(days=2), day + timedelta(days=4)
    )


def test_a_budget_may_not_be_passed_this_month() -> None:
    ahead = foreseen(10, 20)  # ends at 222.5, 283.75, 345
    assert crossing(SPENT, ahead, 400) == Crossing(None, False, None, None)
    assert crossing(SPENT, ahead, 340) == Crossing(None, False, LAST, None)
    found = crossing(SPENT, ahead, 280)
    assert found
    assert (found.day, found.latest) == (LAST, None)
