"""For everyone: both themes, a phone, the keyboard, screen readers, little motion."""

from __future__ import annotations

from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from layouts import ids
from layouts.pages import PAGES
from tests.browser import chromium
from tests.browser.conftest import PANELS
from tests.browser.page import Page

ONCE = dict.fromkeys(PANELS, 1)
_NAMED = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "combobox",
    "radio",
    "checkbox",
    "switch",
    "menuitem",
    "listbox",
}

# Notes which theme the page is in when its body begins.
_FIRST_THEME = """
new MutationObserver((_, watch) => {
  if (!document.body) return;
  watch.disconnect();
  window.first_theme = document.documentElement.dataset.bsTheme;
}).observe(document, {childList: true, subtree: true});
"""


# ---- themes -----------------------------------------------------------------------------------------------


def test_the_theme_is_switched_without_the_server_and_remembered_without_a_flash(page: Page) -> None:
    page.open()
    light = _colours(page)
    assert _theme(page) == "light"
    calls = len(page.run("return window.calls"))
    page.click(f"#{ids.THEME_MENU} button")
    page.click(f"#{ids.theme_choice('dark')}")
    page.wait(lambda: _theme(page) == "dark", "the dark theme")
    dark = page.wait(lambda: _colours(page) != light and _colours(page), "charts in dark colours")
    assert dark["bar"] == _token(page, "--success")
    assert len(page.run("return window.calls")) == calls
    script = chromium.before_the_page(page.driver, _FIRST_THEME)
    page.open()
    page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})
    assert page.run("return window.first_theme") == "dark"
    assert _colours(page) == dark


def test_the_theme_follows_the_system_until_one_is_chosen(page: Page) -> None:
    chromium.prefer(page.driver, dark=True)
    page.open()
    dark = _colours(page)
    assert _theme(page) == "dark"
    chromium.prefer(page.driver, dark=False)
    page.wait(lambda: _theme(page) == "light" and _colours(page) != dark, "the light theme")


def _theme(page: Page) -> str:
    return str(page.run("return document.documentElement.dataset.bsTheme"))


def _token(page: Page, name: str) -> str:
    return str(
        page.run(
            "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()", name
        )
    )


def _colours(page: Page) -> dict[str, Any]:
    """What the page and a chart on it are drawn in."""
    found: dict[str, Any] = page.run(
        f"const graph = document.querySelector('#{ids.graph('executions')} .js-plotly-plot');"
        "return {page: getComputedStyle(document.body).backgroundColor,"
        " bar: [].concat(graph.data[0].marker.color)[0], text: graph.layout.font.color}"
    )
    return found


# ---- a phone ----------------------------------------------------------------------------------------------


def test_a_phone_folds_the_filters_into_a_drawer(page: Page) -> None:
    chromium.resize(page.driver, 390, 844)
    page.open("?model=claude,gpt-4&status=success")
    assert page.text(f"#{ids.DRAWER_BUTTON}").endswith("2")
    assert not page.all(f"#{ids.STATUS}")[0].is_displayed()
    page.click(f"#{ids.DRAWER_BUTTON}")
    assert page.one(f"#{ids.DRAWER_BUTTON}").get_attribute("aria-expanded") == "true"
    assert page.after(lambda: page.choose(ids.STATUS, "failed")) == ONCE
    assert page.search == "?model=claude,gpt-4&status=failed"
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.all(f"#{ids.STATUS}")[0].is_displayed(), "the drawer to close")
    assert page.run("return document.activeElement.id") == ids.DRAWER_BUTTON
    assert page.kpi("runs") == "3"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1024, 768), (1440, 900)])
