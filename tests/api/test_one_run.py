"""GET /api/runs/ID: the whole record, whatever the id; and what of the runs can be asked and counted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, text

from tests.api.test_runs import FIELDS, walk

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


@pytest.mark.parametrize(
    "name", ["plain", "a/b", "/a//b/", "ä b?#%25&=+", "line\nend", "a" * 512, "x.y/../z"]
)
def test_a_run_of_any_id(ask: Any, put: Put, run: Run, name: str) -> None:
    put(run(invocation_id=name, cost_usd=Decimal("0.25"), cost_source="reported"), run(invocation_id="other"))
    found = ask(f"/api/runs/{quote(name, safe='')}")
    assert found.keys() == {*FIELDS, "importId", "ingestedAt"}
    assert (found["invocationId"], found["totalCostUsd"], found["reportedCostUsd"]) == (name, 0.25, 0.25)
    (item,) = (item for item in ask("runs")["items"] if item["invocationId"] == name)
    assert {field: found[field] for field in FIELDS} == item


def test_an_unknown_id_is_404(ask: Any, put: Put, run: Run) -> None:
    put(run(invocation_id="a"))
    error = ask.refused("/api/runs/b%2Fc", 404)
    assert (error["code"], error["parameter"]) == ("run_not_found", "run_id")
    assert "'b/c'" in error["message"]


def test_a_run_that_is_no_longer_kept_is_410(ask: Any, put: Put, run: Run, engine: Engine) -> None:
    put(run("2026-03-05T10:00+00:00", invocation_id="old"))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE agent_execution_2026_03"))
    assert ask.refused("/api/runs/old", 410)["code"] == "run_dropped"


def test_only_reading(client: Any) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for path in ("/api/runs/a%2Fb", "/api/export/runs.csv", "/api/export/runs.csv.meta.json"):
            response = client.open(path, method=method)
            assert (response.status_code, response.json["error"]["code"]) == (405, "method_not_allowed")
            assert "GET" in response.headers["Allow"]
    assert client.get("/api/export/runs.xlsx").status_code == 404
    # Runs are sent there; they are read at /api/metrics/runs.
    answer = client.get("/api/runs")
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


@pytest.fixture
def five(put: Put, run: Run) -> None:
    costs = ["0.3", None, "0.1", "0.2", "0.2"]
    put(
        *(
            run(f"2026-11-20T10:0{n}+00:00", invocation_id=f"r{n}", cost_usd=cost and Decimal(cost),
                duration_ms=Decimal(1000 * n), error_message="timed out" if n == 4 else None)
            for n, cost in enumerate(costs)
        )
    )  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_an_order_is_kept_over_pages(ask: Any, five: None, limit: int) -> None:
    assert walk(ask, f"runs?sort=-cost&limit={limit}") == ["r0", "r4", "r3", "r2", "r1"]
    assert walk(ask, f"runs?sort=cost&limit={limit}") == ["r2", "r3", "r4", "r0", "r1"]
    assert walk(ask, f"runs?sort=-cost&min_cost=0.2&limit={limit}") == ["r0", "r4", "r3"]


def test_a_cursor_belongs_to_its_order(ask: Any, five: None) -> None:
    cursor = ask("runs?sort=-cost&limit=1")["next"]
    error = ask.refused(f"runs?sort=cost&cursor={cursor}")
    assert (error["code"], error["parameter"]) == ("bad_cursor", "cursor")


def test_what_finds_runs_and_how_many_there_are(ask: Any, five: None) -> None:
    def found(query: str) -> tuple[list[str], int, bool]:
        answer = ask(f"runs?{query}")
        return [item["invocationId"] for item in answer["items"]], answer["total"], answer["more"]

    assert found("") == (["r4", "r3", "r2", "r1", "r0"], 5, False)
    assert found("limit=2") == (["r4", "r3"], 5, False)
    assert found("q=r3") == (["r3"], 1, False)
    assert found("q=out+timed") == (["r4"], 1, False)
    assert found("min_duration=1s&max_duration=2000ms") == (["r2", "r1"], 2, False)
    assert found("max_cost=0.1") == (["r2"], 1, False)
    assert found("outlier=cost") == ([], 0, False)
    assert found("import=1") == ([], 0, False)  # they came without one


def test_a_low_end_above_the_high_end_is_refused(ask: Any) -> None:
    error = ask.refused("runs?min_cost=2&max_cost=1")
    assert (error["code"], error["parameter"]) == ("bad_min_cost", "min_cost")


def test_a_run_that_has_not_changed_is_not_sent_again(client: Any, put: Put, run: Run) -> None:
    put(run(invocation_id="a/b"))
    path = "/api/runs/a%2Fb"
    first, head = client.get(path), client.head(path)
    assert (head.data, dict(head.headers)) == (b"", dict(first.headers))
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    put(run())
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
