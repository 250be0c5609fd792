"""The overview: cards, charts, the models side by side."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import charts, ids, markers, split_bar, unusual
from layouts.chart_card import chart_card
from layouts.charts import distributions
from layouts.states import card_skeletons
from layouts.tables import models_card

# Parameters of this page beside the filters.
KEYS = (*split_bar.KEYS, unusual.BAND)


def content() -> list[Component]:
    return [
        *(dcc.Store(id=ids.answer(panel)) for panel in (ids.CARDS, ids.SPLIT, ids.MODELS, ids.IN_FLIGHT)),
        html.H1("Overview", className="visually-hidden"),
        html.Div(id=ids.IN_FLIGHT, className="in-flight"),
        *unusual.place(),
        html.Div(card_skeletons(), id=ids.CARDS, className="cards"),
        html.Div(id=ids.SPLIT, className="split-bar"),
        *(chart_card(kind) for kind in charts.KINDS),
        *(
            chart_card(charts.ChartKind(name, distributions.METRICS, distributions.alone))
            for name in ids.DISTRIBUTIONS
        ),
        models_card(),
        *markers.place(),
    ]
