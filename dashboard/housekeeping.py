"""Roof: what each server process does beside answering: it folds new rollup rows into the tiers."""

from __future__ import annotations

import logging
import threading
import time

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from ingest.compact import compact

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds
FOLD_EVERY = 60.0
FOLD_AT = 5_000  # rows that wait


class Housekeeping(threading.Thread):
    """Runs in every server process; a lock in the database lets one at a time compact."""

    def __init__(
        self, engine: Engine, look_every: float = LOOK_EVERY, fold_every: float = FOLD_EVERY
    ) -> None:
        super().__init__(name="housekeeping", daemon=True)
        self._engine = engine
        self._look_every = look_every
        self._fold_every = fold_every
        self._end = threading.Event()

    def run(self) -> None:
        folded_at = time.monotonic()
        while not self._end.wait(self._look_every):
            due = time.monotonic() - folded_at >= self._fold_every
            try:
                waiting = self._waiting()
                if waiting >= FOLD_AT or (due and waiting):
                    compact(self._engine)
            except (
                SQLAlchemyError,
                psycopg.Error,
            ) as error:
                # The database is away; a later look may find it.
                log.info("no compaction: %s", str(error).splitlines()[0])
            if due:
                folded_at = time.monotonic()

    def end(self) -> None:
        self._end.set()

    def _waiting(self) -> int:
        # No more than decides: counting a million rows to learn that there are enough would be dear.
        count = text("SELECT count(*) FROM (SELECT FROM rollup_delta LIMIT :enough) AS waiting")
        with self._engine.connect() as connection:
            return int(connection.execute(count, {"enough": FOLD_AT}).scalar_one())
