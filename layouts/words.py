"""What stands beside a chart in words: its subtitle, its hint, and how runs are named; pure text.

The warnings are in layouts.warnings.
"""

from __future__ import annotations

from queries.filters import Filters
from queries.words import filters as filters_in_words
from queries.words import period

EVERY = {"hour": "Hourly", "day": "Daily", "week": "Weekly"}

TITLES = {
    "executions": "Runs",
    "outcomes": "Outcomes",
    "success_rate": "Success rate",
    "failures": "Failed runs by category",
    "duration": "Duration",
    "tokens": "Token usage",
    "cost": "Cost",
    "llm_calls": "LLM calls",
    "tool_calls": "Tool calls",
    "models": "Models",
    "duration_histogram": "How long runs take",
    "cost_histogram": "What runs cost",
    "compare_duration": "How long runs take",
    "compare_cost": "What runs cost",
    "budget": "Spend this month",
}
LEADS = {
    "executions": "{every} runs by outcome",
    "outcomes": "Share of each outcome",
    "success_rate": "{every} share of runs that succeeded, with its 95 % interval",
    "failures": "{every} runs that failed, by the category of their error",
    "duration": "{every} average and percentiles",
    "tokens": "{every} tokens by kind",
    "cost": "{every} spend + cost per run",
    "llm_calls": "{every} calls + calls per run",
    "tool_calls": "{every} calls + calls per run",
    "models": "Reliability, speed and cost side by side",
    "duration_histogram": "Share of runs by duration, logarithmic",
    "cost_histogram": "Share of runs by cost, logarithmic",
    "compare_duration": "Share of each side's runs by duration, logarithmic",
    "compare_cost": "Share of each side's runs by cost, logarithmic",
}
# How metrics hang together, for those who have not read the documentation.
HINTS = {
    "duration": "Includes non-LLM time",
    "tokens": "Tokens drive Cost",
    "cost": "Cost = f(Tokens, Model)",
    "models": "Click a row to filter",
}


def subtitle(chart: str, filters: Filters) -> str:
    """Which runs a chart shows: ``Daily spend + cost per run (failed runs, model gpt-4), last 30 days``."""
    lead = LEADS[chart].format(every=EVERY[filters.grain])
    scope = filters_in_words(filters)
    return f"{lead}{f' ({scope})' if scope else ''}, {period(filters)}"


def hint(chart: str) -> str:
    """The badge on a chart's header; empty for most."""
    return HINTS.get(chart, "")


def count(number: float, one: str, many: str = "") -> str:
    """``1 run``, ``1,204 runs``."""
    return f"{number:,.0f} {one if number == 1 else many or one + 's'}"


def listed(words: tuple[str, ...] | list[str], joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {joint} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
