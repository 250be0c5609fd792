"""Themes, narrow screens and the keyboard."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from layouts import ids
from tests.browser import chromium
from tests.browser.page import Page


def _theme(page: Page) -> str:
    return str(page.run("return document.documentElement.dataset.bsTheme"))


def _bar_colour(page: Page) -> str:
    bar = f"#{ids.graph('cost')} .bars .point path"
    return str(page.run("return getComputedStyle(document.querySelector(arguments[0])).fill", bar))


def test_the_theme_changes_without_the_server_and_is_remembered(page: Page) -> None:
    page.open()
    light, before = _bar_colour(page), len(page.run("return window.calls"))
    page.click(f"#{ids.THEME_MENU} button")
    page.click(f"#{ids.theme_choice('dark')}")
    page.wait(lambda: _theme(page) == "dark" and _bar_colour(page) != light, "the dark theme")
    assert len(page.run("return window.calls")) == before
    page.open()
    assert _theme(page) == "dark"


def test_the_systems_theme_is_followed_until_another_is_chosen(page: Page) -> None:
    chromium.prefer(page.driver, dark=True)
    page.open()
    assert _theme(page) == "dark"
    chromium.prefer(page.driver)
    page.wait(lambda: _theme(page) == "light", "the light theme")


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
def test_no_screen_scrolls_sideways(page: Page, width: int) -> None:
    chromium.resize(page.driver, width, 844)
    page.open()
    shown, whole = page.run("const e = document.documentElement; return [e.clientWidth, e.scrollWidth]")
    assert (shown, whole) == (width, width)


def test_on_a_phone_the_filters_fold_into_a_drawer_with_their_count(page: Page) -> None:
    chromium.resize(page.driver, 390, 844)
    page.open("?status=failed&model=gpt-4")
    assert page.text(f"#{ids.FILTER_COUNT}") == "2"
    assert not [e for e in page.all(f"#{ids.STATUS}") if e.is_displayed()]
    page.click(f"#{ids.DRAWER_BUTTON}")
    page.after(lambda: page.choose(ids.STATUS, "error"))
    assert (page.search, page.kpi("runs")) == ("?model=gpt-4&status=error", "1")
    page.press(Keys.ESCAPE)
    page.wait(lambda: not [e for e in page.all(f"#{ids.STATUS}") if e.is_displayed()], "the drawer to close")


def _focused(page: Page) -> str:
    return str(page.run("const e = document.activeElement; return e.id || e.innerText || e.tagName"))


def test_everything_is_reached_by_the_keyboard(page: Page) -> None:
    page.open()
    page.press(Keys.TAB)
    assert _focused(page) == "Skip to the numbers"
    reached = set()
    for _ in range(80):
        page.press(Keys.TAB)
        reached.add(page.run("return document.activeElement.closest('[id]')?.id || ''"))
    controls = {ids.STATUS, ids.MODEL, ids.AGENT, ids.VERSION, ids.GRAIN, ids.TZ, ids.COMPARE}
    assert controls <= reached
    assert {ids.help_button("runs"), ids.help_button("cost_usd")} <= reached


def test_focus_can_be_seen(page: Page) -> None:
    page.open()
    for _ in range(3):
        page.press(Keys.TAB)
    outline = page.run(
        "const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow]"
    )
    assert outline[0] != "none" or outline[1] != "none"
