"""GET /api/metrics/timeseries: every bucket, edges, zones, and what has not happened yet."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


def points(answer: Any, *fields: Any) -> Any:
    return [tuple(item[field] for field in ("date", *fields)) for item in answer["items"]]


def test_the_seed_documents_fields(ask: Any, put: Put, run: Run) -> None:
    put(
        run("2026-11-20T10:00+00:00", duration_ms=1000, cost_usd="0.1", input_tokens=90, output_tokens=10,
            total_tokens=100),
        run("2026-11-20T23:00+00:00", status="error", duration_ms=2000, cost_usd="0.2"),
    )  # fmt: skip
    answer = ask("timeseries?startDate=2026-11-20&endDate=2026-11-21&granularity=day&metrics=success_rate")
    assert answer["range"]["grain"] == "day"
    assert answer["items"] == [
        {
            "date": "2026-11-20T00:00:00Z",
            "end": "2026-11-21T00:00:00Z",
            "partial": False,
            "count": 2,
            "successCount": 1,
            "failureCount": 1,
            "avgDurationMs": 1500.0,
            "totalCostUsd": 0.3,
            "inputTokens": 90,
            "outputTokens": 10,
            "totalTokens": 100,
            "metrics": {"success_rate": 50.0},
        },
        {  # no runs: counts and sums are zero, averages and rates are not known
            "date": "2026-11-21T00:00:00Z",
            "end": "2026-11-22T00:00:00Z",
            "partial": False,
            "count": 0,
            "successCount": 0,
            "failureCount": 0,
            "avgDurationMs": None,
            "totalCostUsd": 0.0,
            "inputTokens": 0,
            "outputTokens": 0,
            "totalTokens": 0,
            "metrics": {"success_rate": None},
        },
    ]


@pytest.mark.parametrize(
    "period",
    [
        "range=2026-11-20..2026-11-20",
        "startDate=2026-11-20&endDate=2026-11-20",
        "range=2026-11-20T00:00Z..2026-11-21T00:00Z",
        "startDate=2026-11-20T00:00:00.000Z&endDate=2026-11-21T00:00:00.000Z",
        "startDate=2026-11-20&endDate=2026-11-21T00:00Z",
        "startDate=2026-11-20T01:00%2B01:00&endDate=2026-11-20",
        "startDate=2026-11-20T01:00+01:00&endDate=2026-11-20",
    ],
)
def test_the_start_is_included_and_the_end_excluded_however_it_is_said(
    ask: Any, put: Put, run: Run, period: str
) -> None:
    put(
        run("2026-11-19T23:59:59.999999+00:00"),
        run("2026-11-20T00:00:00+00:00"),
        run("2026-11-20T23:59:59.999999+00:00"),
        run("2026-11-21T00:00:00+00:00"),
    )
    answer = ask(f"timeseries?{period}")
    assert points(answer, "count") == [("2026-11-20T00:00:00Z", 2)]
    assert ask(f"summary?{period}")["totalRuns"] == 2
    assert len(ask(f"runs?{period}")["items"]) == 2


def test_instants_off_the_grid_are_widened_and_told(ask: Any, put: Put, run: Run) -> None:
    put(run("2026-11-20T10:05+00:00"), run("2026-11-20T10:44+00:00"))
    answer = ask("timeseries?startDate=2026-11-20T10:07:30Z&endDate=2026-11-20T10:30:01Z")
    assert answer["range"]["start"] == "2026-11-20T10:00:00Z"
    assert answer["range"]["end"] == "2026-11-20T10:45:00Z"
    assert points(answer, "count") == [("2026-11-20T10:00:00Z", 2)]


def test_hours_of_a_day_with_25_hours(ask: Any, put: Put, run: Run) -> None:
    # 00:30Z is 02:30 CEST, 01:30Z is 02:30 CET: the same hour of the clock, twice.
    put(run("2026-10-25T00:30+00:00"), run("2026-10-25T01:30+00:00"), run("2026-10-25T01:40+00:00"))
    answer = ask("timeseries?range=2026-10-25..2026-10-25&grain=hour&tz=Europe/Berlin&metrics=none")
    assert len(answer["items"]) == 25
    assert [point for point in points(answer, "count") if point[1]] == [
        ("2026-10-25T02:00:00+02:00", 1),
        ("2026-10-25T02:00:00+01:00", 2),
    ]
    assert answer["range"]["start"] == "2026-10-25T00:00:00+02:00"
    assert answer["range"]["end"] == "2026-10-26T00:00:00+01:00"


def test_days_of_a_half_hour_zone(ask: Any, put: Put, run: Run) -> None:
    put(run("2026-11-20T18:29:59+00:00"), run("2026-11-20T18:30+00:00"))  # midnight in Kolkata is 18:30Z
    answer = ask("timeseries?startDate=2026-11-20&endDate=2026-11-21&tz=Asia/Kolkata")
    assert points(answer, "count") == [("2026-11-20T00:00:00+05:30", 1), ("2026-11-21T00:00:00+05:30", 1)]


def test_weeks_begin_on_monday_and_the_first_is_cut_by_the_period(ask: Any, put: Put, run: Run) -> None:
    put(run("2026-11-15T12:00+00:00"), run("2026-11-16T12:00+00:00"))  # a Sunday and a Monday
    answer = ask("timeseries?range=2026-11-14..2026-11-20&grain=week")
    assert points(answer, "end", "count") == [
        ("2026-11-14T00:00:00Z", "2026-11-16T00:00:00Z", 1),
        ("2026-11-16T00:00:00Z", "2026-11-21T00:00:00Z", 1),
    ]


def test_the_last_bucket_is_partial_and_none_is_from_the_future(ask: Any, put: Put, run: Run) -> None:
    answer = ask("timeseries?range=24h&grain=hour&metrics=none")  # now is 12:07
    assert [item["date"] for item in answer["items"]][-2:] == ["2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z"]
    assert [item["partial"] for item in answer["items"]][-2:] == [False, True]
    week = ask("timeseries?range=2026-11-22..2026-11-30&metrics=none")
    assert points(week, "partial") == [("2026-11-22T00:00:00Z", False), ("2026-11-23T00:00:00Z", True)]


def test_auto_grain_is_resolved_and_told(ask: Any) -> None:
    assert ask("timeseries?range=24h&grain=auto")["range"]["grain"] == "hour"
    assert ask("timeseries?range=2025-01-01..2026-01-01&grain=auto")["range"]["grain"] == "week"


def test_the_points_add_up_to_the_summary(ask: Any, put: Put, run: Run) -> None:
    put(
        *(
            run(f"2026-11-{day:02}T{day:02}:00+00:00", cost_usd="0.1", total_tokens=day)
            for day in range(1, 23)
        )
    )
    series = ask("timeseries?metrics=none&tz=America/New_York")["items"]
    whole = ask("summary?metrics=none&tz=America/New_York")
    assert sum(item["count"] for item in series) == whole["totalRuns"] == 22
    assert sum(item["totalTokens"] for item in series) == whole["totalTokens"]
    assert round(sum(item["totalCostUsd"] for item in series), 9) == whole["totalCostUsd"]
