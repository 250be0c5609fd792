"""Real runs, imported into an empty database, must give the numbers that were computed beside them.

The data stands beside the project (../shared/data); each set has its truth in expected.json.
"""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from ingest.compact import compact
from ingest.importer import ImportOptions, ImportSummary, import_paths
from ingest.record import FIELDS, Canon, RecordOptions
from queries.filters import Filters, parse
from queries.store import Query, Store

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
EXPECTED = {path.parent.name: json.loads(path.read_text()) for path in sorted(DATA.glob("*/expected.json"))}
TIMED = [name for name, truth in EXPECTED.items() if truth["time_range"]["rows_without_start"] == 0]
UNTIMED = "sweagent_java_5models"

needs_data = pytest.mark.skipif(not EXPECTED, reason=f"no data at {DATA}")
timed = pytest.mark.parametrize("name", TIMED or [pytest.param("", marks=needs_data)])

TOKENS = ("input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens")
COUNTED = {
    "llm_calls": "llm_call_count",
    "tool_calls": "tool_calls_count",
    "files_modified": "files_modified",
}
STATUSES = {"successes": "success", "failures": "failure", "errors": "error", "unknowns": "null"}
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
METRICS = (
    "runs", *STATUSES, "failed", "success_rate", *TOKENS, "tokens_per_run", "cost_usd", "cost_per_run",
    "cost_per_success", "estimated_cost_usd", "avg_duration_ms", *(f"{p}_duration_ms" for p in SHARES),
    *COUNTED, "llm_calls_per_run", "tool_calls_per_run", "files_modified_per_run",
    "runs_without_duration", "runs_without_cost",
)  # fmt: skip


def bring(engine: Engine, name: str, form: str, **record: Any) -> ImportSummary:
    return import_paths(
        engine, [str(DATA / name / f"runs.{form}.gz")], ImportOptions(RecordOptions(**record))
    )


def whole(truth: dict[str, Any]) -> Filters:
    span = truth["time_range"]
    return parse(
        {"range": f"{span['first_start'][:10]}..{span['last_start'][:10]}", "tz": "UTC"},
        now=datetime.now(UTC),
    )


def same(found: float, expected: float | None, what: str) -> None:
    if expected is None:
        assert math.isnan(found), f"{what} is not known, but {found}"
    elif isinstance(expected, int):
        assert found == expected, what
    else:
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9), what


def per(total: float | None, count: int) -> float | None:
    return None if total is None or not count else float(total / count)


def check_group(row: pd.Series, truth: dict[str, Any], what: str) -> None:
    """Every figure that expected.json has for a group of runs."""
    same(row["runs"], truth["runs"], f"{what} runs")
    for metric, status in STATUSES.items():
        same(row[metric], truth["status_counts"][status], f"{what} {metric}")
    same(row["failed"], truth["status_counts"]["failure"] + truth["status_counts"]["error"], f"{what} failed")
    same(row["success_rate"], float(truth["success_rate_known_status"]), f"{what} success rate")
    for metric in TOKENS:
        same(row[metric], truth["tokens"][metric]["sum"], f"{what} {metric}")
    total = truth["tokens"]["total_tokens"]
    same(row["tokens_per_run"], per(total["sum"], total["non_null"]), f"{what} tokens per run")
    check_cost(row, truth, what)
    check_duration(row, truth["duration_ms"], what)
    for metric, column in COUNTED.items():
        counted = truth[column]
        same(row[metric], counted["sum"], f"{what} {metric}")
        same(row[f"{metric}_per_run"], per(counted["sum"], counted["non_null"]), f"{what} {metric} per run")


def check_cost(row: pd.Series, truth: dict[str, Any], what: str) -> None:
    cost = truth["cost_usd"]
    same(row["cost_usd"], float(cost["sum"]), f"{what} cost")
    same(row["cost_per_run"], cost["avg_over_non_null"], f"{what} cost per run")
    same(
        row["cost_per_success"],
        per(cost["sum"], truth["status_counts"]["success"]),
        f"{what} cost per success",
    )
    same(row["runs_without_cost"], cost["null"], f"{what} runs without cost")
    same(row["estimated_cost_usd"], None, f"{what} estimated cost")


def check_duration(row: pd.Series, duration: dict[str, Any], what: str) -> None:
    same(row["runs_without_duration"], duration["null"], f"{what} runs without duration")
    same(row["avg_duration_ms"], duration.get("avg"), f"{what} average duration")
    for share in SHARES:
        found, truth = row[f"{share}_duration_ms"], duration.get(f"{share}_nearest_rank")
        if truth is None:
            assert math.isnan(found), f"{what} {share}"
        else:
            assert found == pytest.approx(truth, rel=0.01), f"{what} {share}"


def by_name(frame: pd.DataFrame, dimension: str) -> dict[str, pd.Series]:
    return {str(row[dimension]): row for _, row in frame.iterrows()}


def check(store: Store, truth: dict[str, Any]) -> None:
    """The whole, by model, by agent and version, and by day."""
    filters = whole(truth)
    queries = [
        Query(METRICS, filters),
        *(Query(METRICS, filters, by=by) for by in ("model", "agent", "agent_version")),
    ]
    overall, models, agents, versions = store.fetch_many(*queries)
    check_group(overall.iloc[0], truth["overall"], "all")
    assert set(models["model"]) == set(truth["by_model"])
    for name, row in by_name(models, "model").items():
        check_group(row, truth["by_model"][name], name)
    check_agents(by_name(agents, "agent"), by_name(versions, "agent_version"), truth["by_agent_name"])


