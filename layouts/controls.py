"""The filter bar: controls whose values assets/filters.js keeps equal to the URL."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts import add_filter, ids
from queries.calendar import zones

RANGES = {"24h": "24 h", "7d": "7 d", "30d": "30 d", "90d": "90 d", "all": "All", "custom": "Custom"}
GRAINS = {"auto": "automatic", "hour": "hour", "day": "day", "week": "week"}
# Failed stands for failure and error together, which are offered under it.
STATUSES = {
    "all": "all",
    "success": "success",
    "failed": "failed",
    "failure": "failure",
    "error": "error",
    "unknown": "unknown",
}
_UNDER_FAILED = ("failure", "error")
_DROPDOWN_LABELS = {"select_all": "Select all", "deselect_all": "Clear", "selected_count": "{num_selected}"}


def filter_bar(attributes: tuple[str, ...]) -> Component:
    """Sticky under the header; on a phone everything but the range folds into a drawer."""
    return html.Section(
        [
            html.Div([_ranges(), _calendar(), _drawer_button()], className="filters-row"),
            html.Div(id=f"{ids.DRAWER}-backdrop", className="drawer-backdrop"),
            html.Div(_drawer(attributes), id=ids.DRAWER, className="drawer"),
            html.Div([html.Div(id=ids.CHIPS, className="chips"), _reset()], className="filters-row in-force"),
        ],
        className="filters",
        **{"aria-label": "Filters"},
    )


def _drawer(attributes: tuple[str, ...]) -> list[Component]:
    return [
        html.Div(
            [
                html.H2("Filters"),
                html.Button(
                    html.I(className="bi bi-x-lg", **{"aria-hidden": "true"}),
                    id=ids.DRAWER_CLOSE,
                    className="btn-quiet",
                    **{"aria-label": "Close the filters"},
                ),
            ],
            className="drawer-head",
        ),
        _field("by", _single(ids.GRAIN, _options(GRAINS), "day")),
        _field("Status", _status()),
        _field("Model", _many(ids.MODEL)),
        _field("Agent", _many(ids.AGENT)),
        _field("Version", _many(ids.VERSION)),
        add_filter.control(attributes),
        dbc.Switch(id=ids.COMPARE, value=True, label=_compare(), class_name="compare"),
    ]


def _compare() -> Component:
    more = html.Span(" with the previous period", className="visually-hidden")
    return html.Span(["Compare", more], title="With the previous period, up to the same point")


def time_zone() -> Component:
    """The zone in which days begin and hours are named; the browser's unless another is chosen."""
    picker = _single(ids.TZ, [], None, searchable=True)
    field = _field("Time zone", picker, "zone")
    # The dropdown gets them when it is first used: it indexes every part of every name, for half a second.
    setattr(field, "data-zones", " ".join(sorted(zones())))
    return field


def _ranges() -> Component:
    choice = dbc.RadioItems(
        id=ids.RANGE,
        options=[{"label": label, "value": value} for value, label in RANGES.items()],
        value="30d",
        inline=True,
        class_name="seg",
        input_class_name="btn-check",
        label_class_name="seg-item",
    )
    return html.Div(choice, role="radiogroup", **{"aria-label": "Date range"})


def _calendar() -> Component:
    """Shown for a custom range only (assets/interact.js)."""
    picker = dcc.DatePickerRange(
        id=ids.DATES,
        updatemode="bothdates",
        minimum_nights=0,
        display_format="D MMM YYYY",
        number_of_months_shown=2,
        first_day_of_week=1,
        start_date_placeholder_text="First day",
        end_date_placeholder_text="Last day",
    )
    return html.Div(picker, className="calendar", role="group", **{"aria-label": "Custom date range"})


def _drawer_button() -> Component:
    return html.Button(
        [
            html.I(className="bi bi-sliders2", **{"aria-hidden": "true"}),
            html.Span("Filters", className="visually-hidden"),
            html.Span(id=ids.FILTER_COUNT, className="badge-count"),
        ],
        id=ids.DRAWER_BUTTON,
        className="btn-line drawer-button",
        **{"aria-expanded": "false", "aria-controls": ids.DRAWER},
    )


def _reset() -> Component:
    return html.Button(
        "Reset",
        id=ids.RESET,
        className="btn-quiet",
        **{"data-ask": '{"search": ""}', "aria-label": "Reset all filters"},
    )


def _field(label: str, control: Any, kind: str = "") -> Component:
    """A labelled control that looks like one button; named as a group, for the dropdown names itself
    by its value."""
    name = ids.label(control.id)
    return html.Div(
        [html.Label(label, id=name, htmlFor=control.id), control],
        className=f"field {kind}".strip(),
        role="group",
        **{"aria-labelledby": name},
    )


def _options(labels: dict[str, str]) -> list[dict[str, object]]:
    return [{"value": value, "label": label} for value, label in labels.items()]


def _single(name: str, options: list, value: str | None, searchable: bool = False) -> Component:
    return dcc.Dropdown(
        id=name,
        options=options,
        value=value,
        clearable=False,
        searchable=searchable,
        search_order="original",
        placeholder="choose",
        maxHeight=360,
        labels=_DROPDOWN_LABELS,
    )


def _many(name: str) -> Component:
    # debounce: one change, one history entry and one refresh for all that is ticked in one visit.
    return dcc.Dropdown(
        id=name,
        options=[],
        value=[],
        multi=True,
        debounce=True,
        closeOnSelect=False,
        clearable=True,
        search_order="original",
        placeholder="all",
        maxHeight=360,
        labels=_DROPDOWN_LABELS,
    )


def _status() -> Component:
    options = [
        {
            "value": value,
            "label": html.Span(label, className="under" if value in _UNDER_FAILED else "top"),
        }
        for value, label in STATUSES.items()
    ]
    return _single(ids.STATUS, options, "all")
