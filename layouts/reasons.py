"""The words that reasons are made of: what runs of a member are called, and what it means that they moved."""

from __future__ import annotations

from layouts.dimensions import Dimension
from queries.changes import Change, counter
from queries.measures import MEASURE
from queries.metrics import Metric

# What each run of a member did when its rate rose, and when it fell.
_EACH = {
    "cost_usd": ("cost more each", "cost less each"),
    "cost_per_run": ("cost more each", "cost less each"),
    "estimated_cost_usd": ("cost more each", "cost less each"),
    "cost_per_success": ("cost more per success", "cost less per success"),
    "failed_cost_usd": ("wasted more each", "wasted less each"),
    "failed_cost_share": ("wasted a larger share of their cost", "wasted a smaller share of their cost"),
    "success_rate": ("succeeded more often", "succeeded less often"),
    "failure_rate": ("failed more often", "failed less often"),
    "successes": ("succeeded more often", "succeeded less often"),
    "failed": ("failed more often", "failed less often"),
    "failures": ("ended in failure more often", "ended in failure less often"),
    "errors": ("ended in an error more often", "ended in an error less often"),
    "unknowns": ("had an unknown outcome more often", "had an unknown outcome less often"),
    "avg_duration_ms": ("took longer", "took less time"),
    "cache_hit_rate": ("read more of their input from the cache", "read less of their input from the cache"),
    "files_modified": ("changed more files each", "changed fewer files each"),
    "files_modified_per_run": ("changed more files each", "changed fewer files each"),
    "llm_calls": ("made more LLM calls each", "made fewer LLM calls each"),
    "llm_calls_per_run": ("made more LLM calls each", "made fewer LLM calls each"),
    "tool_calls": ("made more tool calls each", "made fewer tool calls each"),
    "tool_calls_per_run": ("made more tool calls each", "made fewer tool calls each"),
    "total_tokens": ("used more tokens each", "used fewer tokens each"),
    "tokens_per_run": ("used more tokens each", "used fewer tokens each"),
}
_AVERAGE = {
    "cost_per_run": ("more expensive than average", "cheaper than average"),
    "cost_per_success": ("more expensive than average", "cheaper than average"),
    "avg_duration_ms": ("slower than average", "faster than average"),
    "success_rate": ("more successful than average", "less successful than average"),
    "failure_rate": ("failing more than average", "failing less than average"),
}
# The runs that have what a sum is made of, where some have not.
_KNOWN = {
    "cost_known": "runs with a known cost",
    "estimated_known": "runs with an estimated cost",
    "duration_known": "runs with a known duration",
    "total_known": "runs with known tokens",
    "input_known": "runs with known tokens",
    "output_known": "runs with known tokens",
    "cache_read_known": "runs with known cache reads",
    "cache_write_known": "runs with known cache writes",
    "llm_known": "runs with known LLM calls",
    "tool_known": "runs with known tool calls",
    "files_known": "runs with known files",
}
# What the weights of a ratio are, where they are no runs.
_WEIGHTS = {"cost_usd": "cost", "hit_input_tokens": "input tokens"}


def each(metric: Metric, rose: bool) -> str:
    more, less = _EACH.get(metric.name) or (
        f"had more {_lower(metric)} each",
        f"had fewer {_lower(metric)} each",
    )
    return more if rose else less


def above_average(metric: Metric, above: bool) -> str:
    more, less = _AVERAGE.get(metric.name, ("above average", "below average"))
    return more if above else less


def known_runs(change: Change) -> str:
    """``runs``, or which of them where not all have what the metric is made of."""
    spread = change.metric.denominator or change.metric.numerator
    if change.metric.denominator and spread[0].statuses == ("success",):
        return "successes"
    if _all_count(change):
        return "runs"
    measure = spread[0].measure if change.metric.denominator else counter(change.metric)
    return _KNOWN.get(measure, "runs with a known outcome")


def _all_count(change: Change) -> bool:
    items = change.split.items if change.split else ()
    return all(
        sum(getattr(item, side).weight for item in items) == getattr(change.whole, side).runs
        for side in ("before", "after")
    )


def higher(metric: Metric, dimension: Dimension, up: bool) -> str:
    """Where runs moved to: ``more expensive models``, ``models with a lower success rate``."""
    if metric.name in ("cost_usd", "cost_per_run", "cost_per_success"):
        return f"{'more expensive' if up else 'cheaper'} {dimension.many}"
    if metric.kind == "ratio":
        return f"{dimension.many} with a {'higher' if up else 'lower'} {_lower(metric)}"
    return f"{dimension.many} with {'more' if up else 'fewer'} {_lower(metric)} per run"


def of_same(dimension: Dimension) -> str:
    joint = "of" if dimension.key in ("model", "agent", "version") else "with"
    return f"runs {joint} the same {dimension.one}"


def lacking(change: Change) -> str:
    """What some runs lack: ``a known cost``."""
    spread = change.metric.numerator[0]
    known = _KNOWN.get(MEASURE[spread.measure].known or "", "runs with a known value")
    return known.removeprefix("runs with ")


def shared(change: Change, verb: str) -> str:
    """``the runs used model X``, ``the cost was of runs that used model X``."""
    noun = _WEIGHTS.get(change.metric.denominator[0].measure)
    return f"the {noun} was of runs that {verb}" if noun else f"the {known_runs(change)} {verb}"


def that(dimension: Dimension, member: str) -> str:
    """What runs of a member did: ``used model X``."""
    if dimension.key == "status":
        return f"ended with status {member}"
    if not member:
        return f"had {_none(dimension)}"
    verb = {"model": "used model", "agent": "were of agent", "version": "had version"}
    return f"{verb.get(dimension.key, f'had {dimension.one}')} {member}"


def of_runs(dimension: Dimension, member: str) -> str:
    """``runs of model X``."""
    if dimension.key == "status":
        return f"runs with status {member}"
    if not member:
        return f"runs with {_none(dimension)}"
    joint = "of" if dimension.key in ("model", "agent", "version") else "with"
    return f"runs {joint} {dimension.one} {member}"


def _none(dimension: Dimension) -> str:
    return {"version": "no known version", "category": "no error"}.get(dimension.key, f"no {dimension.one}")


def _lower(metric: Metric) -> str:
    return metric.label if metric.label[:2].isupper() else metric.label[0].lower() + metric.label[1:]
