"""Roof: JSON Schemas of what the API answers about data health, imports and the worker."""

from __future__ import annotations

from dashboard.api.shapes import (
    AMOUNT,
    COUNT,
    INSTANT,
    MAYBE_COUNT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    SHARE,
    TEXT,
    YES,
    Schema,
    array,
    object_,
    or_null,
    ref,
)
from queries.health import CLOCKS, LACKING

_FLYING = TEXT | {"description": "changes with each run that is announced, or given up"}


def of_data(top: Schema) -> dict[str, Schema]:
    """``top``: the properties at the head of every answer about runs."""
    return {
        "Version": object_({"version": TEXT, "inFlight": _FLYING, "newestRun": MAYBE_INSTANT}),
        "Worker": object_({"leads": YES, "jobs": array(object_(_JOB))}),
        "Health": object_(top | _HEALTH),
        "Imports": object_({"items": array(ref("Import"))}),
        "Import": object_(_IMPORT),
        "TakenBack": object_(_TAKEN_BACK),
        "Comparison": object_(_COMPARISON),
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_JOB = {
    "job": TEXT,
    "succeededAt": MAYBE_INSTANT,
    "did": MAYBE_TEXT,
    "failedAt": MAYBE_INSTANT,
    "failures": COUNT,
    "problem": MAYBE_TEXT,
}

_FRESHNESS = {
    "newestRun": MAYBE_INSTANT,
    "cameIn": MAYBE_INSTANT,
    "newestImport": MAYBE_INSTANT,
    "imports": COUNT,
}
_LACKING = {
    "measure": {"enum": [name.removeprefix("runs_without_") for name in LACKING]},
    "runs": COUNT,
    "share": SHARE,
}
_COST = {
    "model": TEXT,
    "runs": COUNT,
    "withoutCost": COUNT,
    "reported": AMOUNT,
    "estimated": AMOUNT,
    "priced": YES,
}
_LIST_PRICE = {
    "model": TEXT,
    "runs": COUNT | {"description": "that report both their cost and their tokens"},
    "reported": AMOUNT,
    "atList": AMOUNT | {"description": "what these tokens come to at list prices"},
    "off": {"type": ["number", "null"], "description": "percent that this is off what was reported"},
}
_FACET = {"facet": TEXT, "byHour": YES}
_HEALTH = {
    "freshness": object_(_FRESHNESS),
    "runs": COUNT,
    "unknownOutcome": COUNT,
    "lacking": array(object_(_LACKING)),
    "clocks": object_({_camel(name): COUNT for name in CLOCKS}),
    "futureRuns": COUNT,
    "costs": array(object_(_COST)),
    "listPrices": array(object_(_LIST_PRICE)),
    "rollups": object_({"facets": array(object_(_FACET)), "dirtyHours": COUNT, "waiting": COUNT}),
}

_COUNTED = ("read", "inserted", "replaced", "alreadyThere", "differing", "rejected", "takenBack", "dropped")
_IMPORT = {
    "importId": COUNT,
    "source": TEXT,
    "startedAt": INSTANT,
    "finishedAt": MAYBE_INSTANT,
    "takenBackAt": MAYBE_INSTANT,
    "goingBack": YES | {"description": "it is being taken back at this moment"},
    **dict.fromkeys(_COUNTED, COUNT),
    "runs": COUNT | {"description": "there now: ?import= of the runs opens them"},
    "more": YES | {"description": "there are more runs than were counted"},
}
_TAKEN_BACK = {
    "importId": COUNT,
    "state": {"enum": ["asked", "running", "done"]},
    "runs": MAYBE_COUNT | {"description": "there to be taken out, or taken out; null: it goes on"},
}
_COMPARISON = {
    "state": {"enum": ["never", "running", "done", "failed"]},
    "startedAt": MAYBE_INSTANT,
    "finishedAt": MAYBE_INSTANT,
    "differences": MAYBE_COUNT | {"description": "0: the rollups are what the runs say"},
    "examples": or_null(array(TEXT)),
    "problem": MAYBE_TEXT,
}