def check_agents(agents: dict[str, pd.Series], versions: dict[str, pd.Series], truth: dict[str, Any]) -> None:
    """An agent_name such as `claude-code 2.1.49` is an agent and a version here."""
    canon, now = Canon(), datetime.now(UTC)
    runs: dict[str, int] = defaultdict(int)
    for name, group in truth.items():
        row = canon.row({"agent_name": name, "start_time": now}, now)
        agent, version = row[FIELDS.index("agent")], row[FIELDS.index("agent_version")]
        runs[str(agent)] += group["runs"]
        # Where the agents of a set share no version, a version is one agent_name.
        if version:
            check_group(versions[str(version)], group, name)
        else:
            check_group(agents[str(agent)], group, name)
    assert {name: row["runs"] for name, row in agents.items()} == runs


def check_days(store: Store, name: str, truth: dict[str, Any]) -> None:
    metrics = ("runs", *STATUSES, "cost_usd", *TOKENS[:3], "avg_duration_ms", "p95_duration_ms")
    frame = store.fetch(Query(metrics, whole(truth), grain="day"))
    days = {f"{row['start']:%Y-%m-%d}": row for _, row in frame.iterrows()}
    ranks = p95_by_day(name)
    for day, row in days.items():
        if day not in truth["daily_utc"]:
            assert row["runs"] == 0, day
            assert math.isnan(row["avg_duration_ms"]), day
            continue
        expected = truth["daily_utc"][day]
        for metric, status in {"runs": "runs", **STATUSES}.items():
            same(row[metric], expected[status], f"{day} {metric}")
        same(row["cost_usd"], float(expected["cost_usd"]), f"{day} cost")
        for metric in TOKENS[:3]:
            same(row[metric], expected[metric], f"{day} {metric}")
        same(row["avg_duration_ms"], expected["avg_duration_ms"], f"{day} average duration")
        assert row["p95_duration_ms"] == pytest.approx(ranks[day], rel=0.01), day
    assert set(truth["daily_utc"]) <= set(days)


def p95_by_day(name: str) -> dict[str, float]:
    """Nearest rank, from the file itself: expected.json has only the interpolated ones by day."""
    durations: dict[str, list[float]] = defaultdict(list)
    with gzip.open(DATA / name / "runs.jsonl.gz") as lines:
        for run in map(json.loads, lines):
            if run["duration_ms"] is not None:
                durations[run["start_time"][:10]].append(run["duration_ms"])
    return {day: sorted(values)[math.ceil(0.95 * len(values)) - 1] for day, values in durations.items()}


@timed
@pytest.mark.parametrize(("form", "other"), [("jsonl", "csv"), ("csv", "jsonl")])
def test_a_set_gives_its_numbers_from_each_format_and_the_other_adds_nothing(
    engine: Engine, store: Store, name: str, form: str, other: str
) -> None:
    truth = EXPECTED[name]
    first = bring(engine, name, form)
    assert (first.read, first.inserted, first.rejected) == (truth["rows"], truth["rows"], 0)
    check(store, truth)
    check_days(store, name, truth)
    version = store.version()
    for again in (form, other):
        summary = bring(engine, name, again)
        assert (summary.inserted, summary.already_there) == (0, truth["rows"])
        assert (summary.differing, summary.rejected) == (0, 0)
    assert store.version() == version


_IMPORT = """
import json, sys
from ingest.importer import import_paths
print(json.dumps(import_paths(sys.argv[1], [sys.argv[2]]).counts()))
"""


@timed
def test_eight_processes_at_once_give_the_same(
    engine: Engine, database_url: str, store: Store, name: str
) -> None:
    truth = EXPECTED[name]
    files = [str(DATA / name / f"runs.{form}.gz") for form in ("jsonl", "csv")] * 4
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _IMPORT, database_url, file], cwd=ROOT, stdout=subprocess.PIPE
        )
        for file in files
    ]
    counts = [json.loads(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert sum(count["inserted"] for count in counts) == truth["rows"]
    assert sum(count["already_there"] for count in counts) == 7 * truth["rows"]
    assert all(count["differing"] == count["rejected"] == 0 for count in counts)
    check(store, truth)
    compact(engine)
    check(store, truth)
    check_days(store, name, truth)


@needs_data
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_set_without_times_is_refused_row_by_row(
    engine: Engine, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    summary = bring(engine, UNTIMED, form)
    rows = EXPECTED[UNTIMED]["rows"]
    assert (summary.read, summary.inserted, summary.rejected) == (rows, 0, rows)
    assert summary.reasons == {("start_time", "no_start_time"): rows}
    assert summary.exit_code == 1
    assert "--start-time" in summary.text()
    assert summary.rejects_path is not None
    rejected = [json.loads(line) for line in summary.rejects_path.read_text().splitlines()]
    first = 1 if form == "jsonl" else 2
    assert [row["_rejected"]["line"] for row in rejected] == list(range(first, first + rows))
    assert {row["_rejected"]["field"] for row in rejected} == {"start_time"}
    assert store.extent() is None


@needs_data
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_set_without_times_is_right_in_all_but_time_with_an_assumed_start(
    engine: Engine, store: Store, form: str
) -> None:
    truth = EXPECTED[UNTIMED]
    summary = bring(engine, UNTIMED, form, start_time="2024-08-25T00:00:00Z")
    assert (summary.inserted, summary.rejected) == (truth["rows"], 0)
    check(store, {**truth, "time_range": {"first_start": "2024-08-25", "last_start": "2024-08-25"}})
    with engine.connect() as connection:
        marked = connection.exec_driver_sql(
            "SELECT count(*) FROM agent_execution WHERE (attributes->'start_time_assumed')::boolean"
        ).scalar_one()
    assert marked == truth["rows"]
