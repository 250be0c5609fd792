"""Roof: GET /api/runs/in-flight: runs that were announced and have not ended."""

from __future__ import annotations

from dataclasses import asdict

from flask import current_app

from dashboard.api.answers import Answer, Body
from dashboard.api.questions import Question
from dashboard.api.shapes import (
    COUNT,
    INSTANT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    TEXT,
    YES,
    Schema,
    array,
    object_,
    ref,
)
from queries import in_flight as flying
from queries.in_flight import Flight, Patience
from queries.run_record import field
from queries.store import Store

PATIENCE = "fixer_metrics_patience"  # where the application keeps its Patience


def answer(store: Store, question: Question) -> Answer:
    patience: Patience = current_app.config.get(PATIENCE) or Patience()
    with store.together():
        version = store.version()
        found = flying.in_flight(store, question.filters, patience)
    body = {
        "total": found.total,
        "overdue": found.overdue,
        "oldest": found.oldest,
        "items": [_flight(flight) for flight in found.flights],
    }
    return Answer(version, body)


def _flight(flight: Flight) -> Body:
    return {field(name): value for name, value in asdict(flight).items()}


def schemas() -> dict[str, Schema]:
    flight = {
        "invocationId": TEXT,
        "agent": TEXT,
        "agentVersion": MAYBE_TEXT,
        "model": TEXT,
        "startTime": INSTANT,
        "heardAt": INSTANT | {"description": "when it was last announced"},
        "attributes": {"type": "object"},
        "due": INSTANT | {"description": "when it takes longer than 99 of 100 runs of its model"},
        "overdue": YES,
    }
    items = array(ref("Flight"))
    return {
        "InFlight": object_({"total": COUNT, "overdue": COUNT, "oldest": MAYBE_INSTANT, "items": items}),
        "Flight": object_(flight),
    }
