"""Every panel of every page is wired here: one server call per view and change, guarded, then shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx
from dash.development.base_component import Component

from callbacks.asked import Asked
from callbacks.guard import guarded
from layouts import chart_card, ids
from layouts.charts import Chart
from layouts.markup import markup
from queries.store import Store

# {html: {element id: markup}, figure: {...}}: assets/panels.js shows it. ``version`` of the data that
# ``panel`` was answered from is added here; assets/live.js compares it with the present one.
Answer = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """``answer``: what is asked, to what is shown. ``place``: the element that a state (an error) stands
    in, and ``others`` those that are emptied then, as they are when no numbers may be shown. ``chart``:
    its answer has a figure for ``ids.graph(name)``. ``alone``: a store that holds a moment; when it
    changes, this panel alone is asked again, as of then."""

    name: str
    answer: Callable[[Asked, Store], Answer]
    place: str
    others: tuple[str, ...] = ()
    chart: bool = False
    alone: str = ""

    def failed(self, state: Component) -> Answer:
        return self.blank | {"html": self.blank["html"] | {self.place: markup(state)}}

    @property
    def blank(self) -> Answer:
        empty = dict.fromkeys((self.place, *self.others), "")
        return {"html": empty, "figure": None, "panel": self.name, "version": None}


def filled(name: str, body: object, words: str) -> Answer:
    """What is shown in a ``layouts.panel_card``: its body, and what stands below its title."""
    return {"html": {ids.body(name): markup(body), ids.subtitle(name): markup(words)}}


def chart_panel(name: str, draw: Callable[[Asked, Store], Chart]) -> Panel:
    """The panel of a ``layouts.chart_card``."""
    places = (ids.warnings(name), ids.subtitle(name), ids.legend(name))

    def answer(asked: Asked, store: Store) -> Answer:
        figure, subtitle, warnings, legend = chart_card.outputs(draw(asked, store))
        parts = map(markup, (warnings, subtitle, legend))
        return {"html": dict(zip(places, parts, strict=True)), "figure": figure}

    return Panel(name, answer, places[0], places[1:], chart=True)


def register(app: Dash, store: Store, panels: Iterable[Panel]) -> None:
    for panel in panels:
        _answering(app, store, panel)
        _showing(app, panel)


def _answering(app: Dash, store: Store, panel: Panel) -> None:
    asks = [Input(name, "data") for name in (ids.FILTERS, panel.alone) if name]

    @app.callback(Output(ids.answer(panel.name), "data"), *asks, prevent_initial_call=True)
    @guarded(panel.name, panel.blank, panel.failed)
    def update(asked: Asked, moment: str | None = None) -> Answer:
        if moment and ctx.triggered_id == panel.alone:
            asked = {**asked, "now": moment}
        with store.together():
            return panel.answer(asked, store) | {"panel": panel.name, "version": store.version()}


def _showing(app: Dash, panel: Panel) -> None:
    """What the server answers is put into the page; figures are painted in the colours of the theme."""
    answer = Input(ids.answer(panel.name), "data")
    if not panel.chart:
        app.clientside_callback(ClientsideFunction("panels", "fill"), answer, prevent_initial_call=True)
        return
    app.clientside_callback(
        ClientsideFunction("panels", "chart"),
        Output(ids.graph(panel.name), "figure"),
        answer,
        State(ids.graph(panel.name), "id"),
        prevent_initial_call=True,
    )
