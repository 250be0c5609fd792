"""Runs to lose: many small ones with an id each, and threads that write them and keep what was confirmed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from ingest.columns import RecordOptions
from ingest.record import Canon

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
MODELS = ("gpt-4", "gpt-4-turbo", "claude-3-opus", "claude-3-sonnet")


def record(name: str, number: int) -> dict[str, Any]:
    """The run ``number`` of the writer ``name``: always the same."""
    chance = random.Random(f"{name} {number}")
    status = chance.choices(("success", "failure", "error"), (90, 6, 4))[0]
    found = {
        "invocation_id": f"{name}-{number:07}",
        "agent": "fixer",
        "model": chance.choice(MODELS),
        "status": status,
        "start_time": (SINCE + timedelta(seconds=chance.randrange(20 * 86_400))).isoformat(),
        "duration_ms": chance.randrange(5_000, 120_000),
        "input_tokens": chance.randrange(500, 50_000),
        "output_tokens": chance.randrange(50, 5_000),
        "cost_usd": chance.randrange(1, 10_000) / 10_000,
        "tools_used": {"bash": chance.randrange(1, 9)},
    }
    return found | ({"error_message": f"timeout after {number} s"} if status == "error" else {})


def records(name: str, count: int, first: int = 0) -> list[dict[str, Any]]:
    return [record(name, number) for number in range(first, first + count)]


def rows(name: str, count: int, first: int = 0) -> list[tuple[Any, ...]]:
    canon, now = Canon(RecordOptions()), datetime.now(UTC)
    return [canon.row(one, now) for one in records(name, count, first)]


def lines(name: str, count: int) -> bytes:
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in records(name, count))


class Together:
    """Threads that do the same until they are told to stop; what they raise is kept."""

    def __init__(self, number: int, work: Callable[[int, threading.Event], None]) -> None:
        self.stop = threading.Event()
        self.errors: list[BaseException] = []
        self._work = work
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(number)]

    def __enter__(self) -> Together:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self, patience: float = 120) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(patience)
            if thread.is_alive():
                raise AssertionError("a thread hangs")

    def wait(self) -> None:
        """Until each has come to its own end."""
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        try:
            self._work(number, self.stop)
        except BaseException as error:
            self.errors.append(error)


def batches(name: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Without end."""
    first = 0
    while True:
        yield rows(name, size, first)
        first += size
