"""Where a filter, or what the data lack, makes a number misleading: said in words beside it; pure text.

Three kinds: a filter hides what a number is usually about (that of status here, errors and tools in
layouts.cut_warnings); runs lack the value; too few runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from layouts.cut_warnings import of_filter
from layouts.words import count, listed
from queries.filters import Filters
from queries.measures import FAILED, RATED, STATUSES
from queries.units import short

FEW = 30  # fewer runs than this are marked as few
FEW_FOR_P99 = 100

Totals = Mapping[str, float]  # metric -> its value over the whole period

# What the charts and cards are about, where a status filter hides part of it.
_ABOUT = {
    "cost": "cost",
    "duration": "time spent",
    "tokens": "tokens",
    "llm_calls": "LLM calls",
    "tool_calls": "tool calls",
}
_FAILED = {
    "cost": "Showing wasted spend on failed runs",
    "duration": "Showing time spent on failed runs (may include partial execution)",
    "tokens": "Tokens consumed before failure occurred",
    "llm_calls": "LLM calls made before failure occurred",
    "tool_calls": "Tool calls made before failure occurred",
    "success_rate": "Always 0 % with this status filter - clear it to see the rate",
    "outcomes": "Only failed runs pass the status filter - these are not shares of all runs",
    "models": "Only failed runs pass the status filter - success rate is always 0 %, cost per success none",
    "wasted": "All of this cost is wasted - only failed runs pass the status filter",
    "cost_per_success": "No value - only failed runs pass the status filter",
}
_SUCCESS = {
    "cost": "Showing only successful runs - cost of failed runs is hidden",
    "duration": "Showing only successful runs - time spent on failed runs is hidden",
    "tokens": "Showing only successful runs - tokens of failed runs are hidden",
    "llm_calls": "Showing only successful runs - LLM calls of failed runs are hidden",
    "tool_calls": "Showing only successful runs - tool calls of failed runs are hidden",
    "success_rate": "Always 100 % with this status filter - clear it to see the rate",
    "outcomes": "Only successful runs pass the status filter - these are not shares of all runs",
    "models": "Only successful runs pass the status filter - always 100 % success, failed tries hidden",
    "wasted": "Always $0 - only successful runs pass the status filter",
    "cost_per_success": "Showing only successful runs - cost of failed tries is hidden",
}
_UNKNOWN = {
    "success_rate": "No rate - only runs with an unknown outcome pass the status filter",
    "outcomes": "Only runs with an unknown outcome pass the status filter - these are not shares of all runs",
    "models": "Only runs with an unknown outcome pass the status filter - there is no success rate",
    "wasted": "Always $0 - only runs with an unknown outcome pass the status filter",
    "cost_per_success": "No value - only runs with an unknown outcome pass the status filter",
}


class Caution(NamedTuple):
    """``loud`` where a filter misleads, quiet where the data lack something."""

    text: str
    loud: bool


def warnings(subject: str, filters: Filters, totals: Totals) -> list[Caution]:
    """Every warning beside ``subject``: a chart's name, or ``wasted``, ``cost_per_success`` for cards."""
    found = [Caution(by_filter(subject, filters), True)]
    found += [Caution(text, False) for text in by_data(subject, totals)]
    return [warning for warning in found if warning.text]


def by_filter(subject: str, filters: Filters) -> str:
    """What the filters of status, error or tool do to ``subject``: the one that says most; or nothing."""
    return by_status(subject, filters) or of_filter(subject, filters)


def by_status(subject: str, filters: Filters) -> str:
    """The seed document's table and its kin: what the status filter does to ``subject``; or nothing."""
    shown = filters.statuses
    if not shown:
        return ""
    if set(shown) <= set(FAILED):
        return _failed(subject, shown)
    if shown == ("success",):
        return _SUCCESS.get(subject, "")
    if shown == ("unknown",):
        return _UNKNOWN.get(subject, "") or _some(subject, shown)
    return _some(subject, shown)


def _failed(subject: str, shown: tuple[str, ...]) -> str:
    text = _FAILED.get(subject, "")
    other = [status for status in FAILED if status not in shown]
    return f"{text} (status {shown[0]} only)" if text and other else text


