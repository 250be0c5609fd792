"""GET /api/metrics/summary: exact JSON for rows made by hand, the previous period, and what is not known."""

from collections.abc import Callable
from typing import Any

import pytest

from queries.filters import parse
from queries.metrics import METRICS
from queries.store import Query, Store

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


@pytest.fixture
def four_runs(put: Put, run: Run) -> None:
    """
    status   start (2026-11)  ms    cost  tokens  llm  tools
    success  20 10:00         1000  0.1   100     2    4
    success  20 11:00         3000  0.2   -       -    -
    failure  21 10:00         -     0.3   300     3    0
    unknown  22 10:00         -     -     -       -    -
    """
    put(
        run("2026-11-20T10:00+00:00", duration_ms=1000, cost_usd="0.1", total_tokens=100,
            llm_call_count=2, tool_call_count=4),
        run("2026-11-20T11:00+00:00", duration_ms=3000, cost_usd="0.2"),
        run("2026-11-21T10:00+00:00", status="failure", cost_usd="0.3", total_tokens=300,
            llm_call_count=3, tool_call_count=0),
        run("2026-11-22T10:00+00:00", status="unknown"),
    )  # fmt: skip


def test_the_seed_documents_fields(ask: Any, four_runs: Any) -> None:
    answer = ask("summary?range=2026-11-20..2026-11-22&metrics=none&compare=none")
    version = answer.pop("dataVersion")
    assert len(version) == 16
    assert answer == {
        "range": {
            "asked": "2026-11-20..2026-11-22",
            "start": "2026-11-20T00:00:00Z",
            "end": "2026-11-23T00:00:00Z",
            "tz": "UTC",
            "grain": None,
            "partial": False,
            "words": "20 Nov 2026 to 22 Nov 2026",
        },
        "filters": {"status": [], "model": [], "agent": [], "version": [], "words": ""},
        "warnings": [],
        "totalRuns": 4,
        "successCount": 2,
        "failureCount": 1,
        "successRate": 66.666666667,  # 2 / (2 + 1): the unknown one is in no rate
        "avgDurationMs": 2000.0,  # (1000 + 3000) / 2
        "totalCostUsd": 0.6,
        "totalTokens": 400,
        "avgLlmCalls": 2.5,  # (2 + 3) / 2
        "avgToolCalls": 2.0,  # (4 + 0) / 2
        "metrics": {},
        "elapsed": None,
        "previous": None,
    }


def test_failure_count_is_failure_and_error_together(ask: Any, put: Put, run: Run) -> None:
    put(run(status="failure"), run(status="error"), run(status="success"))
    assert ask("summary?metrics=failures,errors")["failureCount"] == 2
    assert ask("summary?metrics=failures,errors")["metrics"] == {"failures": 1, "errors": 1}
    assert ask("summary?status=failed")["totalRuns"] == 2
    assert ask("summary?status=failure")["totalRuns"] == 1


def test_what_is_not_known_is_null_and_zero_is_zero(ask: Any, put: Put, run: Run) -> None:
    put(run(status="unknown"))
    answer = ask("summary")
    assert (answer["totalRuns"], answer["successCount"]) == (1, 0)
    unknown = ("successRate", "avgDurationMs", "totalCostUsd", "totalTokens", "avgLlmCalls", "avgToolCalls")
    assert {name: answer[name] for name in unknown} == dict.fromkeys(unknown)
    put(run(duration_ms=0, cost_usd="0", total_tokens=0, llm_call_count=0, tool_call_count=0))
    answer = ask("summary?status=success")
    assert {name: answer[name] for name in unknown[1:]} == dict.fromkeys(unknown[1:], 0)


def test_an_empty_database(ask: Any) -> None:
    answer = ask("summary?range=all&metrics=none")
    assert (answer["totalRuns"], answer["totalCostUsd"], answer["totalTokens"]) == (0, 0, 0)
    assert (answer["successRate"], answer["avgDurationMs"]) == (None, None)
    assert (answer["range"]["start"], answer["range"]["end"]) == (
        "2026-11-23T00:00:00Z",
        "2026-11-24T00:00:00Z",
    )


def test_all_metrics_are_there_and_only_those_asked_for_where_some_are(ask: Any, four_runs: Any) -> None:
    assert list(ask("summary")["metrics"]) == [record.name for record in METRICS]
    chosen = ask("summary?metrics=p95_duration_ms,runs,cost_per_success")["metrics"]
    assert list(chosen) == ["runs", "p95_duration_ms", "cost_per_success"]  # in the order of the records
    assert chosen["cost_per_success"] == 0.3  # 0.6 / 2
    assert chosen["p95_duration_ms"] == pytest.approx(3000, rel=0.01)


