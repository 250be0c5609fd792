"""Markers made by hand through the API, and the events with their figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


def test_a_marker_is_added_listed_and_taken_away(client: FlaskClient) -> None:
    made = client.post("/api/markers", json={"at": "2026-11-20T10:00+01:00", "label": " prompt v12 "})
    assert made.status_code == 201
    marker = made.get_json()
    assert (marker["at"], marker["label"]) == ("2026-11-20T09:00:00Z", "prompt v12")
    assert client.get("/api/markers").get_json() == {"items": [marker]}
    gone = client.delete(f"/api/markers/{marker['markerId']}")
    assert (gone.status_code, gone.get_json()) == (200, marker)
    assert client.get("/api/markers").get_json() == {"items": []}
    again = client.delete(f"/api/markers/{marker['markerId']}")
    assert (again.status_code, again.get_json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"at": "2026-11-20T10:00", "label": "a"}, "at"),
        ({"at": "1999-11-20T10:00Z", "label": "a"}, "at"),
        ({"at": "2026-11-20T10:00Z", "label": "   "}, "label"),
        ({"at": "2026-11-20T10:00Z", "label": "a" * 81}, "label"),
        ({"label": "a"}, "at"),
        ({"at": "2026-11-20T10:00Z", "label": "a", "colour": "red"}, "colour"),
    ],
)
def test_bad_markers_are_refused(client: FlaskClient, body: dict[str, str], field: str) -> None:
    answer = client.post("/api/markers", json=body)
    assert (answer.status_code, answer.get_json()["error"]["parameter"]) == (400, field)


def test_pages_of_others_may_not_mark(client: FlaskClient) -> None:
    body = {"at": "2026-11-20T10:00Z", "label": "a"}
    answer = client.post("/api/markers", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_events_tell_before_and_after(client: FlaskClient, put: Put, run: Run, ask: Any) -> None:
    # 20 Nov, hourly from 00:00: version 1 with 3 of 4 successes until 10:00; version 2 from 12:30 on, 1 of 2
    put(
        *(run(f"2026-11-20T0{hour}:00+00:00", agent_version="1", status="success" if hour else "failure") for hour in range(4)),
        run("2026-11-20T12:30+00:00", agent_version="2", status="success"),  # in the hour of the marker itself
        run("2026-11-20T13:00+00:00", agent_version="2", status="failure"),
        run("2026-11-20T14:00+00:00", agent_version="2", status="success"),
    )  # fmt: skip
    client.post("/api/markers", json={"at": "2026-11-20T13:00Z", "label": "prompt v12"})
    tag = client.get("/api/metrics/events?range=7d").headers["ETag"]
    first, second, own = ask("events?range=7d")["items"]
    assert (first["version"], first["at"], first["until"]) == (
        "1",
        "2026-11-20T00:00:00Z",
        "2026-11-20T12:30:00Z",
    )
    assert (second["agent"], second["version"], second["markerId"]) == ("fixer", "2", None)
    rate = next(figure for figure in second["figures"] if figure["metric"] == "success_rate")
    assert (rate["before"]["value"], rate["after"]["value"]) == (75.0, 50.0)
    # Wilson, 3 of 4: (0.75 + z²/8 ± z sqrt(0.75 * 0.25 / 4 + z²/64)) / (1 + z²/4)
    assert (rate["before"]["low"], rate["before"]["high"]) == (pytest.approx(30.0642), pytest.approx(95.4413))
    assert (own["label"], own["version"], own["markerId"] is None) == ("prompt v12", None, False)
    rate = next(figure for figure in own["figures"] if figure["metric"] == "success_rate")
    assert (rate["before"]["value"], rate["after"]["value"]) == (80.0, 50.0)  # 4 of 5, 1 of 2
    # another mark is another answer
    client.post("/api/markers", json={"at": "2026-11-21T13:00Z", "label": "prompt v13"})
    again = client.get("/api/metrics/events?range=7d", headers={"If-None-Match": tag})
    assert again.status_code == 200
