"""First runs of versions: to the instant, whatever the filters, against plain SQL over the raw rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.write import Writer
from queries.filters import parse
from queries.markers import markers
from queries.store import Store
from queries.versions import first_runs

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_RUNS = (
    ("2026-10-01T08:00:00", "fixer", "1.0", "gpt-4"),
    ("2026-11-18T09:07:11", "fixer", "1.0", "gpt-4"),  # not its first
    ("2026-11-18T10:22:33", "fixer", "2.0", "gpt-4"),
    ("2026-11-18T10:20:59", "fixer", "2.0", "claude"),
    ("2026-11-19T23:59:59", "helper", "2.0", "claude"),  # the same name, another agent
    ("2026-11-20T00:00:00", "helper", None, "claude"),  # no version is no event
    ("2026-11-21T07:00:00", "fixer", "2.1", "claude"),
)


@pytest.fixture(scope="module")
def runs(module_engine: Engine, module_store: Store, run: Callable[..., Any]) -> Store:
    rows = [
        run(f"{at}+00:00", agent=a, agent_version=v, model=m, attributes=f'{{"repository": "{a}/{m}"}}')
        for at, a, v, m in _RUNS
    ]
    with Writer(module_engine) as writer:
        writer.write(rows)
    return module_store


def found(store: Store, **params: str) -> list[tuple[str, str, str]]:
    filters = parse({"range": "7d", "tz": "UTC"} | params, now=NOW)
    return [(f.agent, f.version, f"{f.at:%d %H:%M:%S}") for f in first_runs(store, filters)]


def test_first_runs_are_those_of_the_raw_rows(runs: Store, module_engine: Engine) -> None:
    assert found(runs) == [
        ("fixer", "2.0", "18 10:20:59"),
        ("helper", "2.0", "19 23:59:59"),
        ("fixer", "2.1", "21 07:00:00"),
    ]
    query = text(
        "SELECT agent, agent_version, min(start_time) AS at FROM agent_execution "
        "WHERE agent_version IS NOT NULL GROUP BY 1, 2 HAVING min(start_time) >= '2026-11-17' ORDER BY 3"
    )
    with module_engine.connect() as connection:
        raw = [(r.agent, r.agent_version, f"{r.at:%d %H:%M:%S}") for r in connection.execute(query)]
    assert found(runs) == raw


def test_agent_and_version_say_which_and_the_period_when(runs: Store) -> None:
    assert found(runs, agent="helper") == [("helper", "2.0", "19 23:59:59")]
    assert found(runs, version="2.1") == [("fixer", "2.1", "21 07:00:00")]
    assert found(runs, range="2026-11-18T10:30Z..2026-11-21T07:00Z") == [("helper", "2.0", "19 23:59:59")]
    assert found(runs, range="90d")[0] == ("fixer", "1.0", "01 08:00:00")


def test_only_versions_with_runs_that_pass_are_marked(runs: Store) -> None:
    filters = parse({"range": "7d", "tz": "UTC", "model": "gpt-4"}, now=NOW)
    assert [(m.agent, m.version) for m in markers(runs, filters)] == [("fixer", "2.0")]


def test_a_filter_on_an_attribute_leaves_out_the_others_too(runs: Store) -> None:
    filters = parse({"range": "7d", "tz": "UTC", "attr.repository": "fixer/claude"}, now=NOW)
    assert [(m.agent, m.version) for m in markers(runs, filters)] == [("fixer", "2.0"), ("fixer", "2.1")]
    filters = parse({"range": "7d", "tz": "UTC", "attr.repository": "fixer/gpt-4"}, now=NOW)
    assert [m.version for m in markers(runs, filters)] == ["2.0"]
    filters = parse({"range": "7d", "tz": "UTC", "attr.repository": "nobody/nothing"}, now=NOW)
    assert markers(runs, filters) == []
