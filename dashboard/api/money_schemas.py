"""Roof: JSON Schemas of what the API answers about money."""

from __future__ import annotations

from dashboard.api.shapes import (
    AMOUNT,
    COUNT,
    DAY,
    INSTANT,
    MAYBE_AMOUNT,
    SHARE,
    TEXT,
    YES,
    Schema,
    array,
    object_,
    or_null,
    ref,
)

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
