"""Every filter, worked as a reader works it: what it shows, what the URL says, one call per panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from selenium.webdriver.common.keys import Keys

from layouts import ids
from layouts.pages import PAGES
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
    assert page.text(f"#{ids.FRESHNESS}") == "data to 12:00 · 1 h ago"
    assert page.shown(ids.TZ) == "Europe/Berlin"
    links = page.one(".shell-header").find_elements("css selector", "a[href]:not([href^='#'])")
    paths = {urlsplit(str(link.get_attribute("href"))).path for link in links}
    assert paths == {known.path for known in PAGES if known.nav}


def test_a_deep_link_sets_every_control_with_one_call_per_panel(page: Page) -> None:
    search = "?agent=fixer&compare=none&grain=week&model=claude,gpt-4&range=90d&status=failed&tz=UTC&version=1.0,2.0"
    assert page.open(search) == ONCE
    assert page.search == search
    assert page.kpi("runs") == "3"
    assert page.range == "90d"
    controls = {
        name: page.shown(name) for name in (ids.GRAIN, ids.STATUS, ids.MODEL, ids.AGENT, ids.VERSION, ids.TZ)
    }
    assert controls == {
        ids.GRAIN: "week", ids.STATUS: "failed", ids.MODEL: "claude, gpt-4", ids.AGENT: "fixer",
        ids.VERSION: "1.0, 2.0", ids.TZ: "UTC",
    }  # fmt: skip
    assert not page.run(f"return document.getElementById('{ids.COMPARE}').checked")
    assert page.chips == [
        "Status: failed", "Model: claude", "Model: gpt-4", "Agent: fixer", "Version: 1.0", "Version: 2.0",
    ]  # fmt: skip


def _each(page: Page, steps: list[tuple[Callable[[], None], str, str]]) -> None:
    """Every step: one call per panel, this URL, so many runs."""
    page.open()
    for act, search, runs in steps:
        assert page.after(act) == ONCE, search
        assert (page.search, page.kpi("runs")) == (search, runs)


def test_ranges(page: Page) -> None:
    found = {"24h": "3", "7d": "7", "90d": "11", "all": "12"}
    _each(page, [(partial(page.choose_range, name), f"?range={name}", runs) for name, runs in found.items()])


def test_statuses(page: Page) -> None:
    found = {"success": "6", "failed": "3", "failure": "2", "error": "1", "unknown": "1"}
    steps = [
        (partial(page.choose, ids.STATUS, name), f"?status={name}", runs) for name, runs in found.items()
    ]
    _each(page, [*steps, (partial(page.choose, ids.STATUS, "all"), "", "10")])


def test_a_link_may_ask_for_several_statuses(page: Page) -> None:
    page.open("?status=unknown,error,failure")
    assert (page.search, page.kpi("runs")) == ("?status=failed,unknown", "4")
    assert page.shown(ids.STATUS) == "failed, unknown outcome"
    page.after(lambda: page.click("[aria-label='Remove filter: Status: failed']"))
    assert (page.search, page.kpi("runs")) == ("?status=unknown", "1")


def test_models_agents_and_versions(page: Page) -> None:
    odd = "odd%252C%20100%2525"
    _each(
        page,
        [
            (partial(page.choose, ids.MODEL, "claude", "gpt-4"), "?model=claude,gpt-4", "8"),
            (partial(page.choose, ids.MODEL, "claude", "gpt-4", ODD), f"?model={odd}", "2"),
            (partial(page.choose, ids.VERSION, "not known"), f"?model={odd}&version=(none)", "2"),
            (lambda: page.click(f"#{ids.RESET}"), "", "10"),
            (partial(page.choose, ids.AGENT, "helper"), "?agent=helper", "2"),
            (partial(page.choose, ids.AGENT, "helper", "fixer"), "?agent=fixer", "8"),
            (partial(page.choose, ids.VERSION, "2.0"), "?agent=fixer&version=2.0", "5"),
        ],
    )


def test_granularity(page: Page) -> None:
    page.open()
    # By the hour: the clocks went back on 25 October; the 10 hours after 14:00 today have not begun.
    for grain, buckets in (("week", 5), ("hour", 30 * 24 + 1 - 10)):
        assert page.after(partial(page.choose, ids.GRAIN, grain)) == ONCE
        assert (page.search, page.buckets()) == (f"?grain={grain}", buckets)


def test_time_zone(page: Page) -> None:
    page.open("?range=2026-11-18..2026-11-18")
    assert page.kpi("runs") == "1"
    page.click(f"#{ids.TZ}")
    page.one(".dash-dropdown-search").send_keys("America/New")
    assert page.after(lambda: page.press(Keys.ENTER)) == ONCE
    assert page.search == "?range=2026-11-18..2026-11-18&tz=America%2FNew_York"
    assert page.kpi("runs") == "2"  # 23:30 UTC is still the 18th there
    assert page.text(f"#{ids.FRESHNESS}") == "data to 06:00 · 1 h ago"


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
    _click_day(page, "18")
    assert page.after(lambda: _click_day(page, "19")) == ONCE
    assert (page.search, page.kpi("runs")) == ("?range=2026-11-18..2026-11-19", "4")


def _click_day(page: Page, day: str) -> None:
    found = page.driver.find_elements(
        "xpath", f"(//*[contains(@class,'dash-datepicker-calendar-date-inside')])[normalize-space()='{day}']"
    )
    found[0].click()


def test_choosing_every_name_is_no_filter(page: Page) -> None:
    page.open("?model=claude")
    page.click(f"#{ids.MODEL}")
    page.click(".dash-dropdown-action-button")
    assert page.after(page.close_menu) == ONCE
    assert (page.search, page.shown(ids.MODEL), page.kpi("runs")) == ("", "all", "10")


def test_chips_and_reset(page: Page) -> None:
    page.open("?model=claude,gpt-4&range=7d&status=failed")
    assert page.chips == ["Status: failed", "Model: claude", "Model: gpt-4"]
    assert page.after(lambda: page.click("[aria-label='Remove filter: Model: claude']")) == ONCE
    assert (page.search, page.kpi("runs")) == ("?model=gpt-4&range=7d&status=failed", "2")
    assert page.after(lambda: page.click(f"#{ids.RESET}")) == ONCE
    assert (page.search, page.chips, page.kpi("runs"), page.range) == ("", [], "10", "30d")
    assert not page.all(f"#{ids.RESET}")[0].is_displayed()
