"""An open page follows the data: soon, without disturbing its reader, and at little cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.alert import Alert
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from sqlalchemy import Engine, text

from ingest.in_flight import announce, give_up, row
from ingest.record import Canon
from ingest.write import Writer
from layouts import ids
from tests.browser.conftest import forget
from tests.browser.page import Page
from tests.browser.site import serving
from tests.callbacks.rows import NOW, put_rows
from tests.runtime.processes import free_port

Run = Callable[..., tuple[Any, ...]]
Bring = Callable[[], None]

# Looks at every frame: does anything dim, show a skeleton, or move?
WATCH = """
window.seen = {dim: 0, busy: 0, skeleton: 0, scroll: new Set([window.scrollY]), frames: 0, card: document.querySelector(".kpi")};
(function frame() {
  for (const place of document.querySelectorAll("#cards, .picture, .page")) {
    if (Number(getComputedStyle(place).opacity) < 1) seen.dim += 1;
  }
  seen.busy += document.querySelectorAll("[aria-busy=true]").length;
  seen.skeleton += [...document.querySelectorAll(".skeleton")].filter((e) => e.checkVisibility({visibilityProperty: true})).length;
  seen.scroll.add(window.scrollY);
  seen.frames += 1;
  requestAnimationFrame(frame);
})();
"""
SEEN = """
return {...seen, scroll: [...seen.scroll], card: seen.card === document.querySelector(".kpi")};
"""
LOOKS = "return performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/data/version')).length"
HIDE = """
Object.defineProperty(document, "hidden", {value: arguments[0], configurable: true});
document.dispatchEvent(new Event("visibilitychange"));
"""


@pytest.fixture
def live(fresh: WebDriver, database_url: str, engine: Engine, run: Run, tmp_path: Path) -> Iterator[Page]:
    """A page on a database of its own, with the rows made by hand."""
    put_rows(engine, run)
    with serving(database_url, tmp_path) as address:
        forget(fresh, address)
        page = Page(fresh, address)
        yield page
        assert page.console() == []
        fresh.get("about:blank")


@pytest.fixture
def bring(engine: Engine, run: Run) -> Bring:
    """One more run of these moments."""

    def write() -> None:
        with Writer(engine) as writer:
            writer.write([run(NOW - timedelta(minutes=2), model="claude")])

    return write


def looks(page: Page) -> int:
    return int(page.run(LOOKS))


def looked(page: Page, more: int = 2) -> None:
    """Waits until it has looked so many times more."""
    before = looks(page)
    page.wait(lambda: looks(page) >= before + more, "the page to look for something new")


def test_a_new_run_is_on_the_page_soon_and_nothing_flickers(live: Page, bring: Bring) -> None:
    live.open()
    assert live.kpi("runs") == "10"
    live.run("window.scrollTo(0, 300)")
    live.run(WATCH)
    bring()
    began = time.monotonic()
    live.says(f"#{ids.kpi_value('runs')}", "11")
    print(f"on the page {time.monotonic() - began:.2f} s after it was committed")
    live.wait(lambda: live.run("return window.open_calls === 0"), "all answers")
    last = "const g = document.querySelector('#graph-executions .js-plotly-plot');"
    live.wait(
        lambda: live.run(f"{last} return g.data.reduce((n, t) => n + (t.y.at(-1) || 0), 0)") == 4,
        "the chart to have the run",
    )
    looked(live, 1)
    seen = live.run(SEEN)
    assert seen["frames"] > 10
    assert (seen["dim"], seen["busy"], seen["skeleton"]) == (0, 0, 0)
    assert seen["scroll"] == [300]
    assert seen["card"], "the cards are the very elements of before"
    assert live.text(f"#{ids.FRESHNESS}") == "data to 13:05 \u00b7 2 min ago"


@pytest.mark.parametrize(("path", "place"), [("", "#in-flight .flying"), ("runs", "#in-flight-list summary")])
def test_a_run_that_is_announced_is_on_the_page_soon(
    live: Page, engine: Engine, path: str, place: str
) -> None:
    """And gone from it when it is given up; neither is a change of the data."""
    live.open(path)
    live.run(WATCH)
    record = {"invocation_id": "flying", "start_time": (NOW - timedelta(minutes=3)).isoformat()}
    announce(engine, [row(record, Canon(), NOW)])
    began = time.monotonic()
    live.says(place, "1 run in flight")
    print(f"on the page {time.monotonic() - began:.2f} s after it was announced")
    with engine.begin() as connection:
        assert give_up(connection, ["flying"]) == ["flying"]
    live.wait(lambda: not live.run("return document.querySelector(arguments[0])", place), "nothing in flight")
    looked(live, 1)
    seen = live.run(SEEN)
    assert (seen["dim"], seen["busy"], seen["skeleton"]) == (0, 0, 0)


def test_runs_in_flight_are_given_up_by_hand(live: Page, engine: Engine) -> None:
    """One by its button, the overdue all at once; asked first, and nothing of them is in the numbers."""
    runs = text("SELECT count(*) FROM agent_execution")
    with engine.connect() as connection:
        before = connection.execute(runs).scalar_one()
    starts = {f"of <b>{n}</b>/x": NOW - timedelta(hours=hours) for n, hours in enumerate((9, 8, 7, 0))}
    records = [{"invocation_id": name, "start_time": at.isoformat()} for name, at in starts.items()]
    announce(engine, [row(record, Canon(), NOW) for record in records])
    live.open("runs")
    live.click("#in-flight-list summary")
    live.click("#in-flight-list tbody button")
    Alert(live.driver).dismiss()
    live.click("#in-flight-list tbody button")
    assert "Give up the run of <b>0</b>/x?" in Alert(live.driver).text
    Alert(live.driver).accept()
    live.says("#in-flight-list summary", "3 runs in flight")
    live.says(f"#{ids.ANNOUNCER}", "1 run given up")
    live.click("#in-flight-list p button")
    assert "Give up 2 runs?" in Alert(live.driver).text
    Alert(live.driver).accept()
    live.says("#in-flight-list summary", "1 run in flight")
    assert live.run("return document.querySelector('#in-flight-list').open")
    live.says("#in-flight-list tbody", "of <b>3</b>/x")
    with engine.connect() as connection:
        assert connection.execute(runs).scalar_one() == before


def test_an_idle_page_asks_one_small_question_and_nothing_else(live: Page) -> None:
    live.open()
    looked(live, 1)
    calls = len(live.run("return window.calls"))
    before = live.run("return performance.getEntriesByType('resource').length"), looks(live)
    looked(live, 3)
    assert len(live.run("return window.calls")) == calls
    after = live.run("return performance.getEntriesByType('resource').length"), looks(live)
    assert after[0] - before[0] == after[1] - before[1] == 3
    small = (
        "return performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/data/version'))"
        ".at(-1).transferSize"
    )
    assert live.run(small) <= 300  # what a browser counts for the head of a 304


def test_what_the_reader_has_under_the_pointer_stays(live: Page, bring: Bring) -> None:
    """The tooltip and the line across the charts, with the number of now."""
    live.open("?range=7d")
    live.hover("executions", 6)
    live.says(".chart-tooltip", "20 Nov")
    assert live.run("return document.querySelectorAll('.crosshair:not([hidden])').length") > 1
    bring()
    live.says(f"#{ids.kpi_value('runs')}", "8")
    looked(live, 1)
    assert live.one(".chart-tooltip").is_displayed()
    live.says(".chart-tooltip", "20 Nov")
    assert live.run("return document.querySelectorAll('.crosshair:not([hidden])').length") > 1


def test_what_the_reader_has_opened_chosen_and_hidden_stays(live: Page, bring: Bring) -> None:
    """A zoom, a chart as a table, a sorted table, a hidden trace, the focus."""
    live.open()
    live.after(lambda: live.drag("executions", 25, 29))
    zoomed = live.search
    assert "range=" in zoomed
    live.click(f"#{ids.chart_card(ids.MODELS)} [data-sort='cost_usd'], #{ids.body(ids.MODELS)} [data-sort]")
    order = live.read(f"#{ids.body(ids.MODELS)} tbody tr th, #{ids.body(ids.MODELS)} tbody tr td:first-child")
    live.click(f"#{ids.legend('executions')} button")
    sorted_by = live.run("return document.querySelector('[aria-sort]:not([aria-sort=none])').innerText")
    focused = live.run("return document.activeElement.outerHTML")
    bring()
    live.says(f"#{ids.kpi_value('runs')}", "8")
    looked(live, 1)
    assert live.search == zoomed
    assert live.run("return document.activeElement.outerHTML") == focused
    assert (
        live.run("return document.querySelector('[aria-sort]:not([aria-sort=none])').innerText") == sorted_by
    )
    assert sorted(order) == sorted(
        live.read(f"#{ids.body(ids.MODELS)} tbody tr th, #{ids.body(ids.MODELS)} tbody tr td:first-child")
    )
    first = live.all(f"#{ids.legend('executions')} button")[0]
    assert first.get_attribute("aria-pressed") == "false"
    hidden = "return document.querySelector('#graph-executions .js-plotly-plot').data.some((t) => t.visible === false)"
    assert live.run(hidden)


def test_an_open_list_of_names_and_an_open_menu_stay_open(live: Page, bring: Bring) -> None:
    live.open()
    live.click(f"#{ids.MODEL}")
    live.one(".dash-dropdown-content")
    live.press("cl")
    bring()
    live.says(f"#{ids.kpi_value('runs')}", "11")
    looked(live, 1)
    assert live.all(".dash-dropdown-content")
    assert live.run("return document.querySelector('.dash-dropdown-search').value") == "cl"
    live.close_menu()
    live.click(f"#{ids.SHARE_MENU} button")
    live.one(f"#{ids.SHARE_PLAIN}")
    bring()
    live.says(f"#{ids.kpi_value('runs')}", "12")
    assert live.one(f"#{ids.SHARE_PLAIN}").is_displayed()


def test_rows_do_not_move_under_the_reader_of_the_runs(live: Page, bring: Bring) -> None:
    live.open("runs")
    rows = live.read(f"#{ids.body(ids.RUNS)} tbody tr")
    assert len(rows) == 10
    live.run("document.querySelector('.runs-tools .runs-search input').focus()")
    live.press("too")
    bring()
    live.says(f"#{ids.RUNS_NEW}", "1 new run")
    bring()
    live.says(f"#{ids.RUNS_NEW}", "2 new runs")
    live.says(f"#{ids.FRESHNESS}", "data to 13:05")
    assert live.read(f"#{ids.body(ids.RUNS)} tbody tr") == rows
    assert live.text(f"#{ids.RUNS_TOTAL}") == "10 runs"
    search = "return document.querySelector('.runs-tools .runs-search input').value"
    assert live.run(search) == "too"
    live.run("document.querySelector('.runs-tools .runs-search input').value = ''")
    live.click(f"#{ids.RUNS_NEW} button")
    live.says(f"#{ids.RUNS_TOTAL}", "12 runs")
    assert len(live.read(f"#{ids.body(ids.RUNS)} tbody tr")) == 12
    assert live.read(f"#{ids.RUNS_NEW} button") == []


def test_a_hidden_page_asks_nothing_and_looks_at_once_when_it_is_seen_again(live: Page, bring: Bring) -> None:
    live.open()
    looked(live, 1)
    live.run(HIDE, True)
    live.wait(lambda: live.run("return window.open_calls === 0"), "what was asked before")
    before = looks(live), len(live.run("return window.calls"))
    bring()
    # As long as two looks and more take: measured by the page's own clock.
    live.run("window.later = false; setTimeout(() => (window.later = true), 6000)")
    live.wait(lambda: live.run("return window.later"), "some time to pass")
    assert (looks(live), len(live.run("return window.calls"))) == before
    live.run(HIDE, False)
    live.says(f"#{ids.kpi_value('runs')}", "11")


def test_it_can_be_switched_off_and_stays_off_on_the_next_page(live: Page, bring: Bring) -> None:
    live.open()
    switch = live.one(f"#{ids.LIVE}")
    assert switch.get_attribute("aria-pressed") == "true"
    live.run("arguments[0].focus()", switch)
    live.press(Keys.ENTER)
    assert switch.get_attribute("aria-pressed") == "false"
    live.says(f"#{ids.ANNOUNCER}", "Live updates are off")
    live.open()
    assert live.one(f"#{ids.LIVE}").get_attribute("aria-pressed") == "false"
    before = looks(live), len(live.run("return window.calls"))
    bring()
    live.run("window.later = false; setTimeout(() => (window.later = true), 6000)")
    live.wait(lambda: live.run("return window.later"), "some time to pass")
    assert (looks(live), len(live.run("return window.calls"))) == before
    assert live.kpi("runs") == "10"
    live.click(f"#{ids.LIVE}")
    live.says(f"#{ids.kpi_value('runs')}", "11")


def test_a_lost_connection_is_told_and_found_again(
    fresh: WebDriver, database_url: str, engine: Engine, run: Run, tmp_path: Path, bring: Bring
) -> None:
    """The numbers stay as they are meanwhile, undimmed; what came in is there when the server is."""
    put_rows(engine, run)
    port = free_port()
    with serving(database_url, tmp_path, port) as address:
        forget(fresh, address)
        page = Page(fresh, address)
        page.open()
    page.says(f"#{ids.LIVE_STATE}", "Connection lost, trying again")
    assert page.read(f"#{ids.FRESHNESS}") == []
    assert page.kpi("runs") == "10"
    assert page.run("return getComputedStyle(document.querySelector('.page')).opacity") == "1"
    bring()
    with serving(database_url, tmp_path, port):
        page.says(f"#{ids.kpi_value('runs')}", "11")
        page.says(f"#{ids.FRESHNESS}", "data to 13:05")
        assert page.read(f"#{ids.LIVE_STATE}") in ([], [""])
        fresh.get("about:blank")


def test_a_period_that_is_over_is_not_asked_again_and_again(live: Page, bring: Bring) -> None:
    """Runs that come in elsewhere: the small question, and once a minute at most another look."""
    live.open("?range=2026-10-01..2026-10-31")
    looked(live, 1)
    calls = len(live.run("return window.calls"))
    live.run("window.fixer.ask({live: true})")
    live.wait(lambda: len(live.run("return window.calls")) > calls, "it is asked once")
    live.run("void 0")
    bring()
    looked(live, 3)
    bring()
    looked(live, 3)
    after = live.calls(calls)
    assert max(after.values()) <= 2
