"""How runs ended: executions by outcome, the outcomes of the period, the success rate; above series."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from layouts import words
from layouts.charts.series import Chart, Legend, Runs, Series, blank, column, drawn, share
from layouts.links import within
from layouts.marks import band, bars, lines, numbers
from layouts.theme import STATUS, layout
from layouts.warnings import FEW, warnings
from queries.filters import Filters
from queries.units import short
from queries.words import instant

# status -> the metric that counts it
COUNTS = {"success": "successes", "failure": "failures", "error": "errors", "unknown": "unknowns"}
RATED = tuple(status for status in COUNTS if status != "unknown")
EXECUTIONS = ("runs", *COUNTS.values())
OUTCOMES = (*EXECUTIONS, "success_rate")
SUCCESS_RATE = ("runs", "successes", "unknowns", "success_rate", "success_rate_low", "success_rate_high")


def executions(frame: pd.DataFrame, filters: Filters) -> Chart:
    """Runs per bucket, stacked by how they ended."""
    series = Series(frame, filters)
    passing = filters.statuses or tuple(COUNTS)
    shown = [s for s in passing if s != "unknown" or series.totals["unknowns"]]
    values = {status: series.y(COUNTS[status]) for status in shown}
    traces = [bars(status, y, STATUS[status], series.incomplete) for status, y in values.items()]
    columns = [drawn(status, "count", i, STATUS[status]) for i, status in enumerate(shown)]
    columns.append(column("runs", "count", series.y("runs")))
    axes = {"y": {"unit": "count", "stacked": True}}
    figure = series.figure("executions", traces, columns, axes, _by_status(shown))
    return Chart(
        figure,
        words.subtitle("executions", filters),
        warnings("executions", filters, series.totals),
        [Legend(status, STATUS[status]) for status in shown],
    )


def outcomes(frame: pd.DataFrame, filters: Filters) -> Chart:
    """The whole period's runs as a ring, the success rate in its middle. One row, no grain."""
    row = frame.iloc[0]
    runs = float(row["runs"])
    shown = [status for status, metric in COUNTS.items() if row[metric] > 0]
    counts = [int(row[COUNTS[status]]) for status in shown]
    shares = [str(short(share(number, runs), "percent")) for number in counts]
    legend = [Legend(s, STATUS[s], note=part) for s, part in zip(shown, shares, strict=True)]
    figure = _ring(shown, counts, row["success_rate"], filters) if runs else blank("outcomes", "No runs")
    totals = {name: float(row[name]) for name in OUTCOMES}
    text = f"{words.subtitle('outcomes', filters)}, {words.count(runs, 'run')}"
    return Chart(figure, text, warnings("outcomes", filters, totals), legend)


def _by_status(statuses: Iterable[str]) -> Runs:
    return {status: {"status": status} for status in statuses}


def _ring(names: list[str], counts: list[int], rate: float, filters: Filters) -> dict[str, Any]:
    trace = {
        "type": "pie",
        "hole": 0.74,
        "labels": names,
        "values": counts,
        "sort": False,
        "direction": "clockwise",
        "textinfo": "none",
        "hoverinfo": "none",
        "marker": {"colors": [STATUS[s] for s in names], "line": {"color": "--card", "width": 2}},
    }
    below = "no known outcome" if math.isnan(rate) else "succeeded"
    notes = [
        _middle(f"<b>{short(rate, 'percent')}</b>", 0.54, {"size": 26, "color": "--text"}),
        _middle(below, 0.42, {"size": 13, "color": "--muted"}),
    ]
    shares = numbers([number / sum(counts) for number in counts], "percent")
    meta = {
        "chart": "outcomes",
        "labels": names,
        "from": instant(filters.start),
        "end": instant(filters.end),
        "tz": filters.tz,
        "runs": _by_status(names),
        "columns": [
            {"label": "runs", "unit": "count", "values": counts},
            {"label": "share", "unit": "percent", "values": shares},
        ],
    }
    margin = {"l": 10, "r": 10, "t": 12, "b": 12}
    return {"data": [trace], "layout": layout(meta=meta, margin=margin, annotations=notes, dragmode=False)}


def _middle(text: str, y: float, font: dict[str, Any]) -> dict[str, Any]:
    place = {"x": 0.5, "y": y, "xref": "paper", "yref": "paper", "yanchor": "middle"}
    return {**place, "text": text, "font": font, "showarrow": False}


def success_rate(frame: pd.DataFrame, filters: Filters) -> Chart:
    """The rate per bucket in its 95 % Wilson interval; a gap where no run has a known outcome."""
    series = Series(frame, filters)
    found = warnings("success_rate", filters, series.totals)
    text = words.subtitle("success_rate", filters)
    if not series.known("success_rate"):
        return Chart.blank("success_rate", "No run with a known outcome", filters, series.totals)
    rate, low, high = (series.y(f"success_rate{end}") for end in ("", "_low", "_high"))
    colour, incomplete = STATUS["success"], series.incomplete
    traces = band("95 % interval", series.x, low, high, colour, incomplete)
    traces += lines("success rate", rate, colour, incomplete)
    rated = (frame["runs"] - frame["unknowns"]).tolist()
    columns = [
        column("success rate", "percent", rate, colour),
        column("95 % from", "percent", low),
        column("95 % to", "percent", high),
        column("runs with a known outcome", "count", numbers(rated, "count")) | {"few": FEW},
    ]
    axis = {"unit": "percent", "min": floor(rate, low, rated)}
    runs = {"": {"status": within(filters, RATED) or "all"}}
    figure = series.figure("success_rate", traces, columns, {"y": axis}, runs)
    legend = [Legend("success rate", colour, "line"), Legend("95 % interval", f"{colour}/0.3")]
    return Chart(figure, text, found, legend)


def floor(rate: list[Any], low: list[Any], rated: list[float]) -> float:
    """Where the axis begins: under every rate, and under the intervals but those of buckets with far
    fewer runs than others, which reach almost anywhere."""
    values = [r for r in rate if r is not None]
    values += [b for b, n in zip(low, rated, strict=True) if b is not None and n * 10 >= max(rated)]
    least = min(values, default=0.0)
    return max(0.0, math.floor((least - 0.02) * 20) / 20) if least > 0.5 else 0.0
