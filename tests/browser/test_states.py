"""What is shown while there are no numbers: waiting, nothing there, something broken, somebody away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, text

from layouts import ids
from tests.browser.page import Page
from tests.callbacks.rows import put_rows

_NETWORK = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


@contextmanager
def held(engine: Engine) -> Iterator[None]:
    """Every read waits meanwhile."""
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE rollup_delta IN ACCESS EXCLUSIVE MODE"))
        yield


def test_an_empty_database_says_what_fills_it_and_notices_when_it_is(
    bare: Page, engine: Engine, run: Callable[..., Any]
) -> None:
    bare.open()
    assert "fixer-metrics import PATH" in bare.text(f"#{ids.NOTICE}")
    assert not bare.all(f"#{ids.CONTENT}")[0].is_displayed()
    put_rows(engine, run)
    bare.says(f"#{ids.kpi_value('runs')}", "10")
    assert bare.all(f"#{ids.NOTICE} *") == []
    bare.rest(2)
    assert bare.buckets() == 30
    assert bare.console() == []


def test_the_old_picture_stays_dimmed_until_the_new_one_is_there(own: Page, engine: Engine) -> None:
    own.open()
    with held(engine):
        own.choose_range("7d")
        own.wait(lambda: _opacity(own, ".picture") < 0.5, "the old picture to dim")
        assert (own.kpi("runs"), own.buckets()) == ("10", 30)
        assert own.all(f"#{ids.chart_card('cost')}[aria-busy=true]")
        assert not own.all(".chart .skeleton")[0].is_displayed()
    own.says(f"#{ids.kpi_value('runs')}", "7")
    own.rest(12)
    assert (own.buckets(), _opacity(own, ".picture")) == (7, 1)


def test_skeletons_stand_in_for_the_first_numbers(own: Page, engine: Engine) -> None:
    with held(engine):
        own.driver.get(f"{own.address}/")
        own.wait(lambda: own.all(".skeleton") and _opacity(own, ".skeleton-bars") == 1, "the skeletons")
        assert own.all(f"#{ids.CARDS} .skeleton")
        assert own.text(f"#{ids.title('executions')}") == "Runs"
        assert (
            own.run("return getComputedStyle(document.querySelector('.skeleton-bars')).animationDelay")
            == "0.2s"
        )
    own.says(f"#{ids.kpi_value('runs')}", "10")
    own.rest(11)
    assert not own.all(".chart .skeleton")[0].is_displayed()


def _opacity(page: Page, selector: str) -> float:
    return float(page.run("return getComputedStyle(document.querySelector(arguments[0])).opacity", selector))


def test_one_broken_card_leaves_the_rest_of_the_page(own: Page, engine: Engine) -> None:
    tables = ("status_day_sketch", "status_hour_sketch", "status_quarter_sketch")
    _rename(engine, {table: f"{table}_gone" for table in tables})
    own.open()
    assert "This could not be shown" in own.text(f"#{ids.chart_card('duration')}")
    assert own.all(f"#{ids.chart_card('duration')} code")[0].text  # the reference
    assert not own.all(f"#{ids.plot('duration')}")[0].is_displayed()
    assert own.buckets("cost") == 30
    _rename(engine, {f"{table}_gone": table for table in tables})
    own.after(lambda: own.click(f"#{ids.chart_card('duration')} button[data-ask]"))
    assert own.buckets("duration") == 30
    assert own.one(f"#{ids.plot('duration')}").is_displayed()
    assert own.kpi("p95_duration_ms")
    assert own.console() == []


def _rename(engine: Engine, names: dict[str, str]) -> None:
    with engine.begin() as connection:
        for old, new in names.items():
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_a_database_that_goes_away_is_told_and_the_page_recovers_by_itself(
    own: Page, engine: Engine, server: str
) -> None:
    own.open()
    name = engine.url.database
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        own.choose_range("7d")
        own.says(f"#{ids.NOTICE}", "The database cannot be reached")
        assert not own.all(f"#{ids.CONTENT}")[0].is_displayed()
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    own.says(f"#{ids.kpi_value('runs')}", "7")
    assert own.search == "?range=7d"
    own.rest(1)
    assert own.all(f"#{ids.NOTICE} *") == []


def test_a_server_that_goes_away_is_told_and_the_page_recovers_by_itself(own: Page) -> None:
    own.open()
    own.driver.execute_cdp_cmd("Network.enable", {})
    own.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **_NETWORK})
    own.choose_range("7d")
    own.says(".away-note", "The server does not answer")
    own.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": False, **_NETWORK})
    own.says(f"#{ids.kpi_value('runs')}", "7")
    own.rest(1)
    assert not own.all(".away-note")[0].is_displayed()
    assert own.buckets() == 7
