"""Kinds of runs by name (wasted, lacking something, oddly timed): conditions on raw rows, for /runs too."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from queries.conditions import Parameters, where
from queries.errors import QueryError, did_you_mean
from queries.facets import TOLD
from queries.filters import Filters
from queries.measures import FAILED
from queries.savings import savings
from queries.sketch import GAMMA
from queries.store import Query, Store

MANY = 2.0  # times the calls that a run of the same model makes on average
TOLERANCE_MS = 1_000  # sources round to seconds
TOP = 0.01  # the dearest share of the runs
LEAST_FOR_TOP = 100  # runs with a known cost: with fewer there is no hundredth of them
# The edge of a bin is rounded once by the database and once here.
_SLACK = 1 - 1e-9

Condition = tuple[str, Parameters]  # SQL over rows of agent_execution (alias r), parameters all v_...

_FAILED = ", ".join(f"'{status}'" for status in FAILED)
_REPORTS_READS = "r.cache_read_tokens IS NOT NULL"
_CALLS = "coalesce(r.llm_call_count, 0) + coalesce(r.tool_call_count, 0)"


@dataclass(frozen=True)
class Kind:
    """``help`` says exactly which runs. ``condition``: them among the runs of some filters; None where
    the filters leave nothing that could be such a run."""

    name: str
    label: str
    help: str
    condition: Callable[[Store, Filters], Condition | None]


def condition(name: str, store: Store, filters: Filters) -> Condition:
    """The condition of the kind called ``name``; QueryError ``bad_kind`` where there is none."""
    return KIND[check_kind(name)].condition(store, filters) or ("false", {})


def check_kind(name: str) -> str:
    """``name``, where it is one of a kind or empty; else QueryError ``bad_kind``."""
    if name and name not in KIND:
        message = f"kind {name[:80]!r} is not known.{did_you_mean(name, KIND)}"
        raise QueryError("bad_kind", "kind", message, ", ".join(KIND))
    return name


def many_calls(store: Store, filters: Filters) -> dict[str, float]:
    """Model -> from how many LLM and tool calls on a run of it has many: MANY times the average of all its
    runs in the period, however else the filters narrow them."""
    everyone = replace(
        filters, status=(), agent=(), version=(), category=(), error=(), tool=(), attributes=()
    )
    metrics = ["llm_calls_per_run", "tool_calls_per_run"]
    frame = store.fetch(Query(tuple(metrics), everyone, by="model"))
    calls = frame[metrics].fillna(0).sum(axis=1)
    means = zip(frame["model"].tolist(), calls.tolist(), strict=True)
    return {str(model): MANY * mean for model, mean in means if mean > 0}


def top_edge(store: Store, filters: Filters) -> str | None:
    """What the cheapest run of the dearest hundredth cost, exactly, as a decimal text; None where too few
    runs have a known cost, or where that one cost nothing."""
    values, counts = store.bins(filters, "cost_sketch").get(None, (np.empty(0), np.empty(0)))
    known = int(counts.sum())
    if known < LEAST_FOR_TOP:
        return None
    rank = math.ceil(known * TOP - 1e-9)
    floor = _floor(values, counts, rank)
    return _cost_at(store, filters, rank, floor) if floor > 0 else None


def _floor(values: np.ndarray, counts: np.ndarray, rank: int) -> float:
    """A cost just below that of the run at ``rank`` from the top: the lower edge of its bin, 0 for none."""
    place = int(np.searchsorted(np.cumsum(counts[::-1]), rank))
    # A bin stands for 2 g^i / (g + 1), and holds what is above g^(i - 1).
    return float(values[::-1][place]) * (GAMMA + 1) / (2 * GAMMA) * _SLACK


def _cost_at(store: Store, filters: Filters, rank: int, floor: float) -> str | None:
    runs, parameters = where(filters)
    sql = (
        f"SELECT r.cost_usd FROM agent_execution r WHERE {runs} AND r.cost_usd >= %(v_floor)s::numeric "
        "ORDER BY r.cost_usd DESC OFFSET %(v_rank)s LIMIT 1"
    )
    values = {**parameters, "v_floor": f"{floor:.12f}", "v_rank": rank - 1}
    found: str | None = store.cached(
        f"cost at {sql} {values!r}",
        lambda connection: str(cost) if (cost := connection.exec_driver_sql(sql, values).scalar()) else None,
    )
    return found


def _always(sql: str) -> Callable[[Store, Filters], Condition]:
    return lambda _store, _filters: (sql, {})


def _many_calls(store: Store, filters: Filters) -> Condition | None:
    bounds = many_calls(store, filters)
    if not bounds:
        return None
    nothing = f"(r.status IN ({_FAILED}) OR r.files_modified_count = 0)"
    # One jsonb rather than a CASE: there may be hundreds of models, and each row looks one up.
    sql = f"{nothing} AND {_CALLS} >= (%(v_bounds)s::jsonb->>r.model)::float8"
    return sql, {"v_bounds": json.dumps(bounds)}


def _top(store: Store, filters: Filters) -> Condition | None:
    edge = top_edge(store, filters)
    return None if edge is None else ("r.cost_usd >= %(v_edge)s::numeric", {"v_edge": edge})


def _cached(store: Store, filters: Filters) -> Condition | None:
    told = [model.model for model in savings(store, filters).models]
    return (f"{_REPORTS_READS} AND r.model = ANY(%(v_told)s)", {"v_told": told}) if told else None


def _lacks(name: str, what: str, column: str) -> Kind:
    text = f"Runs with no known {what}."
    return Kind(f"without_{name}", f"Without {what}", text, _always(f"r.{column} IS NULL"))


def _knows(name: str, what: str, *columns: str) -> Kind:
    known = " AND ".join(f"r.{column} IS NOT NULL" for column in columns)
    return Kind(f"with_{name}", f"With {what}", f"Runs whose {what} is known.", _always(known))


def _future(_store: Store, filters: Filters) -> Condition:
    return "r.start_time > %(v_now)s", {"v_now": filters.now}


_GAP = "abs(extract(epoch FROM r.end_time - r.start_time) * 1000 - r.duration_ms)"

KINDS = (
    Kind(
        "no_change",
        "Success without a change",
        "Runs that ended with status success and changed no file. Only runs that report files are looked at.",
        _always("r.status = 'success' AND r.files_modified_count = 0"),
    ),
    Kind(
        "many_calls",
        "Many calls, no result",
        f"Runs with at least {MANY:g} times as many LLM and tool calls as runs of their model make on "
        "average in the period, that failed or changed no file.",
        _many_calls,
    ),
    Kind(
        "top",
        "The most expensive 1 % of runs",
        "The hundredth of the runs with a known cost that cost most, and those that cost exactly as much as "
        "the last of them.",
        _top,
    ),
    Kind(
        "cached",
        "Cache reads at a known price",
        "Runs that report how many tokens they read from the prompt cache, of models whose price for that is "
        "known.",
        _cached,
    ),
    _lacks("duration", "duration", "duration_ms"),
    _lacks("cost", "cost", "cost_usd"),
    _lacks("input_tokens", "input tokens", "input_tokens"),
    _lacks("output_tokens", "output tokens", "output_tokens"),
    _lacks("total_tokens", "token count", "total_tokens"),
    _lacks("cache_read", "cache reads", "cache_read_tokens"),
    _lacks("cache_write", "cache writes", "cache_write_tokens"),
    _lacks("llm_calls", "number of LLM calls", "llm_call_count"),
    _lacks("tool_calls", "number of tool calls", "tool_call_count"),
    _lacks("files", "number of files modified", "files_modified_count"),
    _knows("duration", "duration", "duration_ms"),
    _knows("cost", "cost", "cost_usd"),
    _knows("total_tokens", "token count", "total_tokens"),
    _knows("cache_share", "input tokens and cache reads", "input_tokens", "cache_read_tokens"),
    _knows("llm_calls", "number of LLM calls", "llm_call_count"),
    _knows("tool_calls", "number of tool calls", "tool_call_count"),
    _knows("files", "number of files modified", "files_modified_count"),
    Kind(
        "backwards",
        "Ends before it starts",
        "Runs whose end is before their start. Such runs are refused when they come in.",
        _always("r.end_time < r.start_time"),
    ),
    Kind(
        "odd_duration",
        "Duration is not end less start",
        f"Runs whose reported duration differs by more than {TOLERANCE_MS / 1000:g} s from the time between "
        "their start and their end.",
        _always(f"{_GAP} > {TOLERANCE_MS}"),
    ),
    Kind(
        "assumed_start",
        "Start was assumed",
        "Runs whose source gave no start: --start-time gave them one when they came in.",
        _always("r.attributes ? 'start_time_assumed'"),
    ),
    Kind(
        "no_end",
        "Without an end",
        "Runs whose source says neither when they ended nor how long they took.",
        _always("r.end_time IS NULL AND r.duration_ms IS NULL"),
    ),
    Kind(
        "future",
        "Starts in the future",
        "Runs whose start is still to come: a clock that is ahead.",
        _future,
    ),
    Kind(
        "told",
        "Cost and tokens reported",
        "Runs whose source reports what they cost and how many tokens went in and out.",
        _always(TOLD),
    ),
)  # fmt: skip
KIND = {kind.name: kind for kind in KINDS}
# The measures that count runs with a known value, and the kind of these runs.
KNOWING = {
    "duration_known": "with_duration",
    "cost_known": "with_cost",
    "total_known": "with_total_tokens",
    "hit_known": "with_cache_share",
    "llm_known": "with_llm_calls",
    "tool_known": "with_tool_calls",
    "files_known": "with_files",
}
