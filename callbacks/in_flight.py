"""Runs in flight: what the line of the overview and the list of the runs page ask."""

from __future__ import annotations

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
        return {"html": {ids.IN_FLIGHT: markup(drawn.line(found, filters))}, "figure": None}

    return Panel(ids.IN_FLIGHT, answer, ids.IN_FLIGHT)


def listed(options: Options) -> Panel:
    def answer(asked: Asked, store: Store) -> Answer:
        filters = read(asked, store)
        found = in_flight(store, filters, options.patience)
        return {"html": {ids.IN_FLIGHT_RUNS: markup(drawn.listed(found, filters))}, "figure": None}

    return Panel(ids.IN_FLIGHT_RUNS, answer, ids.IN_FLIGHT_RUNS)
