"""The figures of one application, and what they say of its database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from dashboard.telemetry import Telemetry
from ingest.compact import compact
from ingest.facets import refresh
from ingest.write import Writer
from queries.engine import make_engine


def figures(engine: Engine) -> dict[str, float]:
    families = text_string_to_metric_families(Telemetry(engine).page().decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_what_waits_in_the_database_is_told(engine: Engine, run: Callable[..., Any]) -> None:
    """Three runs in two quarter hours of 2026-11-20: 10:00 and 10:10 together, 11:20 apart.

    The newest quarter hour begins at 11:15 UTC: 1795173300 seconds after 1970.
    """
    with Writer(engine) as writer:
        writer.write([run(f"2026-11-20T{at}+00:00") for at in ("10:00", "10:10", "11:20")])
        found = figures(engine)
    assert found["fixer_metrics_database_up"] == 1
    assert found["fixer_metrics_runs"] == 3
    assert found["fixer_metrics_newest_run_timestamp_seconds"] == 1_795_173_300
    assert found["fixer_metrics_rollup_delta_rows"] == 2
    assert found["fixer_metrics_facet_dirty_hours"] == 2
    compact(engine)
    refresh(engine)
    found = figures(engine)
    assert (found["fixer_metrics_runs"], found["fixer_metrics_rollup_delta_rows"]) == (3, 0)
    assert found["fixer_metrics_facet_dirty_hours"] == 0


def test_a_database_that_is_away_is_told_so() -> None:
    nowhere = make_engine("postgresql://nobody@127.0.0.1:1/none")
    assert figures(nowhere) == {"fixer_metrics_database_up": 0}
