"""One answer per question and data version: get, or compute once however many ask at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from queries.recent import Recent

log = logging.getLogger(__name__)

# Part of every key: to be raised when the shape of cached values changes.
SHAPE = "2"
_SLOTS = 64
_KEPT = 256
_LOCK_SECONDS = 60


class Backend(Protocol):
    """What is used of a flask_caching.Cache."""

    def get(self, key: str) -> Any: ...
    def set(self, key: str, value: Any, timeout: int | None = None) -> Any: ...


class Flight:
    """Single flight on one host: a thread lock for this process, a file lock for the other workers."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._locks = [threading.Lock() for _ in range(_SLOTS)]

    @contextlib.contextmanager
    def __call__(self, key: str) -> Iterator[None]:
        slot = int(key[:8], 16) % _SLOTS
        # To append: opening it to write would have the file system empty it each time.
        with self._locks[slot], open(self._folder / f"{slot}.lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, or its holder dies
            yield


class RedisFlight:
    """Single flight over all hosts that share a Redis."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @contextlib.contextmanager
    def __call__(self, key: str) -> Iterator[None]:
        name = f"fixer-metrics:flight:{key}"
        lock = self._client.lock(name, timeout=_LOCK_SECONDS, blocking_timeout=_LOCK_SECONDS)
        held = lock.acquire()
        try:
            yield
        finally:
            if held:
                # One that has run out, or a Redis that has gone, leaves nothing to give back.
                with contextlib.suppress(Exception):
                    lock.release()


class AnswerCache:
    """``backend`` may be a NullCache; ``flight`` None means that nobody waits for anybody."""

    def __init__(self, backend: Backend, flight: Flight | RedisFlight | None, seconds: int) -> None:
        self._backend = backend
        self._flight = flight
        self._seconds = seconds
        self.looked: Callable[[bool], None] | None = None  # told of each look: whether the answer was there
        # In front of the backend: what this process has just read needs no second unpickling.
        self._recent = Recent(_KEPT)

    def get_or_compute(self, version: str, key: str, compute: Callable[[], Any]) -> Any:
        """The answer to ``key`` for the data ``version``; ``compute`` runs once for all who miss."""
        full = hashlib.sha256(f"{SHAPE}\n{version}\n{key}".encode()).hexdigest()
        hit = self._look(full)
        if self.looked:
            self.looked(hit is not None)
        if hit is not None:
            return hit[0]
        if self._flight is None:
            return self._fill(full, compute)
        with contextlib.ExitStack() as stack:
            self._join(stack, full)
            hit = self._look(full)
            return hit[0] if hit is not None else self._fill(full, compute)

    def _look(self, full: str) -> Any:
        found = self._recent.get(full)
        if found is None:
            with self._or_without("read"):
                found = self._backend.get(full)
            if found is not None:
                self._recent.put(full, found)
        return found

    def _join(self, stack: contextlib.ExitStack, full: str) -> None:
        assert self._flight
        with self._or_without("lock"):
            stack.enter_context(self._flight(full))

    def _fill(self, full: str, compute: Callable[[], Any]) -> Any:
        value = compute()
        with self._or_without("write"):
            self._backend.set(full, (value,), timeout=self._seconds)  # in a tuple: None is an answer too
        return value

    @contextlib.contextmanager
    def _or_without(self, doing: str) -> Iterator[None]:
        """A cache that is away makes answers slow, never wrong and never missing."""
        try:
            yield
        except Exception as error:
            log.warning("cannot %s the cache, going on without: %s", doing, error)
