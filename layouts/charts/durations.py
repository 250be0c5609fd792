"""How long runs took; above series."""

from __future__ import annotations

import pandas as pd

from layouts import words
from layouts.charts.series import Chart, Legend, Series, column
from layouts.marks import lines
from layouts.warnings import warnings
from queries.filters import Filters

# Sorted as they lie on the chart, from the slow end down: legend, tooltip and picture read alike.
LINES = {
    "p99_duration_ms": ("p99", "--c5"),
    "p95_duration_ms": ("p95", "--c2"),
    "avg_duration_ms": ("average", "--c1"),
    "p50_duration_ms": ("p50", "--c3"),
}
DURATION = ("runs", "runs_without_duration", *LINES)


def duration(frame: pd.DataFrame, filters: Filters) -> Chart:
    """Average and percentiles per bucket; a gap where no run has a duration."""
    series = Series(frame, filters)
    found = warnings("duration", filters, series.totals)
    text = words.subtitle("duration", filters)
    if not series.known(*LINES):
        return Chart.blank("duration", "No run with a known duration", filters, series.totals)
    traces, columns = [], []
    for metric, (name, colour) in LINES.items():
        y = series.y(metric)
        traces += lines(name, y, colour, series.incomplete)
        columns.append(column(name, "ms", y, colour))
    columns.append(column("runs", "count", series.y("runs")))
    figure = series.figure("duration", traces, columns, {"y": {"unit": "ms"}})
    legend = [Legend(name, colour, "line") for name, colour in LINES.values()]
    return Chart(figure, text, found, legend)
