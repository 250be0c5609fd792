"""The strip, flags, bands and markers in a browser: each leads to its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from dashboard.running import DEMO_DAYS
from layouts import ids
from queries.words import day
from seed.incidents import incidents
from tests.browser.conftest import reader, site_with
from tests.browser.page import Page
from tests.callbacks.bad_day import put_bad_day
from tests.callbacks.rows import NOW

_STRIP = f"#{ids.UNUSUAL}"


@pytest.fixture(scope="module")
def bad_site(
    server: str, template: str, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with site_with(lambda engine: put_bad_day(engine, run), server, template, tmp_path_factory) as address:
        yield address


@pytest.fixture
def page(fresh: WebDriver, bad_site: str) -> Iterator[Page]:
    with reader(fresh, bad_site) as page:
        yield page


def test_the_planted_incidents_of_the_demo_head_the_overview(demo_page: Page) -> None:
    demo_page.open()
    # The two of the last 30 days are planted at fixed distances: no draw decides them.
    found = incidents(NOW, DEMO_DAYS, np.random.default_rng(0))
    planted = {day(one.start, year=False) for one in found if one.start > NOW - timedelta(days=30)}
    assert len(planted) == 2
    assert planted <= set(demo_page.read(f"{_STRIP} .badge.worse"))


def test_an_item_opens_exactly_its_runs(page: Page) -> None:
    page.open("?tz=UTC")
    # Twelve errors on 13 November, where two days of three have one.
    assert page.read(f"{_STRIP} .badge") == ["13 Nov"]
    assert page.text(f"{_STRIP} li").startswith("13 Nov errors 12 where at most ")
    assert page.text(f"{_STRIP} li").endswith("mostly rate limit and on gpt-5")
    page.after(lambda: page.click(f"{_STRIP} li a"))
    assert page.path == "/runs"
    assert page.one(f"#{ids.RUNS_TOTAL}").get_attribute("data-value") == "12"
    page.back()
    assert page.read(f"{_STRIP} .badge") == ["13 Nov"]


def test_charts_flag_that_day_and_a_flag_opens_its_runs(page: Page) -> None:
    page.open("?tz=UTC")
    flags = {chart: len(page.all(f"#{ids.plot(chart)} .flag")) for chart in ids.TIME_CHARTS}
    assert flags == dict.fromkeys(ids.TIME_CHARTS, 0) | {"executions": 1, "success_rate": 1}
    page.says(f"#{ids.chart_card('success_rate')} .flag-note", "1 unusual day")
    page.click("#card-success_rate .flag-note button")
    page.says("#flag-card", "Success rate 70.0")
    page.run("window.went = []; window.fixer.go = (href) => window.went.push(href)")
    for chart in ("executions", "success_rate"):
        page.click(f"#{ids.plot(chart)} .flag")
    day = "range=2026-11-13T00%3A00Z..2026-11-14T00%3A00Z"
    # Of the flags in one place the most surprising one's: all twelve errors are of gpt-5.
    opened = [f"/runs?model=gpt-5&{day}&status=error&tz=UTC", f"/runs?{day}&status=failed&tz=UTC"]
    assert page.run("return window.went") == opened


def test_the_expected_range_is_shown_when_it_is_asked_for(page: Page) -> None:
    page.open("?tz=UTC")
    assert page.all(".band") == []
    page.click(f"#{ids.chart_card('executions')} .menu summary")
    page.after(lambda: page.click(f"#{ids.chart_card('executions')} [data-band]"))
    assert page.search == "?band=1&tz=UTC"
    page.says(f"#{ids.chart_card('executions')} .flag-note", "expected runs")
    # Forty are expected each day: the middle of the band is level, and a bar of forty ends on it.
    middle, bar = page.run(
        "const g = document.querySelector('#graph-executions .js-plotly-plot');"
        "const y = [...document.querySelector('#plot-executions .band .middle').getAttribute('d').matchAll(/ ([\\d.]+)/g)];"
        "return [y.map((found) => Number(found[1])), g._fullLayout.yaxis.d2p(40)]"
    )
    assert middle == pytest.approx([bar] * len(middle), abs=2)
    page.after(lambda: page.run("document.querySelector('#card-executions [data-band]').click()"))
    assert page.search == "?tz=UTC"


def test_a_marker_of_ones_own_stands_on_the_charts_until_it_is_taken_away(page: Page) -> None:
    page.open("changes?tz=UTC")
    page.run(
        "const form = document.getElementById('marker-form');"
        "form.elements.label.value = 'prompt <v12>'; form.elements.at.value = '2026-11-10T12:00'"
    )
    page.after(lambda: page.click("#marker-form button"))
    page.says(f"#{ids.body(ids.MARKED)}", "prompt <v12>")
    page.says(f"#{ids.body(ids.MARKED)}", "10 Nov 2026 12:00")
    page.open("?tz=UTC")
    page.says("#plot-executions .marker-label", "prompt <v12>")
    assert len(page.all("#plot-success_rate .marker.own")) == 1
    page.click("#card-success_rate .marker-note button")
    page.says("#marker-card", "prompt <v12>, 10 Nov 2026 12:00")
    page.says("#marker-card", "before")
    page.open("changes?tz=UTC")
    page.after(lambda: page.click("[data-remove-marker]"))
    page.wait(lambda: not page.all("[data-remove-marker]"), "the marker to go")
    page.open("?tz=UTC")
    assert page.all(".marker.own") == []


def test_first_runs_of_versions_are_marked_and_told(demo_page: Page) -> None:
    demo_page.open()
    labels = demo_page.read("#plot-executions .marker-label")
    assert labels
    note = demo_page.text("#card-executions .marker-note")
    assert note.startswith("first run")
    demo_page.click("#card-duration .marker-note button")
    for label in labels:
        demo_page.says("#marker-card strong", f"First run of {label}")
    demo_page.says("#marker-card", "Average duration before")
