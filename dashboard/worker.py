"""Roof: ``fixer-metrics worker``: of any number of them one leads and does the jobs; the others stand by."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from dashboard.config import Settings
from dashboard.jobs import JOBS, Job
from dashboard.leading import Leadership
from queries import migrate
from queries.engine import make_engine
from queries.errors import first_line

log = logging.getLogger(__name__)

Say = Callable[[str], None]

LOOK_EVERY = 1.0  # seconds: how soon another one takes over
RETRY_AFTER = 5.0  # seconds after the first failure of a job; doubled with each one that follows
RETRY_AT_LATEST = 300.0
NOTE_EVERY = 60.0  # a job that has nothing new to tell is not written down more often
GRACE = 10.0  # seconds that jobs under way have when we are asked to end


class Worker:
    """Seeks to lead every ``look_every`` seconds, and while it does starts the jobs that are due."""

    def __init__(
        self,
        url: str,
        settings: Settings,
        say: Say,
        jobs: Sequence[Job] = JOBS,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._leadership = Leadership(url)
        # Each job in a thread of its own, and one connection more where it needs two.
        self._engine = make_engine(
            url, pool_size=len(jobs), statement_timeout_ms=0, application_name="fixer-metrics worker"
        )
        self._tasks = [Task(job, self._engine, settings) for job in jobs]
        self._say = say
        self._said = ""
        self._look_every = look_every
        self._ended = False

    def run(self) -> None:
        """Until ``end``; waits for a database that is away."""
        try:
            while not self._ended:
                self._tell(self._step())
                time.sleep(self._look_every)
        finally:
            self._finish()

    def end(self) -> None:
        """May be called by a signal's handler, which must not wait for a lock: an Event has one."""
        self._ended = True

    def _step(self) -> str:
        """Does what is due; gives how it stands."""
        try:
            if not self._leadership.seek():
                return "standing by: another worker leads"
            if lacking := _lacking(self._engine):
                return lacking
        except (psycopg.Error, SQLAlchemyError) as error:
            return f"the database cannot be reached, trying again: {first_line(error)}"
        for task in self._tasks:
            task.start_if_due()
        return "leading: " + ", ".join(task.job.name for task in self._tasks)

    def _tell(self, state: str) -> None:
        if state != self._said:
            self._said = state
            self._say(state)

    def _finish(self) -> None:
        until = time.monotonic() + GRACE
        for task in self._tasks:
            task.join(until - time.monotonic())
        self._leadership.resign()
        self._engine.dispose()


def _lacking(engine: Engine) -> str:
    """Why no job can be done on this schema; '' where they can."""
    revision, head = migrate.current(engine), migrate.head()
    if revision == head:
        return ""
    return f"waiting: the schema is at revision {revision or 'none'}, not {head}: run `fixer-metrics migrate`"


class Task:
    """One job: when it is due, the thread it runs in, and what became of it."""

    def __init__(self, job: Job, engine: Engine, settings: Settings) -> None:
        self.job = job
        self._engine = engine
        self._settings = settings
        self.due = 0.0
        self._failures = 0
        self._noted_at = -NOTE_EVERY
        self._thread: threading.Thread | None = None

    def start_if_due(self) -> None:
        if time.monotonic() < self.due or (self._thread and self._thread.is_alive()):
            return
        # A daemon: one that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self.do, name=self.job.name, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        if self._thread:
            self._thread.join(max(0.0, seconds))

    def do(self) -> None:
        """Runs the job now, in this thread; nothing that it raises goes further."""
        began = time.monotonic()
        try:
            did = self.job.work(self._engine, self._settings, datetime.now(UTC))
        except Exception as error:
            self._failed(error)
        else:
            self._succeeded(did, began)

    def _succeeded(self, did: str | None, began: float) -> None:
        self.due = began + self.job.every
        seconds = time.monotonic() - began
        if did:
            log.info("%s: %s in %.1f s", self.job.name, did, seconds)
        if did or self._failures or began - self._noted_at >= NOTE_EVERY:
            self._noted_at = began
            self._note(_SUCCEEDED, {"job": self.job.name, "did": did})
        self._failures = 0

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        pause = min(RETRY_AFTER * 2 ** (self._failures - 1), RETRY_AT_LATEST)
        self.due = time.monotonic() + pause
        # What the database says is told in its first line; anything else is a fault of ours.
        expected = isinstance(error, psycopg.Error | SQLAlchemyError)
        log.warning(
            "%s failed, trying again in %.0f s: %s",
            self.job.name,
            pause,
            first_line(error),
            exc_info=None if expected else error,
        )
        self._note(_FAILED, {"job": self.job.name, "failures": self._failures, "problem": _told(error)})

    def _note(self, statement: str, values: dict[str, object]) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(text(statement), values)
        except SQLAlchemyError as error:
            log.info("what became of %s could not be noted: %s", self.job.name, first_line(error))


_SUCCEEDED = """
INSERT INTO worker_job AS j (job, succeeded_at, did) VALUES (:job, now(), :did)
ON CONFLICT (job) DO UPDATE SET succeeded_at = excluded.succeeded_at, did = coalesce(excluded.did, j.did),
                                failures = 0, problem = NULL
"""
_FAILED = """
INSERT INTO worker_job (job, failed_at, failures, problem) VALUES (:job, now(), :failures, :problem)
ON CONFLICT (job) DO UPDATE SET failed_at = excluded.failed_at, failures = excluded.failures,
                                problem = excluded.problem
"""


def _told(error: Exception) -> str:
    """What may be shown on a page: no statement, no parameters, no address."""
    reason = getattr(error, "orig", None) or error
    return f"{type(reason).__name__}: {first_line(reason)}"[:500]
