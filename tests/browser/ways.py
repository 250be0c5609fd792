"""All ways from a page to its runs: every link to /runs and every mark of a chart, with the number on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.browser.page import Page

# Until the page is left, what would be turned to is noted instead.
WATCH = "window.went = []; window.fixer.go = (href) => window.went.push(href);"

# Links to runs that show, and sparklines of cards that are links; the number on each: its text, else what it
# says of itself, else null; and whether it says that there are more.
_LINKS = """
for (const folded of document.querySelectorAll('#content details')) folded.open = true;
const number = (text) => /^[\\d,]+$/.test(text.trim()) ? text : (/([\\d,]+) (?:\\w+ )?runs?\\b/.exec(text) || [])[1];
return [...document.querySelectorAll('#content a, #content [data-opens] .spark')]
  .filter((a) => a.getClientRects().length && (!a.href || new URL(a.href).pathname === '/runs') && !a.closest('.flags'))
  .map((a) => {
    const told = [a.textContent, a.getAttribute('aria-label') || '', a.title || ''], said = told.map(number).find(Boolean);
    const name = a.matches('.spark') ? 'sparkline' : a.textContent, more = told.some((text) => /^more than/i.test(text));
    return [a, a.closest('section, [id]')?.id || '', name, said ? Number(said.replaceAll(',', '')) : null, more];
  });
"""

# Where each part of each chart is drawn: [chart, bucket, part, x, y, number of its runs or null].
# The number is the one that the tooltip says: of the part where it counts runs, else of the bucket.
_MARKS = """
const found = [];
function ofTime(chart, graph, meta) {
  const full = graph._fullLayout, runs = meta.columns.find((c) => c.label.startsWith('runs'));
  const all = chart === 'executions' && meta.columns.find((c) => c.label === 'all runs');
  meta.x.forEach((x, i) => {
    const whole = runs ? runs.values[i] : all ? all.values[i] : null, tops = {};
    const passed = new Set();
    let panel = null, parts = 0;
    for (const trace of graph._fullData.filter((t) => t.visible === true && t.hoverinfo !== 'none')) {
      const axis = full['xaxis' + trace.xaxis.slice(1)], own = full['yaxis' + trace.yaxis.slice(1)];
      const at = trace.x.length === meta.x.length ? i : [...trace.x].indexOf(x), value = at < 0 ? null : trace.y[at];
      if (value === null || value === undefined || trace.fill === 'toself' && !trace.stackgroup) continue;
      const stacked = trace.type === 'bar' || trace.stackgroup;
      if (stacked && (!value || passed.has(trace.name))) continue;
      passed.add(trace.name);
      const under = tops[trace.xaxis] || 0, height = stacked ? under + value / 2 : value;
      if (stacked) tops[trace.xaxis] = under + value;
      const named = meta.columns.find((c) => c.label === trace.name), narrow = meta.runs && meta.runs[trace.name];
      const leads = !(meta.runs && trace.name in meta.runs && narrow === null);
      const counts = named && narrow && ['executions', 'failures'].includes(chart);
      const count = counts ? value : narrow && !runs ? null : whole;
      found.push([chart, i, trace.name, axis._offset + axis.d2p(x), own._offset + own.d2p(height), leads ? count : 0]);
      parts += 1;
    }
    if (parts && !meta.multiples && (runs || all)) found.push([chart, i, '', full.xaxis._offset + full.xaxis.d2p(x), full._size.t + 2, whole]);
  });
}
// A part of each side as high as just below its own outline, where no other lies in between.
function ofSides(chart, graph, meta) {
  const full = graph._fullLayout;
  meta.middles.forEach((middle, i) => meta.sides.forEach((links, side) => {
    const own = meta.columns.filter((c) => c.side === side), height = own[0] && own[0].values[i];
    if (!height) return;
    const y = full.yaxis._offset + full.yaxis.d2p(height) + 2, under = full.yaxis.p2d(y - full.yaxis._offset);
    const other = meta.columns.find((c) => c.side !== side && c.unit === 'percent');
    if (under <= 0 || other && other.values[i] >= under && other.values[i] <= height) return;
    found.push([chart, i, 'AB'[side], full.xaxis._offset + full.xaxis.d2p(middle), y, own[1].values[i]]);
  }));
}
function ofSlices(chart, graph) {
  const ring = graph.calcdata[0][0], runs = graph.calcdata[0];
  runs.forEach((s, i) => found.push([chart, i, s.label, ring.cx + s.pxmid[0] * 0.87, ring.cy + s.pxmid[1] * 0.87, s.v]));
}
function ofBars(chart, graph, meta) {
  const full = graph._fullLayout, runs = meta.columns.find((c) => c.label === 'runs');
  const places = meta.x || meta.middles;
  (meta.labels || meta.x).forEach((label, i) => {
    const lying = Boolean(meta.height), size = full._size;
    const at = lying ? full.yaxis._offset + full.yaxis.d2p(i) : full.xaxis._offset + full.xaxis.d2p(places[i]);
    const x = lying ? size.l + size.w / 2 : at, y = lying ? at : size.t + size.h - 3;
    found.push([chart, i, label, x, y, runs ? runs.values[i] : meta.links[i] ? null : 0]);
  });
}
for (const graph of document.querySelectorAll('#content .js-plotly-plot')) {
  const chart = graph.getClientRects().length && graph.layout.meta ? graph.layout.meta.chart : '';
  const source = chart && window.fixer.charts.figureOf(chart), meta = source && source.layout.meta;
  if (!meta || !(meta.runs || meta.links || meta.sides)) continue;
  if (graph._fullData[0].type === 'pie') ofSlices(chart, graph);
  else if (meta.sides) ofSides(chart, graph, meta);
  else if (meta.x && !meta.links) ofTime(chart, graph, meta);
  else ofBars(chart, graph, meta);
}
return found;
"""
# Beside the label of a version, which stands at the top of its bucket; under it where the bucket is narrow.
_FREE = """
const [x, y] = arguments;
return [[0, 0], [-6, 0], [6, 0], [0, 24]].find(([right, down]) =>
  document.elementFromPoint(x + right, y + down)?.closest(".nsewdrag, .slice")) || [0, 0];
