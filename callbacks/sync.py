"""URL, filter store and controls in step: the wiring of assets/filters.js, which runs in the browser."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, State

from layouts import ids

_LISTS = (ids.MODEL, ids.AGENT, ids.VERSION)


def register(app: Dash) -> None:
    """One callback, for Dash refuses a loop over two; it decides by what was triggered."""
    app.clientside_callback(
        ClientsideFunction("filters", "sync"),
        _outputs(),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
        *_controls(Input),
        Input(ids.ASK, "data"),
        # A State: the names come with an answer that itself waits for the filters. assets/panels.js asks
        # for them to be taken up.
        State(ids.NAMES, "data"),
        State(ids.PAGES, "data"),
        State(ids.FILTERS, "data"),
        *(State(name, "options") for name in (ids.TZ, ids.STATUS, *_LISTS)),
    )


def _controls(kind: type) -> list:
    return [
        kind(ids.RANGE, "value"),
        kind(ids.DATES, "start_date"),
        kind(ids.DATES, "end_date"),
        kind(ids.GRAIN, "value"),
        kind(ids.STATUS, "value"),
        *(kind(name, "value") for name in _LISTS),
        kind(ids.TZ, "value"),
        kind(ids.COMPARE, "value"),
    ]


def _outputs() -> list[Output]:
    return [
        Output(ids.URL, "pathname"),
        Output(ids.URL, "search"),
        # Before the filters: they are then asked for by the panels of the page that they are meant for.
        Output(ids.CONTENT, "children"),
        Output(ids.FILTERS, "data"),
        *_controls(Output),
        *(Output(name, "options") for name in (ids.TZ, ids.STATUS, *_LISTS)),
        Output(ids.CHIPS, "children"),
        Output(ids.RESET, "hidden"),
        Output(ids.FILTER_COUNT, "children"),
    ]
