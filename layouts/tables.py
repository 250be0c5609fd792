"""The models side by side: a table with bars in its cells, sortable, each row a filter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from layouts import ids, words
from layouts.attrs import attrs
from layouts.chart_card import card_head
from layouts.links import name_in_url, runs_href
from layouts.states import skeleton
from layouts.theme import KIND, STATUS, model_colour
from layouts.warnings import FEW, Caution, warnings
from queries.filters import Filters
from queries.metrics import METRIC
from queries.units import exact, missing, short

SHOWN = 25  # the models with most runs; how many there are is said


@dataclass(frozen=True)
class Column:
    """``bar``: the colour of a bar in the cell; '' for none, 'model' for the model's own."""

    metric: str
    label: str
    bar: str = ""


COLUMNS = (
    Column("runs", "Runs", "model"),
    Column("success_rate", "Success rate", STATUS["success"]),
    Column("p50_duration_ms", "p50"),
    Column("p95_duration_ms", "p95"),
    Column("cost_per_run", "Cost per run"),
    Column("cost_per_success", "Cost per success"),
    Column("tokens_per_run", "Tokens per run"),
    Column("cache_hit_rate", "Cache hit rate", KIND["tokens"]),
)
# What the frame (by model, no grain) must hold: the columns, and what the warnings need.
METRICS = (
    *(column.metric for column in COLUMNS), "unknowns", "runs_without_cost", "cost_usd", "estimated_cost_usd",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """The card's changing parts; ``body`` is its content."""

    body: Component
    subtitle: str
    warnings: list[Caution]


def models_card() -> Component:
    name = ids.MODELS
    return html.Section(
        [
            card_head(name, words.TITLES[name], words.hint(name), menu=False, csv=True),
            html.Div(id=ids.warnings(name), className="warnings", role="status"),
            html.Div(skeleton("table"), id=ids.body(name), className="table-wrap"),
        ],
        id=ids.chart_card(name),
        className="card chart span-12",
        **attrs(aria_labelledby=ids.title(name)),
    )


def models(frame: pd.DataFrame, filters: Filters, names: list[str]) -> Table:
    """``frame``: METRICS by model. ``names``: all models, most used first: they settle the colours."""
    shown = frame.head(SHOWN)
    most = {column.metric: shown[column.metric].max() for column in COLUMNS}
    rows = [_row(row, filters, names, most) for row in shown.to_dict("records")]
    cut = {"data_cut": f"{len(shown)}-of-{len(frame)}"} if len(frame) > SHOWN else {}
    table = html.Table(
        [
            html.Caption("Models, most runs first", className="visually-hidden"),
            html.Thead(html.Tr([_header("model", "Model", "none"), *_headers()])),
            html.Tbody(rows),
        ],
        className="models",
        **attrs(data_sortable="models", **cut),
    )
    number = words.count(len(frame), "model")
    if len(frame) > SHOWN:
        number = f"{len(shown)} of {number}, those with most runs"
    text = f"{words.subtitle(ids.MODELS, filters)}, {number}"
    totals = {name: float(frame[name].sum()) for name in METRICS if METRIC[name].additive}
    body = table if rows else html.P("No runs", className="quiet")
    return Table(body, text, warnings(ids.MODELS, filters, totals))


def _headers() -> list[Component]:
    first = COLUMNS[0].metric
    return [_header(c.metric, c.label, "descending" if c.metric == first else "none") for c in COLUMNS]


def _header(key: str, label: str, sort: str) -> Component:
    """A heading that sorts (assets/table_sort.js)."""
    about = METRIC[key].help if key in METRIC else None
    arrow = html.I(className="sort", **attrs(aria_hidden="true"))
    button = html.Button([html.Span(label), arrow], type="button", title=about, **attrs(data_sort=key))
    unit = METRIC[key].unit if key in METRIC else ""
    return html.Th(button, scope="col", **attrs(aria_sort=sort, data_unit=unit))


def _row(row: dict[str, Any], filters: Filters, names: list[str], most: dict[str, float]) -> Component:
    model = str(row["model"])
    colour = model_colour(model, names)
    only = filters.model == (model,)
    request = json.dumps({"set": {"model": "" if only else name_in_url(model)}})
    says = f"Show all models again (now only {model})" if only else f"Show only {model}"
    name = html.Th(
        html.Button(
            [html.I(className="key square", style={"--key": f"var({colour})"}), html.Span(model)],
            type="button",
            title=says,
            **attrs(aria_label=f"{model}: {says}", aria_pressed="true" if only else "false"),
        ),
        scope="row",
        **attrs(data_value=model),
    )
    cells = [_cell(column, row, colour, most) for column in COLUMNS]
    cells[0].children[0] = html.A(
        str(short(float(row["runs"]), "count")),
        href=runs_href(filters, model=model),
        className="figure",
        **attrs(aria_label=f"The runs of {model}"),
    )
    return html.Tr([name, *cells], **attrs(data_ask=request))


def _cell(column: Column, row: dict[str, Any], colour: str, most: dict[str, float]) -> Component:
    value, unit = float(row[column.metric]), METRIC[column.metric].unit
    parts: list[Component | str] = [html.Span(str(short(value, unit)), className="figure")]
    if column.metric == "success_rate" and 0 < row["runs"] - row["unknowns"] < FEW:
        parts.insert(0, html.Span("few runs", className="tag warn"))
    if column.bar:
        fill = colour if column.bar == "model" else column.bar
        parts.append(_bar(_share(value, unit, most[column.metric]), fill))
    sorted_by = "" if missing(value) else repr(value)
    return html.Td(parts, title=exact(value, unit), **attrs(data_value=sorted_by))


def _share(value: float, unit: str, most: float) -> float:
    """Shares are drawn of 100 %, amounts of the largest; nothing where nothing is known."""
    if missing(value):
        return 0
    return value if unit == "percent" else value / most if most else 0


def _bar(share: float, colour: str) -> Component:
    fill = html.I(style={"width": f"{share:.1%}", "background": f"var({colour})"}) if share else None
    return html.Span(fill, className="cell-bar", **attrs(aria_hidden="true"))
