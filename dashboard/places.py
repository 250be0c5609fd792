"""Roof: how many requests of a kind a server process works on at once; threads stay for the others."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 0.25  # seconds: a burst is worked off in that time, only what does not move is refused
# Clients that were refused together should not all come back together; exporters give up after ten seconds.
COME_BACK = (1, 3)  # seconds


class NoPlaceError(Exception):
    """All places are taken; ``seconds`` is when to come again."""

    def __init__(self, number: int) -> None:
        super().__init__(f"So many requests ({number:,}) are being worked on already; send it again.")
        self.seconds = random.randint(*COME_BACK)


class Places:
    def __init__(self, number: int, patience: float = PATIENCE) -> None:
        self._number = number
        self._patience = patience
        self._free = threading.BoundedSemaphore(number)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One of them, as long as it is needed; NoPlaceError where none becomes free soon."""
        if not self._free.acquire(timeout=self._patience):
            raise NoPlaceError(self._number)
        try:
            yield
        finally:
            self._free.release()
