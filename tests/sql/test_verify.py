"""verify finds whatever is planted, in every table, and rebuild heals it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest import verify as verify_module
from ingest.compact import compact
from ingest.facets import refresh
from ingest.rebuild import rebuild
from ingest.verify import Difference, verify
from ingest.write import Writer
from queries.measures import MEASURES
from queries.schema import sketches, sums

Make = Callable[..., tuple[Any, ...]]
SUMS = sorted(table.name for table in sums.values())
SKETCHES = sorted(table.name for table in sketches.values())


def execute(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount > 0


@pytest.fixture
def filled(engine: Engine, run: Make) -> Engine:
    """Runs in two months, half of them folded."""
    rows = [
        run(f"2026-{month}-20T10:{minute}:00Z", duration_ms=minute * 100, cost_usd=minute, total_tokens=7)
        for month in (10, 11)
        for minute in (10, 20, 40)
    ]
    with Writer(engine) as writer:
        writer.write(rows[::2])
        compact(engine)
        writer.write(rows[1::2])
    assert verify(engine) == []
    return engine


def identity(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT identity FROM data_state")).scalar_one())


def heals(engine: Engine) -> bool:
    before = identity(engine)
    rebuild(engine)
    return verify(engine) == [] and identity(engine) != before


@pytest.mark.parametrize("table", SUMS)
def test_a_wrong_sum_is_named(filled: Engine, table: str) -> None:
    execute(filled, f"UPDATE {table} SET total_tokens = total_tokens + 1 WHERE bucket >= '2026-11-01Z'")
    found = verify(filled)
    assert {(d.table, d.measure, d.bucket.month) for d in found} == {(table, "total_tokens", 11)}
    assert all(d.rollup == d.raw + 1 for d in found)  # type: ignore[operator]
    assert len(found) == found.total > 0
    assert heals(filled)


@pytest.mark.parametrize("table", SKETCHES)
def test_a_wrong_sketch_is_named_bin_by_bin(filled: Engine, table: str) -> None:
    # One run more in bin 5 (five pairs in bin 300 that cancel each other are no difference).
    execute(
        filled,
        f"UPDATE {table} SET cost_sketch = '\\x0005' || int4send(1) || '\\x012c' || int4send(4) || "
        "'\\x012c' || int4send(-4) || cost_sketch WHERE bucket >= '2026-11-01Z'",
    )
    found = verify(filled)
    assert {(d.table, d.measure, d.rollup, d.raw) for d in found} == {(table, "cost_sketch bin 5", 1, 0)}
    assert heals(filled)


@pytest.mark.parametrize("table", ["rollup_hour", "status_day", "rollup_quarter_sketch"])
def test_a_lost_row_and_a_row_too_many_are_named(filled: Engine, table: str) -> None:
    execute(filled, f"UPDATE {table} SET bucket = bucket - interval '70 days' WHERE bucket < '2026-11-01Z'")
    found = verify(filled)
    assert {d.bucket.month for d in found} == {8, 10}
    assert {d.table for d in found} == {table}
    assert heals(filled)


def test_a_wrong_row_in_the_delta_shows_in_every_tier(filled: Engine) -> None:
    execute(filled, "UPDATE rollup_delta SET runs = runs + 5, duration_sketch = '\\x000000000001'")
    found = verify(filled)
    assert {d.table for d in found} == {*SUMS, *SKETCHES}
    assert heals(filled)


def test_a_lost_delta_is_named(filled: Engine) -> None:
    execute(filled, "DELETE FROM rollup_delta")
    assert {d.measure for d in verify(filled)} >= {"runs", "cost_usd", "total_tokens"}
    assert heals(filled)


def test_a_broken_sketch_is_named(filled: Engine) -> None:
    execute(filled, "UPDATE status_hour_sketch SET duration_sketch = '\\x0102'")
    found = verify(filled)
    assert {(d.table, d.measure) for d in found} == {("status_hour_sketch", "duration_sketch")}
    assert all(str(d.rollup).startswith("broken (") for d in found)
    assert heals(filled)


def test_raw_rows_and_keys_that_miss_each_other_are_named(filled: Engine) -> None:
    execute(filled, "DELETE FROM execution_key WHERE start_time = '2026-10-20T10:10Z'")
    execute(
        filled, "UPDATE execution_key SET start_time = '2026-11-05Z' WHERE start_time = '2026-10-20T10:20Z'"
    )
    execute(filled, "INSERT INTO execution_key VALUES ('nobody', '2026-11-11Z')")
    found = [d for d in verify(filled) if d.table == "execution_key"]
    known = {(d.rollup and d.rollup.day, d.raw and d.raw.day) for d in found}  # type: ignore[attr-defined]
    assert known == {(None, 20), (5, 20), (11, None)}
    assert heals(filled)


def test_a_difference_reads_as_a_sentence() -> None:
    moment = datetime(2026, 11, 20, 10, tzinfo=UTC)
    found = Difference("rollup_hour", moment, {"model": "gpt-4", "status": "error"}, "runs", 5, 4)
    assert str(found) == (
        "rollup_hour, 2026-11-20 10:00Z, model 'gpt-4', status 'error': runs is 5, the raw rows say 4"
    )


def test_the_list_is_bounded_and_the_count_is_not(filled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_module, "LISTED", 3)
    execute(filled, "DELETE FROM rollup_delta")
    found = verify(filled)
    assert len(found) == 3
    assert found.total > 100


def test_a_rollup_row_of_zeros_says_the_same_as_none(filled: Engine) -> None:
    columns = ", ".join(measure.name for measure in MEASURES)
    zeros = ", ".join("0" for _ in MEASURES)
    execute(
        filled,
        f"INSERT INTO status_hour (bucket, status, {columns}) VALUES ('2026-11-02Z', 'error', {zeros})",
    )
    assert verify(filled) == []


def test_months_whose_raw_rows_were_dropped_stay_as_they_are(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(text("DROP TABLE agent_execution_2026_10"))
    runs = text(
        "SELECT sum(runs) FROM (SELECT runs FROM status_day UNION ALL SELECT runs FROM rollup_delta) t"
    )
    assert verify(filled) == []
    execute(filled, "UPDATE rollup_hour SET runs = 99 WHERE bucket >= '2026-11-01Z'")
    assert heals(filled)
    compact(filled)
    with filled.connect() as connection:
        assert connection.execute(runs).scalar_one() == 6
        assert connection.execute(text("SELECT count(*) FROM execution_key")).scalar_one() == 6


def test_an_empty_database_is_right(engine: Engine) -> None:
    assert verify(engine) == []
    rebuild(engine)
    assert verify(engine) == []


@pytest.mark.parametrize("tier", ["hour", "day"])
@pytest.mark.parametrize(
    ("change", "measure"),
    [
        ("total_tokens = total_tokens + 1", "total_tokens"),
        ("calls = calls + 1", "calls"),
        ("duration_sketch = ''", "duration_sketch"),
        ("value = 'other'", "runs"),
    ],
)
def test_a_wrong_facet_is_named(filled: Engine, tier: str, change: str, measure: str) -> None:
    refresh(filled)
    assert verify(filled) == []
    execute(filled, f"UPDATE facet_{tier} SET {change} WHERE facet = 'attr.user' AND bucket >= '2026-11-01Z'")
    found = verify(filled)
    assert {(d.table, d.key["facet"], d.bucket.month) for d in found} == {(f"facet_{tier}", "attr.user", 11)}
    assert any(d.measure.startswith(measure) for d in found)
    assert heals(filled)


def test_facets_that_are_out_of_date_are_no_difference(filled: Engine, run: Make) -> None:
    refresh(filled)
    with Writer(filled) as writer:
        writer.write([run("2026-11-20T10:50:00Z", attributes='{"user": "new"}')])
    assert verify(filled) == []
