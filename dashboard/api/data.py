"""Roof: data health in the API: what the data page tells, the log of imports, and the work it can start."""

from __future__ import annotations

from dataclasses import asdict

from flask import current_app
from sqlalchemy import Connection, text

from dashboard.api.answers import Answer, Body, head
from dashboard.api.questions import Question
from dashboard.api.writing import Field, Writing
from dashboard.upkeep import EXTENSION, Upkeep
from queries import health as data_health
from queries import workers
from queries.errors import QueryError, UserError
from queries.health import CLOCKS, LACKING, Import
from queries.list_prices import Compared, compared
from queries.run_record import field, fields
from queries.store import Query, Store
from queries.tally import tally

_COUNT_SECONDS = 30


def health(store: Store, question: Question) -> Answer:
    filters = question.filters
    with store.together():
        version = store.version()
        row = store.fetch(Query(("runs", "unknowns", *LACKING), filters)).iloc[0]
        runs = int(row["runs"])
        clocks = tally(store, filters, *CLOCKS)
        body = head(store, question, version) | {
            "freshness": fields(asdict(data_health.freshness(store))),
            "runs": runs,
            "unknownOutcome": int(row["unknowns"]),
            "lacking": [
                {"measure": name.removeprefix("runs_without_"), **_share(int(row[name]), runs)}
                for name in LACKING
            ],
            "clocks": {field(name): found.runs for name, found in clocks.items()},
            "futureRuns": data_health.future_runs(store, filters),
            "costs": [fields(asdict(model)) for model in data_health.model_costs(store, filters)],
            "listPrices": [_compared(model) for model in compared(store, filters)],
            "rollups": _rollups(store),
        }
    return Answer(version, body)


def version(store: Store, _question: Question) -> Answer:
    with store.together():
        found, flying = store.version(), store.flying()
        body = {"version": found, "inFlight": flying, "newestRun": store.freshness()}
        return Answer(_of_both(found, flying), body)


def pulse(store: Store) -> str:
    return _of_both(*store.pulse())


def _of_both(version: str, flying: str) -> str:
    return f"{version} {flying}"


def _share(number: int, runs: int) -> Body:
    return {"runs": number, "share": round(number / runs * 100, 9) if runs else None}


def _compared(model: Compared) -> Body:
    off = None if model.off is None else round(model.off * 100, 9)
    return fields(asdict(model)) | {"off": off}


def _rollups(store: Store) -> Body:
    found = data_health.rollups(store)
    facets = [{"facet": name, "byHour": by_hour} for name, by_hour in found.facets.items()]
    return {"facets": facets, "dirtyHours": found.dirty_hours, "waiting": found.waiting}


def imports(connection: Connection) -> Body:
    found = data_health.read_imports(connection)
    return {"items": [_import(one) for one in found]}


def _import(one: Import) -> Body:
    told = {name: value for name, value in asdict(one).items() if name != "counted"}
    return fields(told) | {"runs": one.runs.number, "more": one.runs.more}


def worker(connection: Connection) -> Body:
    jobs = workers.read_jobs(connection)
    return {"leads": workers.is_led(connection), "jobs": [fields(asdict(job)) for job in jobs]}


def comparison(_connection: Connection) -> Body:
    return _upkeep().verified()


def _upkeep() -> Upkeep:
    upkeep: Upkeep = current_app.extensions[EXTENSION]
    return upkeep


def _take_back(connection: Connection, body: Body) -> Body:
    number = body["import_id"]
    if not data_health.is_import(connection, number):
        raise QueryError("not_found", "import_id", f"There is no import {number}", "one of /api/data/imports")
    if body.get("dryRun"):
        connection.execute(text(f"SET LOCAL statement_timeout = '{_COUNT_SECONDS}s'"))
        return {"importId": number, "state": "asked", "runs": data_health.runs_of(connection, number)}
    try:
        taken = _upkeep().take_back(number)
    except UserError as error:
        raise QueryError("conflict", "import_id", str(error), "waiting until it is done") from error
    return {"importId": number, "state": "running" if taken is None else "done", "runs": taken}


def _verify(_connection: Connection, _body: Body) -> Body:
    return _upkeep().verify()


DRY_RUN = Field(
    "dryRun",
    "true: only say how many runs it would take out",
    {"type": "boolean"},
    required=False,
)
WRITINGS = (
    Writing(
        "POST",
        "/api/data/imports/{import_id}/take-back",
        "take_back",
        "Takes out the runs that an import brought",
        "Those it replaced are gone, too. Where it takes longer it goes on by itself, and /api/data/imports "
        "tells how far it is: state running.",
        "TakenBack",
        _take_back,
        (DRY_RUN,),
        202,
    ),
    Writing(
        "POST",
        "/api/data/verify",
        "begin_verify",
        "Begins a comparison of the rollups with the runs",
        "Unless one is going on. It reads everything, in one snapshot; GET tells what became of it.",
        "Comparison",
        _verify,
        (),
        202,
    ),
)
