"""What the rollups add up: one record per measure, read by schema, write, compaction, verify, metrics.

A measure is a sum over runs that is exact and can be added and taken away. Each nullable one has its
own count of runs whose value is known (``known``): a sum of 0 with 0 known values means "not known".
"""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = ("success", "failure", "error", "unknown")
FAILED = ("failure", "error")
RATED = ("success", "failure", "error")
DIMENSIONS = ("agent", "agent_version", "model", "status")


@dataclass(frozen=True)
class Measure:
    """``aggregate`` is SQL over rows of agent_execution (alias ``r``); ``value`` what one row adds to it,
    null where it is not known."""

    name: str
    aggregate: str
    value: str
    known: str | None  # the measure that counts runs whose value is known; None: always known
    money: bool = False  # numeric dollars; everything else is bigint


def _sum(name: str, column: str, known: str, money: bool = False) -> Measure:
    kind = "numeric" if money else "bigint"
    return Measure(name, f"coalesce(sum({column}), 0)::{kind}", column, known, money)


def _known(name: str, column: str) -> Measure:
    return Measure(name, f"count({column})", f"({column} IS NOT NULL)::int", None)


def _count(name: str, condition: str) -> Measure:
    return Measure(name, f"count(*) FILTER (WHERE {condition})", f"({condition})::int", None)


MEASURES: tuple[Measure, ...] = (
    Measure("runs", "count(*)", "1", None),
    _sum("duration_us", "(r.duration_ms * 1000)::bigint", "duration_known"),
    _known("duration_known", "r.duration_ms"),
    _sum("input_tokens", "r.input_tokens", "input_known"),
    # An unknown part counts as none; the metric's help says so.
    _sum(
        "uncached_input_tokens",
        "r.input_tokens - coalesce(r.cache_read_tokens, 0) - coalesce(r.cache_write_tokens, 0)",
        "input_known",
    ),
    _known("input_known", "r.input_tokens"),
    _sum("output_tokens", "r.output_tokens", "output_known"),
    _known("output_known", "r.output_tokens"),
    _sum("total_tokens", "r.total_tokens", "total_known"),
    _known("total_known", "r.total_tokens"),
    _sum("cache_read_tokens", "r.cache_read_tokens", "cache_read_known"),
    _known("cache_read_known", "r.cache_read_tokens"),
    _sum("cache_write_tokens", "r.cache_write_tokens", "cache_write_known"),
    _known("cache_write_known", "r.cache_write_tokens"),
    # Both sides of the cache hit rate over the same runs: those that know input and cache reads.
    _sum(
        "hit_read_tokens",
        "CASE WHEN r.input_tokens IS NOT NULL THEN r.cache_read_tokens END",
        "hit_known",
    ),
    _sum(
        "hit_input_tokens",
        "CASE WHEN r.cache_read_tokens IS NOT NULL THEN r.input_tokens END",
        "hit_known",
    ),
    _count("hit_known", "r.input_tokens IS NOT NULL AND r.cache_read_tokens IS NOT NULL"),
    _sum("cost_usd", "r.cost_usd", "cost_known", money=True),
    _known("cost_known", "r.cost_usd"),
    _sum(
        "estimated_cost_usd",
        "CASE WHEN r.cost_source = 'estimated' THEN r.cost_usd END",
        "estimated_known",
        money=True,
    ),
    _count("estimated_known", "r.cost_source = 'estimated' AND r.cost_usd IS NOT NULL"),
    _sum("llm_calls", "r.llm_call_count", "llm_known"),
    _known("llm_known", "r.llm_call_count"),
    _sum("tool_calls", "r.tool_call_count", "tool_known"),
    _known("tool_known", "r.tool_call_count"),
    _sum("files_modified", "r.files_modified_count", "files_known"),
    _known("files_known", "r.files_modified_count"),
)
MEASURE = {measure.name: measure for measure in MEASURES}

# Sketched columns: sketch name -> column of agent_execution. See queries/sketch.py.
SKETCHES = {"duration_sketch": "duration_ms", "cost_sketch": "cost_usd"}
