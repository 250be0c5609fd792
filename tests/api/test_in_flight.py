"""GET /api/runs/in-flight: what was announced by POST /api/runs, until it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.api.conftest import NOW


def announced(name: str, minutes: int, **fields: Any) -> dict[str, Any]:
    start = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"invocation_id": name, "status": "Running", "start_time": start, "model": "m"} | fields


def test_announced_shown_and_ended(ask: Any, client: FlaskClient, engine: Engine) -> None:
    assert ask("/api/runs/in-flight") == {"total": 0, "overdue": 0, "oldest": None, "items": []}
    sent = [announced("<b>", 90, agent="x", agent_version="1", repository="a/b"), announced("b", 30)]
    answer = client.post("/api/runs", json=sent).json
    assert (answer["announced"], answer["inserted"], answer["importId"]) == (2, 0, None)
    with engine.begin() as connection:  # the API of this test lives at a fixed moment
        connection.execute(text("UPDATE run_in_flight SET heard_at = :now"), {"now": NOW})
    found = ask("/api/runs/in-flight")
    assert (found["total"], found["overdue"], found["oldest"]) == (2, 1, "2026-11-23T10:37:00Z")
    assert found["items"][0] == {
        "invocationId": "<b>", "agent": "x", "agentVersion": "1", "model": "m", "startTime": "2026-11-23T10:37:00Z",
        "heardAt": "2026-11-23T12:07:00Z", "attributes": {"repository": "a/b"}, "due": "2026-11-23T11:37:00Z",
        "overdue": True,
    }  # fmt: skip
    assert client.post("/api/runs", json=announced("<b>", 90, status="success")).json["inserted"] == 1
    assert [item["invocationId"] for item in ask("/api/runs/in-flight")["items"]] == ["b"]
    assert ask("summary?range=30d")["totalRuns"] == 1


def test_it_takes_no_parameters(ask: Any) -> None:
    assert ask.refused("/api/runs/in-flight?limit=3")["code"] == "unknown_parameter"
