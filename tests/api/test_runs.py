"""GET /api/metrics/runs: the fields of a run, and pages that give each run exactly once."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]

FIELDS = [
    "invocationId", "agent", "agentVersion", "model", "status", "startTime", "endTime", "durationMs", "inputTokens",
    "cacheReadTokens", "cacheWriteTokens", "outputTokens", "totalTokens", "totalCostUsd", "costSource",
    "llmCallCount", "toolCallsCount", "toolsUsed", "filesModifiedCount", "filesModified", "errorMessage",
    "errorCategory", "errorTemplate", "attributes", "reportedCostUsd",
]  # fmt: skip


def walk(ask: Any, what: str) -> list[str]:
    """The ids of all pages from ``what`` on, as a client that follows nextUrl sees them."""
    ids, sizes = [], []
    while what:
        page = ask(what)
        ids += [item["invocationId"] for item in page["items"]]
        sizes.append(len(page["items"]))
        assert (page["next"] is None) == (page["nextUrl"] is None)
        what = (page["nextUrl"] or "").removeprefix("/api/metrics/")
    assert all(size == sizes[0] for size in sizes[:-1])
    return ids


def test_a_run_in_the_seed_documents_names(ask: Any, put: Put, run: Run) -> None:
    put(
        run(
            "2026-11-20T10:00:00.123456+02:00", invocation_id="one", agent="fixer", agent_version="1.2",
            model="gpt-4", status="error", end_time="2026-11-20T08:00:01.623456+00:00", duration_ms="1500.125",
            input_tokens=900, cache_read_tokens=300, cache_write_tokens=0, output_tokens=100, total_tokens=1000,
            cost_usd="0.123456789", cost_source="reported", llm_call_count=3, tool_call_count=2,
            tools_used='{"bash": 2}', files_modified_count=1, files_modified=["src/ä, b.py"],
            error_message="Zeit überschritten", attributes='{"team": "a", "deep": {"n": [1, 2.5, null]}}',
        )
    )  # fmt: skip
    assert ask("runs")["items"] == [
        {
            "invocationId": "one",
            "agent": "fixer",
            "agentVersion": "1.2",
            "model": "gpt-4",
            "status": "error",
            "startTime": "2026-11-20T08:00:00.123456Z",
            "endTime": "2026-11-20T08:00:01.623456Z",
            "durationMs": 1500.125,
            "inputTokens": 900,
            "cacheReadTokens": 300,
            "cacheWriteTokens": 0,
            "outputTokens": 100,
            "totalTokens": 1000,
            "totalCostUsd": 0.123456789,
            "reportedCostUsd": 0.123456789,
            "costSource": "reported",
            "llmCallCount": 3,
            "toolCallsCount": 2,
            "toolsUsed": {"bash": 2},
            "filesModifiedCount": 1,
            "filesModified": ["src/ä, b.py"],
            "errorMessage": "Zeit überschritten",
            "errorCategory": None,
            "errorTemplate": None,
            "attributes": {"team": "a", "deep": {"n": [1, 2.5, None]}},
        }
    ]


def test_what_is_not_known_is_null_and_an_estimate_is_not_reported(ask: Any, put: Put, run: Run) -> None:
    put(run(invocation_id="bare"))
    (item,) = ask("runs")["items"]
    assert sorted(item) == sorted(FIELDS)
    known = {"invocationId": "bare", "agent": "fixer", "model": "gpt-4", "status": "success"}
    known |= {"startTime": "2026-11-20T10:00:00Z", "attributes": {}}
    assert item == dict.fromkeys(FIELDS) | known
    put(run("2026-11-21T10:00+00:00", cost_usd="0.5", cost_source="estimated"))
    item = ask("runs")["items"][0]
    assert (item["totalCostUsd"], item["reportedCostUsd"], item["costSource"]) == (0.5, None, "estimated")


def test_attributes_as_deep_as_they_may_be(ask: Any, put: Put, run: Run) -> None:
    depth = 253  # with the object itself 254, the deepest that is let in
    put(run(attributes='{"a":' + "[" * depth + "]" * depth + "}"))
    found = ask("runs")["items"][0]["attributes"]
    assert json.dumps(found).count("[") == depth


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_give_each_run_once_even_where_all_start_together(
    ask: Any, put: Put, run: Run, limit: int
) -> None:
    same = [run("2026-11-20T10:00+00:00", invocation_id=f"same-{n:02}") for n in range(10)]
    put(
        run("2026-11-21T10:00+00:00", invocation_id="newest"),
        *same,
        run("2026-11-01T10:00+00:00", invocation_id="oldest|with a bar"),
    )
    expected = ["newest", *(f"same-{n:02}" for n in reversed(range(10))), "oldest|with a bar"]
    assert walk(ask, f"runs?limit={limit}") == expected


def test_a_walk_is_not_disturbed_by_runs_that_come_in(ask: Any, put: Put, run: Run) -> None:
    put(*(run(f"2026-11-{day}T10:00+00:00", invocation_id=f"day-{day}") for day in range(10, 20)))
    first = ask("runs?limit=5")
    put(run("2026-11-22T10:00+00:00", invocation_id="late"))
    rest = walk(ask, first["nextUrl"].removeprefix("/api/metrics/"))
    assert rest == [f"day-{day}" for day in range(14, 9, -1)]


def test_the_next_page_holds_the_period_fast(ask: Any, put: Put, run: Run) -> None:
    put(*(run(f"2026-11-{day}T10:00+00:00") for day in (20, 21)))
    url = ask("runs?range=7d&limit=1&tz=Europe/Berlin&status=success")["nextUrl"]
    assert "range=2026-11-16T23%3A00Z..2026-11-23T23%3A00Z" in url
    assert "tz=Europe%2FBerlin" in url
    assert "status=success" in url


def test_no_page_after_the_last(ask: Any, put: Put, run: Run) -> None:
    put(run(), run())
    assert ask("runs?limit=2")["next"] is None
    assert ask("runs?limit=1")["next"] is not None
    assert ask("runs?model=none-has-this")["items"] == []


def test_filters_narrow_the_runs(ask: Any, put: Put, run: Run) -> None:
    put(
        run(invocation_id="a", model="x", agent_version="1"),
        run(invocation_id="b", model="x", status="failure"),
        run(invocation_id="c", model="y", status="error"),
    )
    assert walk(ask, "runs?status=failed&limit=1") == ["c", "b"]
    assert walk(ask, "runs?model=x&version=(none)") == ["b"]
    assert walk(ask, "runs?version=1") == ["a"]


def test_runs_and_the_summary_count_the_same(ask: Any, put: Put, run: Run) -> None:
    put(*(run(f"2026-11-{day}T{hour}:59:59+00:00") for day in range(10, 24) for hour in (10, 23)))
    for query in ("range=7d", "range=24h", "range=2026-11-12..2026-11-14&tz=Asia/Tokyo"):
        assert len(walk(ask, f"runs?{query}&limit=4")) == ask(f"summary?{query}")["totalRuns"]


def test_a_long_period_is_no_matter_where_there_is_no_series(ask: Any, put: Put, run: Run) -> None:
    put(run("2001-01-01T00:00+00:00"))
    assert ask("summary?range=all&metrics=none")["totalRuns"] == 1
    assert len(ask("runs?range=all")["items"]) == 1
    assert ask.refused("timeseries?range=all")["code"] == "too_many_points"
