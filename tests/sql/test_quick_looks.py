"""What would else be read run by run is found by an index, or told by the rollups; older databases get both."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.facets import refresh
from ingest.imports import start_import
from ingest.verify import verify
from ingest.write import Writer
from queries import run_query, runs
from queries.cache import AnswerCache
from queries.filters import parse
from queries.health import CLOCKS
from queries.list_prices import Compared, compared
from queries.migrate import upgrade
from queries.store import Store
from queries.tally import statement
from seed.load import seed
from tests.sql.test_seed_load import UNTIL, quiet
from tests.sql.test_servers import _Nothing, fresh

Run = Callable[..., tuple[Any, ...]]


@pytest.fixture(scope="module")
def sown(module_engine: Engine, run: Run) -> Engine:
    """Twenty thousand runs of one import, and five old ones of another."""
    url = module_engine.url.render_as_string(hide_password=False)
    seed(url, runs=20_000, days=70, rng_seed=3, until=UNTIL, progress=quiet)
    few = start_import(module_engine, "few")
    with Writer(module_engine, import_id=few) as writer:
        writer.write([run(f"2026-10-0{n}T10:00Z", invocation_id=f"few-{n}") for n in range(1, 6)])
    refresh(module_engine)
    with module_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE agent_execution"))
    return module_engine


def used(engine: Engine, sql: str, values: dict[str, Any]) -> tuple[set[str], list[str]]:
    """The kinds of nodes that read tables, and the definitions of the indexes they use."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).scalar_one()
        plan = found if isinstance(found, list) else json.loads(found)
        nodes = list(_nodes(plan[0]["Plan"]))
        names = [node["Index Name"] for node in nodes if "Index Name" in node]
        defined = "SELECT pg_get_indexdef(to_regclass(%(name)s))"
        indexes = [connection.exec_driver_sql(defined, {"name": name}).scalar_one() for name in names]
    return {node["Node Type"] for node in nodes}, indexes


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


@pytest.mark.parametrize("names", [CLOCKS, *((name,) for name in CLOCKS)])
def test_odd_clocks_are_found_by_their_own_index(
    sown: Engine, module_store: Store, names: tuple[str, ...]
) -> None:
    kinds, indexes = used(sown, *statement(module_store, parse({"range": "90d"}, now=UNTIL), *names))
    assert "Seq Scan" not in kinds
    assert indexes
    if names != ("no_end",):  # runs without a duration are found by the index of durations as well
        assert all("WHERE ((end_time < start_time) OR" in index for index in indexes)


def test_many_calls_without_a_result_are_told_by_an_index_alone(sown: Engine, module_store: Store) -> None:
    for asked in ({}, {"model": "claude-sonnet-4-5"}):
        filters = parse({"range": "90d", **asked}, now=UNTIL)
        kinds, indexes = used(sown, *statement(module_store, filters, "many_calls"))
        assert "Index Only Scan" in kinds
        assert not kinds & {"Seq Scan", "Bitmap Heap Scan", "Index Scan"}
        assert all("files_modified_count = 0" in index for index in indexes)


def test_a_page_of_an_import_comes_in_the_order_of_its_index(sown: Engine, module_store: Store) -> None:
    for number, expected in (("1", 51), ("2", 5)):
        filters = parse({"range": "all"}, now=UNTIL, extent=module_store.extent)
        query = run_query.parse({"import": number}, filters)
        assert len(runs.page(module_store, query, limit=51).rows) == expected
        with sown.connect() as connection:
            conditions = runs._conditions(connection, query, runs._also(module_store, query))
        (leg,) = runs._legs(query)
        kinds, indexes = used(sown, *runs._statement(leg, conditions, None, 51))
        assert not kinds & {"Seq Scan", "Bitmap Heap Scan"}, kinds
        if number == "1":
            assert not kinds & {"Sort", "Incremental Sort"}, kinds
        else:
            assert all(re.search(r"\(import_id, start_time\)", index) for index in indexes)


def test_list_prices_are_told_by_the_rollups(engine: Engine, store: Store, run: Run) -> None:
    """Claude Opus costs $15 a million tokens put in, $75 a million put out."""
    rows = _told(run)
    with Writer(engine) as writer:
        writer.write(rows)
    expected = [Compared("claude-3-opus", 2, 40.0, 33.0)]
    filters = parse({"range": "30d"}, now=datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert compared(store, filters) == expected
    refresh(engine)
    assert compared(store, filters) == expected
    with engine.begin() as connection:
        # The rollups alone: not one raw row is left.
        connection.execute(text("DELETE FROM agent_execution"))
        connection.execute(text("UPDATE data_state SET identity = gen_random_uuid()"))
    assert compared(store, filters) == expected


def _told(run: Run) -> list[tuple[Any, ...]]:
    reported = {"model": "claude-3-opus", "cost_usd": Decimal("20"), "cost_source": "reported"}
    million = {"input_tokens": 1_000_000, "output_tokens": 0}
    return [
        run("2026-11-10T10:00Z", **reported, **million),
        run("2026-11-10T22:40Z", **reported, input_tokens=200_000, output_tokens=200_000, status="error"),
        run("2026-11-10T10:00Z", **reported, input_tokens=1),
        run("2026-11-10T10:00Z", **reported | {"cost_source": "estimated"}, **million, duration_ms=5),
        run("2026-09-10T10:00Z", **reported, **million, duration_ms=7, files_modified_count=3),
    ]


def test_an_older_database_gets_the_rollups_of_its_runs(server: str, run: Run) -> None:
    with fresh(server, "quick_looks") as engine:
        upgrade(engine, "0011")
        with Writer(engine) as writer:
            writer.write(_told(run)[:3])
            refresh(engine)
            writer.write(_told(run)[3:])  # an hour that waits to be made again
        upgrade(engine)
        assert verify(engine) == []
        store = Store(engine, AnswerCache(_Nothing(), None, 60))
        filters = parse({"range": "2026-09-01..2026-11-20"}, now=datetime(2026, 11, 20, 12, tzinfo=UTC))
        assert compared(store, filters) == [Compared("claude-3-opus", 3, 60.0, 48.0)]
        refresh(engine)
        assert verify(engine) == []
        assert compared(store, filters) == [Compared("claude-3-opus", 3, 60.0, 48.0)]
