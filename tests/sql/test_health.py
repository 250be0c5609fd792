"""Data health against rows made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.errors import QueryCanceled
from sqlalchemy import Engine, text

from ingest import imports
from ingest.compact import compact
from ingest.facets import refresh
from ingest.verify import verify
from ingest.write import Writer, finish_import, start_import, take_back
from queries import health, run_query, runs
from queries.filters import Filters, parse
from queries.list_prices import Compared, compared
from queries.runs import Total
from queries.store import Store

Run = Callable[..., tuple[Any, ...]]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def asked(**more: str) -> Filters:
    return parse({"range": "30d", **more}, now=NOW)


def put(engine: Engine, rows: list[tuple[Any, ...]], import_id: int | None = None) -> None:
    with Writer(engine, import_id=import_id) as writer:
        writer.write(rows)


def test_an_empty_database_is_fresh_in_nothing(store: Store) -> None:
    assert health.freshness(store) == health.Freshness(None, None, None, 0)
    assert health.imports(store) == []


def test_freshness_is_of_the_newest_run_and_the_newest_import(engine: Engine, store: Store, run: Run) -> None:
    put(engine, [run("2026-11-20T09:59+00:00"), run("2026-10-01T10:00+00:00")])
    finish_import(engine, start_import(engine, "old"), {})
    newest = start_import(engine, "new")
    with engine.connect() as connection:
        came_in = connection.execute(text("SELECT max(ingested_at) FROM agent_execution")).scalar_one()
        began = connection.execute(
            text("SELECT started_at FROM data_import WHERE import_id = :id"), {"id": newest}
        ).scalar_one()
    found = health.freshness(store)
    assert found == health.Freshness(datetime(2026, 11, 20, 9, 59, tzinfo=UTC), came_in, began, 2)


def test_the_log_of_imports_says_what_each_brought_and_whether_it_goes_back(
    engine: Engine, store: Store, run: Run
) -> None:
    first, second, empty = (start_import(engine, name) for name in ("a.jsonl", "b.csv", "empty"))
    put(engine, [run(invocation_id="a")], first)
    counts = {"read": 9, "inserted": 3, "replaced": 1, "already_there": 2, "differing": 1, "rejected": 2}
    finish_import(engine, first, counts)
    finish_import(engine, empty, {"read": 4, "already_there": 4})
    newest, middle, oldest = health.imports(store)
    assert [one.import_id for one in (newest, middle, oldest)] == [empty, second, first]
    assert {name: getattr(oldest, name) for name in counts} == counts
    assert (oldest.brought, oldest.can_be_taken_back, newest.can_be_taken_back) == (4, True, False)
    assert (middle.finished_at, middle.going_back) == (None, False)
    with imports._alone(engine, first):
        *_, oldest = health.imports(store)
        assert (oldest.going_back, oldest.can_be_taken_back) == (True, False)
    with engine.connect() as connection:
        assert health.runs_of(connection, first) == 1
        assert (health.is_import(connection, first), health.is_import(connection, 99)) == (True, False)
    take_back(engine, first)
    *_, oldest = health.imports(store)
    assert (oldest.taken_back, oldest.going_back, oldest.can_be_taken_back) == (1, False, False)
    assert oldest.taken_back_at is not None
    with engine.connect() as connection:
        assert health.runs_of(connection, first) == 0


def test_the_runs_of_an_import_are_those_that_it_brought_last(
    engine: Engine, store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (start_import(engine, name) for name in ("a", "b", "c"))
    put(engine, [run(f"2026-{month:02}-10T10:00Z", invocation_id=f"a{month}") for month in (3, 9, 11)], first)
    put(engine, [run(invocation_id="b"), run(invocation_id="a3")], second)  # a3 is there already
    with Writer(engine, import_id=third, replace=True) as writer:
        writer.write([run("2026-09-10T10:00Z", invocation_id="a9", status="error"), run(invocation_id="c")])
    kept = {third: {"a9", "c"}, second: {"b"}, first: {"a3", "a11"}}
    found = health.imports(store)
    assert {one.import_id: one.runs for one in found} == {n: Total(len(ids)) for n, ids in kept.items()}
    for number, ids in kept.items():
        query = run_query.parse(
            {"import": str(number)}, parse({"range": "all"}, now=NOW, extent=store.extent)
        )
        assert {row["invocation_id"] for row in runs.page(store, query).rows} == ids
        assert runs.total(store, query) == Total(len(ids))
        with engine.connect() as connection:
            (rows,) = runs.stream(connection, store, query, 10)
        assert {row["invocation_id"] for row in rows} == ids
    monkeypatch.setattr(health, "COUNTED", 1)
    assert [one.runs for one in health.imports(store)] == [Total(1, True), Total(1), Total(1, True)]


def test_an_import_that_has_not_ended_can_be_taken_back(engine: Engine, store: Store, run: Run) -> None:
    broken = start_import(engine, "broken off")
    put(engine, [run(invocation_id="a")], broken)
    (found,) = health.imports(store)
    assert (found.brought, found.finished_at, found.can_be_taken_back) == (0, None, True)


def test_only_the_newest_imports_are_listed(engine: Engine, store: Store) -> None:
    numbers = [start_import(engine, f"file {n}") for n in range(4)]
    assert [one.import_id for one in health.imports(store, 3)] == numbers[:0:-1]
    assert health.freshness(store).imports == 4


def test_rollups_say_what_waits(engine: Engine, store: Store, run: Run) -> None:
    put(engine, [run("2026-11-20T10:00+00:00"), run("2026-11-20T10:20+00:00"), run("2026-11-19T10:00+00:00")])
    found = health.rollups(store)
    # Three quarter hours of one key; two different hours.
    assert (found.waiting, found.dirty_hours) == (3, 2)
    assert set(found.facets) >= {
        "error_category", "error_template", "tool",
        "attr.repository", "attr.environment", "attr.user", "attr.task",
    }  # fmt: skip
    compact(engine)
    refresh(engine)
    found = health.rollups(store)
    assert (found.waiting, found.dirty_hours) == (0, 0)


def test_runs_ahead_of_now_are_counted(engine: Engine, store: Store, run: Run) -> None:
    put(engine, [run("2026-11-20T12:00+00:00"), run("2026-11-20T12:01+00:00"), run("2026-12-24T12:00+00:00")])
    assert health.future_runs(store, asked()) == 2


def test_costs_are_reported_estimated_or_unknown_by_model(engine: Engine, store: Store, run: Run) -> None:
    reported = {"cost_usd": Decimal("20"), "cost_source": "reported"}
    put(
        engine,
        [
            run(model="gpt-4", **reported),
            run(model="gpt-4", cost_usd=Decimal("5"), cost_source="estimated"),
            run(model="gpt-4"),
            run(model="our-own"),
        ],
    )
    assert health.model_costs(store, asked()) == [
        health.ModelCost("gpt-4", 3, 1, 20.0, 5.0, True),
        health.ModelCost("our-own", 1, 1, 0.0, 0.0, False),
    ]


def test_reported_costs_are_held_against_list_prices_over_the_same_runs(
    engine: Engine, store: Store, run: Run
) -> None:
    # claude-3-opus: $15 a million in, $1.50 read from the cache, $18.75 written to it, $75 out.
    tokens = {
        "input_tokens": 1_000_000,
        "cache_read_tokens": 400_000,
        "cache_write_tokens": 200_000,
        "output_tokens": 100_000,
    }
    reported = {"cost_usd": Decimal("20"), "cost_source": "reported"}
    put(
        engine,
        [
            run(model="claude-3-opus", **tokens, **reported),
            run(model="claude-3-opus", input_tokens=200_000, output_tokens=0, **reported),
            run(model="claude-3-opus", input_tokens=200_000, **reported),  # no output tokens
            run(model="claude-3-opus", **reported),
            run(model="claude-3-opus", **tokens, cost_usd=Decimal("17.85"), cost_source="estimated"),
            run(model="our-own", **tokens, **reported),
            # o3, as the list has it: input $10 until 10 June 2025, then $2; output $40, then $8.
            run("2025-06-09T10:00Z", model="o3", input_tokens=1_000_000, output_tokens=0, **reported),
            run("2025-06-11T10:00Z", model="o3", input_tokens=1_000_000, output_tokens=0, **reported),
        ],
    )
    # 0.4 * 15 + 0.4 * 1.5 + 0.2 * 18.75 + 0.1 * 75 = 17.85; 0.2 * 15 = 3: 20.85 of 40.
    (found,) = compared(store, asked())
    assert found == Compared("claude-3-opus", 2, 40.0, 20.85)
    assert found.off == pytest.approx(20.85 / 40 - 1)
    assert compared(store, asked(range="2025-06-01..2025-06-30")) == [Compared("o3", 2, 40.0, 12.0)]
    assert compared(store, asked(model="our-own")) == []


def test_a_comparison_that_takes_too_long_is_given_up(engine: Engine, run: Run) -> None:
    put(engine, [run()])
    with engine.connect() as holding:
        holding.execute(text("LOCK TABLE execution_key IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(QueryCanceled):
            verify(engine, 0.2)
        holding.rollback()
    assert verify(engine, 60) == []
