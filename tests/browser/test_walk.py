"""From every number to its runs, on every page: all that leads to runs is clicked, and their rows are counted.

On the demo's data, of which two ordinary days are looked at. A new page is walked as soon as it has its
record, a new link or chart as soon as it stands on a page.
"""

from __future__ import annotations

import re

import pytest

from layouts.pages import PAGES
from tests.browser import ways
from tests.browser.page import Page
from tests.browser.ways import Way

DAYS = "range=2026-11-18..2026-11-19"
FAILED_RUN = "/api/metrics/runs?status=error&range=2026-11-19..2026-11-19&limit=1"
# Pages where more than their plain view is to be walked; {} is the id of a run that failed.
VIEWS = {
    "/": ("", "split=model", "split=model&as=multiples", "split=tool"),
    "/runs/<id>": ("",),
    "/errors": ("", "by=category"),
    "/changes": ("metric=runs", "metric=cost_usd&by=attr.repository", "metric=p95_duration_ms&by=status"),
    "/compare": ("", "a=status%3Dfailed&b=period%3Dprevious", "adjust=agent"),
}
# What the walk must not pass by: some of what is clicked there.
CLICKED = {
    "/": "sparkline", "/errors": "sparkline", "/tools": "sparkline", "/compare": "n = ", "/data": "more than 10,000",
}  # fmt: skip
# The runs themselves are where all ways lead; the value of an alert leads to the view that it was taken from.
WITHOUT_WAYS = ("/runs", "/alerts", "/alerts/<id>")
WALKED = [(page.path, view) for page in PAGES for view in VIEWS.get(page.path, ("",))]


def open_page(demo_page: Page, path: str, view: str) -> None:
    if path.endswith("<id>"):
        run = ways.read(f"{demo_page.address}{FAILED_RUN}")["items"][0]["invocationId"]
        path = path.replace("<id>", run)
    demo_page.open(f"{path[1:]}?{DAYS}&{view}".rstrip("&"))
    demo_page.run(ways.WATCH)


@pytest.mark.parametrize(("path", "view"), [case for case in WALKED if case[0] not in WITHOUT_WAYS])
def test_every_number_leads_to_exactly_its_runs(demo_page: Page, path: str, view: str) -> None:
    open_page(demo_page, path, view)
    found = [*ways.links(demo_page), *ways.marks(demo_page)]
    assert [way for way in found if way.runs], f"nothing on {path} leads to runs"
    assert [way for way in found if CLICKED.get(path, "") in way.what]
    counted = {href: ways.rows_at(demo_page, href) for href in {way.href for way in found} - {""}}
    wrong = [(way, counted.get(way.href, 0)) for way in found if not _right(way, counted)]
    assert wrong == []


def _right(way: Way, counted: dict[str, int]) -> bool:
    """As many rows as the number says, or more where it says so; where there is none, some."""
    rows = counted.get(way.href, 0)
    if way.runs is None or way.more:
        return rows > (way.runs or 0)
    return rows == way.runs


@pytest.mark.parametrize("path", [page.path for page in PAGES if page.path not in WITHOUT_WAYS])
def test_the_page_of_the_runs_says_the_same(demo_page: Page, path: str) -> None:
    """What is turned to counts as many as the link says, in its heading and in its table."""
    open_page(demo_page, path, VIEWS.get(path, ("",))[0])
    numbered = {way.href: way for way in ways.links(demo_page) if way.runs}
    some = list(numbered.values())[:6]
    assert some
    for way in some:
        demo_page.driver.get(f"{demo_page.address}{way.href}")
        demo_page.rest(1)
        total, number = demo_page.one("#runs-total"), way.runs or 0
        assert total.get_attribute("data-value") == str(number), way.href
        assert total.get_attribute("data-more") == str(way.more).lower(), way.href
        shown = len(demo_page.all("#body-runs tbody tr"))
        assert shown == number or (shown < number and demo_page.all("#runs-pages a, #runs-pages button"))


def test_a_real_click_turns_the_page_and_back_returns(demo_page: Page) -> None:
    demo_page.open(f"errors?{DAYS}")
    demo_page.run("window.mark = true")
    link = demo_page.one("#body-errors td.runs a")
    number = re.sub(r"\D", "", link.text)
    demo_page.after(link.click)
    assert demo_page.path == "/runs"
    assert demo_page.one("#runs-total").get_attribute("data-value") == number
    demo_page.back()
    assert (demo_page.path, demo_page.search) == ("/errors", f"?{DAYS}")
    assert demo_page.run("return window.mark") is True
