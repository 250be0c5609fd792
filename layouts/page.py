"""The frame of every page: state, header, filter bar, and the place for what layouts.pages holds."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import controls, ids, pages, shell
from layouts.markup import lighten
from layouts.options import Options
from layouts.reader import Reader

_AWAY = "The server does not answer. This page keeps trying."


# Plain HTML that callbacks change; all other is HTML from the start (layouts.markup).
ALIVE = frozenset({ids.CHIPS, ids.RESET, ids.FILTER_COUNT, ids.CONTENT})


def layout(options: Options, reader: Reader | None = None) -> Component:
    """A new page for each visitor; what differs between them lives in their browser, but for who they are."""
    return lighten(_page(options, reader), ALIVE)


def _page(options: Options, reader: Reader | None) -> Component:
    looks_only = {} if reader is None or reader.may_edit else {"data-looks-only": reader.role}
    return html.Div(
        [
            *_state(),
            shell.header(reader),
            controls.filter_bar(options.attributes),
            html.Div(_AWAY, className="away-note", role="alert"),
            html.Div(id=ids.BANNER, className="notice"),
            html.Div(id=ids.NOTICE, className="notice"),
            html.Div(id=ids.KEPT_NOTE, className="notice"),
            html.Main(id=ids.CONTENT),
            shell.announcer(),
        ],
        **looks_only,
    )


def _state() -> list[Component]:
    return [
        # callback-nav: a new URL neither reloads the page nor loses Back.
        dcc.Location(id=ids.URL, refresh="callback-nav"),
        dcc.Store(id=ids.PAGES, data=pages.contents()),
        dcc.Store(id=ids.FILTERS),
        dcc.Store(id=ids.ASK),
        dcc.Store(id=ids.FLYING),
        dcc.Store(id=ids.NAMES),
        dcc.Store(id=ids.KNOWN),
        dcc.Store(id=ids.THEME, storage_type="local", data="system"),
        dcc.Store(id=ids.answer(ids.STANDING)),
    ]
