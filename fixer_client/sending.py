"""Client: the one thread that sends: in batches, again after a while, and by way of the spool."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from pathlib import Path

from fixer_client.post import Outcome, Poster
from fixer_client.quiet import log
from fixer_client.spool import Spool

BATCH = 200
BATCH_BYTES = 2**20
GATHER = 0.2  # seconds that a run waits for others to go with it
FIRST_PAUSE, LONGEST_PAUSE, REFUSED_PAUSE = 0.5, 30.0, 60.0
REQUEST_SECONDS = 10.0


class Sending(threading.Thread):
    """``put`` from any thread; ``close`` sends, or spools, what is left. ``lost`` counts what could be
    neither sent nor kept."""

    def __init__(self, poster: Poster, spool: Spool, most_waiting: int) -> None:
        super().__init__(name="fixer-client", daemon=True)
        self._poster = poster
        self._spool = spool
        self._most_waiting = most_waiting
        self._waiting: deque[bytes] = deque()
        self._batch: list[bytes] = []  # on its way; whoever closes may have to spool it
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._pause = 0.0
        self._flushed = self._seen = 0  # flushes asked for, and those that the last batch knew of
        self.lost = 0

    def put(self, line: bytes) -> None:
        with self._changed:
            self._waiting.append(line)
            if len(self._waiting) > self._most_waiting:
                self._spill()
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Whether all that was put before is sent or spooled within so many seconds."""
        end = time.monotonic() + seconds
        with self._changed:
            self._flushed += 1
            self._changed.notify_all()
            while self._waiting or self._batch:
                if not self._changed.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    return False
        return True

    def close(self, seconds: float) -> None:
        with self._changed:
            self._deadline = time.monotonic() + seconds
            self._changed.notify_all()
        self.join(seconds)
        with self._changed:
            left = [*self._batch, *self._waiting]
            self._batch = []
            self._waiting.clear()
            self._changed.notify_all()
        if left:
            self._keep(left)

    def run(self) -> None:
        while True:
            batch = self._next()
            if batch is None or (batch and not self._send(batch)):
                return
            # With nothing else to send, it is the spool that finds out whether the server is back.
            if not self._pause or not batch:
                self._empty_spool()

    def _next(self) -> list[bytes] | None:
        """The next batch, after a pause where the server is away; None: it is over."""
        with self._changed:
            self._wait(self._pause or LONGEST_PAUSE, idle=not self._pause)
            if not self._pause and self._waiting:
                self._wait(GATHER)
            self._seen = self._flushed
            if self._closing and (not self._waiting or self._remaining() <= 0):
                return None
            self._batch = []
            size = 0
            while self._waiting and len(self._batch) < BATCH and size < BATCH_BYTES:
                self._batch.append(self._waiting.popleft())
                size += len(self._batch[-1])
            return list(self._batch)

    def _wait(self, seconds: float, idle: bool = False) -> None:
        """Until then, or until there is a reason to hurry; ``idle``: a record is one."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._closing or self._flushed != self._seen:
                return
            if self._waiting and (idle or (len(self._waiting) >= BATCH and not self._pause)):
                return
            self._changed.wait(left)

    def _send(self, batch: list[bytes]) -> bool:
        """False where it could not be sent, and it is over: whoever closes keeps it."""
        if self._post(batch) is not Outcome.DONE:
            if self._closing:
                return False
            self._keep(batch)
        with self._changed:
            self._batch = []
            self._changed.notify_all()
        return True

    def _post(self, lines: list[bytes]) -> Outcome:
        """In halves where they are too many; one that is too large by itself is lost."""
        outcome = self._poster.post(lines, self._seconds())
        if outcome is Outcome.SPLIT and len(lines) == 1:
            log.warning("a run is larger than the server takes, and is lost")
            self.lost += 1
            outcome = Outcome.DONE
        elif outcome is Outcome.SPLIT:
            half = len(lines) // 2
            parts = (self._post(lines[:half]), self._post(lines[half:]))
            outcome = next((part for part in parts if part is not Outcome.DONE), Outcome.DONE)
        self._pause = self._after(outcome)
        return outcome

    def _after(self, outcome: Outcome) -> float:
        if outcome is Outcome.DONE:
            return 0.0
        if outcome is Outcome.REFUSED:
            return REFUSED_PAUSE
        longer = min(LONGEST_PAUSE, max(FIRST_PAUSE, self._pause * 2))
        return longer * random.uniform(0.75, 1.0)  # not all agents at once

    def _empty_spool(self) -> None:
        """Sends what was spooled, by this or another process, the oldest first."""
        failed: set[Path] = set()
        while not self._closing and (file := self._spool.oldest(but=failed)) is not None:
            lines = self._spool.lines(file)
            if lines and self._post(lines) is not Outcome.DONE:
                return
            # What cannot be read now may be read by another process, or later.
            if lines is None or not self._spool.drop(file):
                failed.add(file)
            with self._changed:
                if self._waiting:
                    return  # what is new comes between

    def _keep(self, lines: list[bytes]) -> None:
        """Spools them; where that cannot be, they wait in memory while there is room, unless it is over."""
        if self._spool.put(lines):
            return
        with self._changed:
            if not self._closing:
                self._waiting.extendleft(reversed(lines))
                while len(self._waiting) > self._most_waiting:
                    self._waiting.popleft()
                    self.lost += 1
                return
            self.lost += len(lines)
        log.warning("%d runs are lost: the server is away and they cannot be spooled", len(lines))

    def _spill(self) -> None:
        """Makes room: the oldest go to the spool, or are lost."""
        oldest = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        if not self._spool.put(oldest):
            self.lost += len(oldest)
            log.warning("%d runs are lost: too many wait, and they cannot be spooled", len(oldest))

    @property
    def _closing(self) -> bool:
        return self._deadline is not None

    def _remaining(self) -> float:
        return REQUEST_SECONDS if self._deadline is None else self._deadline - time.monotonic()

    def _seconds(self) -> float:
        return max(0.05, min(REQUEST_SECONDS, self._remaining()))
