"""Fences of runs against those of plain SQL over raw rows, the condition against the marks, and by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.write import Writer
from queries import runs
from queries.conditions import where
from queries.errors import QueryError
from queries.filters import Filters, parse
from queries.outliers import COLUMNS, LEAST_RUNS, fences, marks, outlier_condition, thresholds
from queries.run_query import parse as read_run_query
from queries.sketch import ACCURACY
from queries.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def _filters(**params: str) -> Filters:
    return parse({"range": "7d", **params}, now=NOW)


@pytest.fixture(scope="module")
def sown(module_engine: Engine, run: Callable[..., Any]) -> Engine:
    """Forty runs of gpt-4 that cost, last and use 1 to 40 times a unit, and some that stand out; the same
    of gpt-5, ten times as large; too few of o3; all alike of plain; one of gpt-4 before the period."""
    rows = []

    def add(model: str, cost: float | None, seconds: float | None, tokens: int | None, **more: Any) -> None:
        moment = more.pop("start", START + timedelta(minutes=len(rows)))
        measures = {"cost_usd": cost, "duration_ms": seconds and seconds * 1000, "total_tokens": tokens}
        rows.append(run(moment, model=model, **measures, **more))

    for n in range(1, 41):
        add("gpt-4", n / 100, n, n * 1000, status="failure" if n > 30 else "success")
        add("gpt-5", n / 10, n * 10, n * 10_000)
    for n in range(LEAST_RUNS - 1):
        add("o3", 0.01 + n / 1000, 1 + n, 100 + n)
    for _ in range(LEAST_RUNS):
        add("plain", 1, 10, 5000)
    add("gpt-4", 20, 5, 100, invocation_id="dear")
    add("gpt-4", 0.05, 2000, 100, invocation_id="slow")
    add("gpt-4", 0.05, 5, 2_000_000, invocation_id="wordy")
    add("gpt-5", 20, 2000, 2_000_000, invocation_id="ordinary for its model")
    add("plain", 1.4, 14, 6656, invocation_id="a third more than all the others")
    add("gpt-4", None, None, None, invocation_id="unknown")
    add("gpt-4", 0, 0, 0, invocation_id="nothing")
    add("gpt-4", 1e6, 1e6, 10**9, invocation_id="before", start=START - timedelta(days=30))
    with Writer(module_engine) as writer:
        writer.write(rows)
    return module_engine


def _rows(engine: Engine) -> list[dict[str, Any]]:
    sql = "SELECT invocation_id, model, status, start_time, cost_usd, duration_ms, total_tokens FROM agent_execution"
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(text(sql))]


def test_the_fence_of_forty_runs_by_hand(sown: Engine, module_store: Store) -> None:
    """gpt-4 has 43 runs with a duration over 0: 1 to 40, 5, 5 and 2000 seconds. Ranks 11 (of 43 / 4) and
    33 (of 43 * 3 / 4) in order are 9 and 31 seconds. The fence: 31 * (31 / 9) ** 3 = 1266.8 seconds."""
    fence = fences(module_store, _filters(), "duration")["gpt-4"]
    # Both quartiles are within 1 %, and one is taken to the fourth power, the other to the third.
    assert fence == pytest.approx(1_266_800, rel=7.5 * ACCURACY)


def test_fences_are_those_of_plain_sql(sown: Engine, module_store: Store) -> None:
    for kind, column in COLUMNS.items():
        sql = f"""SELECT model, percentile_disc(0.25) WITHIN GROUP (ORDER BY {column})::float8 AS low,
                         percentile_disc(0.75) WITHIN GROUP (ORDER BY {column})::float8 AS high
                  FROM agent_execution WHERE {column} > 0 AND start_time >= '2026-11-16'
                  GROUP BY 1 HAVING count(*) >= 30"""
        with sown.connect() as connection:
            exact = {r.model: r.high * max(r.high / r.low, 1.1) ** 3 for r in connection.execute(text(sql))}
        found = fences(module_store, _filters(), kind)
        assert found.keys() == exact.keys() == {"gpt-4", "gpt-5", "plain"}, kind
        slack = 1e-9 if kind == "tokens" else 7.5 * ACCURACY
        assert found == pytest.approx(exact, rel=slack), kind


@pytest.mark.parametrize(("kind", "expected"), [("cost", "dear"), ("duration", "slow"), ("tokens", "wordy")])
def test_what_stands_out_of_its_own_model(
    sown: Engine, module_store: Store, kind: str, expected: str
) -> None:
    # A model whose runs are all alike: 1.1 ** 3 = 1.331 times as much is room enough.
    assert _found(sown, module_store, _filters(), kind) == {expected, "a third more than all the others"}


def _found(engine: Engine, store: Store, filters: Filters, kind: str) -> set[str]:
    """The runs that condition and filters let through together, as the table of runs asks."""
    period, values = where(filters)
    sql, more = outlier_condition(store, filters, kind)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT r.invocation_id FROM agent_execution r WHERE {period} AND {sql}", values | more
        )
        return {row.invocation_id for row in rows}


def test_marks_are_what_the_condition_finds(sown: Engine, module_store: Store) -> None:
    filters = _filters()
    rows = [row for row in _rows(sown) if row["start_time"] >= filters.start]
    marked = marks(rows, thresholds(module_store, filters))
    for kind in COLUMNS:
        of_kind = {row["invocation_id"] for row, kinds in zip(rows, marked, strict=True) if kind in kinds}
        assert of_kind == _found(sown, module_store, filters, kind)
    assert sum(map(len, marked)) == 6


def test_other_filters_do_not_move_the_fences(sown: Engine, module_store: Store) -> None:
    """A run is held against all runs of its model in the period, not only against those that failed."""
    every = fences(module_store, _filters(), "cost")
    assert fences(module_store, _filters(status="failed"), "cost") == every
    assert fences(module_store, _filters(agent="fixer", version="(none)"), "cost") == every
    assert fences(module_store, _filters(model="gpt-4"), "cost") == {"gpt-4": every["gpt-4"]}


def test_another_period_has_its_own_fences(sown: Engine, module_store: Store) -> None:
    filters = _filters()
    before = replace(filters, start=filters.start - timedelta(days=60), end=filters.start)
    assert fences(module_store, before, "cost") == {}  # a single run
    assert outlier_condition(module_store, before, "cost") == ("false", {})
    assert _found(sown, module_store, before, "cost") == set()


def test_nothing_is_known_of_an_empty_database(store: Store) -> None:
    limits = thresholds(store, _filters())
    assert limits == {"cost": {}, "duration": {}, "tokens": {}}
    row = {"model": "gpt-4", "cost_usd": 1.0, "duration_ms": None, "total_tokens": 5}
    assert marks([row], limits) == [set()]


def test_lognormal_runs_are_no_outliers() -> None:
    """The fence lies at 0.674 + 3 * 1.349 = 4.72 standard deviations: one run in 850,000."""
    assert 0.5 * math.erfc((0.6745 + 3 * 1.349) / math.sqrt(2)) == pytest.approx(1 / 850_000, rel=0.02)


def test_an_unknown_kind_is_refused(store: Store) -> None:
    with pytest.raises(QueryError, match="'files'") as refused:
        fences(store, _filters(), "files")
    assert refused.value.code == "bad_outlier"


def test_the_table_of_runs_can_be_narrowed_to_them(sown: Engine, module_store: Store) -> None:
    query = read_run_query({"outlier": "cost"}, _filters(status="success"))
    found = runs.page(module_store, query)
    assert [row["invocation_id"] for row in found.rows] == ["a third more than all the others", "dear"]
    assert runs.total(module_store, query).number == 2
