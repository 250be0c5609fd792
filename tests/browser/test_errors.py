"""The errors page in a browser: to the groups, turned round, and from a group to its runs."""

from __future__ import annotations

from layouts import ids
from tests.browser.page import Page

_ROWS = f"#{ids.body(ids.ERRORS)} tbody tr"


def test_from_a_group_to_its_runs_and_back(page: Page) -> None:
    page.open("errors?range=all")
    assert page.text("h1") == "Errors"
    count = page.text(f"{_ROWS} .runs a")
    page.after(lambda: page.click(f"{_ROWS} .runs a"))
    assert page.path == "/runs"
    assert "status=failed" in page.search
    assert int(count) > 0
    page.back()
    assert page.path == "/errors"
    assert page.text(f"{_ROWS} .runs a") == count


def test_grouping_and_sorting_are_in_the_url(page: Page) -> None:
    page.open("errors?range=all")
    calls = page.after(lambda: page.click(".errors-bar .seg-item:not(.on)"))
    assert calls[ids.answer(ids.ERRORS)] == 1
    assert page.search == "?by=category&range=all"
    page.after(lambda: page.click(f"#{ids.body(ids.ERRORS)} thead th:nth-child(4) button"))
    assert page.search == "?by=category&range=all&sort=-cost"
    assert page.one(f"#{ids.body(ids.ERRORS)} thead [aria-sort=descending]").text.strip() == "Wasted"
    page.back()
    assert page.search == "?by=category&range=all"
