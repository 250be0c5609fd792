"""Roof: long work that the data page starts and looks after: taking an import back, checking the rollups."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import orjson
from psycopg.errors import QueryCanceled
from sqlalchemy import Engine

from dashboard.folders import make_folder
from ingest.imports import take_back
from ingest.verify import verify
from queries.engine import make_engine
from queries.errors import UserError, first_line

log = logging.getLogger(__name__)

EXTENSION = "fixer_metrics_upkeep"  # of the Flask application
PATIENCE = 2.0  # seconds that a request waits for the end, before it answers that it goes on
VERIFY_SECONDS = 3600.0
LISTED = 20

Report = dict[str, Any]


class Upkeep:
    """Works in threads with connections of their own. What became of a comparison is kept in ``folder``, so
    that all server processes of this machine know it; what becomes of a taking back is in the database."""

    def __init__(self, url: str, folder: Path, patience: float = PATIENCE) -> None:
        self._url = url
        self._folder = folder
        self._patience = patience

    def take_back(self, import_id: int) -> int | None:
        """How many runs were taken out; None: it takes longer, and goes on. UserError where it cannot be."""
        return self._begin("take-back", lambda engine: take_back(engine, import_id))

    def verify(self, seconds: float = VERIFY_SECONDS) -> Report:
        """Begins a comparison of the rollups with the runs, unless one is going on."""
        lock = self._try_lock()
        if lock is not None:
            begun: Report = {"startedAt": _now()}
            self._write(begun | {"state": "running"})
            self._begin("verify", lambda engine: self._verify(engine, lock, begun, seconds))
        return self.verified()

    def verified(self) -> Report:
        """What became of the last comparison. ``state``: never, running, done, failed."""
        try:
            report: Report = orjson.loads(self._result.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return _EMPTY | {"state": "never"}
        lock = self._try_lock() if report["state"] == "running" else None
        if lock is not None:  # nobody is at it any more
            lock.close()
            report |= {"state": "failed", "problem": "it was broken off: the server process has ended"}
        return _EMPTY | report

    def _verify(self, engine: Engine, lock: TextIO, begun: Report, seconds: float) -> None:
        report = dict(begun)
        try:
            found = verify(engine, seconds)
            report |= {
                "state": "done",
                "differences": found.total,
                "examples": [str(d) for d in found[:LISTED]],
            }
        except QueryCanceled:
            report |= {"state": "failed", "problem": f"it took longer than {seconds / 60:g} minutes"}
        except Exception as error:
            log.exception("the comparison of rollups and runs failed", exc_info=error)
            report |= {"state": "failed", "problem": "the database could not be read; see the server's log"}
        finally:
            self._write(report | {"finishedAt": _now()})
            lock.close()

    def _begin(self, name: str, work: Callable[[Engine], Any]) -> Any:
        """What ``work`` gives, where it comes to its end soon; None where it goes on. What it raises soon is
        raised here; later it is in the log."""
        task = _Task(name, self._url, work)
        task.start()
        task.join(self._patience)
        if not task.is_alive() and task.error:
            raise task.error
        return task.answer

    def _write(self, report: Report) -> None:
        make_folder(self._folder)
        part = self._result.with_suffix(f".{threading.get_ident()}.part")
        part.write_bytes(orjson.dumps(report))
        part.replace(self._result)

    def _try_lock(self) -> TextIO | None:
        """Held by whoever compares, in whatever process; let go when that one ends."""
        make_folder(self._folder)
        file = open(self._folder / "verify.lock", "w")  # noqa: SIM115 - open as long as it is held
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        return file

    @property
    def _result(self) -> Path:
        return self._folder / "verify.json"


_EMPTY: Report = dict.fromkeys(("startedAt", "finishedAt", "differences", "examples", "problem"))


class _Task(threading.Thread):
    def __init__(self, name: str, url: str, work: Callable[[Engine], Any]) -> None:
        super().__init__(name=name, daemon=True)
        self._url = url
        self._work = work
        self.answer: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with _engine(self._url) as engine:
                self.answer = self._work(engine)
        except Exception as error:
            self.error = error
            if not isinstance(error, UserError):
                log.warning("%s failed: %s", self.name, first_line(error))


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url, pool_size=3, statement_timeout_ms=0, application_name="fixer-metrics upkeep")
    try:
        yield engine
    finally:
        engine.dispose()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
