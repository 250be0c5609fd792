"""Roof: what each server process does beside answering: it forgets old answers, and where no worker leads
it folds new rollup rows into the tiers, makes facets of hours that are over and settles quiet traces."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dashboard.trace_keeping import TraceChores
from ingest.compact import FOLD_AT, compact, waiting
from ingest.facets import refresh
from ingest.in_flight import sweep
from queries.errors import first_line
from queries.workers import is_led

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds
FOLD_EVERY = 60.0
TOO_MANY = 4 * FOLD_AT  # a worker that leads does not come to it
KEEP_ANSWERS = 3600.0  # seconds
LONGEST_FLIGHT = timedelta(days=365)  # those given up earlier are not shown, and a worker forgets them


class Housekeeping(threading.Thread):
    """Runs in every server process; a lock in the database lets one at a time compact."""

    def __init__(
        self,
        engine: Engine,
        look_every: float = LOOK_EVERY,
        fold_every: float = FOLD_EVERY,
        answers: Path | None = None,
        traces: TraceChores | None = None,
    ) -> None:
        super().__init__(name="housekeeping", daemon=True)
        self._engine = engine
        self._look_every = look_every
        self._fold_every = fold_every
        self._answers = answers
        self._traces = traces
        self._end = threading.Event()

    def run(self) -> None:
        folded_at = time.monotonic()
        while not self._end.wait(self._look_every):
            due = time.monotonic() - folded_at >= self._fold_every
            try:
                self.fold(due)
            except (
                SQLAlchemyError,
                psycopg.Error,
            ) as error:
                # The database is away; a later look may find it.
                log.info("no compaction: %s", first_line(error))
            if due:
                folded_at = time.monotonic()
                if self._answers:
                    forget_old_answers(self._answers)

    def end(self) -> None:
        self._end.set()

    def fold(self, due: bool) -> None:
        """Folds what waits, lets the runs of long traces catch up, and where it is ``due`` makes facets and
        looks after traces; leaves all of it to a worker that leads."""
        number = waiting(self._engine, TOO_MANY)
        with self._engine.connect() as connection:
            if is_led(connection) and number < TOO_MANY:
                return  # the worker does it, and two would be in each other's way
        if number >= FOLD_AT or (due and number):
            compact(self._engine)
        if self._traces:
            self._traces.catch_up()
        if due:
            refresh(self._engine)
            sweep(self._engine, datetime.now(UTC), LONGEST_FLIGHT)
        if due and self._traces:
            self._traces.settle()
            self._traces.close()


def forget_old_answers(folder: Path, seconds: float = KEEP_ANSWERS) -> int:
    """Removes cached answers older than ``seconds``; gives how many.

    The cache itself would look into every file at each new answer once there are too many; and an
    answer's key holds the data version, so that old ones are hardly ever asked for again.
    """
    before, gone = time.time() - seconds, 0
    with contextlib.suppress(FileNotFoundError):
        for file in folder.iterdir():
            # Another worker may have been quicker.
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime < before:
                    file.unlink()
                    gone += 1
    return gone
