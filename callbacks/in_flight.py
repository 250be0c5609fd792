"""Runs in flight: what the line of the overview and the list of the runs page ask."""

from __future__ import annotations

from dash.development.base_component import Component

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from layouts import ids
from layouts import in_flight as drawn
from layouts.markup import markup
from layouts.options import Options
from queries.in_flight import in_flight
from queries.store import Store


def line(options: Options) -> Panel:
    def answer(asked: Asked, store: Store) -> Answer:
        filters = read(asked, store)
        found = in_flight(store, filters, options.patience)
        return _shown(ids.IN_FLIGHT, drawn.line(found, filters), store)

    return Panel(ids.IN_FLIGHT, answer, ids.IN_FLIGHT, alone=ids.FLYING)


def listed(options: Options) -> Panel:
    def answer(asked: Asked, store: Store) -> Answer:
        filters = read(asked, store)
        found = in_flight(store, filters, options.patience)
        return _shown(ids.IN_FLIGHT_RUNS, drawn.listed(found, filters), store)

    return Panel(ids.IN_FLIGHT_RUNS, answer, ids.IN_FLIGHT_RUNS, alone=ids.FLYING)


def _shown(place: str, content: list[Component], store: Store) -> Answer:
    """``flying``: assets/live.js compares it with the present one, as it does the version of the data."""
    return {"html": {place: markup(content)}, "figure": None, "flying": store.flying()}
