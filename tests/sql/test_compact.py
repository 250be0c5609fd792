"""Folding changes no answer, is counted, bounded and done by one at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from ingest.compact import LOCK, compact
from ingest.rollups import SKETCH_BYTES
from ingest.verify import verify
from ingest.write import Writer
from queries.measures import MEASURES, STATUSES
from queries.schema import sketches, sums
from queries.sketch import decode, quantiles

Make = Callable[..., tuple[Any, ...]]


def rows_of(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def state(engine: Engine) -> tuple[str, int]:
    """(identity, folded + rows still to fold): what cached answers are known by."""
    statement = "SELECT identity, folded + (SELECT count(*) FROM rollup_delta) FROM data_state"
    with engine.connect() as connection:
        identity, version = connection.execute(text(statement)).one()
    return str(identity), int(version)


def write_many(engine: Engine, run: Make, count: int) -> None:
    rng = np.random.default_rng(5)
    rows = [
        run(
            f"2026-11-{rng.integers(1, 5):02}T{rng.integers(24):02}:{rng.integers(60):02}Z",
            model=f"m{rng.integers(3)}",
            status=STATUSES[rng.integers(4)],
            duration_ms=None if n % 5 == 0 else round(float(rng.lognormal(9, 1)), 3),
            cost_usd=None if n % 7 == 0 else round(float(rng.lognormal(-2, 1)), 9),
            total_tokens=int(rng.integers(10_000)),
        )
        for n, _ in enumerate(range(count))
    ]
    with Writer(engine, compact_at=10**9) as writer:
        for first in range(0, count, 100):
            writer.write(rows[first : first + 100])


def test_a_fold_empties_the_delta_fills_every_tier_and_changes_no_answer(engine: Engine, run: Make) -> None:
    write_many(engine, run, 600)
    before, waiting = state(engine), rows_of(engine, "rollup_delta")
    assert verify(engine) == []
    assert compact(engine, batch=50) == waiting
    assert rows_of(engine, "rollup_delta") == 0
    assert state(engine) == before
    assert all(rows_of(engine, table.name) for table in (*sums.values(), *sketches.values()))
    assert verify(engine) == []
    assert compact(engine) == 0
    assert state(engine) == before


def test_folding_again_and_again_adds_to_what_is_there(engine: Engine, run: Make) -> None:
    for _ in range(3):
        write_many(engine, run, 100)
        compact(engine, batch=30)
    assert verify(engine) == []
    with engine.connect() as connection:
        assert connection.execute(text("SELECT sum(runs) FROM status_hour")).scalar_one() == 300


def test_a_group_without_a_value_wipes_no_sum(engine: Engine, run: Make) -> None:
    with Writer(engine) as writer:
        for values in ({"cost_usd": 2, "duration_ms": 5}, {}, {"cost_usd": 3}):
            writer.write([run(**values)])
            compact(engine)
    statement = "SELECT runs, cost_usd, cost_known, duration_us, duration_known FROM rollup_day"
    with engine.connect() as connection:
        assert tuple(connection.execute(text(statement)).one()) == (3, 5, 2, 5000, 1)
    assert verify(engine) == []


def test_one_at_a_time(engine: Engine, run: Make) -> None:
    write_many(engine, run, 10)
    with engine.begin() as other:
        other.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        assert compact(engine) == 0
        assert rows_of(engine, "rollup_delta") == 10
    assert compact(engine) == 10


def test_every_measure_is_folded(engine: Engine) -> None:
    """A new measure that compaction forgot would read as 0 after the first fold."""
    for table in sums.values():
        assert {measure.name for measure in MEASURES} <= set(table.columns.keys())


def test_long_sketches_have_their_bins_added_up_and_keep_their_promise(engine: Engine, run: Make) -> None:
    rng = np.random.default_rng(3)
    durations = np.round(rng.lognormal(10, 0.6, 4_000), 3)
    with Writer(engine) as writer:
        for some in np.array_split(durations, 8):
            writer.write([run(duration_ms=float(value), cost_usd=0) for value in some])
            compact(engine)
    with engine.connect() as connection:
        duration, cost = connection.execute(
            text("SELECT duration_sketch, cost_sketch FROM status_day_sketch")
        ).one()
    assert len(cost) <= SKETCH_BYTES + 8 * 6  # one bin for zero: at most its last few pairs beside it
    assert len(duration) < 6 * 400  # 4,000 pairs came
    bins, counts = decode(duration)
    assert (len(bins), counts.sum()) == (len(set(bins)), 4_000)
    exact = np.sort(durations)
    for share, found in zip((0.5, 0.95), quantiles(duration, (0.5, 0.95)), strict=True):
        assert found == pytest.approx(exact[int(np.ceil(share * 4_000)) - 1], rel=0.0101)


def test_runs_taken_away_leave_no_bins(engine: Engine, run: Make) -> None:
    rows = [run(invocation_id=f"r{n}", duration_ms=n * n * 7, cost_usd=n) for n in range(200)]
    with Writer(engine, replace=True) as writer:
        writer.write(rows)
        compact(engine)
        writer.write([run(invocation_id=f"r{n}", duration_ms=1, cost_usd=0) for n in range(200)])
    compact(engine)
    with engine.connect() as connection:
        sketch = connection.execute(text("SELECT duration_sketch FROM status_day_sketch")).scalar_one()
    bins, counts = decode(sketch)
    assert (bins.tolist(), counts.tolist()) == ([0], [200])  # ln(1) = 0
    assert verify(engine) == []
