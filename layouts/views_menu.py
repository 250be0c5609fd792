"""The menu of saved views, in the header: a form to save what the page shows, and the list of all views.

assets/views.js fills it from the API when it is opened.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.chart_card import icon
from layouts.fields import Input

_KEEPS = "A view keeps the page, its filters and how it is drawn; “last 7 days” stays the last 7 days."
_EMPTY = "No views yet. Filter the page as you like to see it and save it: everybody here will find it."


def menu() -> Component:
    toggle = html.Button(
        [icon("bookmark"), html.Span("Views")],
        id=ids.VIEWS_TOGGLE,
        type="button",
        className="btn-line",
        title="Saved views",
        **attrs(aria_expanded="false", aria_controls=ids.VIEWS_PANEL),
    )
    panel = html.Div(
        [_form(), *_list()],
        id=ids.VIEWS_PANEL,
        className="views-panel",
        hidden=True,
        tabIndex=-1,
        role="dialog",
        **attrs(aria_label="Saved views"),
    )
    return html.Div([toggle, panel], id=ids.VIEWS, className="views")


def _form() -> Component:
    field = Input(
        id=ids.VIEWS_NAME,
        className="plain-field",
        autoComplete="off",
        placeholder="its name",
        **attrs(aria_describedby="views-keeps"),
    )
    save = html.Button("Save", type="submit", className="btn btn-primary")
    return html.Form(
        [
            html.Label("Save what the page shows", htmlFor=ids.VIEWS_NAME),
            html.Div([field, save], className="views-new"),
            html.P(_KEEPS, id="views-keeps", className="quiet"),
        ],
        id=ids.VIEWS_FORM,
        **attrs(data_edits=""),
    )


def _list() -> list[Component]:
    return [
        html.Div(id=ids.VIEWS_PROBLEM, role="alert"),
        html.H2("Views of the team"),
        html.Ul(id=ids.VIEWS_LIST),
        html.P(_EMPTY, id=ids.VIEWS_EMPTY, className="quiet", hidden=True),
    ]
