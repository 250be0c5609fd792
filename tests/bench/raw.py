"""The same answers by hand-written SQL over agent_execution, as one would ask without any rollup."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from queries.filters import Filters
from queries.metrics import METRIC
from queries.store import Query

_FAILED = "status IN ('failure', 'error')"
_RATED = "status IN ('success', 'failure', 'error')"


def _percentile(column: str, share: float) -> str:
    return f"percentile_disc({share}) WITHIN GROUP (ORDER BY {column})"


def _per(column: str, rows: str = "true") -> str:
    return f"sum({column}) FILTER (WHERE {rows})::float8 / nullif(count({column}), 0)"


# Metric -> SQL. Intervals are left out: they are arithmetic on columns that are here.
SQL = {
    "runs": "count(*)",
    "successes": "count(*) FILTER (WHERE status = 'success')",
    "failed": f"count(*) FILTER (WHERE {_FAILED})",
    "failures": "count(*) FILTER (WHERE status = 'failure')",
    "errors": "count(*) FILTER (WHERE status = 'error')",
    "unknowns": "count(*) FILTER (WHERE status = 'unknown')",
    "success_rate": "count(*) FILTER (WHERE status = 'success')::float8 / "
    f"nullif(count(*) FILTER (WHERE {_RATED}), 0)",
    "avg_duration_ms": "avg(duration_ms)",
    "p50_duration_ms": _percentile("duration_ms", 0.50),
    "p90_duration_ms": _percentile("duration_ms", 0.90),
    "p95_duration_ms": _percentile("duration_ms", 0.95),
    "p99_duration_ms": _percentile("duration_ms", 0.99),
    "total_tokens": "sum(total_tokens)",
    "input_tokens": "sum(input_tokens)",
    "uncached_input_tokens": "sum(input_tokens - coalesce(cache_read_tokens, 0) - coalesce(cache_write_tokens, 0))",
    "cache_read_tokens": "sum(cache_read_tokens)",
    "cache_write_tokens": "sum(cache_write_tokens)",
    "output_tokens": "sum(output_tokens)",
    "tokens_per_run": _per("total_tokens"),
    "cost_usd": "sum(cost_usd)",
    "estimated_cost_usd": "sum(cost_usd) FILTER (WHERE cost_source = 'estimated')",
    "cost_per_run": _per("cost_usd"),
    "cost_per_success": "sum(cost_usd) / nullif(count(*) FILTER (WHERE status = 'success'), 0)",
    "failed_cost_usd": f"CASE WHEN count(*) FILTER (WHERE {_FAILED}) = 0 THEN 0 "
    f"ELSE sum(cost_usd) FILTER (WHERE {_FAILED}) END",
    "failed_cost_share": f"coalesce(sum(cost_usd) FILTER (WHERE {_FAILED}), 0) / nullif(sum(cost_usd), 0)",
    "p95_cost_usd": _percentile("cost_usd", 0.95),
    "cache_hit_rate": "sum(cache_read_tokens) FILTER (WHERE input_tokens IS NOT NULL)::float8 / "
    "nullif(sum(input_tokens) FILTER (WHERE cache_read_tokens IS NOT NULL), 0)",
    "llm_calls": "sum(llm_call_count)",
    "llm_calls_per_run": _per("llm_call_count"),
    "tool_calls": "sum(tool_call_count)",
    "tool_calls_per_run": _per("tool_call_count"),
    "files_modified": "sum(files_modified_count)",
    "files_modified_per_run": _per("files_modified_count"),
    "runs_without_duration": "count(*) - count(duration_ms)",
    "runs_without_cost": "count(*) - count(cost_usd)",
    "runs_without_input_tokens": "count(*) - count(input_tokens)",
    "runs_without_output_tokens": "count(*) - count(output_tokens)",
    "runs_without_total_tokens": "count(*) - count(total_tokens)",
    "runs_without_cache_read": "count(*) - count(cache_read_tokens)",
    "runs_without_cache_write": "count(*) - count(cache_write_tokens)",
    "runs_without_llm_calls": "count(*) - count(llm_call_count)",
    "runs_without_tool_calls": "count(*) - count(tool_call_count)",
    "runs_without_files": "count(*) - count(files_modified_count)",
}


def merged(queries: Iterable[Query]) -> list[Query]:
    """One question for each distinct frame: raw SQL is not made to pay for asking twice."""
    metrics: dict[tuple[Filters, str | None, str | None], dict[str, None]] = {}
    for query in queries:
        wanted = metrics.setdefault((query.filters, query.by, query.grain), {})
        wanted |= dict.fromkeys(name for name in query.metrics if name in SQL)
    return [Query(tuple(names), *key) for key, names in metrics.items()]


def answer(connection: Connection, query: Query) -> pd.DataFrame:
    """The frame of ``query`` from the raw rows; only the buckets that have runs."""
    filters = query.filters
    keys = _keys(query)
    wanted = {"status": filters.statuses, "model": filters.model, "agent": filters.agent}
    # What this cannot narrow by must not pass for the same answer.
    if filters.version or filters.facets or query.members:
        raise NotImplementedError(query)
    conditions = ["start_time >= :start", "start_time < :end"]
    conditions += [f"{name} = ANY(:{name})" for name, values in wanted.items() if values]
    columns = [f"{sql} AS {name}" for name, sql in keys.items()]
    columns += [f"{SQL[name]} AS {name}" for name in query.metrics]
    group = f" GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
    statement = f"SELECT {', '.join(columns)} FROM agent_execution WHERE {' AND '.join(conditions)}{group}"
    bound: dict[str, Any] = {"start": filters.start, "end": filters.end}
    bound |= {name: list(values) for name, values in wanted.items() if values}
    result = connection.execute(text(statement), bound)
    return pd.DataFrame(result.all(), columns=list(result.keys()))


def _keys(query: Query) -> dict[str, str]:
    keys = {}
    if query.grain:
        # The wall clock cut off, taken from the instant: of an hour that comes twice, each is its own.
        there = f"start_time AT TIME ZONE '{query.filters.tz}'"
        keys["start"] = f"start_time - ({there} - date_trunc('{query.grain}', {there}))"
        if query.grain != "hour":
            keys["start"] = f"date_trunc('{query.grain}', {there}) AT TIME ZONE '{query.filters.tz}'"
    if query.by:
        keys[query.by] = f"coalesce({query.by}, '')"
    return keys


def differences(fast: pd.DataFrame, slow: pd.DataFrame, query: Query) -> list[str]:
    """Where the two answers disagree: counts and sums must be equal, percentiles within 1 %."""
    keys = list(_keys(query))
    fast = _comparable(fast, keys)
    # Sums and counts of nothing are 0 in the rollups' answer and no row in the other.
    slow = _comparable(slow, keys).reindex(fast.index) if keys else slow
    found = []
    for name in query.metrics:
        tolerance = 0.01 if METRIC[name].kind == "percentile" else 1e-9
        empty = METRIC[name].empty
        expected = slow[name].astype(float)
        if keys and empty is not None:
            expected = expected.where(slow.notna().any(axis=1), empty)
        same = np.isclose(
            fast[name].to_numpy(float), expected.to_numpy(), rtol=tolerance, atol=1e-9, equal_nan=True
        )
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            found.append(f"{name} at {fast.index[at]}: {fast[name].iloc[at]} is not {expected.iloc[at]}")
    return found


def _comparable(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    if not keys:
        return frame
    frame = frame.copy()
    if "start" in keys:
        frame["start"] = [moment.astimezone(UTC).isoformat() for moment in frame["start"]]
    return frame.set_index(keys)
