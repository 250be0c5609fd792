"""How far single runs differ: variances and covariances per ratio, read from raw rows.

Rollups hold sums, which say nothing of spread. Of very many runs a sample is read: it decides how wide an
interval is, never the value itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from queries.conditions import where
from queries.facets import is_facet, source
from queries.filters import Filters
from queries.measures import MEASURE
from queries.metrics import METRIC, Term
from queries.store import Query, Store

SAMPLED = 40_000  # runs: their spread is within some 3 % of that of all
SCANNED = 400_000  # rows looked at for them: there is no index for agents, versions, tools and attributes
_WINDOWS = 480  # short stretches, evenly strewn over the period, that a sample is read from
_GOLDEN = (
    0.6180339887498949  # each begins at another place in its part: nothing that comes by the clock is missed
)


@dataclass(frozen=True)
class Moments:
    """Of one stratum: how many runs were read, and per metric the variance of a run's part of the
    numerator, its covariance with the part of the denominator, and the variance of that."""

    read: int
    of: dict[str, tuple[float, float, float]]

    def variance(self, metric: str, ratio: float) -> float:
        """Of numerator less ratio times denominator of a single run: what the variance of the ratio follows
        from (linearisation: W. G. Cochran, Sampling Techniques, 6.4). NaN of fewer than two runs."""
        if self.read < 2:
            return math.nan
        top, both, bottom = self.of[metric]
        return max(0.0, top - 2 * ratio * both + ratio**2 * bottom)


def moments(
    store: Store, filters: Filters, runs: float, ratios: tuple[str, ...], by: str | None = None
) -> dict[str, Moments]:
    """The moments per stratum of ``by`` ('' without); of more ``runs`` than SAMPLED only so many are read."""
    share = min(1.0, SAMPLED / max(runs, 1), SCANNED / max(_looked_at(store, filters), 1))
    sql, values = _statement(filters, ratios, by, sampled=share < 1)
    if share < 1:
        values["lows"], values["highs"] = windows(filters.start, min(filters.end, filters.now), share)

    def read(connection: Connection) -> list[tuple[str, int, list[float]]]:
        rows = connection.exec_driver_sql(sql, values).all()
        return [(row[0], int(row[1]), [float(value or 0) for value in row[2:]]) for row in rows]

    key = repr(("moments", sql, sorted(values.items())))
    return {stratum: _moments(n, ratios, numbers) for stratum, n, numbers in store.cached(key, read)}


def _looked_at(store: Store, filters: Filters) -> float:
    """The rows that an index leads to."""
    indexed = replace(filters, agent=(), version=(), category=(), error=(), tool=(), attributes=())
    return float(store.fetch(Query(("runs",), indexed))["runs"].iloc[0])


def _moments(read: int, ratios: tuple[str, ...], numbers: list[float]) -> Moments:
    each = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return Moments(read, dict(zip(ratios, each, strict=True)))


def windows(start: datetime, end: datetime, share: float) -> tuple[list[datetime], list[datetime]]:
    """Stretches that together are ``share`` of the period: (their starts, their ends)."""
    each = (end - start).total_seconds() / _WINDOWS
    places = np.arange(_WINDOWS)
    offsets = (places + (places * _GOLDEN % 1.0) * (1 - share)) * each
    lows = [start + timedelta(seconds=float(offset)) for offset in offsets]
    return lows, [low + timedelta(seconds=each * share) for low in lows]


def _statement(
    filters: Filters, ratios: tuple[str, ...], by: str | None, *, sampled: bool
) -> tuple[str, dict[str, object]]:
    condition, values = where(filters)
    records = [METRIC[name] for name in ratios]
    parts = [f"{_parts(record.numerator)} AS x{n}" for n, record in enumerate(records)]
    parts += [f"{_parts(record.denominator)} AS y{n}" for n, record in enumerate(records)]
    rows = f"SELECT {_stratum(by)} AS stratum, {', '.join(parts)} FROM agent_execution AS r WHERE {condition}"
    if sampled:
        spans = "unnest(%(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS w(low, high)"
        # One look into the index per span, whatever the planner thinks of the bounds; OFFSET 0 keeps it so:
        # joined as it likes, every run of the period meets every span (15 s at ten million runs).
        within = f"{rows} AND r.start_time >= w.low AND r.start_time < w.high OFFSET 0"
        rows = f"SELECT s.* FROM {spans} CROSS JOIN LATERAL ({within}) AS s"
    wanted = ", ".join(f"var_samp(x{n}), covar_samp(x{n}, y{n}), var_samp(y{n})" for n in range(len(ratios)))
    return f"SELECT stratum, count(*), {wanted} FROM ({rows}) AS rows GROUP BY stratum", dict(values)


def _stratum(by: str | None) -> str:
    if by is None:
        return "''::text"
    return source(by).value if is_facet(by) else f"coalesce(r.{by}, '')"


def _parts(terms: tuple[Term, ...]) -> str:
    """What one run adds to a sum of terms; what is not known adds nothing, as in the sums."""
    return "(" + " + ".join(f"{term.sign} * {_part(term)}" for term in terms) + ")"


def _part(term: Term) -> str:
    value = f"coalesce(({MEASURE[term.measure].value})::float8, 0)"
    if term.statuses is None:
        return value
    names = ", ".join(f"'{status}'" for status in term.statuses)
    return f"CASE WHEN r.status IN ({names}) THEN {value} ELSE 0 END"
