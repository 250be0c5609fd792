"""What may be written through the API, by whom, and how a refusal is told; on a table of the test's own."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, text

from dashboard.api import blueprint
from dashboard.api.writing import Field, Writing
from queries.errors import QueryError
from queries.store import Store


def _write(connection: Connection, body: dict[str, Any]) -> dict[str, Any]:
    connection.execute(text("INSERT INTO note (label) VALUES (:label)"), {"label": body["label"]})
    if body.get("fail"):
        raise QueryError("conflict", "label", "That one is there already", "another")
    return {"label": body["label"], "number": body["number"]}


NOTE = Writing(
    "POST",
    "/api/notes/{number}",
    "add_note",
    "Adds a note",
    "For this test.",
    "Note",
    _write,
    (
        Field("label", "1 to 5 characters", {"type": "string", "minLength": 1, "maxLength": 5}),
        Field("fail", "true or false", {"type": "boolean"}, required=False),
        Field("at", "an instant", {"type": "string", "format": "date-time"}, required=False),
    ),
    201,
)


@pytest.fixture
def client(store: Store, engine: Engine) -> FlaskClient:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (label text NOT NULL)"))
    app = Flask(__name__)
    app.register_blueprint(blueprint(store, engine, writings=(NOTE,)))
    return app.test_client()


def notes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.label for row in connection.execute(text("SELECT label FROM note"))]


def test_what_is_written_is_answered(client: FlaskClient, engine: Engine) -> None:
    response = client.post("/api/notes/7", json={"label": "é", "at": "2026-10-01T08:00Z"})
    assert (response.status_code, response.json) == (201, {"label": "é", "number": 7})
    assert response.headers["Cache-Control"] == "no-store"
    assert notes(engine) == ["é"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),  # a program
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://elsewhere"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_pages_of_others_may_not_write(
    client: FlaskClient, engine: Engine, headers: dict[str, str], status: int
) -> None:
    response = client.post("/api/notes/7", json={"label": "a"}, headers=headers)
    assert response.status_code == status
    assert notes(engine) == (["a"] if status == 201 else [])
    if status == 403:
        assert response.json["error"]["code"] == "cross_origin"


@pytest.mark.parametrize(
    ("sent", "status", "code", "parameter"),
    [
        ({"json": {}}, 400, "missing_field", "label"),
        ({"json": {"label": ""}}, 400, "bad_field", "label"),
        ({"json": {"label": "sixsix"}}, 400, "bad_field", "label"),
        ({"json": {"label": "a\x00"}}, 400, "bad_field", "label"),
        ({"json": {"label": 5}}, 400, "bad_field", "label"),
        ({"json": {"label": "a", "fail": 1}}, 400, "bad_field", "fail"),
        ({"json": {"label": "a", "at": "2026-10-01T08:00"}}, 400, "bad_field", "at"),
        ({"json": {"label": "a", "lable": "b"}}, 400, "unknown_field", "lable"),
        ({"json": ["label"]}, 400, "bad_body", None),
        ({"data": b"{", "content_type": "application/json"}, 400, "bad_body", None),
        ({"data": '{"label": "a"}', "content_type": "text/plain"}, 415, "not_json", None),
        ({"data": {"label": "a"}}, 415, "not_json", None),
        ({"json": {"label": "a", "fail": True}}, 409, "conflict", "label"),
    ],
)
def test_a_refusal_names_what_is_wrong_and_writes_nothing(
    client: FlaskClient, engine: Engine, sent: dict[str, Any], status: int, code: str, parameter: str | None
) -> None:
    response = client.post("/api/notes/7", **sent)
    error = response.json["error"]
    assert (response.status_code, error["code"], error["parameter"]) == (status, code, parameter)
    assert error["message"]
    assert error["allowed"]
    assert notes(engine) == []


def test_other_methods_and_paths_are_told_what_there_is(client: FlaskClient) -> None:
    wrong = client.get("/api/notes/7")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "OPTIONS, POST")
    assert client.options("/api/notes/7").headers["Allow"] == "OPTIONS, POST"
    assert client.post("/api/notes/x", json={"label": "a"}).status_code == 404
