"""The data page: how sound the data are, on one page."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, imports_table
from layouts.attrs import attrs
from layouts.panel_card import panel_card

_CHECK = (
    "Compares every rollup with the runs themselves, in one snapshot; writers and readers go on meanwhile. "
    "It reads everything, which may take minutes."
)


def content() -> list[Component]:
    return [
        *(dcc.Store(id=ids.answer(panel)) for panel in ids.DATA_PANELS),
        html.H1("Data", className="visually-hidden"),
        panel_card(ids.FRESH, "Freshness", 4, shape="kpi"),
        panel_card(ids.ROLLUPS, "Rollups", 8, _check(), shape="kpi"),
        panel_card(ids.LACKING, "What runs lack", 6),
        panel_card(ids.CLOCKS, "Clocks", 6),
        panel_card(ids.COSTS, "Reported and estimated cost", 6),
        panel_card(ids.LIST_PRICES, "Reported cost and list prices", 6),
        panel_card(ids.IMPORTS, "Imports", 12),
        panel_card(ids.WORKER, "Background work", 12),
        imports_table.dialog(),
    ]


def _check() -> Component:
    """assets/data.js starts the comparison and shows what came of it."""
    button = html.Button(
        "Compare with the runs",
        type="button",
        id=ids.VERIFY,
        className="btn btn-outline-secondary btn-sm",
        **attrs(data_edits="", aria_describedby="verify-about"),
    )
    return html.Div(
        [
            html.Div([button, html.Span("\u00a0", id=ids.VERIFIED, role="status")], className="check-row"),
            html.Ul(id="verify-examples", hidden=True),
            html.P(_CHECK, id="verify-about", className="small-print"),
        ],
        className="check",
    )
