"""Alert rules and channels through the API: made, told, changed, snoozed, tried, taken away; secrets stay so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.api.conftest import Asking

Run = Callable[..., tuple[Any, ...]]
SECRET = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def make(client: FlaskClient, **more: Any) -> Any:
    answer = client.post("/api/alerts/rules", json={"name": "Failures"} | more)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def test_a_rule_is_made_listed_changed_and_taken_away(client: FlaskClient, ask: Asking) -> None:
    made = make(client, filters="model=gpt-4", threshold=25, hold="30m")
    assert made["words"] == "Failure rate above 25.0\u202f% over 1 hour (model gpt-4)"
    assert (made["state"], made["evaluatedAt"], made["minRuns"]) == ("ok", None, 10)
    assert ask("/api/alerts/rules") == {"items": [made]}
    path = f"/api/alerts/rules/{made['ruleId']}"
    changed = client.put(path, json={"name": "Failures", "threshold": 30}).get_json()
    assert (changed["threshold"], changed["hold"], changed["filters"]) == (30, "0m", "")
    assert client.delete(path).status_code == 200
    assert ask("/api/alerts/rules") == {"items": []}
    assert client.put(path, json={"name": "Failures"}).status_code == 404
    kinds = [event["kind"] for event in ask("/api/alerts/history")["events"]]
    assert kinds == ["deleted", "edited", "made"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"threshold": "many"}, "threshold"),
        ({"window": "20m"}, "window"),
        ({"filters": "model"}, "filters"),
        ({"filters": "colour=red"}, "filters"),
        ({"channels": [7]}, "channels"),
        ({"channels": ["7"]}, "channels"),
        ({"comparison": "unusual", "metric": "llm_calls", "window": "1h"}, "threshold"),
        ({"tz": "Mars"}, "tz"),
    ],
)
def test_a_refusal_names_the_field(client: FlaskClient, asked: dict[str, Any], field: str) -> None:
    answer = client.post("/api/alerts/rules", json={"name": "a"} | asked)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["parameter"]) == (400, field)
    assert error["message"]
    assert error["allowed"]


def test_a_rule_is_snoozed_and_woken(client: FlaskClient) -> None:
    path = f"/api/alerts/rules/{make(client)['ruleId']}/snooze"
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat(timespec="seconds")
    assert client.post(path, json={"until": until}).get_json()["snoozedUntil"] is not None
    assert client.post(path, json={}).get_json()["snoozedUntil"] is None
    assert client.post(path, json={"hours": 8}).get_json()["snoozedUntil"] is not None
    both = client.post(path, json={"hours": 8, "until": until})
    assert (both.status_code, both.get_json()["error"]["parameter"]) == (400, "hours")
    refused = client.post(path, json={"until": "2020-01-01T00:00Z"})
    assert (refused.status_code, refused.get_json()["error"]["parameter"]) == (400, "until")


def test_a_preview_tells_when_it_would_have_fired(client: FlaskClient, put: Any, run: Run) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    put(*(run(hour + timedelta(minutes=1), status="error") for _ in range(3)))
    found = client.post("/api/alerts/preview", json={"minRuns": 1, "threshold": 50}).get_json()
    # Seen from the first quarter hour after it on, until an hour later it is out of the window, and nothing is.
    assert [firing["firedAt"] for firing in found["firings"]] == [
        f"{hour + timedelta(minutes=15):%Y-%m-%dT%H:%M:%SZ}"
    ]
    assert len(found["points"]) == 30 * 96 + 1
    assert sum(point["value"] == 1 for point in found["points"]) == 4


def test_the_address_of_a_channel_is_never_told(client: FlaskClient, engine: Engine) -> None:
    hook = f"https://hooks.slack.com/services/{SECRET}"
    answer = client.post("/api/alerts/channels", json={"name": "team", "address": hook})
    assert answer.status_code == 201, answer.text
    channel = answer.get_json()
    assert (channel["name"], channel["shown"]) == ("team", "Slack")
    mail = "mailtos://fixer:pa55word@example.org?smtp=mail.example.org&to=ann@example.org,bob@example.org"
    shown = client.post("/api/alerts/channels", json={"name": "mail", "address": mail}).get_json()["shown"]
    assert shown == "Email to ann@example.org, bob@example.org"
    told = client.get("/api/alerts/channels").text
    with engine.connect() as connection:
        dumped = str(connection.execute(text("SELECT * FROM alert_channel")).all())
    for part in (*SECRET.split("/"), "pa55word"):
        assert part not in told
        assert part not in dumped


@pytest.mark.parametrize(
    "address",
    [
        "syslog://", "dbus://", "https://example.org/hook", "file:///etc/passwd", "nonsense", "json://",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd",
        "workflows://example.org/a/b?template=http://169.254.169.254/",
        "mailto://a:b@example.org?pgp=yes&pgpkey=/etc/passwd", "json://example.org/?retry=9",
        "workflows://example.org/a/b?x=1;template=/etc/passwd", "json://example.org/?x=1;wait=400",
        "workflows://example.org/a/b?x=1#&template=/etc/passwd", "json://example.org/?x=1&%77ait=400",
        "json://127.0.0.1/", "json://localhost:8000/", "json://[::1]/", "json://[::ffff:10.0.0.1]/",
        "json://10.1.2.3/", "xml://192.168.0.1/", "form://169.254.169.254/latest/meta-data",
        "gotify://172.16.0.1/token", "matrix://user:pass@100.64.0.1/#room", "ntfy://0.0.0.0/topic",
        "mailto://a:b@example.org?smtp=127.0.0.1&to=c@example.org", "json://2130706433/", "json://224.0.0.1/",
    ],
)  # fmt: skip
def test_what_may_not_be_a_channel(client: FlaskClient, engine: Engine, address: str) -> None:
    answer = client.post("/api/alerts/channels", json={"name": "a", "address": address})
    assert (answer.status_code, answer.get_json()["error"]["parameter"]) == (400, "address"), answer.text
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alert_channel")).scalar() == 0


def test_a_channel_is_renamed_and_taken_away_from_its_rules(client: FlaskClient, ask: Asking) -> None:
    hook = f"https://hooks.slack.com/services/{SECRET}"
    number = client.post("/api/alerts/channels", json={"name": "team", "address": hook}).get_json()[
        "channelId"
    ]
    again = client.post("/api/alerts/channels", json={"name": "team", "address": hook})
    assert (again.status_code, again.get_json()["error"]["parameter"]) == (409, "name")
    make(client, channels=[number])
    renamed = client.put(f"/api/alerts/channels/{number}", json={"name": "ops"}).get_json()
    assert (renamed["name"], renamed["shown"], renamed["usedBy"]) == ("ops", "Slack", 1)
    assert client.delete(f"/api/alerts/channels/{number}").status_code == 200
    assert ask("/api/alerts/rules")["items"][0]["channels"] == []
    assert client.delete(f"/api/alerts/channels/{number}").status_code == 404


def test_the_digest_as_it_would_be_sent(client: FlaskClient, ask: Asking, put: Any, run: Run) -> None:
    put(*(run("2026-11-20T12:00+00:00") for _ in range(3)))  # NOW is Monday, the 23rd
    found = ask("/api/alerts/digest?tz=Europe/Berlin")
    assert found["subject"] == "Fixer Metrics: the week of 16 Nov to 22 Nov 2026"
    assert "16 Nov to 22 Nov 2026 (Europe/Berlin), against 9 Nov to 15 Nov 2026" in found["text"]
    assert "See the week: http://fixer.test/" in found["text"]
    assert found["html"].startswith("<!DOCTYPE html>")
    assert ask("/api/alerts/deliveries") == {"items": []}
    assert ask.refused("/api/alerts/digest?tz=Mars")["parameter"] == "tz"
    assert ask.refused("/api/alerts/digest?to=me")["code"] == "unknown_parameter"


def test_a_rule_on_the_foreseen_spend(client: FlaskClient, ask: Asking) -> None:
    made = make(client, metric="cost_usd", comparison="budget", basis="foreseen", threshold=90)
    assert made["words"] == "Foreseen cost of the month above 90.0\u202f% of the budget"
    assert ask("/api/alerts/rules")["items"][0]["basis"] == "foreseen"