def _some(subject: str, shown: tuple[str, ...]) -> str:
    """Some statuses pass and others do not."""
    hidden = [status for status in STATUSES if status not in shown]
    only = f"Only {listed(shown)} runs pass the status filter"
    lost = [status for status in hidden if status in RATED]
    if subject in _ABOUT:
        verb = "are" if _ABOUT[subject].endswith("s") else "is"
        return f"{only} - {_ABOUT[subject]} of {listed(hidden)} runs {verb} hidden"
    if subject == "outcomes":
        return f"{only} - these are not shares of all runs"
    if subject in ("success_rate", "models") and lost:
        return f"{only} - the success rate leaves out {listed(lost)} runs"
    if subject == "wasted" and set(lost) & set(FAILED):
        return f"{only} - waste on {listed(lost)} runs is hidden"
    if subject == "cost_per_success":
        return f"{only} - cost of {listed(hidden)} runs is hidden"
    return ""


def by_data(subject: str, totals: Totals) -> Iterator[str]:
    """What the runs themselves lack."""
    checks = {
        "success_rate": (_unknown_outcome, _few_rated),
        "outcomes": (_unknown_outcome,),
        "models": (_unknown_outcome, _no_cost, _estimated),
        "cost": (_no_cost, _estimated),
        "wasted": (_no_cost, _estimated),
        "cost_per_success": (_no_cost, _estimated, _few_successes),
        "duration": (_no_duration, _few_for_p99),
        "tokens": (_no_tokens, _no_cache),
        "cache": (_no_cache,),
        "llm_calls": (lambda totals: _lack(totals, "llm_calls", "number of LLM calls"),),
        "tool_calls": (lambda totals: _lack(totals, "tool_calls", "number of tool calls"),),
        "files": (lambda totals: _lack(totals, "files", "number of files modified"),),
    }
    for check in checks.get(subject, ()):
        yield check(totals)


def of_all(part: float, whole: float) -> str:
    """``12 of 3,400 runs (0.4 %)``."""
    return f"{part:,.0f} of {count(whole, 'run')} ({short(part / whole, 'percent')})"


def _share(part: float, whole: float) -> str:
    """``12 runs (0.4 %)``."""
    return f"{count(part, 'run')} ({short(part / whole, 'percent')})"


def _lack(totals: Totals, name: str, what: str) -> str:
    lacking, runs = totals.get(f"runs_without_{name}", 0), totals.get("runs", 0)
    if not lacking or not runs or math.isnan(lacking):
        return ""
    if lacking >= runs:
        return f"No run has a known {what}"
    lack, are = ("lacks", "is") if lacking == 1 else ("lack", "are")
    return f"{_share(lacking, runs)} {lack} a {what} and {are} left out"


def _no_cost(totals: Totals) -> str:
    return _lack(totals, "cost", "cost")


def _no_duration(totals: Totals) -> str:
    return _lack(totals, "duration", "duration")


def _no_tokens(totals: Totals) -> str:
    return _lack(totals, "total_tokens", "token count")


def _no_cache(totals: Totals) -> str:
    lacking, runs = totals.get("runs_without_cache_read", 0), totals.get("runs", 0)
    if not lacking or not runs:
        return ""
    if lacking >= runs:
        return "No run reports cache figures, so all input counts as uncached"
    report = "reports" if lacking == 1 else "report"
    return f"{_share(lacking, runs)} {report} no cache figures, so all their input counts as uncached"


def _estimated(totals: Totals) -> str:
    estimated, cost = totals.get("estimated_cost_usd", 0), totals.get("cost_usd", 0)
    if not estimated or not cost or math.isnan(estimated):
        return ""
    share = "All" if estimated >= cost else str(short(estimated / cost, "percent"))
    return f"{share} of the cost is estimated from tokens, not reported"


def _unknown_outcome(totals: Totals) -> str:
    unknown, runs = totals.get("unknowns", 0), totals.get("runs", 0)
    if not unknown:
        return ""
    if unknown >= runs:
        return "No run says how it ended - there is no rate"
    has, counts = ("has", "counts") if unknown == 1 else ("have", "count")
    return f"{_share(unknown, runs)} {has} an unknown outcome and {counts} in no rate"


def rated(totals: Totals) -> float:
    """The runs that a success rate rests on."""
    return totals.get("runs", 0) - totals.get("unknowns", 0)


def _few_rated(totals: Totals) -> str:
    number = rated(totals)
    if not 0 < number < FEW:
        return ""
    return f"Few runs ({number:,.0f}) - chance alone could move this rate far"


def _few_successes(totals: Totals) -> str:
    number = totals.get("successes", FEW)
    return f"Few successes ({number:,.0f})" if 0 < number < FEW else ""


def _few_for_p99(totals: Totals) -> str:
    number = totals.get("runs", 0) - totals.get("runs_without_duration", 0)
    if not 0 < number < FEW_FOR_P99:
        return ""
    return f"Few runs ({number:,.0f}) - p99 is hardly more than the slowest run"
