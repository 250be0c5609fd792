"""Readers do not see each other's filters, and nobody else sees the readers."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from layouts import ids
from tests.browser import chromium
from tests.browser.page import WATCH, Page
from tests.callbacks.rows import NOW, ZONE


@pytest.fixture
def other(site: str) -> Iterator[Page]:
    """Somebody else, in a browser of their own."""
    driver = chromium.start()
    chromium.before_the_page(driver, WATCH)
    chromium.before_the_page(driver, chromium.clock_at(NOW))
    chromium.set_zone(driver, ZONE)
    chromium.prefer(driver)
    yield Page(driver, site)
    driver.quit()


def test_two_readers_do_not_see_each_others_filters(page: Page, other: Page) -> None:
    page.open("?model=claude")
    other.open("?range=7d&status=failed")
    assert (page.kpi("runs"), other.kpi("runs")) == ("3", "2")
    page.after(lambda: page.choose(ids.AGENT, "fixer"))
    other.driver.refresh()
    other.rest(1)
    assert (other.search, other.chips, other.kpi("runs")) == (
        "?range=7d&status=failed",
        ["Status: failed"],
        "2",
    )
    other.after(lambda: other.click(f"#{ids.RESET}"))
    page.driver.refresh()
    page.rest(1)
    assert (page.search, page.kpi("runs")) == ("?agent=fixer&model=claude", "3")
    assert (other.search, other.kpi("runs")) == ("", "10")
    other.open()  # a plain visit brings back nothing of anybody
    assert (other.search, other.chips) == ("", [])
    assert page.driver.get_cookies() == []


def test_nothing_is_fetched_from_another_host(page: Page) -> None:
    page.open()
    page.click(f"#{ids.MODEL}")  # what comes late comes from here too
    page.close_menu()
    page.after(lambda: page.choose_range("custom"))
    page.hover("cost", 3)
    hosts = page.run(
        "return [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".map((entry) => new URL(entry.name).host)"
    )
    assert set(hosts) == {urlsplit(page.address).netloc}
    assert len(hosts) > 30


def test_scripts_run_only_from_here(site: str) -> None:
    with urllib.request.urlopen(site) as answer:
        policy = answer.headers["Content-Security-Policy"]
    scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "unsafe" not in scripts
    assert "default-src 'self'" in policy
