"""The control that adds filters on errors, tools and attributes: by pointer, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from sqlalchemy import Engine

from ingest.write import Writer
from layouts import ids
from tests.browser import chromium
from tests.browser.conftest import PANELS
from tests.browser.page import Page

ONCE = dict.fromkeys(PANELS, 1)
HOSTILE = "a,b <img src=x onerror=\"document.title='owned'\"> 100%"
_BUTTON, _SEARCH = f"#{ids.ADD_FILTER}", f"#{ids.ADD_FILTER}-search"
_BY, _NOTE = f"{ids.ADD_FILTER}-by", f"#{ids.ADD_FILTER}-note"
_VALUES = f"#{ids.ADD_FILTER}-values label"


@pytest.fixture
def cut(own: Page, engine: Engine, run: Callable[..., Any]) -> Page:
    """Beside the ten runs of 30 days that have none of it, on 20 Nov: bash in three runs, edit in one of them;
    two failed by a timeout and one by a rate limit; the user of two has a name with everything in it."""
    failed = {"status": "failure", "error_template": "took <n> s", "error_category": "timeout"}
    limited = {**failed, "error_template": "<n> Too Many Requests", "error_category": "rate_limit"}
    name = HOSTILE.replace('"', '\\"')
    who = {"attributes": f'{{"user": "{name}"}}'}
    rows = [
        run("2026-11-20T09:30+00:00", tools_used='{"bash": 1}', **failed, **who),
        run("2026-11-20T09:40+00:00", tools_used='{"bash": 2, "edit": 1}', **failed),
        run("2026-11-20T09:50+00:00", tools_used='{"bash": 1}', **limited, **who),
    ]
    with Writer(engine) as writer:
        assert writer.write(rows).inserted == 3
    return own


def open_panel(page: Page, by: str = "") -> None:
    page.click(_BUTTON)
    page.one(f"#{ids.ADD_FILTER_PANEL}")
    if by:
        choose(page, by)


def choose(page: Page, by: str) -> None:
    pick = "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
    page.run(pick + "s.dispatchEvent(new Event('change', {bubbles: true}))", _BY, by)


def offers(page: Page, *lines: str) -> None:
    """Each value with its runs, as they are read."""
    page.wait(lambda: [" ".join(t.split()) for t in page.read(_VALUES)] == list(lines), f"the values {lines}")


_ROW = """
return [...document.querySelectorAll(arguments[0])].find((l) => l.querySelector("bdi").innerText === arguments[1]);
"""


def tick(page: Page, *names: str) -> None:
    for name in names:
        page.wait(lambda n=name: page.run(_ROW, _VALUES, n), name).click()


def apply(page: Page) -> dict[str, int]:
    return dict(page.after(lambda: page.click(f"#{ids.ADD_FILTER_PANEL} [type=submit]")))


def test_errors_tools_and_attributes_are_added_with_one_step_of_history(cut: Page) -> None:
    assert cut.open() == ONCE
    assert cut.kpi("runs") == "13"
    open_panel(cut)
    offers(cut, "no error 10", "timeout 2", "rate_limit 1")
    tick(cut, "timeout", "rate_limit")
    choose(cut, "tool")
    offers(cut, "bash 3", "edit 1")
    tick(cut, "bash")
    assert apply(cut) == ONCE
    assert (cut.search, cut.kpi("runs")) == ("?category=rate_limit,timeout&tool=bash", "3")
    assert cut.chips == ["Category: rate_limit", "Category: timeout", "Tool: bash"]
    assert cut.run("return document.activeElement.id") == ids.ADD_FILTER
    assert cut.back() == ONCE
    assert (cut.search, cut.kpi("runs")) == ("", "13")


def test_a_name_with_everything_in_it_is_found_and_filters(cut: Page) -> None:
    cut.open("?range=7d")
    open_panel(cut, "attr.user")
    cut.one(_SEARCH).send_keys("A,B <IMG")
    offers(cut, f"{HOSTILE} 2")
    tick(cut, HOSTILE)
    cut.one(_SEARCH).send_keys(" nothing like it")
    cut.says(_NOTE, "No value of this period contains this.")
    offers(cut, f"{HOSTILE} 2")  # what is ticked stays in sight
    assert apply(cut) == ONCE
    assert cut.kpi("runs") == "2"
    assert cut.chips == [f"User: {HOSTILE}"]
    open_panel(cut)  # begins with what is filtered by already
    assert cut.run(f"return document.getElementById('{_BY}').value") == "attr.user"
    tick(cut, HOSTILE)
    assert apply(cut) == ONCE
    assert (cut.search, cut.kpi("runs")) == ("?range=7d", "10")
    assert cut.run("return document.title") == "Overview · Fixer Metrics"
    assert cut.console() == []


def test_the_keyboard_alone_adds_a_filter(cut: Page) -> None:
    cut.open()
    cut.run("document.querySelector(arguments[0]).focus()", _BUTTON)
    cut.press(Keys.ENTER)
    offers(cut, "no error 10", "timeout 2", "rate_limit 1")
    assert cut.run("return document.activeElement.id") == _BY
    cut.press(Keys.TAB, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.SPACE)
    assert cut.after(lambda: cut.press(Keys.ENTER)) == ONCE
    assert (cut.search, cut.kpi("runs")) == ("?category=timeout", "2")
    cut.press(Keys.ENTER)
    cut.one(f"#{ids.ADD_FILTER_PANEL}")
    cut.press(Keys.ESCAPE)
    assert not cut.all(f"#{ids.ADD_FILTER_PANEL}")[0].is_displayed()
    assert cut.run("return document.activeElement.id") == ids.ADD_FILTER


def test_in_the_drawer_of_a_phone(cut: Page) -> None:
    chromium.resize(cut.driver, 390, 844)
    cut.open()
    cut.click(f"#{ids.DRAWER_BUTTON}")
    open_panel(cut, "error")
    offers(cut, "no message 3", "took <n> s 2", "<n> Too Many Requests 1")
    assert cut.run("return document.documentElement.scrollWidth") == 390
    cut.press(Keys.ESCAPE)  # this, and not the drawer around it
    assert cut.all("html.drawer-open")
    open_panel(cut, "error")
    tick(cut, "took <n> s")
    assert apply(cut) == ONCE
    assert (cut.search, cut.text(f"#{ids.FILTER_COUNT}")) == ("?error=took%20%3Cn%3E%20s", "1")
    assert cut.all("html.drawer-open")
    assert cut.console() == []
