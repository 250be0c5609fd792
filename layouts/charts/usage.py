"""What runs used: tokens, cost, calls to models and to tools; above series."""

from __future__ import annotations

import pandas as pd

from layouts import words
from layouts.charts.series import Chart, Legend, Series, column, drawn
from layouts.marks import Trace, Values, areas, bars, lines
from layouts.theme import KIND, MARGIN, TOKEN_KIND, right_axis
from layouts.warnings import warnings
from queries.filters import Filters

_TOKEN_NAMES = {
    "uncached_input_tokens": "uncached input",
    "cache_read_tokens": "cache read",
    "cache_write_tokens": "cache write",
    "output_tokens": "output",
}
TOKENS = ("runs", "runs_without_total_tokens", "runs_without_cache_read", "total_tokens", *TOKEN_KIND)
COST = ("runs", "runs_without_cost", "cost_usd", "estimated_cost_usd", "cost_per_run")
LLM_CALLS = ("runs", "runs_without_llm_calls", "llm_calls", "llm_calls_per_run")
TOOL_CALLS = ("runs", "runs_without_tool_calls", "tool_calls", "tool_calls_per_run")


def tokens(frame: pd.DataFrame, filters: Filters) -> Chart:
    """Tokens per bucket by kind, stacked."""
    series = Series(frame, filters)
    found = warnings("tokens", filters, series.totals)
    text = words.subtitle("tokens", filters)
    if not series.known(*TOKEN_KIND):
        return Chart.blank("tokens", "No run with known tokens", filters, series.totals)
    total = series.y("total_tokens")
    traces, columns, legend = [], [], []
    for metric, colour in TOKEN_KIND.items():
        name, y = _TOKEN_NAMES[metric], series.y(metric)
        traces += _layer(name, y, colour, series)
        columns.append(column(name, "tokens", y, colour))
        legend.append(Legend(name, colour))
    columns += [column("total", "tokens", total), column("runs", "count", series.y("runs"))]
    axes = {"y": {"unit": "tokens", "stacked": True}}
    return Chart(series.figure("tokens", traces, columns, axes), text, found, legend)


def _layer(name: str, y: Values, colour: str, series: Series) -> list[Trace]:
    """One bucket is no area: it is drawn as a bar."""
    if len(y) > 1:
        return areas(name, series.x, y, colour, series.incomplete)
    return [bars(name, y, colour, series.incomplete)]


def cost(frame: pd.DataFrame, filters: Filters) -> Chart:
    """Spend per bucket as bars, cost per run as a line on the right: volume must not pass for price."""
    return _sum_and_rate(
        "cost", frame, filters, unit="usd", rate_unit="usd", colour=KIND["cost"], line="--c1",
        metric="cost_usd", rate="cost_per_run", names=("total cost", "cost per run"),
        empty="No run with a known cost",
    )  # fmt: skip


def llm_calls(frame: pd.DataFrame, filters: Filters) -> Chart:
    """Calls to models per bucket, and per run on the right."""
    return _sum_and_rate(
        "llm_calls", frame, filters, unit="count", rate_unit="number", colour=KIND["llm"], line="--c4",
        metric="llm_calls", rate="llm_calls_per_run", names=("LLM calls", "LLM calls per run"),
        empty="No run with a known number of LLM calls",
    )  # fmt: skip


def tool_calls(frame: pd.DataFrame, filters: Filters) -> Chart:
    """Calls to tools per bucket, and per run on the right."""
    return _sum_and_rate(
        "tool_calls", frame, filters, unit="count", rate_unit="number", colour=KIND["tools"], line="--c2",
        metric="tool_calls", rate="tool_calls_per_run", names=("tool calls", "tool calls per run"),
        empty="No run with a known number of tool calls",
    )  # fmt: skip


def _sum_and_rate(
    chart: str, frame: pd.DataFrame, filters: Filters, *, unit: str, rate_unit: str, colour: str,
    line: str, metric: str, rate: str, names: tuple[str, str], empty: str,
) -> Chart:  # fmt: skip
    """Bars of a sum on the left, a line of the same per run on the right; both axes from zero."""
    series = Series(frame, filters)
    found = warnings(chart, filters, series.totals)
    text = words.subtitle(chart, filters)
    if not series.known(metric):
        return Chart.blank(chart, empty, filters, series.totals)
    per_run = series.y(rate)
    traces = [bars(names[0], series.y(metric), colour, series.incomplete)]
    traces += lines(names[1], per_run, line, series.incomplete, yaxis="y2")
    columns = [
        drawn(names[0], unit, 0, colour),
        column(names[1], rate_unit, per_run, line),
        column("runs", "count", series.y("runs")),
    ]
    axes = {"y": {"unit": unit}, "y2": {"unit": rate_unit}}
    figure = series.figure(chart, traces, columns, axes, yaxis2=right_axis(), margin=MARGIN | {"r": 52})
    legend = [Legend(names[0], colour, note="(left)"), Legend(names[1], line, "line", "(right)")]
    return Chart(figure, text, found, legend)
