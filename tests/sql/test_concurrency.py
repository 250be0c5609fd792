"""Everything at once: writers, compactions, replacements, rebuilds; and every read meanwhile is exact."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.compact import compact
from ingest.rebuild import rebuild
from ingest.verify import verify
from ingest.write import Writer, WriteResult, take_back_runs
from queries.engine import make_engine
from queries.measures import STATUSES
from queries.schema import SHAPES, TIERS
from queries.sketch import decode

Row = tuple[Any, ...]
Make = Callable[..., Row]
Work = Callable[[Engine, random.Random], object]

READ = """
SELECT (SELECT count(*) FROM agent_execution), (SELECT sum(cost_usd) FROM agent_execution),
  (SELECT count(duration_ms) FROM agent_execution),
  (SELECT sum(runs) FROM (SELECT runs FROM {0} UNION ALL SELECT runs FROM rollup_delta) t),
  (SELECT sum(cost_usd) FROM (SELECT cost_usd FROM {0} UNION ALL SELECT cost_usd FROM rollup_delta) t),
  (SELECT string_agg(s, '') FROM (SELECT duration_sketch s FROM {0}_sketch UNION ALL
                                  SELECT duration_sketch FROM rollup_delta) t)
"""


def read(engine: Engine, rng: random.Random) -> None:
    """One statement is one snapshot: raw rows and rollups must say the same in it, at any moment."""
    table = f"{rng.choice(list(SHAPES))}_{rng.choice(TIERS)}"
    with engine.connect() as connection:
        row = connection.execute(text(READ.format(table))).one()
    raw_runs, raw_cost, raw_durations, runs, cost, sketch = row
    counts = decode(sketch or b"")[1]
    assert (runs or 0, cost or 0, counts.sum()) == (raw_runs, raw_cost or 0, raw_durations), table


@contextmanager
def meanwhile(url: str, *works: Work) -> Iterator[list[int]]:
    """Each work again and again in a thread of its own until the block ends; gives how often each was done."""
    over = Event()
    done = [0] * len(works)
    engines = [make_engine(url, pool_size=2, statement_timeout_ms=60_000) for _ in works]

    def again(position: int) -> None:
        rng = random.Random(position)
        while not (over.is_set() and done[position]):
            works[position](engines[position], rng)
            done[position] += 1

    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(again, position) for position in range(len(works))]
        try:
            yield done
        finally:
            over.set()
    for engine in engines:
        engine.dispose()
    for future in running:
        future.result()


def at_once(url: str, count: int, work: Callable[[int, Engine, random.Random], Any]) -> list[Any]:
    engines = [make_engine(url, pool_size=2, statement_timeout_ms=60_000) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(work, n, engine, random.Random(n)) for n, engine in enumerate(engines)]
    for engine in engines:
        engine.dispose()
    return [future.result() for future in futures]


def some_runs(run: Make, count: int, **fields: Any) -> list[Row]:
    rng = random.Random(1)
    return [
        run(
            f"2026-{rng.randint(9, 11):02}-{rng.randint(1, 9):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}Z",
            invocation_id=f"run{n:04}",
            model=rng.choice("abc"),
            status=rng.choice(STATUSES),
            duration_ms=rng.choice([None, 0, rng.randint(1, 10**6)]),
            cost_usd=rng.choice([None, 0, rng.randint(1, 10**9)]),
            **fields,
        )
        for n in range(count)
    ]


def fold(engine: Engine, rng: random.Random) -> None:
    compact(engine, batch=rng.choice([10, 100, 10_000]))


def test_eight_writers_of_overlapping_shuffled_batches(database_url: str, engine: Engine, run: Make) -> None:
    rows = some_runs(run, 500)

    def write(_: int, own: Engine, rng: random.Random) -> WriteResult:
        total = WriteResult()
        mine = rng.sample(rows * 2, len(rows))  # some twice, some not at all
        with Writer(own, compact_at=rng.choice([50, 10_000])) as writer:
            while mine:
                size = rng.choice([1, 40, 250])  # both ways in
                total.add(writer.write(mine[:size]))
                mine = mine[size:]
        return total

    with meanwhile(database_url, fold, fold, read, read, read) as done:
        results = at_once(database_url, 8, write)
    assert min(done) > 0, done
    assert [r.inserted + r.already_there for r in results] == [500] * 8
    assert sum(r.differing + r.replaced + len(r.rejected) for r in results) == 0
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT count(*) FROM agent_execution")).scalar_one()
        keys = connection.execute(text("SELECT count(*) FROM execution_key")).scalar_one()
    assert sum(r.inserted for r in results) == stored == keys
    assert verify(engine) == []


def test_replacing_and_taking_back_beside_writers(database_url: str, engine: Engine, run: Make) -> None:
    versions = [some_runs(run, 60), some_runs(run, 60, agent="helper"), some_runs(run, 60, agent_version="2")]
    # Another start: the run moves to another partition.
    start = 5
    versions.append([(*row[:start], row[start].replace(month=12), *row[start + 1 :]) for row in versions[0]])

    def work(number: int, own: Engine, rng: random.Random) -> int:
        kept = 0
        with Writer(own, replace=number % 4 != 0) as writer:
            for _ in range(12):
                batch = rng.sample(rng.choice(versions), rng.choice([1, 20, 50]))
                kept += len(batch) - len(writer.write(batch).rejected)
                if number % 4 == 1:
                    take_back_runs(own, [row[0] for row in rng.sample(batch, len(batch) // 2)])
        return kept

    with meanwhile(database_url, fold, read, read) as done:
        results = at_once(database_url, 6, work)
    assert min(done) > 0, done
    assert all(kept >= 12 for kept in results)
    assert verify(engine) == []
    compact(engine)
    assert verify(engine) == []


def test_a_rebuild_is_exact_beside_writers_compactions_and_readers(
    database_url: str, engine: Engine, run: Make
) -> None:
    rows = some_runs(run, 300)
    with Writer(engine) as writer:
        writer.write(rows[:100])

    def write(number: int, own: Engine, rng: random.Random) -> None:
        with Writer(own, replace=number == 0) as writer:
            for first in range(100, 300, 10):
                writer.write(rng.sample(rows[first : first + 10], 10))

    def make_again(own: Engine, _: random.Random) -> None:
        rebuild(own)

    def check(own: Engine, _: random.Random) -> None:
        assert verify(own) == []

    with meanwhile(database_url, make_again, fold, read, check) as done:
        at_once(database_url, 3, write)
    assert min(done) > 0, done
    assert verify(engine) == []


@pytest.mark.parametrize("replace", [False, True])
def test_two_writers_of_one_batch_in_opposite_orders(
    database_url: str, engine: Engine, run: Make, replace: bool
) -> None:
    rows = some_runs(run, 400)

    def write(number: int, own: Engine, _: random.Random) -> WriteResult:
        with Writer(own, replace=replace) as writer:
            return writer.write(rows if number % 2 else rows[::-1])

    results = at_once(database_url, 4, write)
    assert sum(result.inserted for result in results) == 400
    assert sum(result.already_there for result in results) == 1200
    with engine.connect() as connection:
        statement = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert connection.execute(text(statement)).scalar_one() == 0
    assert verify(engine) == []
