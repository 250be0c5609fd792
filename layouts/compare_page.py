"""Two sets of runs side by side: the frame of the page; callbacks.compare fills it."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.chart_card import chart_card
from layouts.charts import ChartKind
from layouts.charts.distributions import against
from layouts.panel_card import panel_card


def content() -> list[Component]:
    return [
        dcc.Store(id=ids.answer(ids.COMPARED)),
        html.H1("Compare", className="visually-hidden"),
        html.Div(id=ids.SIDES, className="span-12 page-controls versus"),
        panel_card(ids.COMPARED, "A against B", 12),
        *(chart_card(ChartKind(name, (), against)) for name in (ids.COMPARE_DURATION, ids.COMPARE_COST)),
    ]
