"""Log-in with name and password, the session that comes of it, and its end."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from dashboard.access import sessions, users
from dashboard.access.attempts import ADDRESS, ELSEWHERE, FREE, HERE
from queries.access_tables import login_session
from tests.access.conftest import PASSWORD, Site, log_in
from tests.runtime.processes import free_port

LAYOUT = "/_dash-layout"


@pytest.fixture
def own(make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site for one test alone, whose processes look at every request whether a session has ended."""
    monkeypatch.setattr(sessions, "SECONDS_KNOWN", -1.0)
    site = make_site(auth="users")
    add(site, "ann", "editor")
    return site


def add(site: Site, name: str, role: str = "viewer", password: str = PASSWORD) -> None:
    with site.engine.begin() as connection:
        users.add(connection, name, role, password)


def cookie_of(answer: TestResponse) -> str:
    (cookie,) = answer.headers.getlist("Set-Cookie")
    return str(cookie)


# ---- in, and where to ---------------------------------------------------------------------------------


def test_pages_lead_to_log_in_and_back(site: Site) -> None:
    client = site.client()
    way = client.get("/runs?status=failed&q=a%26b").headers["Location"]
    assert way == "/login?next=%2Fruns%3Fstatus%3Dfailed%26q%3Da%2526b"
    form = client.get(way)
    assert form.status_code == 200
    assert '<input name="next" type="hidden" value="/runs?status=failed&amp;q=a%26b">' in form.text
    answer = log_in(client, "vera", next="/runs?status=failed&q=a%26b")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/runs?status=failed&q=a%26b")
    assert client.get("/runs").status_code == 200


