"""Everything about one run: what stands where; contents come from callbacks.run."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.states import skeleton


def content() -> list[Component]:
    return [
        html.H1("Run", className="visually-hidden"),
        html.Div(
            [
                html.Div(skeleton("kpi"), id=ids.RUN_HEAD, className="run-head"),
                html.Nav(
                    id=ids.RUN_AROUND, className="run-around", **attrs(aria_label="Runs before and after")
                ),
            ],
            className="span-12 run-top",
        ),
        html.Div(
            [
                html.Div(skeleton("table"), id=ids.RUN_BODY, className="run-body"),
                html.Div(id=ids.RUN_PEERS, className="run-peers"),
            ],
            className="span-12 run-cards",
        ),
        *(dcc.Store(id=ids.answer(name)) for name in (ids.RUN, ids.RUN_PEERS, ids.RUN_AROUND)),
    ]
