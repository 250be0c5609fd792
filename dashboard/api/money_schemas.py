"""Roof: JSON Schemas of what the API answers about money and data health."""

from __future__ import annotations

from dashboard.api.shapes import (
    AMOUNT,
    COUNT,
    DAY,
    INSTANT,
    MAYBE_AMOUNT,
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

_SAVED = {
    "type": ["number", "null"],
    "description": "US dollars; below 0 where writing to the cache cost more",
}
_MAYBE_DAY = or_null(DAY, "null: not this month")


def of_money(top: Schema) -> dict[str, Schema]:
    """``top``: the properties at the head of every answer about runs."""
    waste = {"kind": TEXT, "label": TEXT, "help": TEXT, "runs": COUNT, "costUsd": MAYBE_AMOUNT}
    model = {"model": TEXT, "runs": COUNT, "readsUsd": AMOUNT, "writesUsd": AMOUNT, "savedUsd": AMOUNT}
    savings = {
        "savedUsd": _SAVED,
        "runs": COUNT,
        "runsWithoutCacheReads": COUNT,
        "runsWithoutKnownPrice": COUNT,
        "models": array(object_(model)),
    }
    return {
        "Money": object_(
            top
            | {
                "waste": array(object_(waste)),
                "manyCallsFrom": {
                    "type": "object",
                    "additionalProperties": AMOUNT,
                    "description": "model: from how many LLM and tool calls on a run of it has many",
                },
                "topCostsAtLeastUsd": MAYBE_AMOUNT,
                "cacheSavings": object_(savings),
                "month": ref("Month"),
            }
        ),
        "Month": _month(),
    }


def _month() -> Schema:
    ahead = {"day": DAY, "usd": AMOUNT, "lowUsd": AMOUNT, "highUsd": AMOUNT}
    forecast = {"weeks": COUNT, "byDay": array(object_(ahead)), "chanceAboveBudget": SHARE}
    crossed = {
        "day": _MAYBE_DAY,
        "known": YES | {"description": "by what was spent, not foreseen"},
        "earliest": _MAYBE_DAY,
        "latest": _MAYBE_DAY,
    }
    return object_(
        {
            "start": INSTANT,
            "end": INSTANT | {"description": "excluded"},
            "tz": TEXT,
            "budgetUsd": MAYBE_AMOUNT,
            "spentUsd": AMOUNT,
            "estimatedUsd": AMOUNT,
            "runsWithoutCost": COUNT,
            "evenPaceUsd": MAYBE_AMOUNT,
            "spentByDay": array(object_({"day": DAY, "usd": AMOUNT})),
            "forecast": or_null(object_(forecast), "null: it needs two whole weeks of runs"),
            "crossed": or_null(object_(crossed), "null: no budget, or nothing is known of it"),
        }
    )


def of_data(top: Schema) -> dict[str, Schema]:
    lacking = {
        "measure": {"enum": [name.removeprefix("runs_without_") for name in LACKING]},
        "runs": COUNT,
        "share": SHARE,
    }
    cost = {
        "model": TEXT,
        "runs": COUNT,
        "withoutCost": COUNT,
        "reported": AMOUNT,
        "estimated": AMOUNT,
        "priced": YES,
    }
    listed = {
        "model": TEXT,
        "runs": COUNT | {"description": "that report both their cost and their tokens"},
        "reported": AMOUNT,
        "atList": AMOUNT | {"description": "what these tokens come to at list prices"},
        "off": {"type": ["number", "null"], "description": "percent that this is off what was reported"},
    }
    job = {
        "job": TEXT,
        "succeededAt": MAYBE_INSTANT,
        "did": MAYBE_TEXT,
        "failedAt": MAYBE_INSTANT,
        "failures": COUNT,
        "problem": MAYBE_TEXT,
    }
    version = {"version": TEXT, "newestRun": MAYBE_INSTANT}
    fresh = {
        "newestRun": MAYBE_INSTANT,
        "cameIn": MAYBE_INSTANT,
        "newestImport": MAYBE_INSTANT,
        "imports": COUNT,
    }
    facets = array(object_({"facet": TEXT, "byHour": YES}))
    return {
        "Version": object_(version),
        "Worker": object_({"leads": YES, "jobs": array(object_(job))}),
        "Health": object_(
            top
            | {
                "freshness": object_(fresh),
                "runs": COUNT,
                "unknownOutcome": COUNT,
                "lacking": array(object_(lacking)),
                "clocks": object_({_camel(name): COUNT for name in CLOCKS}),
                "futureRuns": COUNT,
                "costs": array(object_(cost)),
                "listPrices": array(object_(listed)),
                "rollups": object_({"facets": facets, "dirtyHours": COUNT, "waiting": COUNT}),
            }
        ),
        "Imports": object_({"items": array(ref("Import"))}),
        "Import": _import(),
        "TakenBack": object_(
            {
                "importId": COUNT,
                "state": {"enum": ["asked", "running", "done"]},
                "runs": MAYBE_COUNT
                | {"description": "there to be taken out, or taken out; null: it goes on"},
            }
        ),
        "Comparison": object_(
            {
                "state": {"enum": ["never", "running", "done", "failed"]},
                "startedAt": MAYBE_INSTANT,
                "finishedAt": MAYBE_INSTANT,
                "differences": MAYBE_COUNT | {"description": "0: the rollups are what the runs say"},
                "examples": or_null(array(TEXT)),
                "problem": MAYBE_TEXT,
            }
        ),
    }


def _import() -> Schema:
    counts = ("read", "inserted", "replaced", "alreadyThere", "differing", "rejected", "takenBack", "dropped")
    return object_(
        {
            "importId": COUNT,
            "source": TEXT,
            "startedAt": INSTANT,
            "finishedAt": MAYBE_INSTANT,
            "takenBackAt": MAYBE_INSTANT,
            "goingBack": YES | {"description": "it is being taken back at this moment"},
            **dict.fromkeys(counts, COUNT),
        }
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
