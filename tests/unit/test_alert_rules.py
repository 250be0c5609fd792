"""What may be a rule, what is refused and how, and how a rule is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts import words
from alerts.drafts import draft, params
from alerts.keep import fields
from alerts.messages import link
from alerts.observe import baseline, change, verdict, window
from alerts.rules import read
from alerts.spans import Span, parse
from queries.errors import QueryError


def rule(**more: Any) -> Any:
    return read({"name": "a"} | more)


def test_what_is_left_out_is_the_rule_that_most_ask_for() -> None:
    made = rule()
    assert words.condition(made) == "Failure rate above 20.0\u202f% over 1 hour"
    assert (made.min_runs, made.no_data, made.severity, made.channels) == (10, "keep", "warning", ())


def test_a_rule_reads_what_it_writes() -> None:
    made = rule(
        metric="cost_usd", filters="model=gpt-4&attr.user=ann", comparison="rises", threshold=50, window="7d",
        against="week", hold="30m", clear="1h", minRuns=3, noData="alert", severity="critical", channels=[3, 1, 3],
        renotify="4h", tz="Europe/Berlin", enabled=False,
    )  # fmt: skip
    assert read(fields(made)) == made
    assert made.channels == (3, 1)
    assert words.condition(made) == (
        "Cost rises by more than 50.0\u202f% over 7 days, against the same time a week before "
        "(model gpt-4, user ann)"
    )


def test_a_budget_is_of_what_is_spent_or_foreseen() -> None:
    spent = rule(comparison="budget", metric="cost_usd", threshold=80)
    assert (spent.basis, words.condition(spent)) == (
        "spent",
        "Cost of the month above 80.0\u202f% of the budget",
    )
    foreseen = rule(comparison="budget", metric="cost_usd", threshold=80, basis="foreseen")
    assert words.condition(foreseen) == "Foreseen cost of the month above 80.0\u202f% of the budget"
    assert read(fields(foreseen)) == foreseen == draft(params(foreseen), "UTC")
    assert spent.condition() != foreseen.condition()  # its state begins anew
    assert link(spent, T).startswith("/?")
    assert link(foreseen, T).startswith("/money?")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "above 20.0\u202f%"),
        ({"comparison": "below", "metric": "avg_duration_ms", "threshold": 30000}, "below 30\u202fs"),
        ({"comparison": "rises", "metric": "cost_usd", "threshold": 50}, "a rise of more than 50.0\u202f%"),
        ({"comparison": "falls", "unit": "points", "threshold": 5}, "a fall of more than 5.0\u202fpt"),
        ({"comparison": "unusual", "metric": "errors", "threshold": 2.5}, "beyond 2.5 standard deviations"),
        ({"comparison": "budget", "metric": "cost_usd"}, "above 20.0\u202f% of the month's budget"),
    ],
)
def test_what_a_number_is_held_against(asked: dict[str, Any], said: str) -> None:
    assert words.bound(rule(**asked)) == said


@pytest.mark.parametrize("threshold", [1234567, 0.1234567, 1e15, 0, 30000.5])
def test_a_rule_that_is_opened_and_saved_again_is_the_same(threshold: float) -> None:
    made = rule(metric="p95_duration_ms", threshold=threshold, resolve=threshold, channels=[3])
    assert draft(params(made), "Europe/Berlin") == made


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"metric": "sucess_rate"}, "metric"),
        ({"metric": "success_rate_low"}, "metric"),
        ({"comparison": "equals"}, "comparison"),
        ({"filters": "modle=gpt-4"}, "filters"),
        ({"filters": "range=7d"}, "filters"),
        ({"filters": "status=sometimes"}, "filters"),
        ({"window": "10m"}, "window"),
        ({"window": "0m"}, "window"),
        ({"window": "40d"}, "window"),
        ({"window": "an hour"}, "window"),
        ({"hold": "8d"}, "hold"),
        ({"renotify": "5m"}, "renotify"),
        ({"tz": "Berlin"}, "tz"),
        ({"threshold": float("inf")}, "threshold"),
        ({"threshold": 10, "resolve": 11}, "resolve"),
        ({"comparison": "below", "threshold": 10, "resolve": 9}, "resolve"),
        ({"comparison": "falls", "threshold": 10, "resolve": 11}, "resolve"),
        ({"comparison": "rises", "threshold": -1}, "threshold"),
        ({"comparison": "rises", "metric": "runs", "unit": "points"}, "unit"),
        ({"comparison": "unusual", "metric": "files_modified", "threshold": 3}, "metric"),
        ({"comparison": "unusual", "metric": "errors", "threshold": 3, "window": "15m"}, "window"),
        ({"comparison": "unusual", "metric": "errors", "threshold": 30}, "threshold"),
        ({"comparison": "unusual", "metric": "errors", "threshold": 3, "filters": "status=error"}, "filters"),
        ({"comparison": "budget", "metric": "runs"}, "metric"),
        ({"comparison": "budget", "metric": "cost_usd", "filters": "model=a"}, "filters"),
        ({"minRuns": -1}, "minRuns"),
        ({"comparison": "budget", "metric": "cost_usd", "basis": "wished"}, "basis"),
        ({"noData": "panic"}, "noData"),
        ({"severity": "bad"}, "severity"),
        ({"channels": list(range(1, 30))}, "channels"),
    ],
)
def test_each_refusal_names_field_value_and_what_is_allowed(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(QueryError) as refused:
        rule(**asked)
    assert (refused.value.code, refused.value.parameter) == ("bad_field", field)
    assert refused.value.message
    assert refused.value.allowed


T = datetime(2026, 10, 25, 23, tzinfo=UTC)  # midnight in Berlin, after the day of 25 hours


def test_days_are_of_the_calendar_and_hours_of_the_clock() -> None:
    # 26 October, 00:00 in Berlin; the day before it began at 22:00 UTC, 25 hours ago.
    day = rule(window="1d", tz="Europe/Berlin")
    assert window(day, T) == (datetime(2026, 10, 24, 22, tzinfo=UTC), T)
    hours = rule(window="24h", tz="Europe/Berlin")
    assert window(hours, T) == (datetime(2026, 10, 24, 23, tzinfo=UTC), T)
    # In spring a day has 23 hours: 30 March, 00:00 in Berlin is 22:00 UTC.
    spring = datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert window(day, spring) == (datetime(2026, 3, 28, 23, tzinfo=UTC), spring)


def test_what_a_change_is_measured_against() -> None:
    made = rule(comparison="rises", window="1d", tz="Europe/Berlin")
    # Midnight to midnight of 25 October; the day before is the 24th, of 24 hours.
    assert baseline(made, window(made, T)) == (
        datetime(2026, 10, 23, 22, tzinfo=UTC),
        datetime(2026, 10, 24, 22, tzinfo=UTC),
    )
    weekly = rule(comparison="rises", window="1h", against="week", tz="Europe/Berlin")
    # 23:00 to 24:00 on Sunday the 18th, in summer time.
    assert baseline(weekly, window(weekly, T)) == (
        datetime(2026, 10, 18, 21, tzinfo=UTC),
        datetime(2026, 10, 18, 22, tzinfo=UTC),
    )


def test_the_month_of_a_budget_ends_with_its_last_instant() -> None:
    made = rule(comparison="budget", metric="cost_usd", threshold=80)
    november = datetime(2026, 11, 1, tzinfo=UTC)
    assert window(made, november) == (datetime(2026, 10, 1, tzinfo=UTC), november)
    assert window(made, november + timedelta(minutes=15)) == (november, november + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("asked", "value", "runs", "said"),
    [
        ({"threshold": 20}, 0.2, 10, "clear"),  # exactly the threshold is not above it
        ({"threshold": 20}, 0.2000001, 10, "breach"),
        ({"threshold": 33.3}, 0.333, 1000, "clear"),  # 333 of 1,000, which binary fractions would confuse
        ({"threshold": 20}, 0.9, 9, "no_data"),
        ({"threshold": 20}, None, 10, "no_data"),
        ({"threshold": 20, "resolve": 10}, 0.15, 10, "between"),
        ({"threshold": 20, "resolve": 10}, 0.1, 10, "clear"),
        ({"comparison": "below", "metric": "runs", "threshold": 5}, 5.0, 5, "clear"),
        ({"comparison": "below", "metric": "runs", "threshold": 5}, 4.0, 4, "breach"),
        ({"comparison": "below", "metric": "runs", "threshold": 5}, 0.0, 0, "breach"),  # none is a number
        ({"comparison": "below", "metric": "runs", "threshold": 5, "resolve": 8}, 7.0, 7, "between"),
        ({"comparison": "rises", "threshold": 50, "metric": "cost_usd"}, 50.0, 10, "clear"),
        ({"comparison": "rises", "threshold": 50, "metric": "cost_usd"}, 50.1, 10, "breach"),
        ({"comparison": "falls", "threshold": 50, "metric": "cost_usd"}, -50.1, 10, "breach"),
        ({"comparison": "falls", "threshold": 50, "metric": "cost_usd"}, 50.1, 10, "clear"),
        ({"comparison": "falls", "threshold": 50, "resolve": 20, "metric": "cost_usd"}, -30.0, 10, "between"),
    ],
)
def test_what_a_number_says(asked: dict[str, Any], value: float | None, runs: int, said: str) -> None:
    assert verdict(rule(**asked), value, runs) == said


def test_a_change_is_exact_where_people_write_it_so() -> None:
    points = rule(comparison="rises", unit="points", threshold=10)
    # 0.4 - 0.3 is a little more than 0.1 in binary.
    assert change(points, 0.4, 0.3) == 10
    assert verdict(points, change(points, 0.4, 0.3), 10) == "clear"
    percent = rule(comparison="rises", metric="cost_usd", threshold=10)
    assert change(percent, 1.1, 1.0) == 10
    assert change(percent, 1.0, 0.0) is None  # from zero there is no percentage
    assert change(percent, None, 1.0) is None


def test_spans() -> None:
    low, high = timedelta(minutes=15), timedelta(days=7)
    assert parse("window", "90m", low, high) == Span(90, "m")
    assert (Span(1, "h").words, Span(7, "d").words) == ("1 hour", "7 days")
    with pytest.raises(QueryError) as refused:
        parse("window", "20m", low, high)
    assert refused.value.allowed.endswith("from 15m to 7d")
