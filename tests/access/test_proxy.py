"""People whom a trusted proxy names; and everybody else who would like to be somebody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.access.conftest import Site

PROXY = "10.1.2.3"
LAYOUT = "/_dash-layout"
MARKER = {"at": "2026-10-01T08:00Z", "label": "a"}


@pytest.fixture(scope="module")
def proxied(make_site: Callable[..., Site]) -> Site:
    return make_site(
        auth="proxy", trusted_proxy=(f"{PROXY}/32",), proxy_user_header="Remote-User",
        proxy_groups_header="Remote-Groups", editors=("edith", "group:ops"),
    )  # fmt: skip


@pytest.fixture
def client(proxied: Site) -> FlaskClient:
    return proxied.client(REMOTE_ADDR=PROXY)


@pytest.mark.parametrize(
    ("headers", "role"),
    [
        ({"Remote-User": "vera"}, "viewer"),
        ({"Remote-User": "Edith"}, "editor"),
        ({"Remote-User": "omar", "Remote-Groups": "all, ops"}, "editor"),
        ({"Remote-User": "omar", "Remote-Groups": "all,opsters"}, "viewer"),
        ({"Remote-User": "vera", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}, "viewer"),
    ],
)
def test_whom_it_names_is_in(client: FlaskClient, headers: dict[str, str], role: str) -> None:
    shown = client.get(LAYOUT, headers=headers)
    assert shown.status_code == 200
    assert f"{role}, may look" in shown.text
    assert "Log out" not in shown.text
    assert client.get("/", headers=headers).status_code == 200
    status = client.post("/api/markers", json=MARKER, headers=headers).status_code
    assert status == (201 if role == "editor" else 403)


@pytest.mark.parametrize("name", ["", " ", "mallory, vera", "a" * 201, "x\x7f"])
def test_whom_it_does_not_name_clearly_is_nobody(client: FlaskClient, name: str) -> None:
    for headers in ({"Remote-User": name}, {}):
        page = client.get("/", headers=headers)
        assert page.status_code == 401
        assert "should have said who you are" in page.text
        answer = client.get("/api/metrics/definitions", headers=headers)
        assert answer.status_code == 401
        assert "X-Log-In" not in answer.headers  # there is no log-in here to go to


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.4", "192.0.2.1", "", "10.1.2.3, 10.1.2.4"])
@pytest.mark.parametrize("header", ["Remote-User", "Remote-Groups", "remote-user", "X-Forwarded-For"])
def test_the_header_of_anybody_else_is_refused(proxied: Site, peer: str, header: str) -> None:
    client = proxied.client(REMOTE_ADDR=peer)
    for path in ("/", LAYOUT, "/api/metrics/definitions", "/login"):
        answer = client.get(path, headers={header: "edith"})
        assert answer.status_code == 403, path
    assert client.post("/api/markers", json=MARKER, headers={header: "edith"}).status_code == 403


def test_without_it_others_are_strangers(proxied: Site) -> None:
    client = proxied.client(REMOTE_ADDR="127.0.0.1")
    assert client.get("/").status_code == 401
    assert client.get(LAYOUT).status_code == 401
    assert client.get("/healthz").status_code == 200


def test_what_the_proxy_says_of_the_client_makes_nobody_a_proxy(client: FlaskClient) -> None:
    """X-Forwarded-For with the proxy's own address does not count as coming from it, nor does its absence."""
    answer = client.get("/", headers={"X-Forwarded-For": PROXY})
    assert answer.status_code == 401


def test_who_is_not_on_the_list_may_not_look(make_site: Callable[..., Site]) -> None:
    site = make_site(auth="proxy", trusted_proxy=(PROXY,), viewers=("vera@example.org",))
    client = site.client(REMOTE_ADDR=PROXY)
    assert client.get("/", headers={"X-Forwarded-User": "vera@example.org"}).status_code == 200
    out = client.get("/", headers={"X-Forwarded-User": "mallory@example.org"})
    assert out.status_code == 403
    assert "You may not see this dashboard" in out.text


def test_names_come_in_utf8_and_as_text_alone(client: FlaskClient) -> None:
    name = "zoë <b>"
    shown = client.get(LAYOUT, headers={"Remote-User": name.encode().decode("latin-1")})
    assert "zo\\u00eb" in shown.text or "zoë" in shown.text
