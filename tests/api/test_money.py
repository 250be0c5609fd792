"""Money and data health in the API: the numbers of the pages, on rows made by hand; what may be started."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.api.money import BUDGET
from dashboard.upkeep import EXTENSION, Upkeep
from ingest import imports
from ingest.write import Writer, finish_import, start_import
from tests.api.conftest import Asking

Run = Callable[..., tuple[Any, ...]]


@pytest.fixture
def asked(ask: Asking, put: Callable[..., None], run: Run) -> Asking:
    put(
        *(run("2026-11-10T10:00Z", cost_usd=Decimal("0.10"), llm_call_count=1) for _ in range(150)),
        run("2026-11-10T10:00Z", status="error", cost_usd=Decimal("5"), llm_call_count=9),
        run("2026-11-10T10:00Z", cost_usd=Decimal("3"), files_modified_count=0),
        run("2026-11-10T10:00Z", model="claude-3-opus", input_tokens=2_000_000, cache_read_tokens=1_000_000),
        run("2026-11-10T10:00Z", model="our-own", input_tokens=2_000_000, cache_read_tokens=1_000_000),
    )
    return ask


def test_waste_savings_and_the_month(asked: Asking) -> None:
    found = asked("money")
    told = {item["kind"]: (item["runs"], item["costUsd"]) for item in found["waste"]}
    # Calls: (150 + 9) / 151 = 1.05 on average. The dearest 2 of 152 runs with a cost: $5 and $3.
    assert told == {"failed": (1, 5.0), "no_change": (1, 3.0), "many_calls": (1, 5.0), "top": (2, 8.0)}
    assert found["topCostsAtLeastUsd"] == 3
    assert found["manyCallsFrom"] == {"gpt-4": pytest.approx(2 * 159 / 151)}
    savings = found["cacheSavings"]
    assert (savings["savedUsd"], savings["runs"]) == (13.5, 1)
    assert (savings["runsWithoutKnownPrice"], savings["runsWithoutCacheReads"]) == (1, 152)
    month = found["month"]
    assert (month["spentUsd"], month["budgetUsd"], month["crossed"], month["forecast"]) == (
        23.0,
        None,
        None,
        None,
    )
    assert (month["start"], month["end"]) == ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    assert [day["usd"] for day in month["spentByDay"]] == [0] * 9 + [23.0] * 14


def test_the_budget_is_the_setting_and_changes_the_answer(asked: Asking) -> None:
    before = asked.client.get("/api/metrics/money")
    asked.app.config[BUDGET] = 10.0
    tag = {"If-None-Match": before.headers["ETag"]}
    after = asked.client.get("/api/metrics/money", headers=tag)
    assert after.status_code == 200
    month = after.get_json()["month"]
    assert month["budgetUsd"] == 10
    assert month["crossed"] == {
        "day": "2026-11-10",
        "known": True,
        "earliest": "2026-11-10",
        "latest": "2026-11-10",
    }
    again = {"If-None-Match": after.headers["ETag"]}
    assert asked.client.get("/api/metrics/money", headers=again).status_code == 304


def test_data_health(asked: Asking) -> None:
    found = asked("/api/data/health?range=30d")
    lacking = {item["measure"]: (item["runs"], item["share"]) for item in found["lacking"]}
    assert found["runs"] == 154
    assert lacking["cost"] == (2, pytest.approx(100 * 2 / 154))
    assert lacking["files"][0] == 153
    assert found["clocks"] == {"backwards": 0, "oddDuration": 0, "assumedStart": 0, "noEnd": 154}
    costs = {item["model"]: item for item in found["costs"]}
    assert found["listPrices"] == []
    assert (costs["our-own"]["priced"], costs["gpt-4"]["reported"]) == (False, 23.0)
    assert found["rollups"]["waiting"] == 4
    assert found["freshness"]["newestRun"] == "2026-11-10T10:00:00Z"


@pytest.fixture
def brought(engine: Engine, run: Run) -> int:
    number = start_import(engine, "november.jsonl")
    with Writer(engine, import_id=number) as writer:
        writer.write([run(invocation_id=f"run-of-import-{n}") for n in range(3)])
    finish_import(engine, number, {"read": 5, "inserted": 3, "rejected": 2})
    return number


def test_an_import_is_listed_and_taken_back(client: FlaskClient, brought: int) -> None:
    (item,) = client.get("/api/data/imports").get_json()["items"]
    assert (item["importId"], item["inserted"], item["rejected"], item["takenBack"]) == (brought, 3, 2, 0)
    assert (item["runs"], item["more"]) == (3, False)
    listed = client.get(f"/api/metrics/runs?range=all&import={brought}").get_json()
    assert (listed["total"], {run["invocationId"] for run in listed["items"]}) == (
        3, {f"run-of-import-{n}" for n in range(3)},
    )  # fmt: skip
    for number, rows in ((brought, 3), (brought + 1, 0)):
        exported = client.get(f"/api/export/runs.jsonl?range=all&import={number}")
        assert len(exported.get_data(as_text=True).splitlines()) == rows
    address = f"/api/data/imports/{brought}/take-back"
    asked = client.post(address, json={"dryRun": True})
    assert (asked.status_code, asked.get_json()) == (202, {"importId": brought, "state": "asked", "runs": 3})
    assert client.get("/api/metrics/summary?range=all").get_json()["totalRuns"] == 3
    done = client.post(address, json={})
    assert (done.status_code, done.get_json()) == (202, {"importId": brought, "state": "done", "runs": 3})
    (item,) = client.get("/api/data/imports").get_json()["items"]
    assert (item["takenBack"], item["goingBack"], item["takenBackAt"] is None) == (3, False, False)
    assert item["runs"] == 0
    assert client.get("/api/metrics/summary?range=all").get_json()["totalRuns"] == 0


def test_one_that_is_being_taken_back_is_not_begun_again(
    client: FlaskClient, engine: Engine, brought: int
) -> None:
    with imports._alone(engine, brought):
        refused = client.post(f"/api/data/imports/{brought}/take-back", json={})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "conflict")


def test_what_takes_longer_goes_on_by_itself(
    ask: Asking, client: FlaskClient, engine: Engine, brought: int
) -> None:
    ask.app.extensions[EXTENSION]._patience = 0.1
    with engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE execution_key IN ACCESS EXCLUSIVE MODE")
        begun = client.post(f"/api/data/imports/{brought}/take-back", json={})
        assert begun.get_json() == {"importId": brought, "state": "running", "runs": None}
        (item,) = client.get("/api/data/imports").get_json()["items"]
        assert (item["goingBack"], item["takenBackAt"]) == (True, None)
    for thread in threading.enumerate():
        if thread.name == "take-back":
            thread.join(60)
    (item,) = client.get("/api/data/imports").get_json()["items"]
    assert (item["goingBack"], item["takenBack"]) == (False, 3)


def test_an_unknown_import_is_not_found(client: FlaskClient) -> None:
    for body in ({}, {"dryRun": True}):
        response = client.post("/api/data/imports/99/take-back", json=body)
        assert (response.status_code, response.get_json()["error"]["code"]) == (404, "not_found")


def test_pages_of_others_may_not_take_back(client: FlaskClient, brought: int) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (
        client.post(f"/api/data/imports/{brought}/take-back", json={}, headers=elsewhere).status_code == 403
    )
    assert client.get("/api/data/imports").get_json()["items"][0]["takenBack"] == 0


def test_rollups_are_compared_on_demand(client: FlaskClient, brought: int, engine: Engine) -> None:
    assert client.get("/api/data/verify").get_json()["state"] == "never"
    done = client.post("/api/data/verify").get_json()
    assert (done["state"], done["differences"], done["examples"], done["problem"]) == ("done", 0, [], None)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE rollup_delta SET runs = runs + 1")
    found = client.post("/api/data/verify").get_json()
    assert found["differences"] > 0
    assert "runs is 4, the raw rows say 3" in str(found["examples"])
    assert client.get("/api/data/verify").get_json() == found


def test_a_comparison_that_was_broken_off_says_so(ask: Asking) -> None:
    upkeep: Upkeep = ask.app.extensions[EXTENSION]
    upkeep._write({"state": "running", "startedAt": "2026-11-20T10:00:00+00:00"})
    found = ask("/api/data/verify")
    assert (found["state"], found["problem"]) == ("failed", "it was broken off: the server process has ended")
    held = upkeep._try_lock()
    assert held
    assert ask("/api/data/verify")["state"] == "running"
    # While one is at it, no other begins.
    assert ask.client.post("/api/data/verify").get_json()["startedAt"] == "2026-11-20T10:00:00+00:00"
    held.close()


def test_a_comparison_that_takes_too_long_says_so(ask: Asking, engine: Engine, brought: int) -> None:
    upkeep: Upkeep = ask.app.extensions[EXTENSION]
    upkeep._patience = 30.0
    with engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE execution_key IN ACCESS EXCLUSIVE MODE")
        found = upkeep.verify(seconds=0.3)
    assert (found["state"], found["problem"]) == ("failed", "it took longer than 0.005 minutes")
    assert orjson.loads(upkeep._result.read_bytes())["state"] == "failed"
