"""The worker's loop on a real database: what becomes of jobs that fail, hang, and come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard.config import Settings
from dashboard.housekeeping import TOO_MANY, Housekeeping
from dashboard.jobs import JOBS, Job
from dashboard.leading import Leadership
from dashboard.worker import RETRY_AT_LATEST, Task, Worker
from ingest.write import Writer
from queries.workers import is_led, read_jobs
from tests.runtime.processes import wait_until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load({"FIXER_METRICS_DATA": str(tmp_path)}, tmp_path / ".env")


@contextmanager
def working(url: str, settings: Settings, *jobs: Job) -> Iterator[list[str]]:
    said: list[str] = []
    worker = Worker(url, settings, said.append, jobs, look_every=0.02)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield said
    finally:
        worker.end()
        thread.join()


def states(engine: Engine) -> dict[str, tuple[int, str | None, str | None]]:
    with engine.connect() as connection:
        return {job.job: (job.failures, job.problem, job.did) for job in read_jobs(connection)}


def test_a_job_that_fails_or_hangs_stops_no_other(
    database_url: str, engine: Engine, settings: Settings
) -> None:
    hanging, done = threading.Event(), threading.Event()

    def fail(engine: Engine, settings: Settings, now: datetime) -> str:
        raise ValueError("no such budget\nsecond line")

    def fail_in_sql(engine: Engine, settings: Settings, now: datetime) -> str:
        with engine.connect() as connection:
            connection.execute(text("SELECT * FROM no_such_table WHERE a = 'secret'"))
        return ""

    def hang(engine: Engine, settings: Settings, now: datetime) -> None:
        hanging.wait(60)

    def work(engine: Engine, settings: Settings, now: datetime) -> str:
        assert now.tzinfo is not None
        done.set()
        return "3 things"

    jobs = [Job("a", 60, fail), Job("b", 60, fail_in_sql), Job("c", 60, hang), Job("d", 60, work)]
    with working(database_url, settings, *jobs) as said:
        assert done.wait(30)
        wait_until(lambda: len(states(engine)) == 3, "what became of them is noted")
        hanging.set()
    noted = states(engine)
    assert noted["a"] == (1, "ValueError: no such budget", None)
    assert noted["d"] == (0, None, "3 things")
    failures, problem, _ = noted["b"]
    assert failures == 1
    assert problem == 'UndefinedTable: relation "no_such_table" does not exist'
    assert said == ["leading: a, b, c, d"]


def test_a_job_that_fails_is_tried_again_ever_later_until_it_succeeds(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True

    def work(engine: Engine, settings: Settings, now: datetime) -> None:
        if failing:
            raise ValueError("not yet")

    clock = 1000.0
    monkeypatch.setattr("dashboard.worker.time.monotonic", lambda: clock)
    task = Task(Job("often", 60, work), engine, settings)
    pauses = []
    for _ in range(9):
        task.do()
        pauses.append(task.due - clock)
        clock = task.due
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert pauses[-1] == RETRY_AT_LATEST
    assert states(engine) == {"often": (9, "ValueError: not yet", None)}
    failing = False
    task.do()
    assert task.due == clock + 60
    assert states(engine) == {"often": (0, None, None)}


def test_names_of_jobs_are_different() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_who_leads_is_seen_by_all_and_given_away(database_url: str, engine: Engine) -> None:
    one, other = Leadership(database_url), Leadership(database_url)
    assert one.seek()
    assert one.seek()
    assert not other.seek()
    with engine.connect() as connection:
        assert is_led(connection)
    one.resign()
    assert other.seek()
    assert not one.seek()
    other.resign()
    one.resign()
    with engine.connect() as connection:
        assert not is_led(connection)


def test_a_server_process_leaves_folding_to_the_worker_unless_far_too_much_waits(
    database_url: str, engine: Engine, run: Callable[..., tuple[Any, ...]]
) -> None:
    leader = Leadership(database_url)
    assert leader.seek()
    with Writer(engine) as writer:
        writer.write([run()])
    keeping = Housekeeping(engine)

    def left() -> int:
        keeping.fold(due=True)
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM rollup_delta")).scalar_one())

    assert left() == 1
    many = text("INSERT INTO rollup_delta SELECT d.* FROM rollup_delta d, generate_series(1, :n)")
    with engine.begin() as connection:
        connection.execute(many, {"n": TOO_MANY})
    assert left() == 0
    leader.resign()
