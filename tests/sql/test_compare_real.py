"""The two models of claude_code_humaneval_daily against each other: our figures beside those that scipy and
statsmodels make of the raw rows of the file. The data stands beside the project (../shared/data)."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats
from sqlalchemy import Engine
from statsmodels.stats.proportion import confint_proportions_2indep

from ingest.importer import ImportOptions, import_paths
from queries.compare import Comparison, Difference, compare
from queries.filters import parse
from queries.store import Store
from queries.verdicts import verdict

DATA = Path(__file__).parents[3] / "shared" / "data" / "claude_code_humaneval_daily"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"no data at {DATA}")


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict[str, Any]]]:
    by_model: dict[str, list[dict[str, Any]]] = {}
    with gzip.open(DATA / "runs.jsonl.gz") as lines:
        for run in map(json.loads, lines):
            by_model.setdefault(run["model"], []).append(run)
    return by_model


@pytest.fixture(scope="module")
def names(rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The two models, most runs first, as expected.json has them."""
    truth = json.loads((DATA / "expected.json").read_text())["by_model"]
    assert {name: len(runs) for name, runs in rows.items()} == {n: t["runs"] for n, t in truth.items()}
    return sorted(rows, key=lambda name: -len(rows[name]))


@pytest.fixture(scope="module")
def comparison(module_engine: Engine, module_store: Store, names: list[str]) -> Comparison:
    import_paths(module_engine, [str(DATA / "runs.jsonl.gz")], ImportOptions())
    span = {"range": "2026-02-20..2026-05-04"}
    now = datetime(2026, 5, 10, tzinfo=UTC)
    a, b = (parse(span | {"model": name}, now=now) for name in names)
    return compare(module_store, a, b)


def one(comparison: Comparison, metric: str) -> Difference:
    return next(d for d in comparison.differences if d.metric == metric)


def columns(rows: dict[str, list[dict[str, Any]]], names: list[str], column: str) -> list[np.ndarray]:
    return [np.array([float(r[column]) for r in rows[n] if r[column] is not None]) for n in names]


def test_the_success_rate(
    comparison: Comparison, rows: dict[str, list[dict[str, Any]]], names: list[str]
) -> None:
    counts = [
        n for name in names for n in (sum(r["status"] == "success" for r in rows[name]), len(rows[name]))
    ]
    wanted = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    found = one(comparison, "success_rate")
    assert found.size == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])
    assert found.interval == pytest.approx(wanted, abs=1e-12)
    assert found.verdict in ("apart", "maybe") if wanted[0] > 0 or wanted[1] < 0 else found.verdict == "open"


# scipy on the calls, which are 1 in nearly every run.
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("avg_duration_ms", "duration_ms"),
        ("cost_per_run", "cost_usd"),
        ("tokens_per_run", "total_tokens"),
        ("llm_calls_per_run", "llm_call_count"),
    ],
)
def test_means(
    comparison: Comparison, rows: dict[str, list[dict[str, Any]]], names: list[str], metric: str, column: str
) -> None:
    a, b = columns(rows, names, column)
    wanted = scipy_stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    found = one(comparison, metric)
    assert found.size == pytest.approx(a.mean() - b.mean(), rel=1e-6)
    assert found.interval == pytest.approx((wanted.low, wanted.high), rel=1e-5)
    assert found.runs == (len(a), len(b))


@pytest.mark.parametrize(
    ("metric", "column", "share"),
    [
        ("p50_duration_ms", "duration_ms", 0.5),
        ("p95_duration_ms", "duration_ms", 0.95),
        ("p99_duration_ms", "duration_ms", 0.99),
        ("p95_cost_usd", "cost_usd", 0.95),
    ],
)
def test_percentiles_hold_what_a_bootstrap_of_the_raw_runs_says(
    comparison: Comparison,
    rows: dict[str, list[dict[str, Any]]],
    names: list[str],
    metric: str,
    column: str,
    share: float,
) -> None:
    a, b = columns(rows, names, column)
    found = one(comparison, metric)
    exact = [np.quantile(side, share, method="inverted_cdf") for side in (a, b)]
    assert (found.a, found.b) == pytest.approx(exact, rel=0.01)
    random = np.random.default_rng(20261122)
    drawn = [
        np.quantile(random.choice(a, len(a)), share) - np.quantile(random.choice(b, len(b)), share)
        for _ in range(400)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert found.interval is not None
    # A bin, and that the ends are its edges, may widen ours by 2 % of each value; nothing narrows it much.
    slack = 0.02 * sum(exact)
    assert low - slack <= found.interval.low <= low + 0.3 * (high - low) + 0.05 * slack
    assert high - 0.3 * (high - low) - 0.05 * slack <= found.interval.high <= high + slack


def test_what_is_not_recorded_is_not_judged(comparison: Comparison) -> None:
    for metric in ("cache_hit_rate", "tool_calls_per_run", "files_modified_per_run"):
        assert one(comparison, metric).verdict == "none"
        assert verdict(one(comparison, metric), comparison.looked_at) == "No value on either side"


def test_every_verdict_agrees_with_its_interval(comparison: Comparison) -> None:
    for found in comparison.differences:
        if found.interval is None:
            continue
        leaves_zero_out = found.interval.low > 0 or found.interval.high < 0
        assert (found.verdict in ("apart", "maybe")) is leaves_zero_out, found
        assert (found.p < 0.05) is leaves_zero_out, found
