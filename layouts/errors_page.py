"""The errors page: failed runs in groups, by message or by category."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.panel_card import panel_card

KEYS = ("by", "sort", "show")


def content() -> list[Component]:
    return [
        dcc.Store(id=ids.answer(ids.ERRORS)),
        html.H1("Errors", className="visually-hidden"),
        panel_card(ids.ERRORS, "What went wrong", 12),
    ]
