"""The control that adds a filter on what has no dropdown of its own: errors, tools, attributes.

First what to filter by, then any of its values, which assets/filter_values.js gets from the API.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.chart_card import icon
from layouts.fields import Input

# Parameter of the URL -> what it is called, and by what the API breaks runs down for its values.
_FIXED = {
    "category": ("error category", "error_category"),
    "error": ("error", "error_template"),
    "tool": ("tool", "tool"),
}


def control(attributes: tuple[str, ...]) -> Component:
    """``attributes``: those of the settings."""
    button = html.Button(
        [icon("plus-lg"), html.Span("Filter")],
        id=ids.ADD_FILTER,
        type="button",
        className="btn-line",
        title="Filter by error, tool or attribute",
        **attrs(aria_expanded="false", aria_controls=ids.ADD_FILTER_PANEL),
    )
    panel = html.Form(
        [_dimensions(attributes), _search(), *_values(), _actions()],
        id=ids.ADD_FILTER_PANEL,
        className="add-filter-panel",
        hidden=True,
        role="dialog",
        **attrs(aria_label="Add a filter"),
    )
    return html.Div([button, panel], className="add-filter")


def _dimensions(attributes: tuple[str, ...]) -> Component:
    attribute = {f"attr.{name}": (name, f"attr.{name}") for name in attributes}
    options = [
        html.Option(label, value=key, **attrs(data_by=by))
        for key, (label, by) in (_FIXED | attribute).items()
    ]
    name = f"{ids.ADD_FILTER}-by"
    return html.Div(
        [html.Label("Filter by", htmlFor=name), html.Select(options, id=name)], className="field plain"
    )


def _search() -> Component:
    field = Input(
        id=f"{ids.ADD_FILTER}-search",
        type="search",
        className="plain-field",
        placeholder="search its values",
        autoComplete="off",
        spellCheck="false",
        **attrs(aria_label="Search the values", aria_controls=f"{ids.ADD_FILTER}-values"),
    )
    return html.Div([icon("search"), field], className="runs-search")


def _values() -> list[Component]:
    values = f"{ids.ADD_FILTER}-values"
    return [
        html.Div(id=values, className="add-filter-values", role="group", **attrs(aria_label="Values")),
        html.P(id=f"{ids.ADD_FILTER}-note", className="quiet", role="status"),
    ]


def _actions() -> Component:
    return html.Div(
        [
            html.Button("Apply", type="submit", className="btn btn-primary"),
            html.Button(
                "Cancel", type="button", className="btn btn-outline-secondary", **attrs(data_cancel="filter")
            ),
        ],
        className="add-filter-actions",
    )
