"""How runs fare with and without a tool, against figures worked out by hand and plain SQL over raw rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from ingest.facets import refresh
from ingest.write import Writer
from queries.filters import parse
from queries.store import Store
from queries.tools import tools
from tests.sql.test_query_properties import NOW

START = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
WEEK = {"range": "7d"}


def write(engine: Engine, rows: list[Any], refreshed: bool = True) -> None:
    with Writer(engine) as writer:
        writer.write(rows)
    if refreshed:
        refresh(engine, until=NOW + timedelta(days=30))


@pytest.mark.parametrize("refreshed", [True, False])
def test_with_and_without_by_hand(
    engine: Engine, store: Store, run: Callable[..., Any], refreshed: bool
) -> None:
    # bash: success $1 10 s, error $3 30 s; edit: the first of them; none: success $5 50 s; two do not say.
    write(engine, [
        run(START, status="success", tools_used='{"bash": 4, "edit": 1}', cost_usd=1, duration_ms=10_000),
        run(START, status="error", tools_used='{"bash": 2}', cost_usd=3, duration_ms=30_000),
        run(START, status="success", tools_used="{}", cost_usd=5, duration_ms=50_000),
        run(START, status="success", cost_usd=100, duration_ms=1),
        run(START, status="failure"),
    ], refreshed)  # fmt: skip
    found = tools(store, parse(WEEK, now=NOW))
    assert (found.runs, found.reporting) == (5, 3)
    bash, edit = found.tools
    assert (bash.name, bash.calls, bash.used.runs, bash.unused.runs) == ("bash", 6, 2, 1)
    assert (bash.share, bash.calls_per_run) == (pytest.approx(2 / 3), 3)
    assert (bash.used.success_rate, bash.unused.success_rate) == (0.5, 1)
    assert (bash.used.cost_per_run, bash.unused.cost_per_run) == (2, 5)
    assert bash.used.avg_duration_ms == pytest.approx(20_000)
    assert bash.unused.avg_duration_ms == pytest.approx(50_000)
    assert bash.unused.quantile(0.5) == pytest.approx(50_000, rel=0.01)
    assert (edit.name, edit.used.runs, edit.unused.runs) == ("edit", 1, 2)
    assert edit.unused.cost_per_run == 4
    assert edit.unused.quantile(0.95) == pytest.approx(50_000, rel=0.01)
    # Far too few runs for an interval.
    assert bash.success_rate.interval is None
    assert bash.cost_per_run.interval is None


def test_what_is_not_known_is_left_out(engine: Engine, store: Store, run: Callable[..., Any]) -> None:
    write(engine, [
        run(START, status="unknown", tools_used='{"bash": 1}'),
        run(START, status="success", tools_used='{"edit": 1}', cost_usd=0),
    ])  # fmt: skip
    bash, edit = tools(store, parse(WEEK, now=NOW)).tools
    assert np.isnan([bash.used.success_rate, bash.used.cost_per_run, bash.used.avg_duration_ms]).all()
    assert bash.used.interval is None
    assert (edit.used.cost_per_run, edit.used.success_rate) == (0, 1)


def test_nothing_says_which_tools_it_used(engine: Engine, store: Store, run: Callable[..., Any]) -> None:
    write(engine, [run(START)])
    found = tools(store, parse(WEEK, now=NOW))
    assert (found.tools, found.runs, found.reporting) == ([], 1, 0)


# By hand, over raw rows: every figure of the runs that satisfy a condition.
_SQL = """
SELECT count(*) AS runs,
       count(*) FILTER (WHERE status = 'success')::float8
           / nullif(count(*) FILTER (WHERE status <> 'unknown'), 0) AS success_rate,
       avg(cost_usd) AS cost_per_run, avg(duration_ms) AS avg_duration_ms,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95,
       var_samp(cost_usd) / count(cost_usd) AS cost_variance
FROM agent_execution
WHERE start_time >= :start AND start_time < :end AND tools_used IS NOT NULL
  AND (tools_used ? :tool) = :used AND (:model = '' OR model = :model)
"""


@pytest.mark.parametrize("asked", [WEEK, WEEK | {"model": "a"}, {"range": "2026-11-20..2026-11-21"}])
def test_many_runs_equal_plain_sql(
    engine: Engine, store: Store, run: Callable[..., Any], asked: dict[str, str]
) -> None:
    chance = random.Random(7)
    rows = []
    for n in range(600):
        used = [name for name in ("bash", "edit", "grep") if chance.random() < 0.5]
        said = "{" + ", ".join(f'"{name}": {chance.randint(1, 9)}' for name in used) + "}"
        rows.append(run(
            START + timedelta(minutes=7 * n - 2000), model=chance.choice("ab"),
            status=chance.choice(["success", "success", "failure", "error", "unknown"]),
            tools_used=None if chance.random() < 0.1 else said,
            cost_usd=None if chance.random() < 0.1 else round(chance.expovariate(2), 6),
            duration_ms=None if chance.random() < 0.1 else round(chance.lognormvariate(10, 1), 3),
        ))  # fmt: skip
    write(engine, rows)
    filters = parse(asked, now=NOW)
    found = {tool.name: tool for tool in tools(store, filters).tools}
    assert set(found) == {"bash", "edit", "grep"}
    for name, tool in found.items():
        variance = 0.0
        for used, fare in ((True, tool.used), (False, tool.unused)):
            values = {"start": filters.start, "end": filters.end, "tool": name, "used": used}
            values |= {"model": asked.get("model", "")}
            with engine.connect() as connection:
                expected = connection.execute(text(_SQL), values).one()
            variance += float(expected.cost_variance)
            assert fare.runs == expected.runs
            assert fare.success_rate == pytest.approx(expected.success_rate)
            assert fare.cost_per_run == pytest.approx(float(expected.cost_per_run))
            assert fare.avg_duration_ms == pytest.approx(float(expected.avg_duration_ms))
            assert fare.quantile(0.5) == pytest.approx(float(expected.p50), rel=0.011)
            assert fare.quantile(0.95) == pytest.approx(float(expected.p95), rel=0.011)
        between = tool.cost_per_run.interval
        assert between is not None
        # Two standard errors on each side, nearly; the bins know each cost to within 1 %.
        assert between.high - tool.cost_per_run.value == pytest.approx(1.97 * variance**0.5, rel=0.03)
        assert tool.cost_per_run.value - between.low == pytest.approx(1.97 * variance**0.5, rel=0.03)
        rated = tool.success_rate.interval
        assert rated is not None
        assert rated.low < tool.success_rate.value < rated.high
