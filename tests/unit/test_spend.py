"""The month in words and as a picture, of spend made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from layouts.charts.budget import budget as draw
from layouts.charts.budget import cautions
from layouts.spend import figures, rows
from queries.budget import Spend, month_filters, month_of
from queries.filters import parse
from queries.forecast import PastDay, crossing, forecast

NOW = datetime(2026, 11, 18, 13, 30, tzinfo=UTC)
TODAY, LAST = date(2026, 11, 18), date(2026, 11, 30)


def spend(budget: float | None = 200, weeks: tuple[float, ...] = (10, 20), **more: Any) -> Spend:
    """$5 a day up to yesterday and $15 today; ``weeks`` are what whole past weeks cost a day."""
    asked = parse({"tz": "Europe/Berlin"}, now=NOW)
    month = month_of(NOW, "Europe/Berlin")
    spent = (*(5.0 * n for n in range(1, 18)), 100.0)
    flat = [cost for week in weeks for cost in [week] * 7]
    past = [PastDay(TODAY - timedelta(days=len(flat) - n), cost, cost / 4) for n, cost in enumerate(flat)]
    ahead = forecast(past, 100, TODAY, LAST, budget)
    pairs = list(zip(month.days, spent, strict=False))
    crossed = None if budget is None else crossing(pairs, ahead, budget)
    made = Spend(month, month_filters(asked), budget, spent, 0.0, 0, len(past), ahead, crossed)
    return replace(made, **more)


def told(found: Spend) -> dict[str, tuple[str, str]]:
    return {label: (value, note) for label, value, note in rows(found)}


def test_the_figures_are_told_with_what_they_mean() -> None:
    found = told(spend())
    assert found["Monthly budget"] == ("$200.00", "50.0\u202f% of it spent")
    # 17 days and 14.5 hours of 30 days.
    assert found["Even pace by now"] == ("$117.36", "$17.36 below it")
    assert found["Expected by 30 Nov"] == ("$283.75", "95 % interval $222.50 to $345.00")


@pytest.mark.parametrize(
    ("budget", "value", "note"),
    [
        # By the end of 18 November: 103.75 expected, then 15 a day (10 to 20).
        (
            150,
            "on 22 Nov, expected",
            "95 % interval 21 Nov to 23 Nov; 100.0\u202f% of the draws end above it",
        ),
        (280, "on 30 Nov, expected", "95 % interval 27 Nov to not this month"),
        (340, "not this month", "95 % interval 30 Nov to not this month"),
        (400, "not this month", "95 % interval not this month; 0.0\u202f% of the draws end above it"),
        (52, "on 11 Nov", "by what was spent"),
    ],
)
def test_when_the_budget_is_passed(budget: float, value: str, note: str) -> None:
    found = told(spend(budget))["Budget passed"]
    assert found[0] == value
    assert found[1].startswith(note)


def test_without_a_budget_there_is_how_to_set_one() -> None:
    found = spend(None)
    assert set(told(found)) == {"Expected by 30 Nov"}
    assert "MONTHLY_BUDGET=2500" in str(figures(found))
    assert "MONTHLY_BUDGET" not in str(figures(spend()))


def test_without_history_nothing_is_foreseen() -> None:
    found = spend(weeks=(10,))
    assert told(found)["Expected by 30 Nov"] == ("–", "needs two whole weeks of runs, there are 7 days")
    assert told(found)["Budget passed"][0] == "not yet"
    assert "needs two whole weeks" in cautions(found)[0].text


def columns(found: Spend) -> dict[str, list[float | None]]:
    return {column["label"]: column["values"] for column in draw(found).table}


def test_the_picture_adds_up_to_today_and_foresees_from_today() -> None:
    found = columns(spend())
    assert found["spent"] == [5.0 * n for n in range(1, 18)] + [100] + [None] * 12
    assert found["expected"] == [None] * 17 + [103.75 + 15 * n for n in range(13)]
    assert found["95 % from"][-1] == 222.5
    assert found["95 % to"][-1] == 345
    assert found["budget"] == [200] * 30
    # November in Berlin has 30 days of 24 hours.
    assert found["even pace"] == pytest.approx([200 * n / 30 for n in range(1, 31)])


def test_the_foreseen_line_leaves_from_what_was_spent_by_yesterday() -> None:
    traces = {
        trace["name"]: trace
        for trace in draw(spend()).figure["data"]
        if trace.get("line", {}).get("dash") == "dot"
    }
    assert traces["expected"]["y"][15:19] == [None, 85, 103.75, 118.75]


def test_without_budget_and_history_only_the_spend_is_drawn() -> None:
    chart = draw(spend(None, weeks=()))
    assert [item.label for item in chart.legend] == ["spent"]
    assert list(columns(spend(None, weeks=()))) == ["spent"]


def test_what_the_numbers_lack_is_said() -> None:
    said = [caution.text for caution in cautions(spend(without_cost=3, estimated=25.0))]
    assert said == [
        "3 runs have no known cost and count as nothing",
        "25.0\u202f% of the spend is estimated from tokens, not reported",
    ]


def test_the_subtitle_says_which_runs_and_that_filters_do_not_count() -> None:
    assert draw(spend()).subtitle == (
        "Dollars since 1 November 2026, by the end of each day (Europe/Berlin), all runs: the filters do not count here"
    )
