"""Saved views in the browser: saved under a name, opened, renamed, taken away, and the start page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selenium.webdriver.common.keys import Keys

from layouts import ids
from tests.browser import chromium
from tests.browser.conftest import PANELS
from tests.browser.page import Page

ONCE = dict.fromkeys(PANELS, 1)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> & 'q' \u202etxt"
_NAME, _LIST, _PROBLEM = f"#{ids.VIEWS_NAME}", f"#{ids.VIEWS_LIST}", f"#{ids.VIEWS_PROBLEM}"


def open_menu(page: Page) -> None:
    page.click(f"#{ids.VIEWS_TOGGLE}")
    page.one(f"#{ids.VIEWS_PANEL}")


def save(page: Page, name: str) -> None:
    number = len(page.all(f"{_LIST} .view"))
    page.one(_NAME).send_keys(name, Keys.ENTER)
    page.wait(lambda: len(page.all(f"{_LIST} .view")) == number + 1, f"{name!r} in the list")


def names(page: Page) -> list[str]:
    return page.read(f"{_LIST} .view-name")


def press(page: Page, view: str, what: str) -> None:
    """A button of the row of this view."""
    found = "return [...document.querySelectorAll('#views-list .view')].find((li) => li.innerText.includes(arguments[0]))"
    row = page.wait(lambda: page.run(found, view), f"the view {view!r}")
    row.find_element("css selector", f"[data-do={what}]").click()


def announced(page: Page, words: str) -> None:
    page.says(f"#{ids.ANNOUNCER}", words)


def refused(page: Page) -> bool:
    """The browser notes that an answer was a refusal; that is all it may note."""
    return all(
        re.search(r"/api/views\S* - Failed to load resource.* 4(00|09)", line) for line in page.console()
    )


def test_views_are_saved_opened_renamed_and_deleted(own: Page) -> None:
    own.open("?range=7d&split=model")
    open_menu(own)
    own.says(f"#{ids.VIEWS_EMPTY}", "No views yet.")
    save(own, "Week by model")
    announced(own, "View “Week by model” saved")
    assert not own.all(f"#{ids.VIEWS_EMPTY}")[0].is_displayed()
    assert own.one(f"{_LIST} a").get_attribute("aria-current") == "page"
    save(own, HOSTILE)
    assert sorted(names(own)) == sorted(["Week by model", HOSTILE])
    own.press(Keys.ESCAPE)
    assert own.run("return document.activeElement.id") == ids.VIEWS_TOGGLE
    own.after(lambda: own.click("a[data-page='/errors']"))
    own.after(lambda: own.click(f"#{ids.RESET}"))
    assert (own.path, own.search) == ("/errors", "")
    open_menu(own)
    calls = own.after(lambda: own.click(f"{_LIST} .view:last-child a"))
    assert (own.path, own.search, own.kpi("runs"), calls) == ("/", "?range=7d&split=model", "7", ONCE)
    assert not own.all(f"#{ids.VIEWS_PANEL}")[0].is_displayed()
    open_menu(own)
    press(own, "Week by model", "rename")
    own.press(Keys.ESCAPE)  # takes back what was begun; the menu stays
    press(own, "Week by model", "rename")
    own.press("By model", Keys.ENTER)
    announced(own, "Renamed to “By model”")
    assert "By model" in names(own)
    press(own, "By model", "delete")
    own.one(f"{_LIST} .view-form .btn-primary").click()
    announced(own, "View “By model” deleted")
    own.wait(lambda: names(own) == [HOSTILE], "the view to go")
    assert own.run("return document.title") == "Overview · Fixer Metrics"
    assert own.console() == []


def test_a_name_that_is_taken_empty_or_too_long_is_told(own: Page) -> None:
    own.open("?range=7d")
    open_menu(own)
    save(own, "Waste")
    own.one(_NAME).send_keys("waste", Keys.ENTER)
    own.says(_PROBLEM, "There is a view called 'Waste' already.")
    own.after(lambda: own.choose_range("90d"))
    open_menu(own)
    own.one(_NAME).send_keys(Keys.ENTER)
    own.says(_PROBLEM, "There is a view called 'Waste' already.")
    own.click(f"{_PROBLEM} button")
    announced(own, "View “Waste” replaced")
    own.says(f"{_LIST} small", "Overview: 90d")
    own.one(_NAME).send_keys("   ", Keys.ENTER)
    own.says(_PROBLEM, "The name is empty. Allowed: 1 to 100 characters")
    own.one(_NAME).send_keys("x" * 101, Keys.ENTER)
    own.says(_PROBLEM, "name has 104 characters. Allowed: 1 to 100 characters")
    assert names(own) == ["Waste"]
    assert refused(own)


def test_the_start_page_opens_first_and_the_overview_stays_in_reach(own: Page) -> None:
    own.open("?range=7d&model=gpt-4")
    open_menu(own)
    save(own, "Mine")
    press(own, "Mine", "start")
    announced(own, "“Mine” is the start page now")
    own.wait(lambda: own.all(f"{_LIST} [aria-pressed=true]"), "the house to fill")
    own.driver.get("about:blank")
    assert own.open() == ONCE  # the start view, and only it, was asked for
    assert (own.path, own.search, own.kpi("runs")) == ("/", "?model=gpt-4&range=7d", "3")
    own.driver.back()  # at once where the reader came from: no step in between
    own.wait(lambda: own.driver.current_url == "about:blank", "the page before")
    assert own.open() == ONCE
    # "Overview" keeps the filters, as everywhere; without filters it is the overview itself, also reloaded.
    own.after(lambda: own.click(f"#{ids.RESET}"))
    assert (own.search, own.kpi("runs")) == ("?start=none", "10")
    link = own.one("a[data-page='/']").get_attribute("href")
    assert urlsplit(str(link)).query == "start=none"
    assert own.back() == ONCE
    assert (own.search, own.kpi("runs")) == ("?model=gpt-4&range=7d", "3")
    assert own.open("?start=none") == ONCE  # as a reload does
    assert (own.search, own.kpi("runs")) == ("?start=none", "10")
    own.after(lambda: own.click(".brand"))  # the product's name leads to the start page
    assert (own.search, own.kpi("runs")) == ("?model=gpt-4&range=7d", "3")
    open_menu(own)
    press(own, "Mine", "start")
    announced(own, "The overview is the start page again")
    own.open()
    assert (own.search, own.kpi("runs")) == ("", "10")
    assert own.console() == []


def test_the_menu_fits_on_a_phone_and_is_for_the_keyboard(own: Page) -> None:
    chromium.resize(own.driver, 390, 844)
    own.open()
    own.run(f"document.getElementById('{ids.VIEWS_TOGGLE}').focus()")
    own.press(Keys.ENTER)
    own.one(_NAME)
    own.press(Keys.TAB)
    assert own.run("return document.activeElement.id") == ids.VIEWS_NAME
    save(own, "A name that has no end and no space: " + "x" * 60)
    assert own.run("return document.documentElement.scrollWidth") == 390
    box = own.one(f"#{ids.VIEWS_PANEL}").rect
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    own.press(Keys.TAB, Keys.TAB, Keys.TAB, Keys.SPACE)  # save, the view, its house
    announced(own, "is the start page now")
    assert own.run("return document.activeElement.dataset.do") == "start"
    header = {element.rect["y"] for element in own.all(".shell-header > .views, .shell-header > .dropdown")}
    assert max(header) - min(header) < 10  # one line
    assert own.console() == []
