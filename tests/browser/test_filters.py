"""Every filter, worked as a reader works it: what it shows, what the URL says, one call per panel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys

from layouts import ids
from tests.browser.conftest import PANELS
from tests.browser.page import Page
from tests.callbacks.rows import ODD

ONCE = dict.fromkeys(PANELS, 1)


def test_first_load_calls_each_panel_once_and_shows_the_numbers(page: Page) -> None:
    assert page.open() == ONCE
    assert page.kpi("runs") == "10"
    assert page.kpi("success_rate") == "66.7 %"
    assert page.kpi("cost_usd") == "$4.55"
    assert (page.range, page.buckets(), page.chips, page.search) == ("30d", 30, [], "")
    assert page.text(f"#{ids.FRESHNESS}") == "data to 12:00"
    assert page.shown(ids.TZ) == "Europe/Berlin"
    assert not page.one(".shell-header").find_elements("css selector", "a[href]:not([href='/']):not([href^='#'])")


def test_a_deep_link_sets_every_control_with_one_call_per_panel(page: Page) -> None:
    search = "?agent=fixer&compare=none&grain=week&model=claude,gpt-4&range=90d&status=failed&tz=UTC&version=1.0,2.0"
    assert page.open(search) == ONCE
    assert page.search == search
    assert page.kpi("runs") == "3"
    assert page.range == "90d"
    controls = {name: page.shown(name) for name in (ids.GRAIN, ids.STATUS, ids.MODEL, ids.AGENT, ids.VERSION, ids.TZ)}
    assert controls == {
        ids.GRAIN: "week", ids.STATUS: "failed", ids.MODEL: "claude, gpt-4", ids.AGENT: "fixer",
        ids.VERSION: "1.0, 2.0", ids.TZ: "UTC",
    }  # fmt: skip
    assert not page.run(f"return document.getElementById('{ids.COMPARE}').checked")
    assert page.chips == [
        "Status: failed", "Model: claude", "Model: gpt-4", "Agent: fixer", "Version: 1.0", "Version: 2.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "search", "runs"),
    [
        (lambda page: page.choose_range("24h"), "?range=24h", "3"),
        (lambda page: page.choose_range("7d"), "?range=7d", "7"),
        (lambda page: page.choose_range("90d"), "?range=90d", "11"),
        (lambda page: page.choose_range("all"), "?range=all", "12"),
        (lambda page: page.choose(ids.STATUS, "success"), "?status=success", "6"),
        (lambda page: page.choose(ids.STATUS, "failed"), "?status=failed", "3"),
        (lambda page: page.choose(ids.STATUS, "failure"), "?status=failure", "2"),
        (lambda page: page.choose(ids.STATUS, "error"), "?status=error", "1"),
        (lambda page: page.choose(ids.STATUS, "unknown"), "?status=unknown", "1"),
        (lambda page: page.choose(ids.MODEL, "claude"), "?model=claude", "3"),
        (lambda page: page.choose(ids.MODEL, "claude", "gpt-4"), "?model=claude,gpt-4", "8"),
        (lambda page: page.choose(ids.MODEL, ODD), "?model=odd%252C%20100%2525", "2"),
        (lambda page: page.choose(ids.AGENT, "helper"), "?agent=helper", "2"),
        (lambda page: page.choose(ids.VERSION, "2.0"), "?version=2.0", "5"),
        (lambda page: page.choose(ids.VERSION, "not known"), "?version=(none)", "2"),
    ],
)
def test_a_filter_changes_url_and_numbers(page: Page, act: Callable[[Page], None], search: str, runs: str) -> None:
    page.open()
    assert page.after(lambda: act(page)) == ONCE
    assert (page.search, page.kpi("runs")) == (search, runs)


@pytest.mark.parametrize(("grain", "buckets"), [("week", 5), ("hour", 30 * 24 + 1 - 10)])
def test_granularity(page: Page, grain: str, buckets: int) -> None:
    page.open()
    assert page.after(lambda: page.choose(ids.GRAIN, grain)) == ONCE
    # By the hour: the clocks went back on 25 October; the 10 hours after 14:00 today have not begun.
    assert (page.search, page.buckets()) == (f"?grain={grain}", buckets)


def test_time_zone(page: Page) -> None:
    page.open("?range=2026-11-18..2026-11-18")
    assert page.kpi("runs") == "1"
    page.click(f"#{ids.TZ}")
    page.one(".dash-dropdown-search").send_keys("America/New")
    assert page.after(lambda: page.press(Keys.ENTER)) == ONCE
    assert page.search == "?range=2026-11-18..2026-11-18&tz=America%2FNew_York"
    assert page.kpi("runs") == "2"  # 23:30 UTC is still the 18th there
    assert page.text(f"#{ids.FRESHNESS}") == "data to 06:00"


def test_comparison(page: Page) -> None:
    page.open("?range=2026-11-19..2026-11-19")
    assert "from 1" in page.text(f"#{ids.kpi('runs')}")
    assert page.after(lambda: page.click(f"#{ids.COMPARE}")) == ONCE
    assert page.search == "?compare=none&range=2026-11-19..2026-11-19"
    assert "from" not in page.text(f"#{ids.kpi('runs')}")


def test_custom_range_with_the_calendar(page: Page) -> None:
    page.open("?range=7d")
    page.after(lambda: page.choose_range("custom"))
    # The same days, now as dates; the calendar is open.
    assert page.search == "?range=2026-11-14..2026-11-20"
    page.one(".dash-datepicker-calendar-container")
    page.click(".dash-datepicker-calendar-date-inside[data-date='2026-11-18']") if page.all(
        "[data-date]"
    ) else _click_day(page, "18")
    assert page.after(lambda: _click_day(page, "19")) == ONCE
    assert (page.search, page.kpi("runs")) == ("?range=2026-11-18..2026-11-19", "4")


def _click_day(page: Page, day: str) -> None:
    found = page.driver.find_elements(
        "xpath", f"(//*[contains(@class,'dash-datepicker-calendar-date-inside')])[normalize-space()='{day}']"
    )
    found[0].click()


def test_status_keeps_all_and_failed_apart(page: Page) -> None:
    page.open("?status=failed")
    page.after(lambda: page.choose(ids.STATUS, "error"))  # narrows failed down
    assert page.search == "?status=error"
    page.after(lambda: page.choose(ids.STATUS, "failure"))  # both kinds together are failed
    assert page.search == "?status=failed"
    page.after(lambda: page.choose(ids.STATUS, "unknown"))
    assert page.search == "?status=failed,unknown"
    page.after(lambda: page.choose(ids.STATUS, "all"))
    assert (page.search, page.shown(ids.STATUS)) == ("", "all")


def test_chips_and_reset(page: Page) -> None:
    page.open("?model=claude,gpt-4&range=7d&status=failed")
    assert page.chips == ["Status: failed", "Model: claude", "Model: gpt-4"]
    assert page.after(lambda: page.click("[aria-label='Remove filter: Model: claude']")) == ONCE
    assert (page.search, page.kpi("runs")) == ("?model=gpt-4&range=7d&status=failed", "2")
    assert page.after(lambda: page.click(f"#{ids.RESET}")) == ONCE
    assert (page.search, page.chips, page.kpi("runs"), page.range) == ("", [], "10", "30d")
    assert not page.all(f"#{ids.RESET}")[0].is_displayed()
