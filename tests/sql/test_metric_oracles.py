"""One oracle per metric: five hand-made runs, every expected value worked out beside it.

id | status  | duration | input read write | output | total | cost            | llm tools files
1  | success | 10 s     | 1000   400  100  | 200    | 1200  | 0.10 reported   | 5   10    2
2  | success | 20 s     | 2000   -    -    | 300    | 2300  | 0.30 estimated  | 7   -     0
3  | failure | 30 s     |  500   0    0    | 100    |  600  | 0.20 reported   | 3   4     -
4  | error   | -        |  -     -    -    | -      |  -    | -               | -   -     -
5  | unknown | 40 s     |  -     -    -    |  50    |  -    | 0    reported   | 0   0     0
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.write import Writer
from queries.filters import parse
from queries.metrics import METRICS
from queries.store import Query, Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SKETCHED = 0.01 + 1e-9  # the stated error of a percentile

EXPECTED: dict[str, float] = {
    "runs": 5,
    "successes": 2,
    "failed": 2,  # failure + error
    "failures": 1,
    "errors": 1,
    "unknowns": 1,
    "success_rate": 0.5,  # 2 / (2 + 1 + 1): the unknown one is left out
    "failure_rate": 0.5,  # (1 + 1) / (2 + 1 + 1)
    "success_rate_low": 0.150039,  # Wilson, 2 of 4: (0.5 + z²/8 - z sqrt(0.0625 + z²/64)) / (1 + z²/4)
    "success_rate_high": 0.849961,
    "avg_duration_ms": 25_000,  # (10 + 20 + 30 + 40) / 4, the run without duration left out
    "p50_duration_ms": 20_000,  # nearest rank 2 of 4
    "p90_duration_ms": 40_000,  # ceil(3.6) = 4
    "p95_duration_ms": 40_000,
    "p99_duration_ms": 40_000,
    "total_tokens": 4100,  # 1200 + 2300 + 600
    "input_tokens": 3500,  # 1000 + 2000 + 500
    "uncached_input_tokens": 3000,  # (1000 - 400 - 100) + 2000 + 500
    "cache_read_tokens": 400,
    "cache_write_tokens": 100,
    "output_tokens": 650,  # 200 + 300 + 100 + 50
    "tokens_per_run": 4100 / 3,
    "cost_usd": 0.6,
    "estimated_cost_usd": 0.3,
    "cost_per_run": 0.15,  # 0.6 / 4
    "cost_per_success": 0.3,  # 0.6 / 2: the failed run's cost is part of it
    "failed_cost_usd": 0.2,
    "failed_cost_share": 1 / 3,
    "p95_cost_usd": 0.3,  # 0, 0.1, 0.2, 0.3: rank 4
    "cache_hit_rate": 400 / 1500,  # runs 1 and 3 report cache reads: (400 + 0) / (1000 + 500)
    "llm_calls": 15,
    "llm_calls_per_run": 3.75,  # 15 / 4
    "tool_calls": 14,
    "tool_calls_per_run": 14 / 3,
    "files_modified": 2,
    "files_modified_per_run": 2 / 3,  # runs 1, 2 and 5
    "runs_without_duration": 1,
    "runs_without_cost": 1,
    "runs_without_input_tokens": 2,
    "runs_without_output_tokens": 1,
    "runs_without_total_tokens": 2,
    "runs_without_cache_read": 3,
    "runs_without_cache_write": 3,
    "runs_without_llm_calls": 1,
    "runs_without_tool_calls": 2,
    "runs_without_files": 2,
}


def rows(run: Callable[..., tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    def money(text: str, source: str) -> dict[str, Any]:
        return {"cost_usd": Decimal(text), "cost_source": source}

    return [
        run(status="success", duration_ms=Decimal(10_000), input_tokens=1000, cache_read_tokens=400,
            cache_write_tokens=100, output_tokens=200, total_tokens=1200, llm_call_count=5,
            tool_call_count=10, files_modified_count=2, **money("0.10", "reported")),
        run(status="success", duration_ms=Decimal(20_000), input_tokens=2000, output_tokens=300,
            total_tokens=2300, llm_call_count=7, files_modified_count=0, **money("0.30", "estimated")),
        run(status="failure", duration_ms=Decimal(30_000), input_tokens=500, cache_read_tokens=0,
            cache_write_tokens=0, output_tokens=100, total_tokens=600, llm_call_count=3, tool_call_count=4,
            **money("0.20", "reported")),
        run(status="error"),
        run(status="unknown", duration_ms=Decimal(40_000), output_tokens=50, llm_call_count=0,
            tool_call_count=0, files_modified_count=0, **money("0", "reported")),
    ]  # fmt: skip


def answer(store: Store, name: str, **params: str) -> float:
    filters = parse({"range": "7d", **params}, now=NOW)
    return float(store.fetch(Query((name,), filters))[name].iloc[0])


@pytest.fixture(scope="module")
def five_runs(module_engine: Engine, module_store: Store, run: Callable[..., tuple[Any, ...]]) -> Store:
    with Writer(module_engine) as writer:
        writer.write(rows(run))
    return module_store


@pytest.mark.parametrize("name", [metric.name for metric in METRICS])
def test_metric_equals_its_oracle(name: str, five_runs: Store) -> None:
    assert name in EXPECTED, f"metric {name} has no oracle: add its value, worked out by hand"
    tolerance = SKETCHED if name[0] == "p" and name[1:3].isdigit() else 1e-5 if "_rate_" in name else 1e-12
    assert answer(five_runs, name) == pytest.approx(EXPECTED[name], rel=tolerance)


def test_no_runs_is_zero_for_sums_and_nothing_for_the_rest(store: Store) -> None:
    for metric in METRICS:
        value = answer(store, metric.name)
        assert value == 0 if metric.kind == "sum" else value != value, metric.name


NULLABLE = [
    "total_tokens", "input_tokens", "uncached_input_tokens", "cache_read_tokens", "cache_write_tokens",
    "output_tokens", "cost_usd", "estimated_cost_usd", "failed_cost_usd", "llm_calls", "tool_calls",
    "files_modified", "avg_duration_ms", "p95_duration_ms", "p95_cost_usd", "cost_per_run",
    "cost_per_success", "cache_hit_rate", "llm_calls_per_run",
]  # fmt: skip


def test_runs_without_any_value_give_no_value(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(engine) as writer:
        writer.write([run(), run(status="failure")])
    for name in NULLABLE:
        value = answer(store, name)
        assert value != value, name  # NaN: not known, never 0


def test_all_failures_have_a_rate_of_zero_and_no_cost_per_success(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(engine) as writer:
        writer.write([run(status="failure", cost_usd=Decimal(1), cost_source="reported") for _ in "ab"])
    assert answer(store, "success_rate") == 0
    assert answer(store, "failed_cost_share") == 1
    assert answer(store, "cost_per_success") != answer(store, "cost_per_success")


def test_only_unknown_outcomes_have_no_success_rate(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(engine) as writer:
        writer.write([run(status="unknown")])
    assert answer(store, "runs") == 1
    assert answer(store, "success_rate") != answer(store, "success_rate")


def test_wasted_cost_is_zero_where_nothing_failed(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(engine) as writer:
        writer.write([run(cost_usd=Decimal(1), cost_source="reported")])
    assert answer(store, "failed_cost_usd") == 0
    assert answer(store, "failed_cost_share") == 0
