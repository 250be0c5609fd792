"""The money page: the month against its budget, kinds of waste, and what the cache saved."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, waste
from layouts.chart_card import chart_card
from layouts.charts import ChartKind
from layouts.charts.budget import budget
from layouts.panel_card import panel_card


def content() -> list[Component]:
    panels = (ids.SPEND, ids.WASTE, ids.WASTE_FILES, ids.WASTE_RAW, ids.SAVINGS)
    return [
        *(dcc.Store(id=ids.answer(panel)) for panel in panels),
        html.H1("Money", className="visually-hidden"),
        chart_card(ChartKind(ids.BUDGET, (), budget, width=8)),
        panel_card(ids.SPEND, "This month", 4, shape="kpi"),
        _heading(),
        html.Div([waste.card(card) for card in waste.CARDS], className="wastes"),
        panel_card(ids.SAVINGS, "What the cache saved, by model", 12),
    ]


def _heading() -> Component:
    return html.Div(
        [html.H2("Waste and savings"), html.P("\u00a0", id=ids.subtitle(ids.WASTE))],
        className="section-head",
    )
