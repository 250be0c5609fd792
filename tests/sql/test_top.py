"""The first members of a dimension and all others as one: equal to plain SQL over raw rows, whatever happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ingest.facets import refresh
from ingest.write import Writer
from queries.filters import Filters, parse
from queries.leaders import RANKED
from queries.store import Query, Store
from tests.conftest import uncached
from tests.sql import test_facets as facets
from tests.sql import test_query_properties as properties
from tests.sql.test_query_properties import NOW, ORACLES, same

ADDITIVE = ("runs", "failed", "total_tokens", "cost_usd", "runs_without_cost")
# Of one run, written by hand; a run has one value of each.
VALUE = {
    "model": "model",
    "agent_version": "coalesce(agent_version, '')",
    "status": "status",
    "error_category": "coalesce(error_category, '')",
    "attr.repository": "coalesce(attributes ->> 'repository', '')",
    "attr.o'k%": "coalesce(attributes ->> 'o''k%', '')",
}
SOME = {
    "model": [("b",), ("a", "ü,%"), ("never seen", "b")],
    "agent_version": [("",), ("1", "2"), ("", "2", "1")],
    "status": [("error", "success")],
    "error_category": [("timeout",), ("", "network")],
    "attr.repository": [("c",), ("", "a/b")],
    "attr.o'k%": [("1",)],
}


@st.composite
def cuts(draw: st.DrawFn) -> tuple[dict[str, str], str, tuple[str, ...]]:
    asked, _by = draw(facets.questions())
    by = draw(st.sampled_from(list(VALUE)))
    return asked, by, draw(st.sampled_from(SOME[by]))


def raw(
    engine: Engine, filters: Filters, by: str, members: tuple[str, ...], label: str
) -> dict[tuple[Any, Any], dict[str, float]]:
    condition, values = facets.within(filters)
    columns = ", ".join(f"{sql} AS {name}" for name, sql in ORACLES.items())
    statement = (
        f"SELECT {label} AS label, CASE WHEN {VALUE[by]} = ANY(:members) THEN {VALUE[by]} END AS member, {columns} "
        f"FROM (SELECT *, start_time AT TIME ZONE '{filters.tz}' AS local FROM agent_execution WHERE {condition}) AS r "
        "GROUP BY 1, 2"
    )
    with engine.connect() as connection:
        found = connection.execute(text(statement), values | {"members": list(members)})
        return {
            (r.label, r.member): {
                n: np.nan if getattr(r, n) is None else float(getattr(r, n)) for n in ORACLES
            }
            for r in found
        }


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=facets.steps, asked=st.lists(cuts(), min_size=4, max_size=4))
def test_members_and_all_others_equal_plain_sql(
    module_engine: Engine, story: list[Any], asked: list[Any]
) -> None:
    properties.wipe(module_engine)
    facets.play(module_engine, story)
    store = uncached(module_engine)  # a new one: after a wipe a version of the data may come again
    for params, by, members in asked:
        filters = parse(params, now=NOW)
        check(module_engine, store, filters, by, members, None)
        if filters.grain != "hour":  # labels of hours are checked in test_query_properties
            check(module_engine, store, filters, by, members, filters.grain)


def check(
    engine: Engine, store: Store, filters: Filters, by: str, members: tuple[str, ...], grain: str | None
) -> None:
    whole, frame = store.fetch_many(
        Query(tuple(ORACLES), filters, grain=grain), Query(tuple(ORACLES), filters, by, grain, members)
    )
    label = properties.LOCAL_BUCKET[grain] if grain else "0"
    expected = raw(engine, filters, by, members, label)
    rest = {member for _, member in expected} - set(members)
    assert frame[by].iloc[: len(members) + len(rest)].tolist() == [*members, *rest]
    for row in frame.to_dict("records"):
        if row["runs"]:
            at = properties.label(row["start"], grain, filters.tz) if grain else 0
            same(row, expected.pop((at, row[by])))
    assert not expected
    # Whoever stacks them sees the height of the chart that is not split.
    for metric in ADDITIVE:
        parts = np.nansum(frame[metric].to_numpy().reshape(len(whole), -1), axis=1)
        assert parts == pytest.approx(np.nan_to_num(whole[metric].to_numpy(dtype=float)), rel=1e-9)


START = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)


def put(engine: Engine, run: Callable[..., Any], repositories: dict[str, tuple[int, float | None]]) -> None:
    """Repository -> (runs, cost of each)."""
    rows = []
    for name, (number, cost) in repositories.items():
        for n in range(number):
            attributes = f'{{"repository": "{name}"}}' if name else "{}"
            start = START + timedelta(hours=n)
            rows.append(
                run(start, cost_usd=cost, total_tokens=7, tools_used='{"bash": 2}', attributes=attributes)
            )
    with Writer(engine) as writer:
        writer.write(rows)


@pytest.mark.parametrize("refreshed", [True, False])
def test_leaders_are_chosen_by_each_measure(
    engine: Engine, store: Store, run: Callable[..., Any], refreshed: bool
) -> None:
    put(engine, run, {"many": (5, 0.1), "dear": (1, 9), "b": (2, None), "a": (2, 1), "": (3, 0)})
    if refreshed:
        refresh(engine, until=NOW + timedelta(days=30))
    found = store.leaders("attr.repository", 3, parse({"range": "7d"}, now=NOW))
    assert found.total == 5
    assert set(found.by) == set(RANKED)
    assert found.by["runs"] == ("many", "", "a")  # a and b have two each: by name
    assert found.by["cost_usd"] == ("dear", "a", "many")
    assert found.by["total_tokens"] == ("many", "", "a")
    assert store.leaders("attr.repository", 9).by["runs"] == ("many", "", "a", "b", "dear")
    assert store.leaders("model", 9, parse({"range": "2020-01-01..2020-01-02"}, now=NOW)).total == 0


def test_there_are_no_leaders_of_nothing(store: Store) -> None:
    assert store.leaders("attr.repository", 3).by["runs"] == ()
    assert store.leaders("attr.repository", 3).total == 0


@pytest.mark.parametrize("refreshed", [True, False])
def test_other_tools_overlap_and_are_left_out(
    engine: Engine, store: Store, run: Callable[..., Any], refreshed: bool
) -> None:
    with Writer(engine) as writer:
        writer.write(facets.rows(run))  # bash in two runs, edit in one of these
    if refreshed:
        refresh(engine, until=NOW + timedelta(days=30))
    frame = store.fetch(Query(("runs",), parse({"range": "7d"}, now=NOW), "tool", members=("edit",)))
    assert frame[["tool", "runs", "calls"]].to_numpy().tolist() == [["edit", 1, 1]]


@pytest.mark.parametrize("refreshed", [True, False])
def test_runs_that_say_which_tools_they_used_are_known(
    engine: Engine, store: Store, run: Callable[..., Any], refreshed: bool
) -> None:
    with Writer(engine) as writer:
        writer.write(facets.rows(run))  # two with tools, one with none, one that does not say
    if refreshed:
        refresh(engine, until=NOW + timedelta(days=30))
    frame = store.fetch(Query(("runs",), parse({"range": "7d"}, now=NOW), "tools_known"))
    assert dict(zip(frame["tools_known"], frame["runs"], strict=True)) == {"yes": 3, "": 1}
