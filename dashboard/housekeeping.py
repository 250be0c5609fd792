"""Roof: what each server process does beside answering: it folds new rollup rows into the tiers, makes
facets of hours that are over, and forgets old answers."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from ingest.compact import compact
from ingest.facets import refresh

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds
FOLD_EVERY = 60.0
FOLD_AT = 5_000  # rows that wait
KEEP_ANSWERS = 3600.0  # seconds


class Housekeeping(threading.Thread):
    """Runs in every server process; a lock in the database lets one at a time compact."""

    def __init__(
        self,
        engine: Engine,
        look_every: float = LOOK_EVERY,
        fold_every: float = FOLD_EVERY,
        answers: Path | None = None,
    ) -> None:
        super().__init__(name="housekeeping", daemon=True)
        self._engine = engine
        self._look_every = look_every
        self._fold_every = fold_every
        self._answers = answers
        self._end = threading.Event()

    def run(self) -> None:
        folded_at = time.monotonic()
        while not self._end.wait(self._look_every):
            due = time.monotonic() - folded_at >= self._fold_every
            try:
                waiting = self._waiting()
                if waiting >= FOLD_AT or (due and waiting):
                    compact(self._engine)
                if due:
                    refresh(self._engine)
            except (
                SQLAlchemyError,
                psycopg.Error,
            ) as error:
                # The database is away; a later look may find it.
                log.info("no compaction: %s", str(error).splitlines()[0])
            if due:
                folded_at = time.monotonic()
                if self._answers:
                    forget_old_answers(self._answers)

    def end(self) -> None:
        self._end.set()

    def _waiting(self) -> int:
        # No more than decides: counting a million rows to learn that there are enough would be dear.
        count = text("SELECT count(*) FROM (SELECT FROM rollup_delta LIMIT :enough) AS waiting")
        with self._engine.connect() as connection:
            return int(connection.execute(count, {"enough": FOLD_AT}).scalar_one())


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