def test_a_query_string_that_is_no_utf8_leads_to_log_in_as_well(site: Site) -> None:
    answer = site.client().get("/runs", environ_overrides={"QUERY_STRING": "q=\xff"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=%2Fruns%3Fq%3D%EF%BF%BD")


def test_names_are_one_person_in_every_spelling(site: Site) -> None:
    assert log_in(site.client(), "  VERA ").status_code == 303


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "/%2f/evil.example", "/%5cevil.example", "javascript:alert(1)", "evil.example", "http:/evil", "/\n/evil",
        " //evil.example", "/login", "/login?next=/login", "/logout", "/api/export/runs.csv", "", "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_nobody_is_led_to_another_site(site: Site, way: str) -> None:
    answer = log_in(site.client(), "vera", next=way)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    shown = site.client().get("/login", query_string={"next": way}).text
    assert "evil" not in shown


def test_wrong_ones_are_all_told_the_same(own: Site) -> None:
    add(own, "bob")
    texts = set()
    for number, (name, password) in enumerate(
        [
            ("bob", "wrong"),
            ("nobody", PASSWORD),
            ("bob", ""),
            ("", ""),
            ("a\x00b", "x\x00"),
            ("a" * 5000, "x"),
        ]
    ):
        client = own.client(REMOTE_ADDR=f"127.0.0.{number + 2}")
        answer = log_in(client, name, password)
        assert answer.status_code == 401
        assert "Set-Cookie" not in answer.headers
        assert client.get("/runs").status_code == 302
        texts.add(re.sub(r'value="[^"]*"|autofocus', "", answer.text, flags=re.IGNORECASE).replace(" ", ""))
    assert len(texts) == 1
    assert "Nameorpasswordisnotright." in texts.pop()


def test_who_is_no_user_costs_as_much_hashing_as_who_is(own: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """No enumeration by time: for both one hash is checked, of the same cost."""
    checked: list[str] = []
    right = users.check_password_hash

    def check(kept: str, password: str) -> bool:
        checked.append(kept.split("$")[0])
        return right(kept, password)

    monkeypatch.setattr(users, "check_password_hash", check)
    for name in ("ann", "nobody"):
        log_in(own.client(), name, "wrong")
    assert checked == ["scrypt:32768:8:1"] * 2


def test_the_page_of_log_in_needs_no_script_and_shows_no_markup_of_others(site: Site) -> None:
    answer = log_in(site.client(REMOTE_ADDR="127.0.0.9"), "<script>alert(1)</script>", "x")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text
    for part in (
        'autocomplete="username"',
        'autocomplete="current-password"',
        'method="post"',
        "<label",
        'role="alert"',
    ):
        assert part in answer.text.lower().replace("'", '"'), part
    assert re.findall(r"<script(?! src)", answer.text) == []


def test_without_users_it_says_what_to_do(make_site: Callable[..., Site]) -> None:
    assert "fixer-metrics user add" in make_site(auth="users").client().get("/login").text


# ---- the cookie ---------------------------------------------------------------------------------------


def test_the_cookie_is_closed_and_ends(site: Site) -> None:
    cookie = cookie_of(log_in(site.client(), "vera"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=43200" in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    https = site.client().post(
        "/login", data={"name": "vera", "password": PASSWORD}, base_url="https://localhost"
    )
    assert "Secure" in cookie_of(https)


def test_the_database_keeps_no_cookie_that_could_be_used(own: Site) -> None:
    client = own.client()
    value = next(iter(parse_cookie(cookie_of(log_in(client, "ann"))).values()))
    with own.engine.connect() as connection:
        (row,) = connection.execute(select(login_session)).all()
        dump = " ".join(str(v) for table in ("login_session", "app_user", "login_failure")
                        for v in connection.execute(text(f"SELECT * FROM {table}")))  # fmt: skip
    token = value.split(".")[0].strip('"')
    assert token not in dump
    assert PASSWORD not in dump
    assert len(row.token_hash) == hashlib.sha256().digest_size


@pytest.mark.parametrize("change", ["other key", "cut", "token alone", "empty", "rubbish"])
def test_a_forged_cookie_is_none(own: Site, make_site: Callable[..., Site], change: str) -> None:
    client = own.client()
    name, value = next(iter(parse_cookie(cookie_of(log_in(client, "ann"))).items()))
    if change == "other key":
        from itsdangerous import URLSafeSerializer

        forged = URLSafeSerializer("another key", salt="fixer-metrics session").dumps("x" * 43)
    else:
        forged = {"cut": value[:-2], "token alone": value.split(".")[0], "empty": "", "rubbish": "é.é.é"}[
            change
        ]
    thief = own.client()
    thief.set_cookie(name, forged)
    assert thief.get(LAYOUT).status_code == 401
    assert client.get(LAYOUT).status_code == 200


def test_a_planted_cookie_does_not_become_a_session(own: Site) -> None:
    """Session fixation: log-in always makes a new one, and ends nothing that it was not given."""
    thief = own.client()
    name, planted = next(iter(parse_cookie(cookie_of(log_in(thief, "ann"))).items()))
    add(own, "bob")
    victim = own.client()
    victim.set_cookie(name, planted)
    fresh = next(iter(parse_cookie(cookie_of(log_in(victim, "bob"))).values()))
    assert fresh != planted
    assert "bob" not in thief.get(LAYOUT).text
    assert "bob" in victim.get(LAYOUT).text


def test_what_depends_on_who_asks_is_kept_nowhere(site: Site) -> None:
    client = site.someone("vera")
    for path in ("/", "/runs", LAYOUT, "/_dash-dependencies", "/login"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path
    assert client.get("/api/metrics/definitions").headers["Cache-Control"] == "private, no-cache"


# ---- its end ------------------------------------------------------------------------------------------


def test_log_out_ends_the_session_and_not_only_the_cookie(own: Site) -> None:
    client = own.client()
    name, value = next(iter(parse_cookie(cookie_of(log_in(client, "ann"))).items()))
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?out=1")
    assert "Max-Age=0" in cookie_of(answer)
    assert "You are logged out" in client.get("/login?out=1").text
    client.set_cookie(name, value)
    assert client.get(LAYOUT).status_code == 401
    assert own.client().post("/logout").status_code == 303  # a stranger, too
    assert own.client().get("/logout").status_code == 302  # a link logs nobody out


@pytest.mark.parametrize("what", ["removed", "role", "password", "expired"])
def test_it_ends_at_once(own: Site, what: str) -> None:
    client = own.client()
    log_in(client, "ann")
    assert client.get(LAYOUT).status_code == 200
    with own.engine.begin() as connection:
        if what == "removed":
            users.remove(connection, "Ann")
        elif what == "role":
            users.change(connection, "ann", role="viewer")
        elif what == "password":
            users.change(connection, "ann", password_hash=users.hashed("quite another one"))
        else:
            past = datetime.now(UTC) - timedelta(seconds=1)
            connection.execute(update(login_session).values(expires_at=past))
    assert client.get(LAYOUT).status_code == 401
    assert client.get("/").status_code == 302
    if what == "password":
        assert log_in(own.client(), "ann").status_code == 401
        assert log_in(own.client(), "ann", "quite another one").status_code == 303


def test_it_is_known_for_two_seconds_at_most() -> None:
    assert sessions.SECONDS_KNOWN <= 3


def test_a_session_of_another_way_of_knowing_people_counts_no_more(own: Site) -> None:
    client = own.client()
    log_in(client, "ann")
    with own.engine.begin() as connection:
        connection.execute(update(login_session).values(method="oidc"))
    assert client.get(LAYOUT).status_code == 401


def test_who_changed_the_password_while_it_was_checked_is_not_let_in(
    own: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = users.check_password_hash

    def check(kept: str, password: str) -> bool:
        with own.engine.begin() as connection:
            users.change(connection, "ann", password_hash=users.hashed("quite another one"))
        return right(kept, password)

    monkeypatch.setattr(users, "check_password_hash", check)
    assert log_in(own.client(), "ann").status_code == 401


def test_while_the_database_is_away_nobody_is_let_in_and_all_is_said(
    make_site: Callable[..., Site], site: Site
) -> None:
    away = make_site(auth="users", database_url=f"postgresql://fixer:hush@127.0.0.1:{free_port()}/runs")
    stranger, client = away.client(), away.client()
    assert stranger.get("/").status_code == 302
    known = site.client()
    client.set_cookie(*next(iter(parse_cookie(cookie_of(log_in(known, "vera"))).items())))
    for asked in (stranger.get("/login"), log_in(stranger, "vera"), client.get("/"), client.get("/runs")):
        assert asked.status_code == 503
        assert "database does not answer" in asked.text
        assert asked.mimetype == "text/html"
        assert "hush" not in asked.text
    for path in (LAYOUT, "/api/metrics/definitions"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["error"]["code"]) == (503, "database_away")
    assert client.get("/healthz").status_code == 200


# ---- other sites --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/_dash-update-component", "/api/markers"])
def test_a_page_of_another_site_can_do_nothing(site: Site, path: str, headers: dict[str, str]) -> None:
    client = site.someone("edith")
    answer = client.post(path, json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "cross_origin"
    assert client.get(LAYOUT).status_code == 200


def test_nor_where_nobody_logs_in(make_site: Callable[..., Site]) -> None:
    client = make_site().client()
    answer = client.post("/_dash-update-component", json={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


# ---- how often ----------------------------------------------------------------------------------------


def tries(site: Site, number: int, address: Callable[[int], str], name: Callable[[int], str]) -> list[int]:
    return [log_in(site.client(REMOTE_ADDR=address(n)), name(n), "wrong").status_code for n in range(number)]


def later(site: Site, seconds: int) -> None:
    """As if so much time had passed since the failures."""
    with site.engine.begin() as connection:
        back = text("UPDATE login_failure SET last_at = last_at - make_interval(secs => :s), "
                    "blocked_until = blocked_until - make_interval(secs => :s)")  # fmt: skip
        connection.execute(back, {"s": seconds})


def test_an_account_is_slowed_down_wherever_the_tries_come_from(own: Site) -> None:
    free = FREE[ELSEWHERE]
    found = tries(own, free + 3, lambda n: f"10.0.0.{n}", lambda n: "ann")
    # The failure after the free ones makes the next wait.
    assert found == [401] * (free + 1) + [429] * 2
    answer = log_in(own.client(REMOTE_ADDR="10.0.1.1"), "ann")  # though it would be right
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert "Please wait 1 second" in answer.text
    later(own, 2)
    assert log_in(own.client(REMOTE_ADDR="10.0.1.1"), "ann").status_code == 303
    # The others are slowed down all the same.
    assert tries(own, 2, lambda n: f"10.0.2.{n}", lambda n: "ann") == [401, 429]


def test_an_account_is_slowed_down_from_one_address(own: Site) -> None:
    free = FREE[HERE]
    for _ in range(2):  # a success forgets what was before
        assert tries(own, free, lambda n: "10.0.0.1", lambda n: "ann") == [401] * free
        assert log_in(own.client(REMOTE_ADDR="10.0.0.1"), "ann").status_code == 303
    assert tries(own, free + 2, lambda n: "10.0.0.1", lambda n: "ann") == [401] * (free + 1) + [429]
    assert log_in(own.client(REMOTE_ADDR="10.0.0.1"), "ann").status_code == 429


def test_nobody_else_keeps_the_owner_out(own: Site) -> None:
    """Neither one stranger, however long he tries, nor many of them; from where the owner came in before."""
    home = own.client(REMOTE_ADDR="10.9.9.9")
    assert log_in(home, "ann").status_code == 303
    for _ in range(40):  # for hours: as often as he may
        answer = log_in(own.client(REMOTE_ADDR="10.0.0.1"), "ann", "wrong")
        if answer.status_code == 429:
            later(own, int(answer.headers["Retry-After"]))
    # He has not even closed it for addresses that nobody knows.
    assert log_in(own.client(REMOTE_ADDR="10.8.8.8"), "ann").status_code == 303
    many = tries(own, FREE[ELSEWHERE] + 20, lambda n: f"10.1.0.{n}", lambda n: "ann")
    assert many[-1] == 429
    assert log_in(own.client(REMOTE_ADDR="10.7.7.7"), "ann").status_code == 429
    assert log_in(own.client(REMOTE_ADDR="10.9.9.9"), "ANN ").status_code == 303
    # Nor does it help them that she came in.
    assert tries(own, 1, lambda n: "10.1.1.1", lambda n: "ann") == [429]


def test_who_tries_from_everywhere_gets_four_tries_an_hour(own: Site) -> None:
    """Those who have spent their free tries, too: hours of it, from ever the same hundred addresses."""
    tried, hours = 0, 6
    waited = 0.0
    while waited < hours * 3600:
        answer = log_in(own.client(REMOTE_ADDR=f"10.0.0.{tried % 100}"), "ann", "wrong")
        if answer.status_code == 401:
            tried += 1
            continue
        seconds = int(answer.headers["Retry-After"])
        later(own, seconds)
        waited += seconds
    # Twenty are free, ten more until the longest wait.
    assert tried <= 20 + 10 + hours * 4


def test_an_address_is_known_for_ninety_days(own: Site) -> None:
    assert log_in(own.client(REMOTE_ADDR="10.9.9.9"), "ann").status_code == 303
    with own.engine.begin() as connection:
        connection.execute(text("UPDATE login_known SET last_at = last_at - interval '91 days'"))
    tries(own, FREE[ELSEWHERE] + 1, lambda n: f"10.1.0.{n}", lambda n: "ann")
    assert log_in(own.client(REMOTE_ADDR="10.9.9.9"), "ann").status_code == 429
    later(own, 2)
    assert log_in(own.client(REMOTE_ADDR="10.8.8.8"), "ann").status_code == 303
    with own.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM login_known")).scalar_one() == 1


def test_the_waiting_grows_and_ends(own: Site) -> None:
    waits = []
    tries(own, FREE[HERE], lambda n: "10.0.0.1", lambda n: "ann")
    for _ in range(12):
        assert log_in(own.client(REMOTE_ADDR="10.0.0.1"), "ann", "wrong").status_code == 401
        waits.append(int(log_in(own.client(REMOTE_ADDR="10.0.0.1"), "ann", "x").headers["Retry-After"]))
        later(own, waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    later(own, 3600)
    assert log_in(own.client(), "ann", "wrong").status_code == 401
    with own.engine.connect() as connection:
        assert connection.execute(text("SELECT max(failures) FROM login_failure")).scalar_one() == 1


def test_a_name_that_is_no_users_waits_as_well(own: Site) -> None:
    assert tries(own, 8, lambda n: "10.0.0.1", lambda n: "nobody")[-1] == 429
    assert tries(own, FREE[ELSEWHERE] + 3, lambda n: f"10.0.1.{n}", lambda n: "nobody")[-1] == 429


def test_an_address_is_slowed_down_whatever_names_it_tries(own: Site) -> None:
    found = tries(own, FREE[ADDRESS] + 2, lambda n: "10.0.0.1", lambda n: f"name{n}")
    assert found == [401] * (FREE[ADDRESS] + 1) + [429]
    assert log_in(own.client(REMOTE_ADDR="10.0.0.1"), "ann").status_code == 429
    assert log_in(own.client(REMOTE_ADDR="10.0.0.2"), "ann").status_code == 303


def test_an_account_of_ones_own_does_not_wash_an_address(own: Site) -> None:
    for n in range(FREE[ADDRESS]):
        log_in(own.client(REMOTE_ADDR="10.0.0.1"), f"name{n}", "wrong")
        if n % 5 == 0:
            assert log_in(own.client(REMOTE_ADDR="10.0.0.1"), "ann").status_code == 303
    assert tries(own, 2, lambda n: "10.0.0.1", lambda n: f"more{n}") == [401, 429]


def test_many_at_once_are_many(own: Site) -> None:
    found: list[int] = []

    def one() -> None:
        found.append(log_in(own.client(), "ann", "wrong").status_code)

    threads: list[Any] = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [401] * (FREE[HERE] + 1) + [429] * (16 - FREE[HERE] - 1)
