"""Roof: /api/runs/in-flight: runs that were announced and have not ended, and giving them up."""

from __future__ import annotations

from dataclasses import asdict

from flask import current_app
from sqlalchemy import Connection

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
from dashboard.api.writing import Field, Writing
from ingest.in_flight import give_up
from ingest.values import ID_BYTES
from queries import in_flight as flying
from queries.in_flight import SHOWN, Flight, Patience
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


def _give_up(connection: Connection, body: Body) -> Body:
    ids = body["invocationIds"]
    gone = give_up(connection, ids)
    return {"givenUp": gone, "notInFlight": sorted(set(ids) - set(gone))}


_IDS = Field(
    "invocationIds",
    f"1 to {SHOWN:,} ids, as GET /api/runs/in-flight gives them",
    {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": ID_BYTES},
        "minItems": 1,
        "maxItems": SHOWN,
    },
)
WRITINGS = (
    Writing(
        "POST",
        "/api/in-flight/give-up",
        "give_up",
        "Gives up runs in flight",
        "For runs of which nobody expects an end any more. They are in flight no longer and count nowhere, "
        "as nobody knows how they ended; an end that comes all the same counts as ever, and one that is "
        "announced again is in flight again. For editors.",
        "GivenUp",
        _give_up,
        (_IDS,),
    ),
)


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
        "GivenUp": object_({"givenUp": array(TEXT), "notInFlight": array(TEXT)}),
    }
