"""Workers as processes: one leads, another takes over, and each waits for a database that is away."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard.embedded import attach
from ingest import partitions
from ingest.write import Writer
from queries.engine import make_engine
from queries.migrate import upgrade
from queries.schema import LEADING
from queries.workers import is_led, read_jobs
from tests.runtime.processes import Program, Start, wait_until

pytestmark = pytest.mark.processes

Run = Callable[..., tuple[Any, ...]]


@pytest.fixture
def worker(start: Start, database_url: str) -> Callable[[], Program]:
    return lambda: start("worker", settings={"DATABASE_URL": database_url})


def leads(program: Program) -> bool:
    """What it said last of how it stands."""
    states = re.findall(r"worker \d+ (\w+)", program.said)
    return bool(states) and states[-1] == "leading"


def led(engine: Engine) -> bool:
    with engine.connect() as connection:
        return is_led(connection)


def test_one_leads_and_the_other_takes_over_when_it_is_killed(
    worker: Callable[[], Program], engine: Engine
) -> None:
    assert not led(engine)
    first = worker()
    wait_until(lambda: leads(first), "the first one leads")
    second = worker()
    second.wait_for("standing by: another worker leads")
    assert led(engine)
    first.end(signal.SIGKILL)
    killed = time.monotonic()
    wait_until(lambda: leads(second), "the second one takes over")
    print(f"taken over {time.monotonic() - killed:.2f} s after kill -9")
    third = worker()
    third.wait_for("standing by")
    assert leads(second)


def test_a_worker_ends_cleanly_and_lets_another_lead(worker: Callable[[], Program], engine: Engine) -> None:
    first = worker()
    wait_until(lambda: leads(first), "it leads")
    first.remember()
    assert first.end(signal.SIGTERM) == 0
    assert first.left() == []
    wait_until(lambda: not led(engine), "the lock is free")
    assert "Traceback" not in first.said


def test_one_whose_connection_is_cut_seeks_to_lead_again(
    worker: Callable[[], Program], engine: Engine
) -> None:
    only = worker()
    wait_until(lambda: leads(only), "it leads")
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
        "AND objid::bigint = :key & 4294967295"
    )
    with engine.begin() as connection:
        assert connection.execute(cut, {"key": LEADING}).scalars().all() == [True]
    only.wait_for("the database cannot be reached, trying again")
    wait_until(lambda: leads(only), "it leads again")


def test_the_leader_does_what_is_to_be_done(worker: Callable[[], Program], engine: Engine, run: Run) -> None:
    """Rollup rows are folded, facets of hours that are over are made, the months ahead are there."""
    with Writer(engine) as writer:
        writer.write([run("2026-11-20T10:00Z", tools_used='{"bash": 1}')])
    leader = worker()
    wait_until(lambda: leads(leader), "it leads")
    counts = text(
        "SELECT (SELECT count(*) FROM rollup_delta), (SELECT count(*) FROM facet_dirty), "
        "(SELECT sum(runs) FROM rollup_day), (SELECT count(*) FROM facet_day WHERE facet = 'tool')"
    )

    def done() -> bool:
        with engine.connect() as connection:
            return tuple(connection.execute(counts).one()) == (0, 0, 1, 1)

    wait_until(done, "everything is folded")
    ahead = [partitions.name(month) for month in partitions.ahead(datetime.now(UTC), 3)]
    assert len(ahead) == 4
    there = text("SELECT count(*) FROM pg_inherits WHERE inhrelid::regclass::text = ANY(:names)")

    def made() -> bool:
        with engine.connect() as connection:
            return connection.execute(there, {"names": ahead}).scalar_one() == 4

    wait_until(made, "the partitions are there")
    with engine.connect() as connection:
        assert {job.failures for job in read_jobs(connection)} == {0}


def test_a_worker_waits_for_a_database_that_is_away(start: Start, open_folder: Path) -> None:
    """Away at its beginning, there, away again (stopped under it), there again."""
    data = open_folder / "away"
    with ExitStack() as stack:
        url = stack.enter_context(attach(data)).url
    waiting = start("worker", settings={"DATABASE_URL": url})
    waiting.wait_for("the database cannot be reached, trying again")
    with attach(data) as embedded:
        waiting.wait_for("waiting: the schema is at revision none")
        engine = make_engine(embedded.url)
        upgrade(engine)
        wait_until(lambda: leads(waiting), "it leads")
        engine.dispose()
    wait_until(lambda: not leads(waiting), "it noticed that the database is away")
    with attach(data):
        wait_until(lambda: leads(waiting), "it leads again")
        assert waiting.end(signal.SIGTERM) == 0
