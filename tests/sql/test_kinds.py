"""Kinds of runs against plain SQL written by hand, on rows made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.facets import refresh
from ingest.write import Writer
from queries.errors import QueryError
from queries.filters import Filters, parse
from queries.kinds import KIND, condition, many_calls, top_edge
from queries.savings import savings
from queries.store import Store
from queries.tally import Tally, tally, unchanged

Run = Callable[..., tuple[Any, ...]]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def asked(**more: str) -> Filters:
    return parse({"range": "30d", **more}, now=NOW)


def put(engine: Engine, rows: list[tuple[Any, ...]]) -> None:
    with Writer(engine) as writer:
        writer.write(rows)


def ids(engine: Engine, store: Store, name: str, filters: Filters) -> set[str]:
    from queries.conditions import where

    runs, parameters = where(filters)
    sql, values = condition(name, store, filters)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            f"SELECT invocation_id FROM agent_execution r WHERE {runs} AND {sql}", parameters | values
        )
        return set(found.scalars())


def by_hand(engine: Engine, condition: str) -> set[str]:
    with engine.connect() as connection:
        return set(
            connection.execute(text(f"SELECT invocation_id FROM agent_execution WHERE {condition}")).scalars()
        )


def test_successes_that_changed_no_file(engine: Engine, store: Store, run: Run) -> None:
    put(
        engine,
        [
            run(invocation_id="none", files_modified_count=0, cost_usd=Decimal("2")),
            run(invocation_id="none-free", files_modified_count=0),
            run(invocation_id="one", files_modified_count=1, cost_usd=Decimal("4")),
            run(invocation_id="silent", cost_usd=Decimal("8")),
            run(invocation_id="failed", status="failure", files_modified_count=0, cost_usd=Decimal("16")),
            run(
                "2026-09-01T10:00+00:00",
                invocation_id="before",
                files_modified_count=0,
                cost_usd=Decimal("32"),
            ),
            run(invocation_id="other", model="other", files_modified_count=0, cost_usd=Decimal("64")),
        ],
    )
    assert ids(engine, store, "no_change", asked()) == {"none", "none-free", "other"}
    assert tally(store, asked(), "no_change") == {"no_change": Tally("no_change", 3, 66.0)}
    assert tally(store, asked(model="other"), "no_change")["no_change"].cost == 64
    assert tally(store, asked(status="failed"), "no_change")["no_change"] == Tally("no_change", 0, 0.0)


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize(
    "filters", [{}, {"model": "other"}, {"agent": "fixer"}, {"status": "failed"}, {"status": "success,error"}]
)
def test_the_rollups_know_the_same_successes_without_a_change(
    engine: Engine, store: Store, run: Run, filters: dict[str, str], made: bool
) -> None:
    rows = [run(files_modified_count=n % 3, status=status, model=model, cost_usd=Decimal(n))
            for n in range(12) for status in ("success", "failure") for model in ("gpt-4", "other")]  # fmt: skip
    put(engine, [*rows, run(), run("2026-09-01T10:00+00:00", files_modified_count=0)])
    if made:
        refresh(engine)
    # By hand: n = 0, 3, 6, 9 changed nothing, $18 of each model.
    runs, cost = {"model": (4, 18.0), "agent": (8, 36.0)}.get(next(iter(filters), ""), (8, 36.0))
    if filters.get("status") == "failed":
        runs, cost = 0, 0.0
    assert unchanged(store, asked(**filters)) == Tally("no_change", runs, cost)
    assert tally(store, asked(**filters), "no_change")["no_change"] == Tally("no_change", runs, cost)


def test_runs_none_of_which_has_a_cost_cost_an_unknown_amount(engine: Engine, store: Store, run: Run) -> None:
    put(engine, [run(files_modified_count=0)])
    assert tally(store, asked(), "no_change")["no_change"] == Tally("no_change", 1, None)
    assert unchanged(store, asked()) == Tally("no_change", 1, None)


def test_many_calls_are_twice_the_average_of_the_model(engine: Engine, store: Store, run: Run) -> None:
    # a: LLM calls (1 + 2 + 9) / 3 = 4, tool calls (2 + 6) / 2 = 4, so many is 16 and more. b: many is 4.
    put(
        engine,
        [
            run(invocation_id="a1", model="a", llm_call_count=1, tool_call_count=2, status="error"),
            run(invocation_id="a2", model="a", llm_call_count=2, status="failure"),
            run(invocation_id="a3", model="a", llm_call_count=9, tool_call_count=6, status="error"),
            run(invocation_id="b1", model="b", llm_call_count=1, status="failure"),
            run(invocation_id="b2", model="b", llm_call_count=3, files_modified_count=0),
            run(invocation_id="c1", model="c", status="error"),
        ],
    )
    assert many_calls(store, asked()) == {"a": 16.0, "b": 4.0}
    assert ids(engine, store, "many_calls", asked()) == set()
    put(
        engine,
        [
            # a: LLM 12 + 8 of 4 runs: 5; tools 8 + 22 of 3: 10; many is 30.
            run(invocation_id="a4", model="a", llm_call_count=8, tool_call_count=22, status="failure"),
            # b: LLM 4 + 2 + 4 + 4 of 5 runs: 2.8; many is 5.6: none but those of 6 and more.
            run(invocation_id="b3", model="b", llm_call_count=2, status="success", files_modified_count=2),
            run(invocation_id="b4", model="b", llm_call_count=4, status="unknown", files_modified_count=0),
            run(invocation_id="b5", model="b", llm_call_count=4, tool_call_count=0, status="success"),
        ],
    )
    assert many_calls(store, asked()) == {"a": 30.0, "b": pytest.approx(5.6)}
    assert ids(engine, store, "many_calls", asked()) == {"a4"}
    # The average is that of all runs of the model, whatever else narrows them.
    assert ids(engine, store, "many_calls", asked(status="failure")) == {"a4"}
    assert ids(engine, store, "many_calls", asked(status="success")) == set()


@pytest.mark.parametrize(
    "filters", [{}, {"model": "a"}, {"status": "success"}, {"agent": "fixer", "model": "a"}]
)
def test_the_dearest_hundredth_is_found_exactly(
    engine: Engine, store: Store, run: Run, filters: dict[str, str]
) -> None:
    # 250 runs of a model at $0.01 to $2.50 and 150 of another at ten times as much.
    rows = [
        run(model="a", status="success" if n % 2 else "error", cost_usd=Decimal(n) / 100)
        for n in range(1, 251)
    ]
    rows += [run(model="b", cost_usd=Decimal(n) / 10) for n in range(1, 151)]
    put(engine, [*rows, run(model="a"), run("2026-09-01T10:00+00:00", model="a", cost_usd=Decimal(99))])
    # By hand: 400 runs, the dearest 4 are b at 15.0, 14.9, 14.8, 14.7; of the 250 of a the dearest 3; of the
    # 275 successes (125 of a, 150 of b) the dearest 3.
    edge, dearest, cost = {
        (): ("14.700000000", 4, 59.4),
        ("model",): ("2.480000000", 3, 7.47),
        ("status",): ("14.800000000", 3, 44.7),
        ("agent", "model"): ("2.480000000", 3, 7.47),
    }[tuple(filters)]
    assert top_edge(store, asked(**filters)) == edge
    found = tally(store, asked(**filters), "top")["top"]
    assert (found.runs, found.cost) == (dearest, pytest.approx(cost))


def test_equal_costs_at_the_edge_are_all_counted(engine: Engine, store: Store, run: Run) -> None:
    put(
        engine,
        [run(cost_usd=Decimal("3")) for _ in range(5)] + [run(cost_usd=Decimal("1")) for _ in range(95)],
    )
    assert top_edge(store, asked()) == "3.000000000"
    assert tally(store, asked(), "top")["top"] == Tally("top", 5, 15.0)


def test_too_few_runs_or_free_ones_have_no_dearest(engine: Engine, store: Store, run: Run) -> None:
    put(engine, [run(cost_usd=Decimal("3")) for _ in range(99)])
    assert top_edge(store, asked()) is None
    assert tally(store, asked(), "top")["top"] == Tally("top", 0, 0.0)
    put(engine, [run(model="free", cost_usd=Decimal(0)) for _ in range(200)])
    assert top_edge(store, asked(model="free")) is None


def test_what_the_cache_saved_and_its_runs(engine: Engine, store: Store, run: Run) -> None:
    tokens = {"input_tokens": 3_000_000, "cache_read_tokens": 2_000_000}
    put(
        engine,
        [
            # claude-3-opus: $15 a million, read from the cache $1.50, written to it $18.75.
            run(invocation_id="told", model="claude-3-opus", cache_write_tokens=400_000, **tokens),
            run(invocation_id="zero", model="claude-3-opus", input_tokens=10, cache_read_tokens=0),
            run(invocation_id="silent", model="claude-3-opus", input_tokens=10),
            run(invocation_id="own", model="our-own", **tokens),
        ],
    )
    found = savings(store, asked())
    assert (found.net, found.saved, found.paid) == (25.5, 27.0, 1.5)
    assert (found.runs, found.silent, found.unpriced) == (2, 1, 1)
    assert ids(engine, store, "cached", asked()) == {"told", "zero"}


def test_a_price_by_the_day_is_taken_where_it_changed(engine: Engine, store: Store, run: Run) -> None:
    tokens = {"input_tokens": 1_000_000, "cache_read_tokens": 1_000_000}
    # o3, as the list has it: input $10 until 10 June 2025, then $2; cache reads $0.50 all along.
    put(engine, [run(f"2025-06-{day:02}T10:00+00:00", model="o3", **tokens) for day in (9, 10, 11)])
    assert savings(store, asked(range="2025-06-01..2025-06-30")).net == pytest.approx(9.5 + 1.5 + 1.5)


BY_HAND = {
    "without_duration": "duration_ms IS NULL",
    "without_cost": "cost_usd IS NULL",
    "without_input_tokens": "input_tokens IS NULL",
    "without_output_tokens": "output_tokens IS NULL",
    "without_total_tokens": "total_tokens IS NULL",
    "without_cache_read": "cache_read_tokens IS NULL",
    "without_cache_write": "cache_write_tokens IS NULL",
    "without_llm_calls": "llm_call_count IS NULL",
    "without_tool_calls": "tool_call_count IS NULL",
    "without_files": "files_modified_count IS NULL",
    "with_duration": "duration_ms IS NOT NULL",
    "with_cost": "cost_usd IS NOT NULL",
    "with_total_tokens": "total_tokens IS NOT NULL",
    "with_cache_share": "input_tokens IS NOT NULL AND cache_read_tokens IS NOT NULL",
    "with_llm_calls": "llm_call_count IS NOT NULL",
    "with_tool_calls": "tool_call_count IS NOT NULL",
    "with_files": "files_modified_count IS NOT NULL",
    "backwards": "invocation_id = 'backwards'",
    "odd_duration": "invocation_id IN ('backwards', 'odd')",
    "assumed_start": "invocation_id = 'assumed'",
    "no_end": "end_time IS NULL AND duration_ms IS NULL",
    "future": "invocation_id = 'ahead'",  # of NOW, 12:00
    "told": "invocation_id = 'told'",
}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_runs_lack_and_odd_times(engine: Engine, store: Store, run: Run, name: str) -> None:
    ten = datetime(2026, 11, 20, 10, tzinfo=UTC)
    whole = {
        "input_tokens": 1,
        "output_tokens": 0,
        "total_tokens": 1,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
    }
    whole |= {"cost_usd": 0, "llm_call_count": 0, "tool_call_count": 0, "files_modified_count": 0}
    put(
        engine,
        [
            run(invocation_id="bare"),
            run(invocation_id="whole", end_time=ten.replace(second=30), duration_ms=30_000, **whole),
            run(invocation_id="rounded", end_time=ten.replace(second=30), duration_ms=29_100),
            run(invocation_id="odd", end_time=ten.replace(second=30), duration_ms=28_000),
            run(invocation_id="backwards", end_time=ten.replace(hour=9), duration_ms=5),
            run(invocation_id="assumed", attributes='{"start_time_assumed": true}', duration_ms=7),
            run("2026-11-20T12:05+00:00", invocation_id="ahead"),
            run(invocation_id="told", cost_source="reported", **whole),
            run(invocation_id="guessed", cost_source="estimated", **whole),
        ],
    )
    expected = by_hand(engine, BY_HAND[name])
    assert ids(engine, store, name, asked()) == expected
    assert tally(store, asked(), name)[name].runs == len(expected)


def test_every_kind_is_tried() -> None:
    tried = {"no_change", "many_calls", "top", "cached", *BY_HAND}
    assert set(KIND) == tried


def test_an_unknown_kind_is_named_with_what_is_allowed(store: Store) -> None:
    with pytest.raises(QueryError) as caught:
        condition("no_chance", store, asked())
    assert caught.value.code == "bad_kind"
    assert "Did you mean 'no_change'?" in str(caught.value)
