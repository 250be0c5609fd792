"""Runs that stand far out from the runs of their own model in the period: fences, a condition, marks.

The fence is Tukey's outer one (J. W. Tukey, Exploratory Data Analysis, 1977), on the logarithmic scale on
which cost, duration and tokens of runs are about symmetric: the upper quartile times (upper / lower
quartile) to the power FENCE. Of lognormal runs one in a million lies beyond. Quartiles of cost and
duration come from the rollups' sketches (1 % exact) and so from every run of the model in the period,
whatever else is filtered; those of tokens, which have no sketch, from its newest TOKEN_SAMPLE runs there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from queries.errors import QueryError
from queries.filters import Filters
from queries.store import Query, Store
from queries.words import instants

COLUMNS = {"cost": "cost_usd", "duration": "duration_ms", "tokens": "total_tokens"}
FENCE = 3.0
LEAST_RUNS = 30  # of a model, below which nothing is said
LEAST_RATIO = 1.1  # of the quartiles: models whose runs are all alike need some room, too
TOKEN_SAMPLE = 2000
MOST_MODELS = 100  # those with most runs; the others have no fence
_TYPES = {"cost": "numeric", "duration": "numeric", "tokens": "bigint"}
_SKETCHES = {"cost": "cost_sketch", "duration": "duration_sketch"}

Fences = dict[str, float]  # model -> the value above which its runs stand out
Thresholds = dict[str, Fences]  # by kind


def thresholds(store: Store, filters: Filters) -> Thresholds:
    """The fences of every kind, for the marks of a table of runs."""
    return {kind: fences(store, filters, kind) for kind in COLUMNS}


def fences(store: Store, filters: Filters, kind: str) -> Fences:
    """The fence of each model that has enough runs with a known ``kind`` greater than 0."""
    if kind not in COLUMNS:
        allowed = ", ".join(COLUMNS)
        raise QueryError("bad_outlier", "outlier", f"outlier {kind!r} is not known", allowed)
    peers = _peers(filters)
    models = store.fetch(Query(("runs",), peers, by="model")).head(MOST_MODELS)["model"].tolist()
    if kind == "tokens":
        found = _token_fences(store, peers, models)
    else:
        bins = store.bins(peers, _SKETCHES[kind], by="model")
        found = {model: fence for model in models if (fence := _of_bins(*bins.get(model, _NOTHING)))}
    return found


def outlier_condition(store: Store, filters: Filters, kind: str) -> tuple[str, dict[str, Any]]:
    """SQL over alias ``r`` that lets through only the runs beyond their model's fence."""
    found = fences(store, filters, kind)
    if not found:
        return "false", {}
    column = COLUMNS[kind]
    # The lowest fence, in the column's type, is for its index; each model's own fence decides.
    sql = (
        f"(r.{column} > %(outlier_lowest)s::{_TYPES[kind]} AND r.{column} > (SELECT f.fence FROM "
        "unnest(%(outlier_models)s::text[], %(outlier_fences)s::float8[]) AS f(model, fence) "
        "WHERE f.model = r.model))"
    )
    values = {"outlier_models": list(found), "outlier_fences": list(found.values())}
    lowest = min(found.values())
    return sql, values | {"outlier_lowest": math.floor(lowest) if kind == "tokens" else lowest * (1 - 1e-9)}


def marks(rows: Iterable[Mapping[str, Any]], limits: Thresholds) -> list[set[str]]:
    """For each run (a mapping of its columns) the kinds in which it stands out."""
    return [{kind for kind, column in COLUMNS.items() if _beyond(row, column, limits[kind])} for row in rows]


def _beyond(row: Mapping[str, Any], column: str, found: Fences) -> bool:
    value = row[column]
    return value is not None and float(value) > found.get(row["model"], math.inf)


def _peers(filters: Filters) -> Filters:
    """All runs of the models asked for, in the same period."""
    return replace(filters, status=(), agent=(), version=(), category=(), error=(), tool=(), attributes=())


_NOTHING = (np.empty(0), np.empty(0))


def _of_bins(values: np.ndarray, counts: np.ndarray) -> float | None:
    """Nearest rank, as percentiles everywhere; zeros have no place on a logarithmic scale."""
    values, counts = values[values > 0], counts[values > 0]
    total = int(counts.sum())
    if total < LEAST_RUNS:
        return None
    ranks = [max(1, math.ceil(share * total - 1e-9)) for share in (0.25, 0.75)]
    lower, upper = values[np.searchsorted(np.cumsum(counts), ranks)].tolist()
    return fence(lower, upper)


def fence(lower: float, upper: float) -> float:
    """What lies above is an outlier of runs with these quartiles."""
    return float(upper * max(upper / lower, LEAST_RATIO) ** FENCE)


_TOKENS = """
SELECT m.model, count(*),
       percentile_disc(0.25) WITHIN GROUP (ORDER BY s.total_tokens),
       percentile_disc(0.75) WITHIN GROUP (ORDER BY s.total_tokens)
FROM unnest(%(models)s::text[]) AS m(model) CROSS JOIN LATERAL (
    SELECT r.total_tokens FROM agent_execution r
    WHERE r.model = m.model AND r.start_time >= %(start)s AND r.start_time < %(end)s AND r.total_tokens > 0
    ORDER BY r.start_time DESC, r.invocation_id DESC LIMIT %(sample)s
) AS s GROUP BY 1
"""


def _token_fences(store: Store, peers: Filters, models: list[str]) -> Fences:
    asked = {"models": models, "start": peers.start, "end": peers.end, "sample": TOKEN_SAMPLE}

    def compute(connection: Connection) -> Fences:
        rows = connection.exec_driver_sql(_TOKENS, asked)
        return {model: fence(lower, upper) for model, runs, lower, upper in rows if runs >= LEAST_RUNS}

    found: Fences = store.cached(f"token fences {instants(peers.start, peers.end)} {models}", compute)
    return found
