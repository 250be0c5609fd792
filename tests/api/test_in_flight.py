"""GET /api/runs/in-flight: what was announced by POST /api/runs, until it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

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


def test_those_that_are_given_up_are_nothing_until_they_end_all_the_same(
    ask: Any, client: FlaskClient, engine: Engine
) -> None:
    for name in ("a/b c", "ended", "kept"):
        client.post("/api/runs", json=announced(name, 90))
    client.post("/api/runs", json=announced("ended", 90, status="error"))
    body = {"invocationIds": ["a/b c", "ended", "never", "a/b c"]}
    answer = client.post("/api/in-flight/give-up", json=body)
    assert answer.json == {"givenUp": ["a/b c"], "notInFlight": ["ended", "never"]}
    with engine.begin() as connection:
        connection.execute(text("UPDATE run_in_flight SET heard_at = :now"), {"now": NOW})
    assert [item["invocationId"] for item in ask("/api/runs/in-flight")["items"]] == ["kept"]
    found = ask("summary?range=30d")
    assert (found["totalRuns"], found["failureCount"]) == (1, 1)
    # Its agent was slow, and not dead.
    client.post("/api/runs", json=announced("a/b c", 90, status="success"))
    found = ask("summary?range=30d")
    assert (found["totalRuns"], found["successCount"], found["failureCount"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_field"),
        ({"invocationIds": []}, "bad_field"),
        ({"invocationIds": [""]}, "bad_field"),
        ({"invocationIds": [7]}, "bad_field"),
        ({"invocationIds": ["\0"]}, "bad_field"),
        ({"invocationIds": ["x"] * 101}, "bad_field"),
        ({"invocationIds": "x"}, "bad_field"),
        ({"invocationIds": ["x"], "overdue": True}, "unknown_field"),
    ],
)
def test_what_cannot_be_given_up_is_told(client: FlaskClient, body: Any, code: str) -> None:
    response = client.post("/api/in-flight/give-up", json=body)
    assert (response.status_code, response.json["error"]["code"]) == (400, code)


def test_open_pages_hear_of_announcements_by_one_statement(
    ask: Any, client: FlaskClient, engine: Engine
) -> None:
    """Nothing new: one statement, and an answer without a body."""
    before = client.get("/api/data/version")
    same, told = {"If-None-Match": before.headers["ETag"]}, before.json["inFlight"]
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement))
    again = client.get("/api/data/version", headers=same)
    assert (again.status_code, again.data, len(said)) == (304, b"", 1)
    for change in (
        lambda: client.post("/api/runs", json=announced("a", 5)),
        lambda: client.post("/api/runs", json=announced("a", 5)),  # heard of again
        lambda: client.post("/api/in-flight/give-up", json={"invocationIds": ["a"]}),
    ):
        change()
        after = client.get("/api/data/version", headers=same)
        assert (after.status_code, after.json["version"]) == (200, before.json["version"])
        assert after.json["inFlight"] != told
        told = after.json["inFlight"]
        same = {"If-None-Match": after.headers["ETag"]}
        assert client.get("/api/data/version", headers=same).status_code == 304


def test_it_takes_no_parameters(ask: Any) -> None:
    assert ask.refused("/api/runs/in-flight?limit=3")["code"] == "unknown_parameter"
