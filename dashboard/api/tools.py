"""Roof: the tools that runs called, and how runs fare with and without each."""

from __future__ import annotations

import math

from dashboard.api.answers import Answer, Body, head
from dashboard.api.questions import Question
from dashboard.api.shapes import COUNT, MAYBE_AMOUNT, SHARE, TEXT, Schema, array, object_, ref
from queries.store import Store
from queries.tools import Difference, Fare, Tool
from queries.tools import tools as of_runs


def tools(store: Store, question: Question) -> Answer:
    with store.together():
        version, found = store.version(), of_runs(store, question.filters)
        body = head(store, question, version)
    items = [_tool(tool) for tool in found.tools[: question.limit]]
    counted = {"totalRuns": int(found.runs), "runsReportingTools": int(found.reporting)}
    return Answer(version, body | counted | {"shown": len(items), "total": len(found.tools), "items": items})


def _tool(tool: Tool) -> Body:
    return {
        "tool": tool.name,
        "runs": int(tool.used.runs),
        "shareOfRuns": _number(tool.share * 100),
        "calls": int(tool.calls),
        "callsPerRun": _number(tool.calls_per_run),
        "with": _fare(tool.used),
        "without": _fare(tool.unused),
        "difference": {
            "successRate": _difference(tool.success_rate, 100),
            "costPerRunUsd": _difference(tool.cost_per_run),
            "avgDurationMs": _difference(tool.avg_duration_ms),
        },
    }


def _fare(fare: Fare) -> Body:
    interval = fare.interval
    return {
        "runs": int(fare.runs),
        "successRate": _number(fare.success_rate * 100),
        "successRateLow": _number(interval.low * 100) if interval else None,
        "successRateHigh": _number(interval.high * 100) if interval else None,
        "costPerRunUsd": _number(fare.cost_per_run),
        "avgDurationMs": _number(fare.avg_duration_ms),
        "p50DurationMs": _number(fare.quantile(0.5)),
        "p95DurationMs": _number(fare.quantile(0.95)),
    }


def _difference(found: Difference, scale: float = 1) -> Body:
    interval = found.interval
    return {
        "value": _number(found.value * scale),
        "low": _number(interval.low * scale) if interval else None,
        "high": _number(interval.high * scale) if interval else None,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 9)


def of_tools(top: Schema) -> dict[str, Schema]:
    """``top``: the properties at the head of every answer about runs."""
    rates = ("successRate", "successRateLow", "successRateHigh")
    amounts = ("costPerRunUsd", "avgDurationMs", "p50DurationMs", "p95DurationMs")
    change = {"type": ["number", "null"], "description": "with less without; null: not known"}
    told = ("successRate", "costPerRunUsd", "avgDurationMs")
    figures = {
        "tool": TEXT,
        "runs": COUNT,
        "shareOfRuns": SHARE | {"description": "percent of the runs that report their tools"},
        "calls": COUNT,
        "callsPerRun": MAYBE_AMOUNT | {"description": "over the runs that called it"},
        "with": ref("Fare"),
        "without": ref("Fare"),
        "difference": object_({name: ref("ToolDifference") for name in told}),
    }
    return {
        "Tools": object_(
            top
            | {"totalRuns": COUNT, "runsReportingTools": COUNT, "shown": COUNT, "total": COUNT}
            | {"items": array(ref("Tool"))}
        ),
        "Tool": object_(figures),
        "Fare": object_({"runs": COUNT} | dict.fromkeys(rates, SHARE) | dict.fromkeys(amounts, MAYBE_AMOUNT)),
        "ToolDifference": object_({"value": change, "low": change, "high": change}),
    }
