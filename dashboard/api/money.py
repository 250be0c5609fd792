"""Roof: money in the API: kinds of waste, cache savings, the month against its budget."""

from __future__ import annotations

import math
from dataclasses import asdict

from flask import current_app

from dashboard.api.answers import Answer, Body, head
from dashboard.api.questions import Question
from queries import budget
from queries.filters import Filters
from queries.kinds import KIND, many_calls, top_edge
from queries.measures import FAILED
from queries.run_record import field
from queries.savings import Savings, savings
from queries.store import Query, Store
from queries.tally import tally, unchanged

BUDGET = "MONTHLY_BUDGET"  # the setting, in Flask's config
KINDS = ("no_change", "many_calls", "top")


def money(store: Store, question: Question) -> Answer:
    filters = question.filters
    with store.together():
        version = store.version()
        edge = top_edge(store, filters)
        body = head(store, question, version) | {
            "waste": [_failed(store, filters), *_kinds(store, filters)],
            "manyCallsFrom": many_calls(store, filters),
            "topCostsAtLeastUsd": None if edge is None else float(edge),
            "cacheSavings": _savings(savings(store, filters)),
            "month": _month(budget.spend(store, filters, current_app.config.get(BUDGET))),
        }
    return Answer(version, body)


def _failed(store: Store, filters: Filters) -> Body:
    """As on the page: those of the failed runs that the status filter lets through."""
    row = store.fetch(Query(("failed", "failed_cost_usd"), filters)).iloc[0]
    cost = float(row["failed_cost_usd"])
    told = {"runs": int(row["failed"]), "costUsd": None if math.isnan(cost) else cost}
    return {
        "kind": "failed",
        "label": "Failed runs",
        "help": f"Runs of status {' or '.join(FAILED)}.",
        **told,
    }


def _kinds(store: Store, filters: Filters) -> list[Body]:
    found = tally(store, filters, *KINDS[1:]) | {KINDS[0]: unchanged(store, filters)}
    return [
        {
            "kind": name,
            "label": KIND[name].label,
            "help": KIND[name].help,
            "runs": found[name].runs,
            "costUsd": found[name].cost,
        }
        for name in KINDS
    ]


def _savings(found: Savings) -> Body:
    return {
        "savedUsd": found.net,
        "runs": found.runs,
        "runsWithoutCacheReads": found.silent,
        "runsWithoutKnownPrice": found.unpriced,
        "models": [
            {"model": m.model, "runs": m.runs, "readsUsd": m.saved, "writesUsd": m.paid, "savedUsd": m.net}
            for m in found.models
        ],
    }


def _month(found: budget.Spend) -> Body:
    days = found.month.days
    return {
        "start": found.month.start,
        "end": found.month.end,
        "tz": found.filters.tz,
        "budgetUsd": found.budget,
        "spentUsd": found.to_date,
        "estimatedUsd": found.estimated,
        "runsWithoutCost": found.without_cost,
        "evenPaceUsd": found.even_now,
        "spentByDay": [{"day": day, "usd": usd} for day, usd in zip(days, found.spent, strict=False)],
        "forecast": _forecast(found),
        "crossed": {field(name): value for name, value in asdict(found.crossed).items()}
        if found.crossed
        else None,
    }


def _forecast(found: budget.Spend) -> Body | None:
    ahead = found.ahead
    if ahead is None:
        return None
    rows = zip(ahead.days, ahead.expected, ahead.low, ahead.high, strict=True)
    share = None if ahead.chance is None else round(ahead.chance * 100, 9)
    return {
        "weeks": ahead.weeks,
        "byDay": [{"day": day, "usd": mean, "lowUsd": low, "highUsd": high} for day, mean, low, high in rows],
        "chanceAboveBudget": share,
    }
