"""The models side by side: a table with bars in its cells, sortable, each row a filter."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd
from dash import html
from dash.development.base_component import Component

from layouts import ids, words
from layouts.chart_card import card_head
from layouts.states import skeleton
from layouts.theme import KIND, STATUS, model_colour
from layouts.warnings import FEW, Warning, warnings
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
    warnings: list[Warning]


def models_card() -> Component:
    name = ids.MODELS
    return html.Section(
        [
            card_head(name, words.TITLES[name], words.hint(name), menu=False),
            html.Div(id=ids.warnings(name), className="warnings", role="status"),
            html.Div(skeleton("table"), id=ids.body(name), className="table-wrap"),
        ],
        id=ids.chart_card(name),
        className="card chart span-12",
        **{"aria-labelledby": ids.title(name)},
    )


def models(frame: pd.DataFrame, filters: Filters, names: list[str]) -> Table:
    """``frame``: METRICS by model. ``names``: all models, most used first: they settle the colours."""
    shown = frame.head(SHOWN)
    most = {column.metric: shown[column.metric].max() for column in COLUMNS}
    rows = [_row(row, filters, names, most) for row in shown.to_dict("records")]
    table = html.Table(
        [
            html.Caption("Models, most runs first", className="visually-hidden"),
            html.Thead(html.Tr([_header("model", "Model", "none"), *_headers()])),
            html.Tbody(rows),
        ],
        className="models",
        **{"data-sortable": "models"},
    )
    cut = f"{len(shown)} of {len(frame)} models, those with most runs" if len(frame) > SHOWN else words.count(len(frame), "model")
    text = f"{words.subtitle(ids.MODELS, filters)}, {cut}"
    totals = {name: float(frame[name].sum()) for name in METRICS if name in METRIC and METRIC[name].additive}
    return Table(table if rows else html.P("No runs", className="quiet"), text, warnings(ids.MODELS, filters, totals))


def _headers() -> list[Component]:
    first = COLUMNS[0].metric
    return [_header(c.metric, c.label, "descending" if c.metric == first else "none") for c in COLUMNS]


def _header(key: str, label: str, sort: str) -> Component:
    """A heading that sorts (assets/table_sort.js)."""
    about = METRIC[key].help if key in METRIC else None
    button = html.Button([html.Span(label), html.I(className="sort", **{"aria-hidden": "true"})], type="button",
                         title=about, **{"data-sort": key})  # fmt: skip
    return html.Th(button, scope="col", **{"aria-sort": sort})


def _row(row: dict[str, object], filters: Filters, names: list[str], most: dict[str, float]) -> Component:
    model = str(row["model"])
    colour = model_colour(model, names)
    only = filters.model == (model,)
    request = json.dumps({"set": {"model": "" if only else _in_url(model)}})
    says = f"Show all models again (now only {model})" if only else f"Show only {model}"
    name = html.Th(
        html.Button(
            [html.I(className="key square", style={"--key": f"var({colour})"}), html.Span(model)],
            type="button",
            title=says,
            **{"aria-label": f"{model}: {says}", "aria-pressed": "true" if only else "false"},
        ),
        scope="row",
        **{"data-value": model},
    )
    cells = [_cell(column, row, colour, most) for column in COLUMNS]
    return html.Tr([name, *cells], **{"data-ask": request})


def _in_url(name: str) -> str:
    """As queries.filters reads names: a comma or percent sign inside one is escaped."""
    return name.replace("%", "%25").replace(",", "%2C")


def _cell(column: Column, row: dict[str, object], colour: str, most: dict[str, float]) -> Component:
    value, unit = float(row[column.metric]), METRIC[column.metric].unit  # type: ignore[arg-type]
    parts: list[Component | str] = [html.Span(str(short(value, unit)), className="figure")]
    if column.metric == "success_rate" and 0 < float(row["runs"]) - float(row["unknowns"]) < FEW:  # type: ignore[arg-type]
        parts.insert(0, html.Span("few runs", className="tag warn"))
    if column.bar and not missing(value):
        # Shares are drawn of 100 %, amounts of the largest.
        share = value if unit == "percent" else value / most[column.metric] if most[column.metric] else 0
        fill = f"var({colour if column.bar == 'model' else column.bar})"
        parts.append(html.Span(html.I(style={"width": f"{share:.1%}", "background": fill}), className="cell-bar"))
    return html.Td(parts, title=exact(value, unit), **{"data-value": "" if missing(value) else repr(value)})
