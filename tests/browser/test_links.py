"""The URL: one for each view, Back and Forward, bad values, shared links."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from layouts import ids
from queries.filters import parse
from tests.browser import chromium
from tests.browser.conftest import PANELS
from tests.browser.page import Page
from tests.callbacks.rows import NOW, ODD, ZONE

ONCE = dict.fromkeys(PANELS, 1)


def test_back_and_forward_restore_page_and_controls_with_one_call_per_panel(page: Page) -> None:
    page.open()
    page.after(lambda: page.choose_range("7d"))
    page.after(lambda: page.choose(ids.STATUS, "failed"))
    assert (page.search, page.kpi("runs")) == ("?range=7d&status=failed", "2")
    assert page.back() == ONCE
    assert (page.search, page.kpi("runs"), page.shown(ids.STATUS), page.range) == (
        "?range=7d",
        "7",
        "all",
        "7d",
    )
    assert page.back() == ONCE
    assert (page.search, page.kpi("runs"), page.range) == ("", "10", "30d")
    assert page.after(page.driver.forward) == ONCE
    assert (page.search, page.kpi("runs"), page.range) == ("?range=7d", "7", "7d")
    page.driver.refresh()
    page.rest(1)
    assert (page.search, page.kpi("runs")) == ("?range=7d", "7")


def test_a_bad_value_is_named_and_no_number_is_shown(page: Page) -> None:
    assert page.open("?range=7d&status=sucess") == ONCE
    said = page.text(f"#{ids.BANNER}")
    assert "'sucess' is not known. Did you mean 'success'?" in said
    assert "success, failure, error, unknown, failed, all" in said
    assert not page.all(f"#{ids.CONTENT}")[0].is_displayed()
    assert page.search == "?range=7d&status=sucess"  # as it came: nothing is guessed
    # The rest of what the link asks for is kept when the bad part is mended.
    page.after(lambda: page.choose(ids.STATUS, "success"))
    assert (page.search, page.kpi("runs")) == ("?range=7d&status=success", "4")
    assert page.all(f"#{ids.BANNER} *") == []


def test_a_bad_value_on_a_page_with_numbers_takes_them_away(page: Page) -> None:
    page.open()
    page.run("window.fixer.ask({search: '?range=yesterday'})")
    page.says(f"#{ids.BANNER}", "'yesterday' is not a range")
    page.rest(1)
    assert not page.all(f"#{ids.CONTENT}")[0].is_displayed()
    assert page.all(f"#{ids.CARDS} *, .plot[data-painted], #{ids.body(ids.MODELS)} td") == []
    page.after(lambda: page.click(f"#{ids.BANNER} button"))
    assert (page.search, page.kpi("runs")) == ("", "10")


def test_parameters_of_others_are_ignored(page: Page) -> None:
    assert page.open("?utm_source=mail&range=7d&fbclid=1") == ONCE
    assert (page.search, page.kpi("runs")) == ("?range=7d", "7")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"range": "30d", "grain": "day", "compare": "previous", "status": "all"},
        {"range": "24h", "grain": "auto", "compare": "none"},
        {"status": "unknown,success"},
        {"status": "error,failure,success"},
        {"status": "success,failure,error,unknown"},
        {"status": "failed,failure"},
        {"model": "gpt-4,claude,gpt-4", "agent": "b,a"},
        {"model": "z,é,Z,😀,\ufb01"},  # by code point: the ligature before the face
        {"model": "odd%2C 100%25,a b,c&d=e,f+g,#h,x/y?z"},
        {"version": "2.0,(none),1.0"},
        {"range": "2026-10-01..2026-10-07"},
        {"range": "2026-10-01T08:07Z..2026-10-01T09:01Z"},
        {"range": "2026-10-01T08:00+02:00..2026-10-01T09:15+02:00"},
    ],
)
def test_page_and_server_write_the_same_url(page: Page, asked: dict[str, str]) -> None:
    if not page.driver.current_url.startswith(page.address):
        page.open("?range=24h")
    told = page.run(
        "const query = new URLSearchParams(arguments[0]);"
        "return window.fixerFilters.build(window.fixerFilters.parse('?' + query.toString()))",
        asked,
    )
    assert told == parse(asked, now=NOW).to_search()


def test_a_plain_link_is_each_readers_own(page: Page) -> None:
    page.open("?model=gpt-4&range=7d&tz=UTC")
    assert _shared(page, ids.SHARE_PLAIN) == f"{page.address}/?model=gpt-4&range=7d"
    page.says(f"#{ids.ANNOUNCER}", "Link copied")


def test_a_frozen_link_shows_everybody_the_same(page: Page) -> None:
    page.open("?range=2026-11-18..2026-11-18")
    link = _shared(page, ids.SHARE_FROZEN)
    page.says(f"#{ids.ANNOUNCER}", "Frozen link copied")
    asked = parse_qs(urlsplit(link).query)
    assert asked == {"range": ["2026-11-17T23:00Z..2026-11-18T23:00Z"], "tz": [ZONE]}
    # Somebody elsewhere, where the 18th is another day.
    chromium.set_zone(page.driver, "America/New_York")
    page.open(f"?{urlsplit(link).query}")
    assert (page.kpi("runs"), page.shown(ids.TZ)) == ("1", ZONE)
    assert page.chips == ["18 Nov, 00:00 to 19 Nov, 00:00"]


def _shared(page: Page, entry: str) -> str:
    """What is in the clipboard after choosing this entry of the menu, by keyboard."""
    page.one(f"#{ids.SHARE_MENU} button").send_keys(Keys.ENTER)
    page.wait(lambda: page.all(f"#{entry}") and page.all(f"#{entry}")[0].is_displayed(), "the menu")
    page.all(f"#{entry}")[0].send_keys(Keys.ENTER)
    page.wait(
        lambda: page.text(f"#{ids.ANNOUNCER}") if page.all(f"#{ids.ANNOUNCER}:not(:empty)") else "",
        "word of it",
    )
    return str(page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])"))


def test_the_browsers_zone_is_the_default(page: Page) -> None:
    chromium.set_zone(page.driver, "Asia/Tokyo")
    page.open("?range=2026-11-19..2026-11-19")
    # In Tokyo the 19th began at 15:00 UTC on the 18th: the runs of 23:30, 09:00 and 10:00 UTC.
    assert (page.kpi("runs"), page.shown(ids.TZ)) == ("3", "Asia/Tokyo")
    assert page.search == "?range=2026-11-19..2026-11-19"


def test_a_name_of_the_link_that_has_no_runs_stays_a_filter(page: Page) -> None:
    page.open("?model=nobody")
    assert page.search == "?model=nobody"
    assert "model (nobody)" in page.text(f"#{ids.NOTICE}")
    page.after(lambda: page.click(f"#{ids.NOTICE} .btn-primary"))
    assert (page.search, page.kpi("runs")) == ("", "10")


def test_a_click_on_a_model_filters_and_a_second_one_undoes_it(page: Page) -> None:
    page.open()
    assert page.after(lambda: page.click(f"#{ids.body(ids.MODELS)} tbody tr:nth-child(3)")) == ONCE
    assert (page.search, page.chips, page.kpi("runs")) == (
        "?model=odd%252C%20100%2525",
        [f"Model: {ODD}"],
        "2",
    )
    page.after(lambda: page.click(f"#{ids.body(ids.MODELS)} tbody tr:nth-child(1) button"))
    assert (page.search, page.kpi("runs")) == ("", "10")