"""
_PLACE = """
const g = document.getElementById(arguments[0]); g.scrollIntoView({block: 'center'});
const box = g.getBoundingClientRect(); return [box.left, box.top];
"""


@dataclass(frozen=True)
class Way:
    """``where``: the chart or the card it stands in; ``what`` it is called there; ``runs``: the number on it,
    None where it bears none, 0 where it leads nowhere; ``href``: where a click went, '' for nowhere;
    ``more``: it says that there are more than that."""

    where: str
    what: str
    runs: int | None
    href: str
    more: bool = False


def links(page: Page) -> list[Way]:
    """Clicks each link to runs that shows, and each sparkline."""
    ways = []
    for element, where, text, number, more in page.run(_LINKS):
        page.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        ways.append(Way(where, " ".join(text.split()), number, went(page), more))
    return ways


def marks(page: Page) -> list[Way]:
    """Clicks each part of each chart that leads to runs."""
    ways = []
    for chart, bucket, part, x, y, number in page.run(_MARKS):
        href = strike(page, f"graph-{chart}", x, y)
        ways.append(Way(chart, f"{part or 'the rest'} of {bucket}", number, href))
    return ways


def strike(page: Page, graph: str, x: float, y: float) -> str:
    """Clicks at this place of a graph as a reader does; says where that led, '' for nowhere."""
    left, top = page.run(_PLACE, graph)
    at = (round(left + x), round(top + y))
    right, down = page.run(_FREE, *at)
    at = (at[0] + right, at[1] + down)
    page.mouse("mouseMoved", (at[0] - 2, at[1]))
    page.mouse("mouseMoved", at)
    page.mouse("mousePressed", at)
    page.mouse("mouseReleased", at)
    return went(page)


def went(page: Page) -> str:
    return str(page.run("return window.went.pop() || ''"))


def rows_at(page: Page, href: str) -> int:
    """How many runs there are behind a link: the API's list is read to its end, and its rows are counted."""
    split = urlsplit(href)
    assert split.path == "/runs", href
    following, rows = f"/api/metrics/runs?{split.query}&limit=500", 0
    while following:
        answer = read(f"{page.address}{following}")
        rows, following = rows + len(answer["items"]), answer["nextUrl"]
    return rows


def read(address: str) -> dict[str, Any]:
    with urlopen(address) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
