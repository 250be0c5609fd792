"""Failed runs over time, stacked by the category of their error; above series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import pandas as pd

from layouts import words
from layouts.charts.series import Chart, Legend, Series, column, drawn
from layouts.error_words import category_words
from layouts.links import name_in_url, within
from layouts.marks import bars, numbers
from layouts.theme import OTHER, STATUS, category_colours
from layouts.warnings import warnings
from queries.filters import Filters
from queries.measures import FAILED
from queries.names import NONE

FAILURES = ("runs", "failed")
TOP = 6  # as many categories have a layer of their own


def failures(frame: pd.DataFrame, filters: Filters, parts: pd.DataFrame | None = None) -> Chart:
    """``frame``: FAILURES of all runs that pass. ``parts``: the failed ones of them by ``error_category`` and
    in the same buckets; without, all failed runs are one layer."""
    series = Series(frame, filters)
    if not series.totals["failed"]:
        text = "No failed run" if within(filters, FAILED) else "No failed run passes the status filter"
        return Chart.blank("failures", text, filters, series.totals)
    layers = _layers(series, parts)
    traces = [bars(layer.label, layer.values, layer.colour, series.incomplete) for layer in layers]
    columns = [drawn(layer.label, "count", i, layer.colour) for i, layer in enumerate(layers)]
    columns += [
        column("runs that failed", "count", series.y("failed")),
        column("share", "percent", _share(frame)),
        column("runs", "count", series.y("runs")),
    ]
    figure = series.figure("failures", traces, columns, {"y": {"unit": "count", "stacked": True}})
    status = within(filters, FAILED) or "failed"
    figure["layout"]["meta"]["runs"] = {
        "": {"status": status},
        **{layer.label: {"status": status, **layer.narrow} for layer in layers},
    }
    return Chart(
        figure,
        words.subtitle("failures", filters),
        warnings("failures", filters, series.totals),
        [Legend(layer.label, layer.colour) for layer in layers],
    )


class _Layer:
    """Some categories (None: all failed runs) as one part of the stack."""

    def __init__(self, label: str, colour: str, values: Sequence[float], names: Sequence[str] | None) -> None:
        self.label, self.colour = label, colour
        self.values = numbers(list(values), "count")
        self.narrow = {"category": ",".join(name_in_url(n or NONE) for n in sorted(names))} if names else {}


def _layers(series: Series, parts: pd.DataFrame | None) -> list[_Layer]:
    """The categories with most runs, and one for what is left."""
    if parts is None or not len(parts):
        return [_Layer("failed", STATUS["error"], series.frame["failed"].tolist(), None)]
    by_category = _by_category(series.frame, parts)
    names = list(by_category)
    shown = names if len(names) <= TOP + 1 else names[:TOP]
    colours = category_colours(shown)
    layers = [_Layer(category_words(n), colours[n], by_category[n].tolist(), [n]) for n in shown]
    if rest := names[len(shown) :]:
        label = f"{len(rest)} other categories"
        layers.append(_Layer(label, f"{OTHER}/0.5", by_category[rest].sum(axis=1).tolist(), rest))
    return layers


def _by_category(frame: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """A column per category, most runs first, in the buckets of ``frame``."""

    # As instants: where clocks are set back two hours have one wall-clock time.
    def instants(starts: pd.Series) -> list[Any]:
        return [start.astimezone(UTC) for start in starts]

    cells = parts.assign(start=instants(parts["start"]))
    order = list(dict.fromkeys(parts["error_category"]))
    table = cells.pivot(index="start", columns="error_category", values="runs")
    return table.reindex(instants(frame["start"])).fillna(0.0)[order]


def _share(frame: pd.DataFrame) -> list[Any]:
    shares = [f / n if n else float("nan") for f, n in zip(frame["failed"], frame["runs"], strict=True)]
    return numbers(shares, "percent")
