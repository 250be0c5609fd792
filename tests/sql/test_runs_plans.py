"""How PostgreSQL finds a page of runs: by an index and in its order, never by sorting what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from queries import runs
from queries.filters import parse as parse_filters
from queries.run_query import parse
from queries.store import Store
from seed.load import seed
from tests.sql.test_runs import EVERY_SORT
from tests.sql.test_seed_load import UNTIL, quiet

Plan = dict[str, Any]


@pytest.fixture(scope="module")
def sown(module_engine: Engine) -> Engine:
    url = module_engine.url.render_as_string(hide_password=False)
    seed(url, runs=20_000, days=70, rng_seed=3, until=UNTIL, progress=quiet)
    with module_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE agent_execution"))
    return module_engine


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def plans(engine: Engine, store: Store, sort: str, **asked: str) -> Iterator[list[Plan]]:
    """Those of both legs, as they run for the second page."""
    query = parse({"sort": sort, **asked}, parse_filters(asked, now=UNTIL))
    first = runs.page(store, query)
    place = runs.read_place(first.next, sort)
    with engine.connect() as connection:
        conditions = runs._conditions(connection, query, [])
        for leg in runs._legs(query):
            sql, values = runs._statement(leg, conditions, place if leg.known is not False else None, 51)
            explained = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values
            ).scalar_one()
            plan = explained if isinstance(explained, list) else json.loads(explained)
            yield list(nodes(plan[0]["Plan"]))


@pytest.mark.parametrize("sort", EVERY_SORT)
@pytest.mark.parametrize("asked", [{}, {"model": "claude-sonnet-4-5"}, {"status": "success"}])
def test_a_page_of_30_days_comes_in_the_order_of_an_index(
    sown: Engine, module_store: Store, sort: str, asked: dict[str, str]
) -> None:
    for number, plan in enumerate(plans(sown, module_store, sort, **asked)):
        kinds = {node["Node Type"] for node in plan}
        # The few runs without a value may be sorted, those with one come in order.
        assert not kinds & (
            {"Seq Scan", "Hash"} | ({"Sort", "Bitmap Heap Scan"} if number == 0 else set())
        ), kinds
        scanned = [node for node in plan if "Relation Name" in node]
        assert scanned
        assert {node["Relation Name"] for node in scanned} <= {
            "agent_execution_2026_10",
            "agent_execution_2026_11",
        }
        # What is read is near to what is shown, far from the thousands of the period.
        read = sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scanned)
        assert read < 2_500


def test_words_are_found_by_their_index(sown: Engine, module_store: Store) -> None:
    query = parse({"q": "rate limit"}, parse_filters({}, now=UNTIL))
    with sown.connect() as connection:
        sql, values = runs._statement(runs._legs(query)[0], runs._conditions(connection, query, []), None, 51)
        explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).scalar_one()
    plan = explained if isinstance(explained, list) else json.loads(explained)
    found = [node for node in nodes(plan[0]["Plan"]) if "Index Name" in node]
    assert any("tsvector" in node["Index Name"] or "words" in node["Index Name"] for node in found), found
