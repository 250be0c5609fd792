"""Distributions of duration and cost: bars of one, outlines of two; above marks and theme.

The axis is logarithmic: runs of a second and of an hour, of a cent and of ten dollars stand on one picture.
Its places are logarithms, so that Plotly draws bars of equal width and lines at exact values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from layouts.charts.log_axis import labels
from layouts.charts.series import blank, column
from layouts.marks import Trace, hover_only, numbers
from layouts.theme import MARGIN, faded, layout
from queries.histogram import Bars, bars
from queries.stats import Histogram
from queries.units import short

SIDES = ("--c1", "--c4")  # of A and B, wherever they are compared
_ROW = 17  # pixels of a line of labels above the picture


def histogram(chart: str, distribution: Histogram, unit: str, colour: str, empty: str) -> dict[str, Any]:
    """Bars of the share of runs; the median and the 95th percentile marked."""
    found = bars([distribution])
    if found is None:
        return blank(chart, empty)
    marks = [("median", distribution.quantile(0.5), "--text"), ("p95", distribution.quantile(0.95), "--text")]
    axis = _Axis(found, unit)
    y = axis.shares(0, distribution.n)
    trace = {
        "type": "bar",
        "name": "runs",
        "x": axis.middles,
        "y": y,
        "width": axis.width,
        "marker": {"color": colour, "line": {"width": 1, "color": "--card"}, "cornerradius": 2},
        "hoverinfo": "skip",
    }
    columns = [column("share of runs", "percent", y, colour), column("runs", "count", axis.runs(0))]
    return axis.figure(chart, [trace], columns, marks, max(y))


def overlay(
    chart: str, sides: Sequence[Histogram | None], names: Sequence[str], unit: str, empty: str
) -> dict[str, Any]:
    """The outlines of A and B, each as shares of its own runs; both medians marked."""
    known = [side if side is not None else Histogram(np.empty(0), np.empty(0, int)) for side in sides]
    found = bars(known)
    if found is None:
        return blank(chart, empty)
    axis = _Axis(found, unit)
    traces, columns, marks, heights = [], [], [], [0.0]
    for n, (side, name, colour) in enumerate(zip(known, names, SIDES, strict=True)):
        if not side.n:
            continue
        y = axis.shares(n, side.n)
        traces.append(axis.outline(name, y, colour))
        own = (column(name, "percent", y, colour), column(f"{name}, runs", "count", axis.runs(n)))
        columns += [one | {"side": n} for one in own]
        marks.append((f"{'AB'[n]} median", side.quantile(0.5), colour))
        heights.append(max(y))
    return axis.figure(chart, traces, columns, marks, max(heights))


class _Axis:
    """The bars on their logarithmic axis; a value of 0 has a bar of its own before the first."""

    def __init__(self, found: Bars, unit: str) -> None:
        self._bars, self._unit = found, unit
        logs = np.log10(found.edges)
        self.width = round(float(logs[1] - logs[0]), 6)
        self._zero = any(found.zeros)
        lows = [round(float(low), 6) for low in logs[:-1]]
        self.middles = [round(low + self.width / 2, 6) for low in lows]
        if self._zero:
            self.middles.insert(0, round(self.middles[0] - 2 * self.width, 6))

    def runs(self, side: int) -> list[int]:
        counts: list[int] = self._bars.counts[side].tolist()
        return [self._bars.zeros[side], *counts] if self._zero else counts

    def shares(self, side: int, runs: int) -> list[float]:
        return [float(share or 0) for share in numbers([n / runs for n in self.runs(side)], "percent")]

    def outline(self, name: str, y: list[float], colour: str) -> Trace:
        x: list[float] = []
        heights: list[float] = []
        for middle, height in zip(self.middles, y, strict=True):
            low, high = middle - self.width / 2, middle + self.width / 2
            # Down to the axis where there is a gap (after the bar of zero), and at both ends.
            if not x or low - x[-1] > self.width / 2:
                x += [x[-1], low] if x else [low]
                heights += [0.0, 0.0] if heights else [0.0]
            x += [low, high]
            heights += [height, height]
        line = {"color": colour, "width": 2}
        shape = {"x": [round(place, 6) for place in [*x, x[-1]]], "y": [*heights, 0.0], "line": line}
        fill = {"fill": "tozeroy", "fillcolor": faded(colour, 0.12)}
        return {"type": "scatter", "mode": "lines", "name": name, "hoverinfo": "skip", **shape, **fill}

    def figure(
        self,
        chart: str,
        traces: list[Trace],
        columns: list[dict[str, Any]],
        marks: list[tuple[str, float, str]],
        most: float,
    ) -> dict[str, Any]:
        low, high = self.middles[0] - self.width, self.middles[-1] + self.width
        pointer = hover_only(len(self.middles), 0) | {"x": self.middles}
        lines, notes = self._marked(marks, low, high)
        shared = layout()
        return {
            "data": [*traces, pointer],
            "layout": shared
            | {
                "meta": self._told(chart) | {"columns": columns},
                "margin": MARGIN | {"t": 10 + _ROW * len(marks)},
                "xaxis": shared["xaxis"] | self._places() | {"range": [low, high], "fixedrange": True},
                "yaxis": shared["yaxis"] | _share_ticks(most) | {"range": [0, most * 1.06]},
                "bargap": 0,
                "shapes": lines,
                "annotations": notes,
                "dragmode": False,
            },
        }

    def _told(self, chart: str) -> dict[str, Any]:
        """What tooltip, table and the way to the runs are told of the bars."""
        return {
            "chart": chart,
            "labels": self._rows(),
            "head": _HEAD[self._unit],
            "middles": self.middles,
            "bounds": self._bounds(),
        }

    def _places(self) -> dict[str, Any]:
        values, texts = self._labels()
        return {"type": "linear", "tickmode": "array", "tickvals": values, "ticktext": texts}

    def _rows(self) -> list[str]:
        edges = [str(short(float(edge), self._unit)) for edge in self._bars.edges]
        rows = [f"{low} to {high}" for low, high in pairwise(edges)]
        return [f"exactly {'$0' if self._unit == 'usd' else '0'}", *rows] if self._zero else rows

    def _bounds(self) -> list[list[float]]:
        """Per bar: above the first and at most the second."""
        edges = [float(f"{edge:.12g}") for edge in self._bars.edges]
        pairs = [[low, high] for low, high in pairwise(edges)]
        return [[0, 0], *pairs] if self._zero else pairs

    def _labels(self) -> tuple[list[float], list[str]]:
        first, last = float(self._bars.edges[0]), float(self._bars.edges[-1])
        chosen = labels(first, last, self._unit)
        places = [round(math.log10(value), 6) for value, _ in chosen]
        texts = [text for _, text in chosen]
        if self._zero:
            places, texts = [self.middles[0], *places], ["$0" if self._unit == "usd" else "0", *texts]
        return places, texts

    def _marked(
        self, marks: list[tuple[str, float, str]], low: float, high: float
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """A line up from each value to its label; each label in a row of its own, so that none meet."""
        lines, notes = [], []
        for row, (name, value, colour) in enumerate(marks):
            place = math.log10(value) if value > 0 else self.middles[0]
            stroke = {"color": colour, "width": 1.5, "dash": "dot"}
            ends = {"x0": place, "x1": place, "y0": 0, "y1": 1}
            lines.append({"type": "line", "xref": "x", "yref": "paper", **ends, "line": stroke})
            share = (place - low) / (high - low)
            anchor = "left" if share < 0.15 else "right" if share > 0.85 else "center"
            at = {"x": place, "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": anchor}
            lift = {"yshift": _ROW * (len(marks) - 1 - row)}
            font = {"size": 12, "color": colour}
            text = f"{name} {short(value, self._unit)}"
            notes.append({"text": text, "showarrow": False, "font": font, **at, **lift})
        return lines, notes


_HEAD = {"ms": "Duration", "usd": "Cost"}
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


def _share_ticks(most: float) -> dict[str, Any]:
    step = next((step for step in _STEPS if most / step <= 4.5), 0.5)
    values = [round(n * step, 4) for n in range(int(most * 1.06 / step) + 1)]
    digits = 1 if step < 0.01 else 0
    texts = [f"{value * 100:.{digits}f}\u202f%" for value in values]
    return {"tickmode": "array", "tickvals": values, "ticktext": texts}
