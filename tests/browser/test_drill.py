"""From a number to its runs: everything on the overview that can be clicked leads to exactly as many runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from layouts import ids
from layouts.cards import CARDS
from tests.browser import chromium
from tests.browser.page import Page
from tests.browser.ways import strike, went
from tests.callbacks.rows import ZONE

# Every place where a part of a chart is drawn: [chart, bucket, part, x, y, number of runs of the part].
# The number is the one that the tooltip says: of the part where it counts runs, else of the bucket.
_PLACES = """
const found = [];
for (const chart of arguments[0]) {
  const graph = document.querySelector('#graph-' + chart + ' .js-plotly-plot'), meta = window.fixer.charts.figureOf(chart).layout.meta;
  const full = graph._fullLayout, size = full._size, axis = full.xaxis, runs = meta.columns.find((c) => c.label.startsWith('runs'));
  meta.x.forEach((x, i) => {
    let top = 0, parts = 0;
    const passed = new Set();
    for (const trace of graph._fullData.filter((t) => t.visible === true && t.hoverinfo !== 'none')) {
      const at = trace.x.length === meta.x.length ? i : [...trace.x].indexOf(x), value = at < 0 ? null : trace.y[at];
      if (value === null || value === undefined || trace.fill === 'toself' && !trace.stackgroup) continue;
      const stacked = trace.type === 'bar' || trace.stackgroup, own = trace.yaxis === 'y2' ? full.yaxis2 : full.yaxis;
      if (stacked && (!value || passed.has(trace.name))) continue;
      passed.add(trace.name);
      const height = stacked ? top + value / 2 : value;
      if (stacked) top += value;
      const counted = meta.columns.some((c) => c.label === trace.name && c.unit === 'count' && meta.runs[trace.name]);
      found.push([chart, i, trace.name, axis._offset + axis.d2p(x), own._offset + own.d2p(height), counted ? value : runs.values[i]]);
      parts += 1;
    }
    if (parts) found.push([chart, i, '', axis._offset + axis.d2p(x), size.t + 2, runs.values[i]]);
  });
}
return found;
"""
_WATCH = "window.went = []; window.fixer.go = (href) => window.went.push(href);"


@dataclass(frozen=True)
class Place:
    chart: str
    bucket: int
    part: str
    x: float
    y: float
    runs: int


def places(page: Page, *charts: str) -> Iterator[Place]:
    for found in page.run(_PLACES, list(charts)):
        yield Place(*found)


def place_of(page: Page, graph: str) -> tuple[float, float]:
    left, top = page.run(
        "const g = document.getElementById(arguments[0]); g.scrollIntoView({block: 'center'});"
        "const box = g.getBoundingClientRect(); return [box.left, box.top]",
        graph,
    )
    return left, top


def runs_at(page: Page, link: str) -> int:
    """How many runs there are behind a link, by the API: the page's own way of counting is not asked."""
    split = urlsplit(link)
    assert split.path == "/runs"
    asked = parse_qs(split.query)
    assert asked["tz"] == [ZONE]  # frozen: everybody sees the same
    assert "T" in asked["range"][0]
    with urlopen(f"{page.address}/api/metrics/summary?{split.query}") as answer:
        return int(json.load(answer)["totalRuns"])


@pytest.mark.parametrize(
    "search", ["?range=7d", "?grain=hour&model=gpt-4&range=2026-11-19..2026-11-19&status=failed"]
)
def test_every_part_of_every_time_chart_leads_to_its_runs(page: Page, search: str) -> None:
    page.open(search)
    page.run(_WATCH)
    tried = set()
    for place in places(page, *ids.TIME_CHARTS):
        link = strike(page, ids.graph(place.chart), place.x, place.y)
        if not place.runs:
            assert link == "", place
            continue
        assert link, place
        assert runs_at(page, link) == place.runs, place
        tried.add((place.chart, place.part))
    # In seven days: 18 November one unknown, 19 two successes and a failure, 20 two successes and an error.
    if search == "?range=7d":
        assert {part for chart, part in tried if chart == "executions"} == {
            "success",
            "failure",
            "error",
            "unknown",
            "",
        }
    assert {chart for chart, _ in tried} == set(ids.TIME_CHARTS)


def test_every_slice_leads_to_its_runs(page: Page) -> None:
    page.open("?range=7d")
    page.run(_WATCH)
    slices = page.run(
        "const graph = document.querySelector('#graph-outcomes .js-plotly-plot'), box = graph.getBoundingClientRect();"
        "const ring = graph.calcdata[0][0], pie = ring.trace, size = graph._fullLayout._size;"
        "return graph.calcdata[0].map((s) => { const [x, y] = s.pxmid;"
        "  return [s.label, s.v, ring.cx + x * 0.87, ring.cy + y * 0.87]; })"
    )
    assert {name: value for name, value, _, _ in slices} == {
        "success": 4,
        "failure": 1,
        "error": 1,
        "unknown": 1,
    }
    for name, value, x, y in slices:
        link = strike(page, ids.graph("outcomes"), x, y)
        assert parse_qs(urlsplit(link).query)["status"] == [name]
        assert runs_at(page, link) == value


