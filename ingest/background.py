"""Compaction beside a bulk write: one thread folds while the writer's own connection goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import Engine

from ingest.compact import compact

# With this many times the threshold waiting, the writer waits, too: readers must add up what is there.
_TOO_MANY = 10


class BackgroundCompaction:
    """Counts the rollup rows a writer appends and folds them at every ``at``."""

    def __init__(self, engine: Engine, at: int) -> None:
        self._engine = engine
        self._at = at
        self._waiting = 0
        self._thread: ThreadPoolExecutor | None = None
        self._running: Future[int] | None = None

    def appended(self, rows: int) -> None:
        self._waiting += rows
        if self._waiting < self._at:
            return
        if self._running and not self._running.done() and self._waiting < self._at * _TOO_MANY:
            return
        self._wait()
        self._thread = self._thread or ThreadPoolExecutor(1, "compaction")
        self._running = self._thread.submit(compact, self._engine)
        self._waiting = 0

    def close(self) -> None:
        try:
            self._wait()
        finally:
            if self._thread:
                self._thread.shutdown()
                self._thread = None

    def _wait(self) -> None:
        running, self._running = self._running, None
        if running:
            running.result()
