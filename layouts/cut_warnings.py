"""Where a cut by status, error or tool makes a number misleading, as a filter or as a split; pure text.

Errors and tools are not what an agent is, as its model or version are: a run has an error because it
failed, and what a whole run took is not what the tool took that it called.
"""

from __future__ import annotations

from layouts.dimensions import Dimension
from queries.filters import Filters

_WHOLE = "Of whole runs that called the tool, not of the tool alone"
_CALLS = "All tool calls of runs that called the tool, not those of the tool alone"
_CUT_SHORT = "Failed runs may have been cut short"
_BEFORE = "What failed runs used was used before they failed"
_SPEND = "Spend on failed runs is wasted"
_MADE_OF = {"duration": (_CUT_SHORT, False), "cost": (_SPEND, False), "tokens": (_BEFORE, False)}

# Dimension that a chart is split by -> chart -> what to say, and whether it is loud (see warnings.Caution).
SPLITS: dict[str, dict[str, tuple[str, bool]]] = {
    "status": {
        "success_rate": (
            "Always 0 % or 100 %: a status is how runs ended - split by anything else to compare rates",
            True,
        ),
        **_MADE_OF,
    },
    "category": {
        "success_rate": (
            "Near 0 % or 100 %: runs have an error as they failed - split by anything else to compare rates",
            True,
        ),
        **_MADE_OF,
    },
    "tool": {
        "success_rate": (
            "Runs that call a tool differ in more than the tool: a difference need not come from it",
            False,
        ),
        "tool_calls": (_CALLS, True),
        **dict.fromkeys(("duration", "tokens", "cost", "llm_calls"), (_WHOLE, True)),
    },
}  # fmt: skip

_ERROR = {
    "success_rate": "Near 0 % with this error filter, as such runs failed: clear it to see the rate",
    "outcomes": "Only runs with this error pass the filter - these are not shares of all runs",
    "models": "Only runs with this error pass the filter - success rates are near 0 % whatever the model",
    "cost": "Showing only runs with this error - cost of all other runs is hidden",
    "wasted": "Nearly all of this cost is wasted - only runs with this error pass the filter",
    "cost_per_success": "Only runs with this error pass the filter, and hardly any of them succeeded",
}
_NO_ERROR = {
    "success_rate": "Always 100 % with this error filter, as no failed run passes: clear it to see the rate",
    "outcomes": "No failed run passes the error filter - these are not shares of all runs",
    "models": "No failed run passes the error filter - success rates are always 100 %",
    "cost": "No failed run passes the error filter - cost of failed runs is hidden",
    "wasted": "Always $0 - no failed run passes the error filter",
    "cost_per_success": "No failed run passes the error filter - cost of failed tries is hidden",
}
_SOME = {
    "success_rate": "Runs with other errors are hidden - the rate of all runs is lower",
    "outcomes": "Runs with other errors are hidden - these are not shares of all runs",
    "models": "Runs with other errors are hidden - success rates of all runs are lower",
    "cost": "Runs with other errors are hidden, and what they cost",
    "wasted": "Runs with other errors are hidden, and the waste on them",
    "cost_per_success": "Runs with other errors are hidden - cost of those tries is left out",
}


def of_filter(subject: str, filters: Filters) -> str:
    """What the filters for errors and tools do to ``subject`` (a chart, a card); or nothing."""
    found = ""
    if filters.error:
        found = _ERROR.get(subject, "")
    elif filters.category:
        found = _of_category(filters.category).get(subject, "")
    return found or (_CALLS if filters.tool not in ((), ("",)) and subject == "tool_calls" else "")


def _of_category(names: tuple[str, ...]) -> dict[str, str]:
    """'' stands for runs without an error."""
    if "" not in names:
        return _ERROR
    return _NO_ERROR if names == ("",) else _SOME


def of_split(chart: str, dimension: Dimension, *, filtered: bool) -> tuple[str, bool] | None:
    """``filtered``: a filter says already that the rate is always the same."""
    if chart == "success_rate" and filtered and dimension.key in ("status", "category"):
        return None
    return SPLITS.get(dimension.key, {}).get(chart)