def test_nothing_makes_the_page_scroll_sideways(page: Page, width: int, height: int) -> None:
    chromium.resize(page.driver, width, height)
    page.open("?model=claude,gpt-4,odd%252C%20100%2525&range=2026-11-18..2026-11-20&status=failed,success")
    assert page.run("return document.documentElement.scrollWidth") <= width
    page.click(f"#{ids.DATES}-wrapper")
    box = page.one(".dash-datepicker-content").rect
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    charts = page.all(".chart .main-svg:first-child")
    assert all(chart.rect["x"] + chart.rect["width"] <= width for chart in charts)
    assert not page.run(
        "return [...document.querySelectorAll('#content *')].some((e) => parseFloat(getComputedStyle(e).fontSize) < 12 && e.innerText)"
    )


# ---- keyboard and screen readers --------------------------------------------------------------------------


def test_everything_is_reached_by_keyboard_and_seen_to_be(page: Page) -> None:
    page.open("?status=success")
    reached, invisible = [], []
    for _ in range(25 + sum(known.nav for known in PAGES)):
        page.press(Keys.TAB)
        found = page.run(
            "const e = document.activeElement, s = (x) => getComputedStyle(x), f = e.closest('.field, .calendar');"
            "const seen = s(e).outlineStyle !== 'none' || e.matches('.btn-check')"
            " || (f && s(f).borderColor !== s(document.querySelector('.btn-line')).borderColor);"
            "return [e.id.startsWith('react-') ? e.textContent.trim() : e.id || e.textContent.trim() || e.value, seen]"
        )
        reached.append(found[0])
        invisible += [] if found[1] else [found[0]]
    wanted = ["Skip to the numbers", "Fixer Metrics", "Overview", ids.TZ, "Theme", "Share", ids.GRAIN, ids.STATUS,
              ids.MODEL, ids.AGENT, ids.VERSION, ids.COMPARE, "Status: success", ids.RESET]  # fmt: skip
    assert [name for name in reached if name in wanted] == wanted, reached
    assert invisible == []


def test_ranges_and_menus_work_by_keyboard(page: Page) -> None:
    page.open()
    page.run(f"document.querySelector('#{ids.RANGE} input:checked').focus()")
    assert page.after(lambda: page.press(Keys.ARROW_LEFT)) == ONCE
    assert (page.search, page.kpi("runs")) == ("?range=7d", "7")
    page.run(f"document.getElementById('{ids.MODEL}').focus()")
    page.press(Keys.ENTER)
    page.one(".dash-dropdown-search").send_keys("clau")
    assert page.after(lambda: page.press(Keys.ENTER, Keys.ESCAPE)) == ONCE
    assert (page.search, page.kpi("runs")) == ("?model=claude&range=7d", "2")


def test_every_control_has_a_name(page: Page) -> None:
    page.open("?status=success")
    page.driver.execute_cdp_cmd("Accessibility.enable", {})
    nodes = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    page.driver.execute_cdp_cmd("Accessibility.disable", {})
    controls = [node for node in nodes if not node["ignored"] and node["role"]["value"] in _NAMED]
    nameless = [
        node["role"]["value"] for node in controls if not node.get("name", {}).get("value", "").strip()
    ]
    assert len(controls) > 40
    assert nameless == []
    landmarks = {node["role"]["value"] for node in nodes if not node["ignored"]}
    assert {"banner", "main", "navigation"} <= landmarks


def test_those_who_want_little_motion_get_none(page: Page) -> None:
    page.open()
    moving = page.run(
        "return [...document.querySelectorAll('#content *, .filters *')].filter((e) => {"
        "  const s = getComputedStyle(e);"
        "  return [s.transitionDuration, s.animationDuration].join().split(',').some((t) => parseFloat(t) > 0.001);"
        "}).map((e) => e.className)"
    )
    assert moving == []


def test_the_help_of_a_card_opens_by_keyboard_and_closes_with_escape(page: Page) -> None:
    page.open()
    button = page.one(f"#{ids.help_button('success_rate')}")
    page.run("arguments[0].focus()", button)
    page.says(f"#{ids.help_button('success_rate')}-text", "Successes / (successes + failures + errors)")
    page.press(Keys.ESCAPE)
    text = page.driver.find_element(By.ID, f"{ids.help_button('success_rate')}-text")
    page.wait(lambda: not text.is_displayed(), "the help to close")