def test_every_card_leads_to_its_runs(page: Page) -> None:
    page.open("?range=7d")
    page.run(_WATCH)
    for card in CARDS:
        page.click(f"#{ids.kpi(card.metric)} .kpi-note")
        # Wasted is what failed runs cost: one failure, one error of the seven runs.
        assert runs_at(page, went(page)) == (2 if card.metric == "failed_cost_usd" else 7), card.metric
        page.click(f"#{ids.kpi(card.metric)} .opens")
        assert went(page)
        page.click(f"#{ids.help_button(card.metric)}")
        assert went(page) == ""
    page.open("?range=7d&status=success")
    assert not page.all(f"#{ids.kpi('failed_cost_usd')} .opens")  # of successes none has failed


def test_every_row_of_the_models_leads_to_its_runs_and_still_filters(page: Page) -> None:
    page.open("?range=7d")
    page.run(_WATCH)
    numbers = []
    for link in page.all(f"#{ids.body(ids.MODELS)} a"):
        numbers.append(int(link.text))
        page.run("arguments[0].scrollIntoView({block: 'center'})", link)
        link.click()
        assert runs_at(page, went(page)) == numbers[-1]
    assert sorted(numbers) == [2, 2, 3]
    page.after(lambda: page.click(f"#{ids.body(ids.MODELS)} tbody tr:nth-child(1) td:last-child"))
    assert page.search == "?model=gpt-4&range=7d"


def test_every_row_behind_a_chart_leads_to_its_runs(page: Page) -> None:
    page.open("?range=7d")
    tried = 0
    for chart in ids.CHARTS:
        page.click(f"#{ids.chart_card(chart)} .menu summary")
        page.click(f"#{ids.table_toggle(chart)}")
        rows: list[Any] = page.run(
            "const columns = window.fixer.charts.figureOf(arguments[0]).layout.meta.columns;"
            "const counted = 1 + columns.findIndex((column) => column.label.startsWith('runs'));"
            "return [...document.querySelectorAll('#table-' + arguments[0] + ' tbody tr')].map((row) =>"
            "  [row.cells[0].querySelector('a')?.getAttribute('href') || '', row.cells[counted].textContent,"
            "   [...row.querySelectorAll('td a')].map((a) => [a.getAttribute('href'), a.textContent])])",
            chart,
        )
        for link, number, parts in rows:
            assert (runs_at(page, link) if link else 0) == int(number), chart
            for part, text in parts:
                assert runs_at(page, part) == int(text)
            tried += bool(link) + len(parts)
    # 6 charts with 3 days that have runs, 2 (success rate, failures) with 2; 4 outcomes; and in the cells
    # 5 numbers of executions (1 unknown; 2 and 1; 2 and 1) and 2 of failures.
    assert tried == 6 * 3 + 2 * 2 + 4 + 5 + 2


def test_a_click_opens_the_page_and_back_returns(page: Page) -> None:
    page.open("?range=7d")
    found = next(p for p in places(page, "executions") if p.part == "error")
    page.run("window.mark = true")
    calls = page.after(lambda: strike_for_good(page, found))
    assert set(calls.values()) == {1}
    assert (page.path, page.search) == (
        "/runs",
        "?range=2026-11-19T23%3A00Z..2026-11-20T23%3A00Z&status=error&tz=Europe%2FBerlin",
    )
    page.back()
    assert (page.path, page.search, page.kpi("runs")) == ("/", "?range=7d", "7")
    assert page.run("return window.mark") is True


def strike_for_good(page: Page, place: Place) -> None:
    page.run("window.went = []")
    strike(page, ids.graph(place.chart), place.x, place.y)


def test_a_drag_is_no_click_and_a_double_click_undoes_it(page: Page) -> None:
    page.open("?range=30d")
    page.run(_WATCH)
    page.after(lambda: page.drag("executions", 26, 28))
    assert went(page) == ""
    assert page.after(lambda: page.double_click("executions", 1))
    assert (page.search, went(page)) == ("", "")


def test_with_a_finger_the_first_tap_shows_and_the_second_opens(page: Page) -> None:
    chromium.resize(page.driver, 390, 844)
    page.open("?range=7d")
    page.run(_WATCH)
    found = next(p for p in places(page, "executions") if p.part == "error")
    for expected in (0, found.runs):
        left, top = place_of(page, ids.graph("executions"))
        # Two frames: the tooltip goes when the page scrolls.
        page.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        touch = {"x": left + found.x, "y": top + found.y}
        page.driver.execute_cdp_cmd(
            "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [touch]}
        )
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        if not expected:
            page.wait(lambda: page.all(".chart-tooltip:not([hidden])"), "the tooltip")
        link = page.wait(lambda: went(page), "the way") if expected else went(page)
        assert (runs_at(page, link) if link else 0) == expected
