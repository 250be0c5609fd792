"""Which tools runs call, and what difference they make."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.panel_card import panel_card


def content() -> list[Component]:
    return [
        dcc.Store(id=ids.answer(ids.TOOLS)),
        html.H1("Tools", className="visually-hidden"),
        panel_card(ids.TOOLS, "Tools that runs called", 12),
    ]
