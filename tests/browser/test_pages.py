"""Pages inside the one document: navigation, deep links, Back and Forward, unknown paths, one call per panel."""

from __future__ import annotations

import json
import re
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from layouts import ids
from layouts.pages import PAGES, contents
from tests.browser import chromium
from tests.browser.conftest import PANELS
from tests.browser.page import Page

ONCE = dict.fromkeys(PANELS, 1)
_MARK = "window.mark = true"


def turn(page: Page, path: str) -> dict[str, int]:
    """Follows a link to this path, wherever it stands."""
    page.run(
        "const a = document.body.appendChild(document.createElement('a')); a.href = arguments[0]; a.id = 'way'",
        path,
    )
    return dict(
        page.after(
            lambda: page.run(
                "document.getElementById('way').click(); document.getElementById('way').remove()"
            )
        )
    )


def once(path: str) -> dict[str, int]:
    """Every panel that stands on the page, and how it stands, one call each."""
    panels = re.findall(r'"(answer-[\w-]+)"', json.dumps(contents()[path]))
    return dict.fromkeys([*panels, ids.answer(ids.STANDING)], 1)


def test_turning_to_another_page_and_back_reloads_nothing_and_asks_once(page: Page) -> None:
    assert page.open("?range=7d") == ONCE
    page.run(_MARK)
    assert turn(page, "/changes?range=7d") == once("/changes")
    assert page.path == "/changes"
    assert page.text("h1") == "What changed"
    assert page.run("return document.title") == "What changed · Fixer Metrics"
    assert page.run("return document.activeElement.tagName") == "H1"
    assert not page.all(f"#{ids.CARDS}")
    assert page.back() == ONCE
    assert (page.path, page.search, page.kpi("runs")) == ("/", "?range=7d", "7")
    assert page.buckets() == 7
    assert page.run("return document.title") == "Overview · Fixer Metrics"
    assert page.after(page.driver.forward) == once("/changes")
    assert page.path == "/changes"
    assert page.run("return window.mark") is True


def test_filters_go_along_and_other_pages_keys_do_not(page: Page) -> None:
    page.open("?model=gpt-4&range=7d")
    link = page.one("a[data-page='/']")
    assert link.get_attribute("href") == f"{page.address}/?model=gpt-4&range=7d"
    page.after(lambda: page.choose(ids.STATUS, "failed"))
    link = page.one("a[data-page='/']")
    assert link.get_attribute("href") == f"{page.address}/?model=gpt-4&range=7d&status=failed"
    assert link.get_attribute("aria-current") == "page"


def test_a_link_of_a_modified_click_is_the_browsers(page: Page) -> None:
    page.open()
    prevented = page.run(
        "const a = document.createElement('a'); a.href = '/changes'; document.body.append(a);"
        "const said = {};"
        "document.addEventListener('click', (e) => { said[e.ctrlKey] = e.defaultPrevented; e.preventDefault(); });"
        "for (const ctrlKey of [true, false]) a.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true, ctrlKey}));"
        "return said"
    )
    assert prevented == {"true": False, "false": True}
    page.wait(lambda: page.path == "/changes", "the page to turn")


@pytest.mark.parametrize("path", ["/nowhere", "/runs/", "/errors/x"])
def test_deep_links_of_every_kind(page: Page, path: str) -> None:
    known = path == "/runs/"
    page.driver.get(f"{page.address}{path}?range=7d")
    page.rest(1)
    asked = {ids.STANDING, ids.RUNS, ids.IN_FLIGHT_RUNS} if known else {ids.STANDING}
    assert page.calls() == {ids.answer(name): 1 for name in asked}
    assert page.search == "?range=7d"
    page.says("#content", "Runs" if known else "There is no page at this address")
    if not known:
        assert page.run("return document.title") == "Not found · Fixer Metrics"
        page.after(lambda: page.click("#content a"))
        assert (page.path, page.kpi("runs")) == ("/", "10")
        page.console()  # the browser says that the document was a 404


def test_the_document_of_an_unknown_path_is_a_404(site: str) -> None:
    for page in PAGES:
        with urlopen(f"{site}{page.path.replace('<id>', 'some')}") as answer:
            assert answer.status == 200
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{site}/nowhere")
    assert refused.value.code == 404
    assert "<title>" in refused.value.read().decode()


def test_every_page_record_has_its_heading(page: Page) -> None:
    page.open()
    for record in PAGES:
        path = record.path.replace("<id>", "some")
        if path != page.path:
            turn(page, path)
        assert len(page.all("#content h1")) == 1
        assert page.run("return document.title") == f"{record.title} · Fixer Metrics"


def test_the_navigation_folds_on_a_phone(page: Page) -> None:
    chromium.resize(page.driver, 390, 844)
    page.open()
    assert not page.all(f"#{ids.NAV}")[0].is_displayed()
    assert page.text(f"#{ids.NAV_TOGGLE}") == "Overview"
    page.click(f"#{ids.NAV_TOGGLE}")
    assert page.one(f"#{ids.NAV} a").text == "Overview"
    page.press("\ue00c")
    assert not page.all(f"#{ids.NAV}")[0].is_displayed()
    assert page.run("return document.documentElement.scrollWidth") == 390


def test_plain_controls_write_the_url_and_follow_it(page: Page) -> None:
    page.open("?range=7d")
    page.run(
        "document.querySelector('#content').insertAdjacentHTML('beforeend', `"
        "<select id='pick' data-set='status'><option value=''>all</option><option>error</option></select>"
        "<input id='write' data-set='agent'><input id='tick' type='checkbox' value='none' data-set='compare'>"
        '<div data-ask=\'{"set": {"model": "claude"}}\'><a id="inner" href="#x">no</a><b id="outer">yes</b></div>`)'
    )
    assert page.after(lambda: page.run(_PICK, "pick", "error")) == ONCE
    assert (page.search, page.kpi("runs")) == ("?range=7d&status=error", "1")
    page.one("#write").send_keys("fixer")
    assert page.after(lambda: page.press("\ue007")) == ONCE
    assert page.search == "?agent=fixer&range=7d&status=error"
    assert page.after(lambda: page.click("#tick")) == ONCE
    assert page.search == "?agent=fixer&compare=none&range=7d&status=error"
    page.back()
    page.wait(lambda: not page.one("#tick").is_selected(), "the tick to go")
    assert page.after(lambda: page.run(_PICK, "pick", "")) == ONCE
    assert page.search == "?agent=fixer&range=7d"
    page.click("#inner")  # a link inside of what can be clicked is a link
    assert page.after(lambda: page.click("#outer")) == ONCE
    assert page.search == "?agent=fixer&model=claude&range=7d"


_PICK = """
const control = document.getElementById(arguments[0]);
control.value = arguments[1];
control.dispatchEvent(new Event("change", {bubbles: true}));
"""
