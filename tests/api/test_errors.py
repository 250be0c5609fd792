"""GET /api/metrics/errors: the groups of the errors page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


@pytest.fixture
def some(put: Put, run: Run) -> None:
    """The week up to Monday, the 23rd, and the one before."""
    slow = {"status": "error", "error_template": "took <n> s", "error_category": "timeout"}
    put(
        run("2026-11-23T10:00+00:00", invocation_id="last", error_message="took 4 s", cost_usd="0.5", **slow),
        run("2026-11-18T10:00+00:00", error_message="took 5 s", **slow),
        run("2026-11-18T10:00+00:00", status="failure", error_category="other"),
        run("2026-11-18T10:00+00:00"),
        run("2026-11-12T10:00+00:00", error_message="took 6 s", **slow),
    )


def test_groups_by_template(ask: Any, some: Any) -> None:
    answer = ask("errors?range=7d")
    told = {key: answer[key] for key in ("by", "runs", "failed", "costUsd", "shown", "total", "gone")}
    assert told == {
        "by": "template",
        "runs": 4,
        "failed": 3,
        "costUsd": 0.5,
        "shown": 2,
        "total": 2,
        "gone": 0,
    }
    assert answer["previous"] == {"start": "2026-11-10T00:00:00Z", "end": "2026-11-16T12:00:00Z"}
    assert answer["range"]["grain"] == "day"
    assert [bucket["date"][:10] for bucket in answer["buckets"]] == [
        f"2026-11-{day}" for day in range(17, 24)
    ]
    assert [bucket["partial"] for bucket in answer["buckets"]] == [False] * 6 + [True]
    assert answer["items"][0] == {
        "name": "took <n> s",
        "runs": 2,
        "share": 66.666666667,
        "costUsd": 0.5,
        "before": 1,
        "state": None,
        "line": [0, 1, 0, 0, 0, 0, 1],
        "categories": ["timeout"],
        "hits": [],
        "firstSeen": "2026-11-12T10:00:00Z",
        "lastSeen": "2026-11-23T10:00:00Z",
        "lastMessage": "took 4 s",
        "lastInvocationId": "last",
    }
    none = answer["items"][1]
    assert (none["name"], none["runs"], none["before"], none["state"]) == (None, 1, 0, "new")


def test_groups_by_category_and_a_limit(ask: Any, some: Any) -> None:
    answer = ask("errors?range=7d&by=category&limit=1")
    assert [item["name"] for item in answer["items"]] == ["timeout"]
    assert (answer["shown"], answer["total"]) == (1, 2)
    answer = ask("errors?range=7d&status=success")
    assert (answer["items"], answer["failed"], answer["runs"]) == ([], 0, 4)


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [("by=model", "by"), ("limit=0", "limit"), ("limit=501", "limit"), ("sort=x", "sort")],
)
def test_what_is_not_allowed_is_refused(ask: Any, asked: str, parameter: str) -> None:
    assert ask.refused(f"errors?{asked}")["parameter"] == parameter
