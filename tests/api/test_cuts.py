"""GET /api/metrics/breakdown and /timeseries by errors, tools and attributes, and /tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


@pytest.fixture
def mixed(put: Put, run: Run) -> None:
    put(
        run(tools_used='{"bash": 3, "edit": 1}', cost_usd="0.1", attributes='{"repository": "a/b"}'),
        run(tools_used='{"bash": 1}', status="error", error_category="timeout", error_template="took <n> s",
            attributes='{"repository": "a/b"}', cost_usd="0.3"),
        run(tools_used="{}", status="failure", attributes='{"repository": "c"}'),
        run(cost_usd="0.4"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("error_category", [(None, 3), ("timeout", 1)]),
        ("error_template", [(None, 1), ("took <n> s", 1)]),
        ("tool", [("bash", 2), ("edit", 1)]),
        ("attr.repository", [("a/b", 2), (None, 1), ("c", 1)]),
        ("attr.team", [(None, 4)]),
    ],
)
def test_breakdown(ask: Any, mixed: Any, by: str, expected: Any) -> None:
    answer = ask(f"breakdown?by={by}&metrics=none")
    assert (answer["by"], answer["shown"], answer["total"]) == (by, len(expected), len(expected))
    assert [(item["name"], item["totalRuns"]) for item in answer["items"]] == expected
    first = ask(f"breakdown?by={by}&limit=1&metrics=none")
    assert (first["shown"], first["total"]) == (1, len(expected))
    assert [(item["name"], item["totalRuns"]) for item in first["items"]] == expected[:1]


def points(answer: Any) -> dict[Any, tuple[int, float | None]]:
    """Of the buckets with runs: (name, other) -> (runs, cost)."""
    return {
        (item["name"], item["other"]): (item["count"], item["totalCostUsd"])
        for item in answer["items"] if item["count"]
    }  # fmt: skip


def test_timeseries_split_into_the_first_and_all_others(ask: Any, mixed: Any) -> None:
    answer = ask("timeseries?range=7d&by=attr.repository&limit=1&metrics=none")
    assert (answer["by"], answer["shown"], answer["total"]) == ("attr.repository", 1, 3)
    assert points(answer) == {("a/b", False): (2, 0.4), (None, True): (2, 0.4)}
    whole = ask("timeseries?range=7d&by=attr.repository&metrics=none")
    assert points(whole) == {("a/b", False): (2, 0.4), (None, False): (1, 0.4), ("c", False): (1, None)}
    assert "by" not in ask("timeseries?range=7d&metrics=none")


def test_other_tools_overlap_and_are_left_out(ask: Any, mixed: Any) -> None:
    answer = ask("timeseries?range=7d&by=tool&limit=1&metrics=none")
    assert (answer["shown"], answer["total"]) == (1, 2)
    assert points(answer) == {("bash", False): (2, 0.4)}


@pytest.mark.parametrize("by", ["colour", "attr.", "tools_known", "attr." + "x" * 101])
def test_what_there_is_not_is_refused(ask: Any, by: str) -> None:
    for endpoint in ("breakdown", "timeseries"):
        assert ask.refused(f"{endpoint}?by={by}")["code"] == "bad_by"


def test_tools(ask: Any, mixed: Any) -> None:
    answer = ask("tools?range=7d")
    assert (answer["totalRuns"], answer["runsReportingTools"], answer["total"]) == (4, 3, 2)
    bash, edit = answer["items"]
    assert (bash["tool"], bash["runs"], bash["calls"], bash["callsPerRun"]) == ("bash", 2, 4, 2)
    assert bash["shareOfRuns"] == pytest.approx(200 / 3)
    assert (bash["with"]["successRate"], bash["without"]["successRate"]) == (50, 0)
    assert (bash["with"]["costPerRunUsd"], bash["without"]["costPerRunUsd"]) == (0.2, None)
    assert bash["difference"]["successRate"] == {"value": 50, "low": None, "high": None}
    assert (edit["tool"], edit["without"]["runs"]) == ("edit", 2)


def test_a_bad_attribute_has_a_code(ask: Any) -> None:
    for value in ("x" * 601, "%00", "a%01" * 300):
        assert ask.refused(f"summary?attr.repository={value}")["code"] == "bad_attribute"


def test_no_tools(ask: Any) -> None:
    assert ask("tools")["items"] == []
    assert ask("timeseries?by=tool")["total"] == 0
