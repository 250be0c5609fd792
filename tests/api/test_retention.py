"""What the API answers where single runs are no longer kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.facets import refresh
from ingest.retention import retain
from tests.api.conftest import NOW, Asking

ALL = "range=2026-01-01..2026-11-23"


@pytest.fixture
def dropped(ask: Asking, engine: Engine, put: Callable[..., None], run: Callable[..., Any]) -> Asking:
    """A run of August and one of September are gone, two of October and November are there."""
    put(
        *(
            run(f"2026-{month}-10T10:00+00:00", invocation_id=f"of-{month}")
            for month in ("08", "09", "10", "11")
        )
    )
    refresh(engine)
    assert len(retain(engine, 50, NOW)) == 2
    return ask


def test_totals_are_whole_and_come_with_a_warning(dropped: Asking) -> None:
    body = dropped(f"summary?{ALL}")
    assert body["totalRuns"] == 4
    assert [warning["code"] for warning in body["warnings"]] == ["runs_dropped"]
    assert "2026-10-01" in body["warnings"][0]["message"]
    assert dropped("summary?range=7d")["warnings"] == []


def test_runs_are_those_that_are_kept(dropped: Asking) -> None:
    body = dropped(f"runs?{ALL}")
    assert (body["total"], [item["invocationId"] for item in body["items"]]) == (2, ["of-11", "of-10"])
    assert body["warnings"][0]["code"] == "runs_dropped"
    first = dropped(f"runs?{ALL}&limit=1")
    following = dropped(first["nextUrl"])
    assert [item["invocationId"] for item in following["items"]] == ["of-10"]


def test_exports_are_whole_and_say_what_is_in_them(dropped: Asking) -> None:
    answer = dropped.client.get(f"/api/export/runs.csv?{ALL}")
    assert answer.status_code == 200
    assert answer.headers["X-Fixer-Metrics-Rows"] == "2"
    assert len(answer.text.strip().splitlines()) == 3
    assert "2026-10-01_to_2026-11-23" in answer.headers["Content-Disposition"]
    meta = dropped(f"/api/export/runs.csv.meta.json?{ALL}")
    assert meta["total"] == 2


@pytest.mark.parametrize(
    "what", ["runs?range=2026-08-01..2026-08-31", "summary?range=2026-08-01..2026-11-23&tool=a&attr.user=b"]
)
def test_what_cannot_be_told_is_refused(dropped: Asking, what: str) -> None:
    error = dropped.refused(what)
    assert error["code"] == "runs_dropped"
    assert "from 2026-10-01 on" in error["allowed"]


def test_a_dropped_run_is_gone_and_not_unknown(dropped: Asking) -> None:
    assert dropped.refused("/api/runs/of-08", 410)["code"] == "run_dropped"
    assert dropped.refused("/api/runs/of-07", 404)["code"] == "run_not_found"


def test_the_version_changes_with_data_alone(
    dropped: Asking, put: Callable[..., None], run: Callable[..., Any]
) -> None:
    """Asked again with its tag it is not even sent."""
    before = dropped.client.get("/api/data/version")
    assert before.json is not None
    assert datetime.fromisoformat(before.json["newestRun"]) == datetime(2026, 11, 10, 10, tzinfo=UTC)
    same = {"If-None-Match": before.headers["ETag"]}
    again = dropped.client.get("/api/data/version", headers=same)
    assert (again.status_code, again.data) == (304, b"")
    put(run("2026-11-20T10:00+00:00"))
    after = dropped.client.get("/api/data/version", headers=same)
    assert after.status_code == 200
    assert after.json is not None
    assert after.json["version"] != before.json["version"]
