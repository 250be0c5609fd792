"""GET /api/metrics/breakdown, /models and /definitions."""

from collections.abc import Callable
from typing import Any

import pytest

from queries.metrics import METRICS

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


@pytest.fixture
def mixed(put: Put, run: Run) -> None:
    put(
        run(model="gpt-4", agent="fixer", agent_version="1", cost_usd="0.1", duration_ms=100),
        run(model="gpt-4", agent="fixer", agent_version="1", status="failure", cost_usd="0.2"),
        run(model="gpt-4", agent="fixer", status="error"),
        run(model="claude", agent="writer", agent_version="2", cost_usd="0.4"),
    )


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("model", [("gpt-4", 3, 2), ("claude", 1, 0)]),
        ("agent", [("fixer", 3, 2), ("writer", 1, 0)]),
        ("version", [("1", 2, 1), (None, 1, 1), ("2", 1, 0)]),
        ("status", [("success", 2, 0), ("failure", 1, 1), ("error", 1, 1), ("unknown", 0, 0)]),
    ],
)
def test_breakdown(ask: Any, mixed: Any, by: str, expected: Any) -> None:
    answer = ask(f"breakdown?by={by}&metrics=none")
    assert (answer["by"], answer["shown"], answer["total"]) == (by, len(expected), len(expected))
    found = [(item["name"], item["totalRuns"], item["failureCount"]) for item in answer["items"]]
    assert found == expected


def test_an_item_has_the_summarys_fields_and_metrics(ask: Any, mixed: Any) -> None:
    item = ask("breakdown?by=model&metrics=cost_per_success")["items"][0]
    assert item == {
        "name": "gpt-4",
        "totalRuns": 3,
        "successCount": 1,
        "failureCount": 2,
        "successRate": 33.333333333,
        "avgDurationMs": 100.0,
        "totalCostUsd": 0.3,
        "totalTokens": None,
        "avgLlmCalls": None,
        "avgToolCalls": None,
        "metrics": {"cost_per_success": 0.3},
    }
    alone = ask("summary?model=gpt-4&metrics=cost_per_success")
    assert {key: alone[key] for key in item if key != "name"} == {
        k: v for k, v in item.items() if k != "name"
    }


def test_the_items_add_up_to_the_summary(ask: Any, mixed: Any) -> None:
    whole = ask("summary?metrics=none")
    for by in ("model", "agent", "version", "status"):
        items = ask(f"breakdown?by={by}&metrics=none")["items"]
        assert sum(item["totalRuns"] for item in items) == whole["totalRuns"]
        assert round(sum(item["totalCostUsd"] or 0 for item in items), 9) == whole["totalCostUsd"]


def test_a_cut_breakdown_says_so(ask: Any, put: Put, run: Run) -> None:
    put(*(run(model=f"m{n}") for n in range(5)), run(model="m3"))
    answer = ask("breakdown?by=model&limit=2")
    assert [item["name"] for item in answer["items"]] == ["m3", "m0"]
    assert (answer["shown"], answer["total"]) == (2, 5)


def test_models_most_runs_first_over_all_of_the_data(ask: Any, put: Put, run: Run) -> None:
    empty = ask("models")
    assert (empty["models"], empty["items"], empty["range"]) == ([], [], None)
    put(run("2020-02-03T04:05+00:00", model="old"), run(model="new"), run(model="new"))
    answer = ask("models")
    assert answer["models"] == ["new", "old"]
    assert answer["items"] == [{"model": "new", "runs": 2}, {"model": "old", "runs": 1}]
    assert answer["range"] == {"start": "2020-02-03T04:00:00Z", "end": "2026-11-20T10:15:00Z", "tz": "UTC"}


def test_definitions_are_the_records(ask: Any) -> None:
    found = {item["name"]: item for item in ask("definitions")["metrics"]}
    assert list(found) == [record.name for record in METRICS]
    assert found["success_rate"] == {
        "name": "success_rate",
        "label": "Success rate",
        "help": "Successes / (successes + failures + errors). Runs with an unknown outcome are left out. "
        "Reliability at a glance.",
        "kind": "ratio",
        "unit": "percent",
        "better": "up",
        "change": "points",
        "additive": False,
        "empty": None,
        "numerator": [{"measure": "runs", "statuses": ["success"], "sign": 1}],
        "denominator": [{"measure": "runs", "statuses": ["success", "failure", "error"], "sign": 1}],
        "quantile": None,
    }
    assert found["p95_cost_usd"]["quantile"] == 0.95
    assert found["runs"]["empty"] == 0
