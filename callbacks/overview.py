"""The overview: what each of its panels asks, and the callback that draws it. One call per panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import Dash, Input, Output
from dash.development.base_component import Component

from callbacks.asked import Asked, read
from callbacks.guard import guarded
from layouts import cards, chart_card, charts, ids, tables
from layouts.markup import markup
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


Answer = dict[str, Any]  # {html: {element id: markup}, figure: {...}}: assets/panels.js shows it


@dataclass(frozen=True)
class Panel:
    """``draw``: frames to answer. ``place``: the element that a state (an error) stands in, and ``others``
    those that are emptied then, as they are when no numbers may be shown."""

    name: str
    draw: Callable[[Frames, Filters], Answer]
    place: str
    others: tuple[str, ...] = ()

    def failed(self, state: Component) -> Answer:
        return self.blank | {"html": self.blank["html"] | {self.place: markup(state)}}

    @property
    def blank(self) -> Answer:
        return {"html": dict.fromkeys((self.place, *self.others), ""), "figure": None}


def register(app: Dash, store: Store) -> None:
    for panel in panels(store):
        _register(app, store, panel)


def _register(app: Dash, store: Store, panel: Panel) -> None:
    @app.callback(
        Output(ids.answer(panel.name), "data"), Input(ids.FILTERS, "data"), prevent_initial_call=True
    )
    @guarded(panel.name, panel.blank, panel.failed)
    def update(asked: Asked) -> Answer:
        with store.together():
            filters = read(asked, store)
            frames = store.fetch_many(*overview_queries(filters)[panel.name])
            return panel.draw(frames, filters)


def panels(store: Store) -> list[Panel]:
    return [_cards_panel(), *(_chart_panel(kind) for kind in charts.KINDS), _models_panel(store)]


def _cards_panel() -> Panel:
    def draw(frames: Frames, filters: Filters) -> Answer:
        series, now, elapsed, before = [*frames, None, None][:4]
        return {"html": {ids.CARDS: markup(cards.strip(now, elapsed, before, series, filters))}}

    return Panel(ids.CARDS, draw, ids.CARDS)


def _chart_panel(kind: charts.ChartKind) -> Panel:
    name = kind.name
    places = (ids.warnings(name), ids.subtitle(name), ids.legend(name))

    def draw(frames: Frames, filters: Filters) -> Answer:
        figure, subtitle, warnings, legend = chart_card.outputs(kind.draw(frames[0], filters))
        parts = map(markup, (warnings, subtitle, legend))
        return {"html": dict(zip(places, parts, strict=True)), "figure": figure}

    return Panel(name, draw, places[0], places[1:])


def _models_panel(store: Store) -> Panel:
    name = ids.MODELS
    places = (ids.body(name), ids.subtitle(name), ids.warnings(name))

    def draw(frames: Frames, filters: Filters) -> Answer:
        table = tables.models(frames[0], filters, [model for model, _ in store.names("model")])
        parts = map(markup, (table.body, table.subtitle, chart_card.warning_lines(table.warnings)))
        return {"html": dict(zip(places, parts, strict=True))}

    return Panel(name, draw, places[0], places[1:])
