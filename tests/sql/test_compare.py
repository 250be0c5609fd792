"""Comparisons against scipy and statsmodels on the very rows that were written, nulls and all."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from ingest.write import Writer
from queries import spread
from queries.compare import Comparison, Difference, compare, shared
from queries.filters import Filters, parse
from queries.metrics import METRIC
from queries.sides import COMPARED, kind_of
from queries.store import Query, Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
START = datetime(2026, 11, 18, 9, tzinfo=UTC)
FAILED = ("failure", "error")


def sample(seed: int, number: int, model: str, *, dearer: float, rate: float) -> list[dict[str, Any]]:
    """Runs of two agents of which the second is slower and dearer; some do not know a value."""
    random = np.random.default_rng(seed)
    rows = []
    for n in range(number):
        agent = "fixer" if random.random() < (0.7 if model == "a" else 0.3) else "refactor"
        harder = 1 if agent == "fixer" else 3
        statuses = ("success", "failure", "error", "unknown")
        status = str(random.choice(statuses, p=(rate, (1 - rate) / 2, (1 - rate) / 4, (1 - rate) / 4)))
        known = random.random() > 0.1
        read = int(random.integers(0, 900)) if random.random() > 0.3 else None
        rows.append(
            {
                "start_time": START + timedelta(minutes=int(random.integers(0, 6000))),
                "agent": agent,
                "model": model,
                "status": status,
                "duration_ms": Decimal(str(round(float(random.lognormal(9, 0.8) * harder), 3)))
                if known
                else None,
                "cost_usd": Decimal(str(round(float(random.lognormal(-2, 1) * harder * dearer), 6)))
                if known
                else None,
                "cost_source": "reported" if known else None,
                "input_tokens": 1000 + n,
                "cache_read_tokens": read,
                "total_tokens": int(random.integers(1000, 9000)),
                "llm_call_count": int(random.poisson(5)) if known else None,
                "tool_call_count": int(random.poisson(9)),
                "files_modified_count": int(random.poisson(1)) if known else None,
            }
        )
    return rows


A, B = sample(1, 400, "a", dearer=1.0, rate=0.8), sample(2, 300, "b", dearer=1.4, rate=0.65)


@pytest.fixture(scope="module")
def two(module_engine: Engine, module_store: Store, run: Callable[..., tuple[Any, ...]]) -> Store:
    with Writer(module_engine) as writer:
        writer.write([run(**row) for row in (*A, *B)])
    return module_store


def asked(**params: str) -> Filters:
    return parse({"range": "7d", **params}, now=NOW)


def found(store: Store, adjust: str | None = None) -> Comparison:
    return compare(store, asked(model="a"), asked(model="b"), adjust)


def one(comparison: Comparison, metric: str) -> Difference:
    return next(d for d in comparison.differences if d.metric == metric)


def values(rows: list[dict[str, Any]], column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in rows if row[column] is not None])


def test_every_metric_has_the_values_of_the_cards_and_the_runs_behind_them(two: Store) -> None:
    comparison = found(two)
    assert comparison.runs == (400, 300)
    assert [d.metric for d in comparison.differences] == list(COMPARED)
    for side, model in enumerate("ab"):
        row = two.fetch(Query(COMPARED, asked(model=model))).iloc[0]
        for difference in comparison.differences:
            shown = (difference.a, difference.b)[side]
            assert shown == pytest.approx(row[difference.metric], nan_ok=True, rel=1e-12), difference.metric
    known = [sum(row["cost_usd"] is not None for row in rows) for rows in (A, B)]
    assert one(comparison, "cost_per_run").runs == tuple(known)
    rated = [sum(row["status"] != "unknown" for row in rows) for rows in (A, B)]
    assert one(comparison, "success_rate").runs == tuple(rated)
    failed = [sum(r["status"] in FAILED and r["cost_usd"] is not None for r in rows) for rows in (A, B)]
    assert one(comparison, "failed_cost_share").runs == tuple(failed)


def test_the_success_rate_as_statsmodels(two: Store) -> None:
    counts = []
    for rows in (A, B):
        rated = [row["status"] for row in rows if row["status"] != "unknown"]
        counts += [rated.count("success"), len(rated)]
    wanted = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    difference = one(found(two), "success_rate")
    assert difference.interval == pytest.approx(wanted, abs=1e-12)
    assert difference.verdict == "apart"
    assert "Newcombe" in difference.method


@pytest.mark.parametrize(
    ("metric", "column", "scale"),
    [
        ("avg_duration_ms", "duration_ms", 1),
        ("cost_per_run", "cost_usd", 1),
        ("tokens_per_run", "total_tokens", 1),
        ("llm_calls_per_run", "llm_call_count", 1),
        ("tool_calls_per_run", "tool_call_count", 1),
        ("files_modified_per_run", "files_modified_count", 1),
    ],
)
def test_means_as_statsmodels(two: Store, metric: str, column: str, scale: float) -> None:
    sides = [DescrStatsW(values(rows, column)) for rows in (A, B)]
    wanted = CompareMeans(*sides).tconfint_diff(usevar="unequal")
    difference = one(found(two), metric)
    assert kind_of(METRIC[metric]) == "mean"
    assert difference.interval == pytest.approx(wanted, rel=1e-6)


def jackknifed(
    rows: list[dict[str, Any]],
    top: Callable[[dict[str, Any]], float],
    bottom: Callable[[dict[str, Any]], float],
) -> tuple[float, float]:
    """A ratio of sums and its variance, by leaving out each run in turn: no formula in common with ours."""
    x, y = np.array([top(row) for row in rows]), np.array([bottom(row) for row in rows])
    ratios = (x.sum() - x) / (y.sum() - y)
    n = len(rows)
    return float(x.sum() / y.sum()), float((n - 1) / n * ((ratios - ratios.mean()) ** 2).sum())


def cost(row: dict[str, Any]) -> float:
    return float(row["cost_usd"] or 0)


def hit(row: dict[str, Any], column: str) -> float:
    return float(row[column]) if row["cache_read_tokens"] is not None else 0.0


RATIOS: dict[str, tuple[Callable[[dict[str, Any]], float], Callable[[dict[str, Any]], float]]] = {
    "cost_per_success": (cost, lambda row: float(row["status"] == "success")),
    "failed_cost_share": (lambda row: cost(row) * (row["status"] in FAILED), cost),
    "cache_hit_rate": (lambda row: hit(row, "cache_read_tokens"), lambda row: hit(row, "input_tokens")),
}


@pytest.mark.parametrize("metric", RATIOS)
def test_ratios_of_sums_as_the_jackknife(two: Store, metric: str) -> None:
    (a, of_a), (b, of_b) = (jackknifed(rows, *RATIOS[metric]) for rows in (A, B))
    difference = one(found(two), metric)
    assert kind_of(METRIC[metric]) == "ratio"
    assert difference.size == pytest.approx(a - b)
    assert difference.interval is not None
    reach = 1.96 * math.sqrt(of_a + of_b)
    assert difference.interval == pytest.approx((a - b - reach, a - b + reach), abs=0.03 * reach)


def test_totals_are_counted_and_have_no_interval(two: Store) -> None:
    runs = one(found(two), "runs")
    assert (runs.a, runs.b, runs.size) == (400, 300, 100)
    assert (runs.verdict, runs.interval) == ("total", None)


def test_two_halves_of_the_same_cannot_be_told_apart(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    rows = sample(5, 600, "a", dearer=1, rate=0.7)
    with Writer(engine) as writer:
        writer.write([run(**(row | {"model": "ab"[n % 2]})) for n, row in enumerate(rows)])
    comparison = found(store)
    judged = [d for d in comparison.differences if d.interval is not None]
    assert (
        len(judged) == comparison.looked_at == 14
    )  # every ratio and percentile but p99, that 270 runs are too few for
    assert {d.verdict for d in judged} == {"open"}
    assert all(d.more > 0 for d in judged)
    assert one(comparison, "p99_duration_ms").verdict == "few"


def test_few_runs_and_no_value_are_said(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(engine) as writer:
        writer.write([run(model="a") for _ in range(29)])
        writer.write([run(model="b") for _ in range(40)])
    comparison = found(store)
    assert one(comparison, "success_rate").verdict == "few"
    assert one(comparison, "success_rate").interval is None
    assert one(comparison, "cost_per_run").verdict == "none"
    assert one(comparison, "runs").verdict == "total"


def test_equal_values_without_spread_are_the_same(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(engine) as writer:
        writer.write(
            [
                run(model=model, llm_call_count=4, files_modified_count=n)
                for n, model in enumerate("ab")
                for _ in range(30)
            ]
        )
    comparison = found(store)
    assert one(comparison, "llm_calls_per_run").verdict == "same"
    assert one(comparison, "files_modified_per_run").verdict == "apart"
    assert one(comparison, "files_modified_per_run").interval == (-1, -1)


# ---- adjusted for another mix --------------------------------------------------------------------


def standardised(column: str) -> tuple[list[float], list[float]]:
    """By hand: the mean of each agent, weighted by its share of all runs; and the variance of that."""
    agents = ("fixer", "refactor")
    weights = [sum(row["agent"] == agent for row in (*A, *B)) / 700 for agent in agents]
    means, variances = [], []
    for rows in (A, B):
        parts = [values([row for row in rows if row["agent"] == agent], column) for agent in agents]
        means.append(sum(w * part.mean() for w, part in zip(weights, parts, strict=True)))
        variances.append(
            sum(w**2 * part.var(ddof=1) / len(part) for w, part in zip(weights, parts, strict=True))
        )
    return means, variances


def test_means_are_standardised_directly(two: Store) -> None:
    (a, b), variances = standardised("total_tokens")
    difference = one(found(two, "agent"), "tokens_per_run")
    assert (difference.a, difference.b) == pytest.approx((a, b))
    reach = 1.96 * math.sqrt(sum(variances))
    assert difference.interval is not None
    assert difference.interval == pytest.approx((a - b - reach, a - b + reach), abs=0.01 * reach)
    assert "direct standardisation" in difference.method


def test_means_with_unknown_values_are_standardised_over_those_that_know_them(two: Store) -> None:
    (a, b), variances = standardised("cost_usd")
    difference = one(found(two, "agent"), "cost_per_run")
    assert (difference.a, difference.b) == pytest.approx((a, b))
    reach = 1.96 * math.sqrt(sum(variances))
    assert difference.interval is not None
    assert difference.interval == pytest.approx((a - b - reach, a - b + reach), abs=0.03 * reach)


def test_success_rates_are_standardised(two: Store) -> None:
    wanted = []
    for rows in (A, B):
        share = 0.0
        for agent in ("fixer", "refactor"):
            rated = [row["status"] for row in rows if row["agent"] == agent and row["status"] != "unknown"]
            weight = sum(row["agent"] == agent for row in (*A, *B)) / 700
            share += weight * rated.count("success") / len(rated)
        wanted.append(share)
    difference = one(found(two, "agent"), "success_rate")
    assert (difference.a, difference.b) == pytest.approx(wanted)


def test_percentiles_are_those_of_the_weighted_runs(two: Store) -> None:
    wanted = []
    for rows in (A, B):
        known = [row for row in rows if row["duration_ms"] is not None]
        weight = {}
        for agent in ("fixer", "refactor"):
            mix = sum(row["agent"] == agent for row in (*A, *B)) / 700
            weight[agent] = mix / sum(row["agent"] == agent for row in known)
        ordered = sorted(known, key=lambda row: row["duration_ms"])
        reached = np.cumsum([weight[row["agent"]] for row in ordered])
        wanted.append(float(ordered[int(np.searchsorted(reached, 0.5))]["duration_ms"]))
    difference = one(found(two, "agent"), "p50_duration_ms")
    assert (difference.a, difference.b) == pytest.approx(wanted, rel=0.02)
    assert difference.interval is not None
    assert difference.interval.low < difference.size < difference.interval.high


def test_strata_of_one_side_only_are_left_out_and_said(
    engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(engine) as writer:
        writer.write([run(model=m, agent="both", total_tokens=n) for m in "ab" for n in range(40)])
        writer.write([run(model="a", agent="only a", total_tokens=10**6) for _ in range(10)])
    comparison = found(store, "agent")
    assert comparison.strata is not None
    assert comparison.strata.weights == {"both": 1.0}
    assert comparison.strata.left_out == 1
    assert comparison.strata.lost == pytest.approx((0.2, 0))
    tokens = one(comparison, "tokens_per_run")
    assert (tokens.a, tokens.b, tokens.runs) == (19.5, 19.5, (40, 40))
    assert one(comparison, "runs").a == 50


def test_nothing_in_common_leaves_the_comparison_as_it_is(two: Store) -> None:
    comparison = found(two, "model")
    assert comparison.strata is not None
    assert comparison.strata.weights == {}
    assert one(comparison, "success_rate").interval == one(found(two), "success_rate").interval


def test_adjusted_by_an_attribute(engine: Engine, store: Store, run: Callable[..., tuple[Any, ...]]) -> None:
    with Writer(engine) as writer:
        for model, easy in (("a", 60), ("b", 20)):
            for n in range(80):
                name, tokens = ("easy", 100) if n < easy else ("hard", 900)
                attributes = f'{{"repository": "{name}"}}'
                writer.write([run(model=model, attributes=attributes, total_tokens=tokens + n % 2)])
    plain, adjusted = (one(found(store, by), "tokens_per_run") for by in (None, "attr.repository"))
    assert plain.verdict == "apart"
    assert (plain.a, plain.b) == (300.5, 700.5)
    # Every repository costs the same on both sides: it was the mix, half easy and half hard together.
    assert (adjusted.a, adjusted.b) == (500.5, 500.5)
    assert adjusted.verdict == "open"


# ---- samples, overlap ----------------------------------------------------------------------------


def test_of_many_runs_a_sample_gives_the_spread_and_never_the_value(
    two: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = one(found(two), "tokens_per_run")
    monkeypatch.setattr(spread, "SAMPLED", 150)
    comparison = found(two)
    part = one(comparison, "tokens_per_run")
    assert (part.a, part.b) == (whole.a, whole.b)
    assert all(90 < read < 210 for read in comparison.read)
    assert whole.interval is not None
    assert part.interval is not None
    assert part.interval.high - part.interval.low == pytest.approx(
        whole.interval.high - whole.interval.low, rel=0.15
    )


def test_windows_of_a_sample_are_strewn_over_the_period_and_never_overlap() -> None:
    lows, highs = spread.windows(START, NOW, 0.1)
    assert lows[0] >= START
    assert highs[-1] <= NOW + timedelta(microseconds=1)
    assert all(high <= low for high, low in zip(highs, lows[1:], strict=False))
    covered = sum((high - low).total_seconds() for low, high in zip(lows, highs, strict=True))
    assert covered == pytest.approx(0.1 * (NOW - START).total_seconds())


def test_runs_on_both_sides_are_counted(two: Store) -> None:
    assert compare(two, asked(model="a"), asked()).both == 400
    assert compare(two, asked(agent="fixer"), asked(model="b")).both == sum(r["agent"] == "fixer" for r in B)
    assert found(two).both == 0
    assert (
        compare(two, asked(range="2026-11-18..2026-11-19"), asked(range="2026-11-20..2026-11-21")).both == 0
    )


def test_what_two_sides_share() -> None:
    assert shared(asked(model="a"), asked(model="b")) is None
    assert shared(asked(status="failed"), asked(status="error")) is not None
    assert shared(asked(status="failed"), asked(status="error")).statuses == ("error",)
    both = shared(asked(**{"attr.user": "x,y"}), asked(**{"attr.user": "y,z", "attr.task": "t"}))
    assert both is not None
    assert both.attributes == (("task", ("t",)), ("user", ("y",)))
