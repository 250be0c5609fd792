"""Log-in by a real OpenID Connect provider on loopback; and a provider, or a browser, that cheats."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from dashboard.access.grants import Person, role
from dashboard.access.oidc import person_of
from tests.access.conftest import Site
from tests.access.provider import Provider, knows, running, says_yes, with_query

LAYOUT = "/_dash-layout"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running() as provider:
        knows(provider, "ann", email="ann@example.org", email_verified=True)
        knows(provider, "bob", email="Bob@Elsewhere.example", email_verified=True, groups=["platform", "all"])
        knows(provider, "eve", email="eve@example.org", email_verified=False)
        knows(provider, "dan", name="Dan", groups="all")
        yield provider


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.spoil = provider.spoil_answer = None


@pytest.fixture(scope="module")
def oidc(make_site: Callable[..., Site], provider: Provider) -> Site:
    return make_site(
        auth="oidc", oidc_issuer=provider.issuer, oidc_client_id="dashboard", oidc_client_secret="secret",
        viewers=("@example.org",), editors=("group:platform",),
    )  # fmt: skip


def begin(client: FlaskClient, next: str = "/") -> str:
    answer = client.get("/login/oidc", query_string={"next": next})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def come_back(client: FlaskClient, url: str) -> TestResponse:
    parts = urlsplit(url)
    return client.get(f"{parts.path}?{parts.query}")


def log_in(site: Site, sub: str, next: str = "/") -> tuple[FlaskClient, TestResponse]:
    client = site.client()
    return client, come_back(client, says_yes(begin(client, next), sub))


def test_in_by_the_provider_and_back_to_where_one_was(oidc: Site, provider: Provider) -> None:
    client = oidc.client()
    way = client.get("/runs?status=failed").headers["Location"]
    shown = client.get(way).text
    assert "Log in with 127.0.0.1" in shown
    assert 'href="/login/oidc?next=/runs?status%3Dfailed"' in shown
    before = provider.proofs
    client, answer = log_in(oidc, "ann", "/runs?status=failed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/runs?status=failed")
    assert provider.proofs == before + 1  # PKCE
    assert "ann@example.org" in client.get(LAYOUT).text


@pytest.mark.parametrize(("sub", "found"), [("ann", "viewer"), ("bob", "editor")])
def test_address_and_groups_make_the_role(oidc: Site, sub: str, found: str) -> None:
    client, answer = log_in(oidc, sub)
    assert answer.status_code == 303
    assert f"{found}, may look" in client.get(LAYOUT).text
    marker = {"at": "2026-10-01T08:00Z", "label": "a"}
    assert client.post("/api/markers", json=marker).status_code == (201 if found == "editor" else 403)


@pytest.mark.parametrize(
    ("sub", "words"),
    [("eve", "address is checked"), ("dan", "may not see"), ("new@example.org", "address is checked")],
)
def test_whom_nobody_let_in_stays_out(oidc: Site, sub: str, words: str) -> None:
    client, answer = log_in(oidc, sub)
    assert answer.status_code == 403
    assert words in answer.text
    assert client.get(LAYOUT).status_code == 401


def test_the_cookies_are_closed(oidc: Site) -> None:
    client = oidc.client()
    started = client.get("/login/oidc").headers["Set-Cookie"]
    answer = come_back(client, says_yes(begin(client), "ann"))
    for cookie in (started, *answer.headers.getlist("Set-Cookie")):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("next", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_it_leads_to_no_other_site(oidc: Site, next: str) -> None:
    assert log_in(oidc, "ann", next)[1].headers["Location"] == "/"


def test_state_and_code_are_of_one_browser_and_one_time(oidc: Site) -> None:
    client = oidc.client()
    back = says_yes(begin(client), "ann")
    for asked, url in (
        (oidc.client(), back),  # another browser: a log-in that was planted
        (client, with_query(back, state="x" * 30)),
        (client, with_query(back, state="")),
    ):
        answer = come_back(asked, url)
        assert answer.status_code == 400, answer.text
        assert "Please try again" in answer.text
        assert asked.get(LAYOUT).status_code == 401
    assert come_back(client, back).status_code == 303
    thief = oidc.client()
    assert come_back(thief, back).status_code == 400
    assert come_back(client, back).status_code == 400  # once is all


def test_another_code_is_not_taken(oidc: Site) -> None:
    client = oidc.client()
    answer = come_back(client, with_query(says_yes(begin(client), "ann"), code="stolen"))
    assert answer.status_code == 403
    assert client.get(LAYOUT).status_code == 401


def test_who_says_no_is_told_so(oidc: Site) -> None:
    client = oidc.client()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    bad = {"error": "access_denied", "error_description": "<script>alert(1)</script>", "state": state}
    answer = client.get("/login/oidc/callback", query_string=bad)
    assert answer.status_code == 403
    assert "did not let you in" in answer.text
    assert "alert(1)" not in answer.text


def test_a_nonce_of_another_log_in_is_refused(oidc: Site, provider: Provider) -> None:
    def other_nonce(environ: dict[str, Any]) -> None:
        if environ["PATH_INFO"] == "/oauth2/authorize":
            query = with_query(f"x?{environ['QUERY_STRING']}", nonce="n" * 20)
            environ["QUERY_STRING"] = query.partition("?")[2]

    provider.spoil = other_nonce
    client, answer = log_in(oidc, "ann")
    assert answer.status_code >= 400
    assert client.get(LAYOUT).status_code == 401


@pytest.mark.parametrize("what", ["no id token", "rubbish", "unsigned", "other person"])
def test_what_the_provider_did_not_sign_is_refused(oidc: Site, provider: Provider, what: str) -> None:
    def spoil(path: str, told: dict[str, Any]) -> None:
        if path == "/oauth2/token":
            token = told.pop("id_token")
            head, body, sign = token.split(".")
            if what == "rubbish":
                told["id_token"] = f"{head}.{body}.{sign[::-1]}"
            elif what == "unsigned":
                told["id_token"] = f"eyJhbGciOiJub25lIn0.{body}."
            elif what == "other person":
                told["id_token"] = token
        if path == "/userinfo" and what == "other person":
            told["sub"] = "bob"

    provider.spoil_answer = spoil
    client, answer = log_in(oidc, "ann")
    assert answer.status_code in (403, 502)
    assert client.get(LAYOUT).status_code == 401


def test_a_provider_of_another_name_is_refused(make_site: Callable[..., Site], provider: Provider) -> None:
    site = make_site(
        auth="oidc", oidc_issuer=provider.issuer + "/", oidc_client_id="d", viewers=("*",)
    )  # the same place, but it calls itself otherwise
    answer = site.client().get("/login/oidc")
    assert answer.status_code == 502
    assert "does not answer as it should" in answer.text


def test_a_provider_that_is_away_is_told_and_tried_again(make_site: Callable[..., Site]) -> None:
    from tests.runtime.processes import free_port

    site = make_site(
        auth="oidc", oidc_issuer=f"http://127.0.0.1:{free_port()}", oidc_client_id="d", viewers=("*",)
    )
    assert site.client().get("/login/oidc").status_code == 502
    assert site.client().get("/login").status_code == 200


def test_log_out_here_and_there(oidc: Site, provider: Provider) -> None:
    client, _ = log_in(oidc, "ann")
    way = client.post("/logout").headers["Location"]
    shown = client.get(way).text
    assert "You are logged out" in shown
    assert 'href="/login/oidc/end"' in shown
    assert client.get(LAYOUT).status_code == 401
    there = client.get("/login/oidc/end").headers["Location"]
    assert there.startswith(provider.issuer + "/")
    asked = parse_qs(urlsplit(there).query)
    assert asked["post_logout_redirect_uri"] == ["http://localhost/login?out=1"]
    assert asked["client_id"] == ["dashboard"]
    # Whom it concerns, told by what the provider itself has signed.
    (hint,) = asked["id_token_hint"]
    payload = hint.split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"] == "ann"
    with requests.Session() as browser:
        page = browser.get(there, timeout=20).text
        assert "id_token_hint</code> not set" not in page
        back = browser.post(
            f"{provider.issuer}/oauth2/end_session/confirm",
            data=_form(page),
            timeout=20,
            allow_redirects=False,
        )
    assert back.status_code in (302, 303), back.text
    assert back.headers["Location"].startswith("http://localhost/login?out=1")
    # It is for once, and nobody's afterwards.
    assert "id_token_hint" not in parse_qs(urlsplit(client.get("/login/oidc/end").headers["Location"]).query)
    with oidc.engine.connect() as connection:
        assert (
            connection.execute(
                text("SELECT count(*) FROM login_session WHERE id_token = :h"), {"h": hint}
            ).scalar_one()
            == 0
        )


def _form(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))


def test_an_id_token_too_long_for_a_cookie_is_left_out(
    oidc: Site, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.access.oidc._LONGEST_HINT", 100)
    client, _ = log_in(oidc, "ann")
    answer = client.post("/logout")
    assert answer.status_code == 303
    asked = parse_qs(urlsplit(client.get("/login/oidc/end").headers["Location"]).query)
    assert "id_token_hint" not in asked
    assert asked["client_id"] == ["dashboard"]


def test_a_provider_without_log_out_has_no_id_token_kept(
    make_site: Callable[..., Site], provider: Provider
) -> None:
    def spoil(path: str, told: dict[str, Any]) -> None:
        told.pop("end_session_endpoint", None)

    provider.spoil_answer = spoil
    site = make_site(
        auth="oidc",
        oidc_issuer=provider.issuer,
        oidc_client_id="dashboard",
        oidc_client_secret="secret",
        viewers=("*",),
    )
    client, _ = log_in(site, "ann")
    assert client.get(LAYOUT).status_code == 200
    with site.engine.connect() as connection:
        assert connection.execute(text("SELECT id_token FROM login_session")).scalars().all() == [None]
    assert 'href="/login/oidc/end"' not in client.get(client.post("/logout").headers["Location"]).text


def test_the_way_back_is_the_public_address(make_site: Callable[..., Site], provider: Provider) -> None:
    site = make_site(
        auth="oidc", oidc_issuer=provider.issuer, oidc_client_id="dashboard", viewers=("*",),
        public_url="https://metrics.example.org",
    )  # fmt: skip
    asked = parse_qs(urlsplit(begin(site.client())).query)
    assert asked["redirect_uri"] == ["https://metrics.example.org/login/oidc/callback"]
    assert asked["scope"] == ["openid email profile"]


def test_who_is_no_editor_any_more_is_none_at_the_next_start(
    oidc: Site, make_site: Callable[..., Site], provider: Provider
) -> None:
    """The sessions that there are were judged by the lists of before."""
    url = oidc.engine.url.render_as_string(hide_password=False)
    known = {"auth": "oidc", "oidc_issuer": provider.issuer, "oidc_client_id": "dashboard",
             "oidc_client_secret": "secret", "database_url": url, "viewers": ("@example.org",)}  # fmt: skip
    client, _ = log_in(oidc, "bob")
    (cookie,) = [c for c in client._cookies.values() if not c.decoded_key.endswith("_login")]

    def status(site: Site) -> int:
        browser = site.client()
        browser.set_cookie(cookie.decoded_key, cookie.decoded_value)
        return browser.get(LAYOUT).status_code

    assert status(make_site(**known, editors=("group:platform",))) == 200
    assert status(make_site(**known, editors=("group:others",))) == 401


def test_a_session_of_a_provider_ends_with_its_row(oidc: Site) -> None:
    log_in(oidc, "ann")
    with oidc.engine.begin() as connection:
        connection.execute(text("UPDATE login_session SET expires_at = now() - interval '1 second'"))
    other, _ = log_in(oidc, "bob")
    with oidc.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM login_session")).scalars().all()
    assert names == ["Bob@Elsewhere.example"]  # what is over is cleared away
    assert other.get(LAYOUT).status_code == 200


PEOPLE = [
    (("ann@example.org",), "ann@example.org", (), "viewer"),
    (("ANN@example.org",), "ann@Example.org", (), "viewer"),
    (("@example.org",), "ann@example.org", (), "viewer"),
    (("@example.org",), "ann@evilexample.org", (), None),
    (("@example.org",), "ann@example.org.evil.example", (), None),
    (("@example.org",), "ann@sub.example.org", (), None),
    (("@example.org",), "x@evil.example@example.org", (), "viewer"),
    (("group:a",), "ann", ("a",), "viewer"),
    (("group:a",), "group:a", (), None),
    (("group:a",), "ann", ("A",), None),
    (("*",), "", (), "viewer"),
    ((), "ann", ("a",), None),
]


@pytest.mark.parametrize(("viewers", "name", "groups", "found"), PEOPLE)
def test_who_is_meant(
    viewers: tuple[str, ...], name: str, groups: tuple[str, ...], found: str | None
) -> None:
    person = Person(name, frozenset({name}), frozenset(groups))
    assert role(person, viewers, ()) == found
    assert role(person, (), viewers) == (found and "editor")


@pytest.mark.parametrize("claim", [None, 5, {"a": 1}, [1, None, {"x": 2}], "", []])
def test_groups_may_be_anything(claim: Any) -> None:
    found = person_of({"sub": "x", "groups": claim}, "groups")
    assert found.groups <= {""}


def test_what_a_provider_says_can_be_kept_and_shown() -> None:
    found = person_of({"sub": "x", "name": "An\x00na\u202e"}, "groups")
    assert found.shown == "Anna"


def test_an_address_that_was_not_checked_is_not_shown_as_theirs() -> None:
    claims = {"sub": "x", "name": "Eve", "email": "ann@example.org"}
    assert person_of(claims, "groups").shown == "Eve"
    assert person_of(claims | {"email_verified": True}, "groups").shown == "ann@example.org"


def test_the_subject_is_a_name() -> None:
    found = person_of({"sub": "x"}, "groups")
    assert found.names == {"x"}
