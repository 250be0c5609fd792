"""Where a request may come from: this machine, a trusted proxy, nowhere else; and what starts at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from dashboard.access.checks import check, notes
from dashboard.access.network import is_forwarded
from dashboard.config import Settings
from queries.errors import UserError
from tests.access.conftest import PASSWORD, Site

MARKS = {
    "Forwarded": "for=192.0.2.1",
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Host": "metrics.example.org",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-User": "root",
    "X-Real-IP": "192.0.2.1",
    "Via": "1.1 proxy",
    "CF-Connecting-IP": "192.0.2.1",
    "X-Original-URL": "/healthz",
}


def ask(site: Site, path: str = "/", peer: str = "127.0.0.1", **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.client(REMOTE_ADDR=peer).get(path, headers=sent)


@pytest.fixture(scope="module")
def plain(make_site: Callable[..., Site]) -> Site:
    """Nothing configured."""
    return make_site()


@pytest.mark.parametrize("name", MARKS)
def test_what_came_through_a_proxy_is_refused(plain: Site, site: Site, name: str) -> None:
    for asked in (plain, site):  # with nothing set, and with users but no proxy
        client = asked.client()
        page = client.get("/runs", headers={name: MARKS[name]})
        assert page.status_code == 403
        assert page.mimetype == "text/html"
        assert "TRUSTED_PROXY" in page.text
        assert "AUTH" in page.text
        for path in ("/api/metrics/summary", "/_dash-layout", "/assets/app.js", "/_dash-update-component"):
            answer = client.get(path, headers={name: MARKS[name]})
            assert answer.status_code == 403, path
            assert answer.json["error"]["code"] == "proxy_refused", path
        assert client.get("/healthz", headers={name: MARKS[name]}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8050",
        "127.0.0.1:8050",
        "127.9.9.9",
        "[::1]:8050",
        "LOCALHOST",
        "app.localhost",
    ],
)
def test_this_machine_has_these_names(plain: Site, host: str) -> None:
    assert ask(plain, Host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8050",
        "localhost.evil.example",
        "192.0.2.7",
        "127.0.0.1.evil.example",
        "[::1",
        "",
    ],
)
def test_a_name_that_is_not_ours_is_refused(plain: Site, host: str) -> None:
    """DNS rebinding: a page of evil.example, whose name now means 127.0.0.1."""
    answer = ask(plain, "/api/metrics/summary", Host=host)
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "host_refused"
    assert ask(plain, "/healthz", Host=host).status_code == 200


@pytest.mark.parametrize("peer", ["192.0.2.1", "172.17.0.1", "::2", "", "rubbish"])
def test_another_machine_is_refused_however_the_port_was_opened(plain: Site, peer: str) -> None:
    """gunicorn can be told to listen anywhere: whoever is there, only this machine is answered."""
    answer = ask(plain, "/api/metrics/summary", peer)
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "address_refused"
    assert "AUTH" in answer.json["error"]["allowed"]


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_these_addresses(plain: Site, peer: str) -> None:
    assert ask(plain, "/", peer).status_code == 200


def test_insecure_answers_everybody_but_no_proxy_and_no_foreign_name(make_site: Callable[..., Site]) -> None:
    site = make_site(insecure=True, host="0.0.0.0", public_url="http://metrics.example.org:8050")
    assert ask(site, "/", "192.0.2.1", Host="192.0.2.50:8050").status_code == 200
    assert ask(site, "/", "192.0.2.1", Host="metrics.example.org:8050").status_code == 200
    assert ask(site, "/", "192.0.2.1", Host="evil.example").status_code == 403
    assert ask(site, "/", "192.0.2.1", Host="192.0.2.50", X_Forwarded_For="1.2.3.4").status_code == 403


# ---- a trusted proxy --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def behind(make_site: Callable[..., Site]) -> Site:
    """AUTH=users behind a proxy on 10.1.0.0/16."""
    from dashboard.access import users

    site = make_site(auth="users", trusted_proxy=("10.1.0.0/16", "2001:db8::/32"))
    with site.engine.begin() as connection:
        users.add(connection, "vera", "viewer", PASSWORD)
    return site


@pytest.mark.parametrize(
    ("peer", "status"), [("10.1.2.3", 200), ("2001:db8::9", 200), ("10.2.0.1", 403), ("127.0.0.1", 403)]
)
def test_a_trusted_proxy_is_believed_and_no_other(behind: Site, peer: str, status: int) -> None:
    assert ask(behind, "/login", peer, X_Forwarded_For="192.0.2.1").status_code == status


def test_behind_it_the_cookie_is_for_https_alone(behind: Site) -> None:
    client = behind.client(REMOTE_ADDR="10.1.2.3")
    headers = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "m.example.org",
    }
    headers |= {"Origin": "https://m.example.org"}
    sent = {"name": "vera", "password": PASSWORD}
    answer = client.post("/login", data=sent, headers=headers)
    assert answer.status_code == 303
    assert "Secure" in answer.headers["Set-Cookie"]
    other = client.post("/login", data=sent, headers=headers | {"Origin": "https://n.example.org"})
    assert other.status_code == 403


def test_tries_are_counted_by_the_address_that_the_proxy_names(behind: Site) -> None:
    """And only by the one it added itself, which is the last."""
    client = behind.client(REMOTE_ADDR="10.1.2.3")
    for number in range(22):
        headers = {"X-Forwarded-For": f"203.0.113.{number}, 192.0.2.9"}
        status = client.post(
            "/login", data={"name": f"n{number}", "password": "x"}, headers=headers
        ).status_code
    assert status == 429
    sent = {"name": "other", "password": "x"}
    assert client.post("/login", data=sent, headers={"X-Forwarded-For": "192.0.2.10"}).status_code == 401


def test_a_header_with_underscores_is_seen_as_what_it_becomes() -> None:
    assert is_forwarded({"HTTP_X_FORWARDED_FOR": ""})
    assert not is_forwarded({"HTTP_X_REQUESTED_WITH": "", "REMOTE_ADDR": "x"})


# ---- starting -----------------------------------------------------------------------------------------------


def loaded(**environ: str) -> Settings:
    return Settings.load(environ, Path("/nowhere/.env"))


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"HOST": "0.0.0.0"}, ["HOST=0.0.0.0", "--insecure", "AUTH=users", "AUTH=oidc", "AUTH=proxy"]),
        ({"HOST": "::"}, ["HOST=::"]),
        ({"HOST": "192.0.2.1"}, ["HOST=192.0.2.1"]),
        ({"TRUSTED_PROXY": "127.0.0.1"}, ["TRUSTED_PROXY", "AUTH is none"]),
        ({"AUTH": "proxy"}, ["TRUSTED_PROXY"]),
        ({"AUTH": "oidc"}, ["OIDC_ISSUER", "OIDC_CLIENT_ID"]),
        ({"AUTH": "oidc", "OIDC_ISSUER": "https://a.org", "OIDC_CLIENT_ID": "x"}, ["VIEWERS", "EDITORS"]),
    ],
)  # fmt: skip
def test_what_would_publish_it_does_not_start(environ: dict[str, str], words: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        check(loaded(**environ))
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    "environ",
    [
        {}, {"HOST": "localhost"}, {"HOST": "::1"}, {"HOST": "127.0.0.2"}, {"HOST": "0.0.0.0", "INSECURE": "on"},
        {"HOST": "0.0.0.0", "AUTH": "users"}, {"HOST": "0.0.0.0", "AUTH": "proxy", "TRUSTED_PROXY": "10.0.0.1"},
        {"TRUSTED_PROXY": "127.0.0.1,unix", "AUTH": "users"},
    ],
)  # fmt: skip
def test_what_publishes_nothing_starts(environ: dict[str, str]) -> None:
    check(loaded(**environ))


def test_create_app_refuses_so_that_every_way_of_starting_does(make_site: Callable[..., Site]) -> None:
    with pytest.raises(UserError, match=r"HOST=0\.0\.0\.0"):
        make_site(host="0.0.0.0")


def test_where_it_really_listens_counts() -> None:
    with pytest.raises(UserError, match=r"HOST=0\.0\.0\.0"):
        check(loaded(), "0.0.0.0")


def test_what_is_allowed_and_should_be_known_is_said() -> None:
    assert "sees and changes everything" in notes(loaded(HOST="0.0.0.0", INSECURE="on"))[0]
    assert "unencrypted" in notes(loaded(HOST="0.0.0.0", AUTH="users"))[0]
    assert notes(loaded()) == []
    assert notes(loaded(EDITORS="ann")) == [
        "EDITORS is set and counts for nothing: AUTH is none, not oidc or proxy"
    ]
    assert "OIDC_ISSUER is set" in notes(loaded(OIDC_ISSUER="https://a.org", AUTH="users"))[0]
    assert notes(loaded(AUTH="proxy", TRUSTED_PROXY="10.0.0.1", VIEWERS="ann", PROXY_USER_HEADER="X-A")) == []


def test_secrets_are_not_shown() -> None:
    from dashboard.config import in_force

    shown: list[Any] = in_force(loaded(OIDC_CLIENT_SECRET="hush hush"))
    assert "hush" not in str(shown)
