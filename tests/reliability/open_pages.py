"""A hundred open pages: what they cost while nothing is new, and when each hears of what is."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil
from sqlalchemy import text

from ingest.in_flight import announce, row
from ingest.record import Canon
from layouts import ids
from queries.statements import FLYING
from seed.load import seed
from tests.reliability.making import Together
from tests.reliability.place import Place, open_place
from tests.reliability.report import Finding
from tests.runtime.processes import Program

EVERY = 2.5  # seconds, as assets/live.js
_SOON = 5.0
_ASKED = text("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")


@dataclass
class Viewer:
    """An open overview: asks for the version and, where runs are in flight that it does not show, for the
    panel that tells of them, over one connection as a browser does."""

    server: Program
    took: list[float] = field(default_factory=list)
    heard: dict[str, float] = field(default_factory=dict)  # what is in flight -> when it was shown
    bad: list[str] = field(default_factory=list)
    _tag: str = ""
    _version: str = ""

    def look(self, number: int, stop: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        stop.wait(EVERY * (number % 100) / 100)
        while not stop.is_set():
            began = time.perf_counter()
            try:
                self._look(connection)
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.bad.append(repr(error))
                connection.close()
            self.took.append(time.perf_counter() - began)
            stop.wait(EVERY)

    def _look(self, connection: http.client.HTTPConnection) -> None:
        headers = {"If-None-Match": self._tag} if self._tag else {}
        connection.request("GET", "/api/data/version", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 304:
            return
        assert answer.status == 200, answer.status
        self._tag = answer.headers["ETag"]
        self._glance(connection)
        self.heard[json.loads(body)["inFlight"]] = time.monotonic()

    def _glance(self, connection: http.client.HTTPConnection) -> None:
        panel = ids.answer(ids.IN_FLIGHT)
        now = datetime.now(UTC).isoformat()
        inputs = [
            {"id": ids.FILTERS, "property": "data", "value": {"now": now, "tz": "UTC", "path": "/"}},
            {"id": ids.FLYING, "property": "data", "value": now},
        ]
        asked = {
            "output": f"{panel}.data",
            "outputs": {"id": panel, "property": "data"},
            "inputs": inputs,
            "changedPropIds": [f"{ids.FLYING}.data"],
            "state": [],
        }
        body = json.dumps(asked)
        connection.request("POST", "/_dash-update-component", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200, said[:200]


@dataclass
class Cost:
    """What the server and PostgreSQL have used since it was made."""

    server: Program
    place: Place
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._processor, self._asked = self._used()

    def _used(self) -> tuple[dict[str, float], int]:
        spent = {"server": _spent(self.server.process.pid), "PostgreSQL": _spent(self.place.postmaster())}
        with self.place.engine.connect() as connection:
            connection.execute(text("SELECT pg_stat_clear_snapshot()"))
            return spent, int(connection.execute(_ASKED).scalar_one())

    def words(self, requests: int) -> str:
        processor, asked = self._used()
        seconds = time.monotonic() - self.began
        shares = [
            f"{name} {(spent - self._processor[name]) / seconds:.0%}" for name, spent in processor.items()
        ]
        return (
            f"{requests:,} requests ({requests / seconds:.0f} a second), "
            f"{(asked - self._asked) / max(1, requests):.2f} transactions each, of one core: {', '.join(shares)}"
        )


def _spent(pid: int) -> float:
    """Seconds of a process and all below it."""
    me = psutil.Process(pid)
    return sum(sum(process.cpu_times()[:2]) for process in [me, *me.children(recursive=True)])


def open_pages(seconds: float, number: int = 100, runs: int = 100_000) -> Finding:
    """Nothing is new for half of the time; then a run is announced every five seconds."""
    with open_place() as place:
        seed(place.url, runs=runs, days=90, rng_seed=1)
        server = place.start("serve", WEB_CONCURRENCY=2, WEB_THREADS=8)
        server.wait_ready()
        viewers = [Viewer(server) for _ in range(number)]
        with Together(number, lambda n, stop: viewers[n].look(n, stop)) as people:
            time.sleep(2 * EVERY)  # each has the version
            quiet, before = Cost(server, place), _requests(viewers)
            time.sleep(seconds / 2)
            idle = f"{quiet.words(_requests(viewers) - before)}, {_took(viewers)}"
            announced = _announcing(place, seconds / 2)
            time.sleep(2 * _SOON)
            people.end()
        return _found(idle, viewers, announced, people)


def _requests(viewers: list[Viewer]) -> int:
    return sum(len(viewer.took) for viewer in viewers)


def _took(viewers: list[Viewer]) -> str:
    took = sorted(one for viewer in viewers for one in viewer.took)
    return f"p50 {statistics.median(took) * 1000:.0f} ms, p99 {took[int(0.99 * len(took))] * 1000:.0f} ms"


def _announcing(place: Place, seconds: float) -> dict[str, float]:
    """What is in flight after each announcement -> when that was committed."""
    announced: dict[str, float] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = datetime.now(UTC)
        record = {"invocation_id": f"flying-{len(announced)}", "start_time": now.isoformat()}
        announce(place.engine, [row(record, Canon(), now)])
        with place.engine.connect() as connection:
            announced[str(connection.execute(FLYING).scalar_one())] = time.monotonic()
        time.sleep(_SOON)
    return announced


def _found(idle: str, viewers: list[Viewer], announced: dict[str, float], people: Together) -> Finding:
    shown = [(viewer.heard.get(what), at) for viewer in viewers for what, at in announced.items()]
    waits = sorted(heard - at for heard, at in shown if heard)
    told = (
        f"half of them within {statistics.median(waits):.1f} s, all within {waits[-1]:.1f} s"
        if waits
        else "never"
    )
    return Finding(
        f"{len(viewers)} open pages, one question each every {EVERY} s",
        f"with nothing new: {idle}; {len(announced)} announcements shown on all pages: {told}",
        {
            "errors": sum(len(viewer.bad) for viewer in viewers) + len(people.errors),
            "announcements not shown by somebody": len(shown) - len(waits),
        },
    )
