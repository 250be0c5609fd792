"""Bad values, nothing to show, freshness, names, and what is said when something is broken."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text

from layouts import ids
from tests.callbacks.conftest import Page, Reader, words
from tests.callbacks.rows import ODD, put_rows


def stands(page: Page, **asked: str) -> dict[str, Any]:
    return page.answer(ids.STANDING, **asked)


def notice(page: Page, **asked: str) -> Reader:
    return Reader(stands(page, **asked)["html"][ids.NOTICE])


def test_a_bad_value_is_named_with_what_is_allowed(page: Page) -> None:
    answer = stands(page, status="sucess", range="yesterday")
    said = words(answer["html"][ids.BANNER])
    assert "'sucess' is not known. Did you mean 'success'?" in said
    assert "success, failure, error, unknown, failed, all" in said
    assert "'yesterday' is not a range" in said
    assert (answer["hidden"], answer["frozen"]) == (True, None)


def test_good_values_have_no_banner(page: Page) -> None:
    answer = stands(page, status="success")
    assert (answer["html"][ids.BANNER], answer["html"][ids.NOTICE], answer["hidden"]) == ("", "", False)


def test_the_frozen_link_holds_instants_and_zone(page: Page) -> None:
    # 7 days up to midnight in Berlin, which is 23:00 UTC.
    assert stands(page, range="7d", model="gpt-4")["frozen"] == (
        "?model=gpt-4&range=2026-11-13T23%3A00Z..2026-11-20T23%3A00Z&tz=Europe%2FBerlin"
    )


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-11-20T12:07Z", "data to 12:00"),  # the newest run started at 11:00 UTC, 12:00 in Berlin
        ("2026-11-21T12:07Z", "data to 20 Nov 12:00"),
        ("2027-01-21T12:07Z", "data to 20 Nov 2026 12:00"),
    ],
)
def test_freshness_is_told_in_the_zone(page: Page, now: str, said: str) -> None:
    assert page.words(ids.STANDING, ids.FRESHNESS, now=now) == said


def test_names_come_with_their_runs_most_first(page: Page) -> None:
    names = stands(page)["names"]
    assert names["model"] == [["gpt-4", 7], ["claude", 3], [ODD, 2]]
    assert names["agent"] == [["fixer", 10], ["helper", 2]]
    assert names["version"] == [["2.0", 5], ["1.0", 4], ["(none)", 2], ["0.9", 1]]
    assert names["days"] == ["2026-01-10", "2026-11-20"]


def test_an_empty_database_says_what_fills_it(bare_page: Page) -> None:
    answer = stands(bare_page)
    assert "fixer-metrics import" in words(answer["html"][ids.NOTICE])
    assert (answer["hidden"], answer["html"][ids.FRESHNESS]) == (True, "")


def test_an_empty_result_names_the_filter_to_blame(page: Page) -> None:
    said = notice(page, model="claude", status="error")
    # Claude has runs, errors there are: either filter may go.
    assert "status (error) or model (claude)" in " ".join(said.texts)
    assert said.asks == [{"set": {"status": ""}}, {"set": {"model": ""}}, {"search": ""}]
    assert stands(page, model="claude", status="error")["hidden"] is True


def test_an_empty_period_offers_all_time(page: Page) -> None:
    said = notice(page, range="2025-01-01..2025-01-31", grain="hour", tz="UTC")
    assert "date range (1 Jan 2025 to 31 Jan 2025)" in " ".join(said.texts)
    assert {"set": {"range": "all", "grain": ""}} in said.asks


def test_no_single_filter_may_be_to_blame(page: Page) -> None:
    said = notice(page, model="nobody", agent="nothing")
    assert "No single filter is to blame" in " ".join(said.texts)
    assert said.asks == [{"search": ""}]


def test_one_broken_card_leaves_the_others(
    bare_page: Page, engine: Engine, run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    put_rows(engine, run)
    with engine.begin() as connection:  # percentiles cannot be read any more, sums can
        for table in ("status_day_sketch", "status_hour_sketch", "status_quarter_sketch"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    with caplog.at_level(logging.ERROR, logger="callbacks.guard"):
        answer = bare_page.answer("duration")
    state = words(answer["html"][ids.warnings("duration")])
    reference = caplog.records[0].getMessage().rpartition(" ")[2]
    assert "This could not be shown" in state
    assert reference in state
    assert "sketch" not in state  # nothing of our insides
    assert answer["figure"] is None
    assert bare_page.answer("cost")["figure"] is not None


def test_a_database_that_is_away_is_told_and_recovers(
    bare_page: Page, engine: Engine, run: Callable[..., Any], server: str
) -> None:
    put_rows(engine, run)
    name = make_url(str(engine.url)).database
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        answer = stands(bare_page)
        assert "The database cannot be reached" in words(answer["html"][ids.NOTICE])
        assert answer["hidden"] is True
        assert "The database cannot be reached" in bare_page.words("cost", ids.warnings("cost"))
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert stands(bare_page)["hidden"] is False


def test_a_statement_that_takes_too_long_says_so(
    bare_page: Page, engine: Engine, run: Callable[..., Any]
) -> None:
    put_rows(engine, run)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE rollup_delta IN ACCESS EXCLUSIVE MODE"))
        said = bare_page.words("cost", ids.warnings("cost"))
    assert "took too long" in said


def test_the_start_view_is_told_and_is_where_the_bare_address_leads(bare_page: Page) -> None:
    client = bare_page.client
    assert (stands(bare_page)["start"], client.get("/").status_code) == (None, 200)
    made = client.post("/api/views", json={"name": "<b>", "url": "/errors?range=7d", "isStart": True})
    view = made.get_json()["viewId"]
    assert stands(bare_page)["start"] == "/errors?range=7d"
    led = client.get("/")
    assert (led.status_code, led.headers["Location"]) == (302, "/errors?range=7d")
    assert "no-store" in led.headers["Cache-Control"]
    for there in ("/?start=none", "/?range=7d", "/errors", "/money"):
        assert client.get(there).status_code == 200
    # The overview itself as the start page leads nowhere else.
    client.patch(f"/api/views/{view}", json={"url": "/"})
    assert (stands(bare_page)["start"], client.get("/").status_code) == (None, 200)


def test_a_start_view_of_a_page_that_is_no_more_is_passed_by(bare_page: Page, engine: Engine) -> None:
    with engine.begin() as connection:
        gone = "INSERT INTO saved_view (name, path, search, is_start) VALUES ('old', '/gone', '', true)"
        connection.execute(text(gone))
    assert (stands(bare_page)["start"], bare_page.client.get("/").status_code) == (None, 200)


def test_a_database_that_is_away_still_has_its_page(bare_page: Page, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE saved_view"))
    assert bare_page.client.get("/").status_code == 200
