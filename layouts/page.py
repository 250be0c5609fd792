"""The overview page: what stands where. Contents come from callbacks."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import charts, controls, ids, shell
from layouts.chart_card import chart_card
from layouts.markup import lighten
from layouts.states import card_skeletons
from layouts.tables import models_card

_AWAY = "The server does not answer. This page keeps trying."


# Plain HTML that callbacks change; all other is HTML from the start (layouts.markup).
ALIVE = frozenset({ids.CHIPS, ids.RESET, ids.FILTER_COUNT})


def layout() -> Component:
    """A new page for each visitor; everything that differs between them lives in their browser."""
    return lighten(_page(), ALIVE)


def _page() -> Component:
    return html.Div(
        [
            *_state(),
            shell.header(),
            controls.filter_bar(),
            html.Div(_AWAY, className="away-note", role="alert"),
            html.Div(id=ids.BANNER, className="notice"),
            html.Div(id=ids.NOTICE, className="notice"),
            _content(),
            shell.announcer(),
        ]
    )


def _state() -> list[Component]:
    return [
        # callback-nav: a new URL neither reloads the page nor loses Back.
        dcc.Location(id=ids.URL, refresh="callback-nav"),
        dcc.Store(id=ids.FILTERS),
        dcc.Store(id=ids.ASK),
        dcc.Store(id=ids.NAMES),
        dcc.Store(id=ids.KNOWN),
        dcc.Store(id=ids.THEME, storage_type="local", data="system"),
        *(dcc.Store(id=ids.answer(panel)) for panel in (ids.CARDS, ids.MODELS, ids.STANDING)),
    ]


def _content() -> Component:
    return html.Main(
        [
            html.H1("Overview", className="visually-hidden"),
            html.Div(card_skeletons(), id=ids.CARDS, className="cards"),
            *(chart_card(kind) for kind in charts.KINDS),
            models_card(),
        ],
        id=ids.CONTENT,
        className="page",
    )
