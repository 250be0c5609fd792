"""The overview: what each of its panels asks, and the callback that draws it. One call per panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import Dash, Input, Output

from callbacks.asked import Asked, read
from callbacks.guard import guarded
from layouts import cards, chart_card, charts, ids, tables
from queries.filters import Filters
from queries.store import Query, Store

Frames = list[pd.DataFrame]


def overview_queries(filters: Filters) -> dict[str, tuple[Query, ...]]:
    """Every query of the page, panel by panel. They share what the store caches: it knows no metrics,
    only sums and sketches of a period, so the charts come down to two statements."""
    grains = {kind.name: filters.grain if kind.series else None for kind in charts.KINDS}
    return {
        ids.CARDS: _cards(filters),
        **{kind.name: (Query(kind.metrics, filters, grain=grains[kind.name]),) for kind in charts.KINDS},
        ids.MODELS: (Query(tables.METRICS, filters, by="model"),),
    }


def _cards(filters: Filters) -> tuple[Query, ...]:
    """The sparklines, the period, and where something is compared its elapsed part and the one before."""
    series = Query(cards.SERIES, filters, grain=cards.spark_grain(filters))
    before = filters.previous()
    compared = (filters, filters.elapsed(), before) if before else (filters,)
    return (series, *(Query(cards.TOTALS, period) for period in compared))


@dataclass(frozen=True)
class Panel:
    """``outputs`` of the callback; ``blank``: their values without numbers; ``failed``: with a state
    in their place; ``busy``: the element that is dimmed while the answer is awaited."""

    name: str
    outputs: list[Output]
    draw: Callable[[Frames, Filters], Any]
    blank: Any
    failed: Callable[[Any], Any]
    busy: str


def panels(store: Store) -> list[Panel]:
    return [_cards_panel(), *(_chart_panel(kind) for kind in charts.KINDS), _models_panel(store)]


def register(app: Dash, store: Store) -> None:
    for panel in panels(store):
        _register(app, store, panel)


def _register(app: Dash, store: Store, panel: Panel) -> None:
    @app.callback(
        *panel.outputs,
        Input(ids.FILTERS, "data"),
        running=[(Output(panel.busy, "aria-busy"), "true", "false")],
        prevent_initial_call=True,
    )
    @guarded(panel.name, panel.blank, panel.failed)
    def update(asked: Asked) -> Any:
        filters = read(asked, store)
        frames = store.fetch_many(*overview_queries(filters)[panel.name])
        return panel.draw(frames, filters)


def _cards_panel() -> Panel:
    def draw(frames: Frames, filters: Filters) -> Any:
        series, now, elapsed, before = [*frames, None, None][:4]
        return cards.strip(now, elapsed, before, series, filters)

    return Panel(ids.CARDS, [Output(ids.CARDS, "children")], draw, [], lambda state: [state], ids.CARDS)


def _chart_panel(kind: charts.ChartKind) -> Panel:
    name = kind.name
    outputs = [
        Output(ids.figure_data(name), "data"),
        Output(ids.subtitle(name), "children"),
        Output(ids.warnings(name), "children"),
        Output(ids.legend(name), "children"),
    ]
    return Panel(
        name,
        outputs,
        lambda frames, filters: chart_card.outputs(kind.draw(frames[0], filters)),
        (None, "", [], []),
        lambda state: (None, "", [state], []),
        ids.chart_card(name),
    )


def _models_panel(store: Store) -> Panel:
    name = ids.MODELS

    def draw(frames: Frames, filters: Filters) -> Any:
        table = tables.models(frames[0], filters, [model for model, _ in store.names("model")])
        return table.body, table.subtitle, chart_card.warning_lines(table.warnings)

    outputs = [
        Output(ids.body(name), "children"),
        Output(ids.subtitle(name), "children"),
        Output(ids.warnings(name), "children"),
    ]
    return Panel(
        name, outputs, draw, ([], "", []), lambda state: (state, "", []), ids.chart_card(name)
    )
