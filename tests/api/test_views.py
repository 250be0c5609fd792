"""Saved views through the API: names, addresses, one start page."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from queries.views import LONGEST_NAME, MOST


def save(client: FlaskClient, name: str, url: str = "/errors?range=7d", **more: Any) -> dict[str, Any]:
    answer = client.post("/api/views", json={"name": name, "url": url, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def listed(client: FlaskClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/api/views").get_json()["items"]
    return items


def test_a_view_is_saved_listed_changed_and_taken_away(client: FlaskClient) -> None:
    view = save(client, "  Failed \t this week ", "/errors?status=failed&range=7d")
    assert view["name"] == "Failed this week"
    assert view["url"] == "/errors?range=7d&status=failed"
    assert view["isStart"] is False
    assert listed(client) == [view]
    path = f"/api/views/{view['viewId']}"
    changed = client.patch(path, json={"name": "failed THIS week", "url": "/", "isStart": True}).get_json()
    assert changed == view | {"name": "failed THIS week", "url": "/", "isStart": True}
    assert client.patch(path, json={}).get_json() == changed
    gone = client.delete(path)
    assert (gone.status_code, gone.get_json()) == (200, changed)
    assert listed(client) == []
    for again in (client.delete(path), client.patch(path, json={}), client.delete(f"/api/views/{2**63}")):
        assert (again.status_code, again.get_json()["error"]["code"]) == (404, "not_found")


def test_views_are_listed_by_name_whatever_their_capitals(client: FlaskClient) -> None:
    for name in ("beta", "Alpha", "Gamma"):
        save(client, name)
    assert [view["name"] for view in listed(client)] == ["Alpha", "beta", "Gamma"]


def test_at_most_one_view_is_the_start_page(client: FlaskClient) -> None:
    first, second = save(client, "one", isStart=True), save(client, "two", isStart=True)
    assert [view["isStart"] for view in listed(client)] == [False, True]
    client.patch(f"/api/views/{first['viewId']}", json={"isStart": True})
    assert [view["isStart"] for view in listed(client)] == [True, False]
    client.patch(f"/api/views/{second['viewId']}", json={"isStart": False})  # it is not
    client.patch(f"/api/views/{first['viewId']}", json={"isStart": False})
    assert [view["isStart"] for view in listed(client)] == [False, False]


@pytest.mark.parametrize("same", ["Waste", "waste", " WASTE  "])
def test_a_name_that_is_taken_is_told(client: FlaskClient, same: str) -> None:
    save(client, "Waste")
    other = save(client, "Other")
    for answer in (
        client.post("/api/views", json={"name": same, "url": "/money"}),
        client.patch(f"/api/views/{other['viewId']}", json={"name": same}),
    ):
        error = answer.get_json()["error"]
        assert (answer.status_code, error["code"], error["parameter"]) == (409, "conflict", "name")
        assert error["message"] == "There is a view called 'Waste' already."


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "';DROP TABLE saved_view;--", "a\u202eb", "日本語 🦊", "%s %(x)s", "x" * LONGEST_NAME],
)  # fmt: skip
def test_names_are_kept_as_they_are(client: FlaskClient, name: str) -> None:
    assert save(client, name)["name"] == name
    assert [view["name"] for view in listed(client)] == [name]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "name '' is not allowed"),
        (" \t ", "The name is empty."),
        ("\u200b\u202e", "The name is empty."),  # nothing to be seen
        ("x" * (LONGEST_NAME + 1), "name has 101 characters"),
        ("a\x00b", "name 'a\\x00b' is not allowed"),
    ],
)
def test_bad_names_are_told(client: FlaskClient, name: str, said: str) -> None:
    answer = client.post("/api/views", json={"name": name, "url": "/"})
    error = answer.get_json()["error"]
    assert (answer.status_code, error["parameter"], error["message"]) == (400, "name", said)
    assert error["allowed"] == "1 to 100 characters, some of them to be seen"
    assert listed(client) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/", "/"),
        ("/?range=30d&grain=day", "/"),  # what stands at its default is left out
        ("/?split=model&as=multiples&utm_source=mail", "/?as=multiples&split=model"),
        ("/errors/", "/errors"),
        ("/runs?sort=-cost&after=abc", "/runs?sort=-cost"),  # a place in the list is no part of a view
        ("/runs/a%2Fb?range=7d", "/runs/a%2Fb?range=7d"),
        ("/money?tz=UTC", "/money?tz=UTC"),
        ("/?model=b,a&model=c", "/?model=a,b"),
        ("/?attr.user=ann,(none)", "/?attr.user=(none),ann"),
    ],
)
def test_a_view_is_its_address_in_its_one_spelling(client: FlaskClient, given: str, kept: str) -> None:
    assert save(client, "v", given)["url"] == kept


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nowhere", "There is no page at 'nowhere'"),
        ("/nowhere", "There is no page at '/nowhere'"),
        ("//elsewhere/errors", "There is no page at '//elsewhere/errors'"),
        ("https://elsewhere/errors", "There is no page at 'https://elsewhere/errors'"),
        ("javascript:alert(1)", "There is no page at 'javascript:alert(1)'"),
        ("/errors\r\nSet-Cookie: a", "'/errors\\r\\nSet-Cookie: a' is no address"),
        ("/errors?range=31d", "range '31d' is not a range"),
        ("/?status=sucess", "status 'sucess' is not known. Did you mean 'success'?"),
        ("//[/errors", "'//[/errors' is no address"),
        ("/" * 6001, "url has 6,001 characters"),
        ("/runs/" + "a" * 1000, "The path has 1,006 characters"),
    ],
)
def test_bad_addresses_are_told(client: FlaskClient, url: str, said: str) -> None:
    answer = client.post("/api/views", json={"name": "v", "url": url})
    error = answer.get_json()["error"]
    assert (answer.status_code, error["parameter"], error["message"]) == (400, "url", said)
    assert error["allowed"]


def test_there_is_an_end_to_views(client: FlaskClient, engine: Engine) -> None:
    with engine.begin() as connection:
        many = "INSERT INTO saved_view (name, path, search) SELECT 'v' || n, '/', '' FROM generate_series(1, :most) AS n"
        connection.execute(text(many), {"most": MOST})
    answer = client.post("/api/views", json={"name": "one more", "url": "/"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "conflict")


def test_pages_of_others_may_not_save(client: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/views", json={"name": "a", "url": "/"}, headers=headers).status_code == 403
    assert client.patch("/api/views/1", json={}, headers=headers).status_code == 403
    assert client.delete("/api/views/1", headers=headers).status_code == 403
    assert listed(client) == []
