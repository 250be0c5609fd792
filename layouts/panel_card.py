"""A card whose content is words or a table instead of a picture: title, which runs, warnings, body."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.chart_card import card_head
from layouts.states import skeleton


def panel_card(name: str, title: str, width: int, *more: Component, shape: str = "table") -> Component:
    """``more`` stands under the body. Filled are ids.subtitle, ids.warnings and ids.body of ``name``."""
    return html.Section(
        [
            card_head(name, title, "", menu=False, csv=shape == "table"),
            html.Div(id=ids.warnings(name), className="warnings", role="status"),
            html.Div(skeleton(shape), id=ids.body(name), className="table-wrap panel-body"),
            *more,
        ],
        id=ids.chart_card(name),
        className=f"card chart span-{width}",
        **attrs(aria_labelledby=ids.title(name)),
    )