def test_numbers_are_those_of_the_store(ask: Any, store: Store, four_runs: Any) -> None:
    """The page shows what the store gives; the API must say the same, but for percents and the last digit."""
    asked = parse({"range": "7d"}, now=ask.now)
    frame = store.fetch(Query(tuple(record.name for record in METRICS), asked))
    found = ask("summary?range=7d")["metrics"]
    for record in METRICS:
        value = frame[record.name].iloc[0] * (100 if record.unit == "percent" else 1)
        expected = None if value != value else pytest.approx(value, abs=1e-9)
        assert found[record.name] == expected, record.name


def test_counts_are_whole_numbers_and_money_has_nine_decimals(ask: Any, put: Put, run: Run) -> None:
    put(*(run(cost_usd="0.000000001", total_tokens=1) for _ in range(3)))
    put(run(cost_usd="123456.123456789", total_tokens=10**11))
    answer = ask("summary?metrics=cost_per_run,runs_without_cost")
    assert answer["totalCostUsd"] == 123456.123456792
    assert answer["totalTokens"] == 10**11 + 3
    assert (answer["metrics"]["cost_per_run"], answer["metrics"]["runs_without_cost"]) == (30864.030864198, 0)
    assert all(type(answer[name]) is int for name in ("totalRuns", "successCount", "totalTokens"))
    assert type(answer["metrics"]["runs_without_cost"]) is int


def test_the_period_before_is_compared_with_the_part_that_has_passed(ask: Any, put: Put, run: Run) -> None:
    # Now is Monday 23 November 12:07. 7d is 17 to 23 November, of which 6 days and 12 hours have passed.
    put(
        run("2026-11-10T00:00+00:00"),  # the first instant of the previous period
        run("2026-11-16T11:59+00:00"),
        run("2026-11-16T12:00+00:00"),  # after the part that is compared
        run("2026-11-18T10:00+00:00"),
        run("2026-11-23T12:01+00:00"),  # in the quarter hour that is not full yet
    )
    answer = ask("summary?range=7d&metrics=none")
    assert answer["totalRuns"] == 2
    assert answer["range"]["partial"] is True
    assert (answer["elapsed"]["totalRuns"], answer["previous"]["totalRuns"]) == (1, 2)
    bounds = [
        (part["range"]["start"], part["range"]["end"]) for part in (answer["elapsed"], answer["previous"])
    ]
    assert bounds == [
        ("2026-11-17T00:00:00Z", "2026-11-23T12:00:00Z"),
        ("2026-11-10T00:00:00Z", "2026-11-16T12:00:00Z"),
    ]
    assert answer["previous"]["range"]["words"] == "10 Nov 2026 00:00 to 16 Nov 2026 12:00 (UTC)"


@pytest.mark.parametrize("query", ["compare=none", "range=all", "range=2027-01-01..2027-01-02"])
def test_no_period_before_where_none_is_wanted_or_there_is_none(ask: Any, query: str) -> None:
    answer = ask(f"summary?metrics=none&{query}")
    assert (answer["elapsed"], answer["previous"]) == (None, None)


def test_filters_narrow_and_are_told(ask: Any, put: Put, run: Run) -> None:
    put(
        run(model="gpt-4", agent="fixer", agent_version="1.0"),
        run(model="gpt-4", agent="fixer"),
        run(model="claude", agent="writer", status="error"),
    )
    answer = ask("summary?model=gpt-4&version=(none)&agent=fixer,writer&status=success,unknown")
    assert answer["totalRuns"] == 1
    assert answer["filters"] == {
        "status": ["success", "unknown"],
        "model": ["gpt-4"],
        "agent": ["fixer", "writer"],
        "version": ["(none)"],
        "words": "successful runs or runs with an unknown outcome, model gpt-4, agent fixer or writer, "
        "version not known",
    }


def test_a_name_with_a_comma_is_encoded_twice(ask: Any, put: Put, run: Run) -> None:
    put(run(model="a,b"), run(model="a"), run(model="b"), run(model="50%"))
    assert ask("summary?model=a%252Cb")["totalRuns"] == 1
    assert ask("summary?model=a,b")["totalRuns"] == 2
    assert ask("summary?model=50%25")["totalRuns"] == 1
    assert ask("summary?model=50%2525,a%252Cb")["totalRuns"] == 2


def test_a_name_that_no_run_has_gives_nothing_and_a_warning(ask: Any, put: Put, run: Run) -> None:
    put(run(model="gpt-4", agent_version="1.0"))
    answer = ask("summary?model=gtp-4&version=(none)")
    assert answer["totalRuns"] == 0
    assert answer["warnings"] == [
        {
            "code": "unknown_name",
            "parameter": "model",
            "message": "no run in the data has model 'gtp-4'. Did you mean 'gpt-4'?",
        },
        {
            "code": "unknown_name",
            "parameter": "version",
            "message": "no run in the data has version (none).",
        },
    ]


def test_the_data_version_changes_with_the_data_only(ask: Any, put: Put, run: Run) -> None:
    first = ask("summary")["dataVersion"]
    assert ask("runs")["dataVersion"] == ask("models")["dataVersion"] == first
    put(run())
    assert ask("summary")["dataVersion"] != first
