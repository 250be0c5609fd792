"""kill -9 in the middle of writes: nothing that was confirmed is lost, nothing counts twice."""

from __future__ import annotations

import random
import threading
import time
import urllib.error
import urllib.request

import orjson
import psutil

from ingest.write import Writer
from tests.reliability.making import Together, batches, lines, records
from tests.reliability.place import kill, open_place
from tests.reliability.report import Finding

BATCH = 200


def postgres(seconds: float, kills: int = 3) -> Finding:
    """The database server, again and again, while four writers write and confirm."""
    confirmed: list[set[str]] = [set() for _ in range(4)]
    with open_place() as place:
        recovered = []
        for life in range(kills):

            def write(number: int, _stop: threading.Event, life: int = life) -> None:
                with Writer(place.url) as writer:
                    for batch in batches(f"life{life}-writer{number}", BATCH):  # until the server is gone
                        writer.write(batch)
                        confirmed[number] |= {row[0] for row in batch}

            with Together(4, write) as writers:
                time.sleep(seconds / kills)
                place.kill_postgres()
                writers.end()
            assert len(writers.errors) == 4, writers.errors
            recovered.append(place.restart_postgres())
        every = set().union(*confirmed)
        found = place.ids()
        raw, counted = place.runs()
        return Finding(
            f"PostgreSQL killed {kills} times under 4 writers",
            f"{len(every):,} runs confirmed, {len(found - every):,} more had come in without a word; "
            f"back after {max(recovered):.1f} s",
            {
                "confirmed and lost": len(every - found),
                "raw rows less rollups": raw - counted,
                "differences of verify": place.differences(),
            },
        )


def worker(seconds: float) -> Finding:
    """The worker in the middle of its compactions, another one taking over, while runs come in."""
    written = 0
    with open_place() as place:

        def write(number: int, stop: threading.Event) -> None:
            nonlocal written
            with Writer(place.url, compact_at=10**9) as writer:
                for batch in batches("writer", BATCH):
                    writer.write(batch)
                    written += len(batch)
                    if stop.is_set():
                        return

        killed, leader = 0, place.start("worker")
        leader.wait_for("leading")
        takeovers = []
        with Together(1, write) as writers:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                heir = place.start("worker")
                heir.wait_for("standing by")
                time.sleep(random.uniform(0.2, 2))
                began = time.perf_counter()
                kill(leader)
                heir.wait_for("leading")
                takeovers.append(time.perf_counter() - began)
                killed, leader = killed + 1, heir
            writers.end()
        raw, counted = place.runs()
        return Finding(
            f"the worker killed {killed} times while runs come in",
            f"{written:,} runs; another one led after {max(takeovers):.1f} s at most",
            {
                "writers that failed": len(writers.errors),
                "confirmed and lost": written - raw,
                "raw rows less rollups": raw - counted,
                "differences of verify": place.differences(),
            },
        )


def web_workers(seconds: float) -> Finding:
    """Server processes, one after the other, while eight agents post and post again what was not answered."""
    with open_place() as place:
        server = place.start("serve", WEB_CONCURRENCY=2)
        server.wait_ready()
        confirmed: list[int] = [0] * 8
        broken: list[int] = [0] * 8

        def post(number: int, stop: threading.Event) -> None:
            while not stop.is_set():
                body = orjson.dumps(records(f"agent{number}", 5, confirmed[number]))
                request = urllib.request.Request(
                    f"{server.address}/api/runs", body, {"Content-Type": "application/json"}
                )
                try:
                    with urllib.request.urlopen(request, timeout=20) as answer:
                        assert answer.status == 200, answer.status
                    confirmed[number] += 5
                except (OSError, urllib.error.URLError):
                    broken[number] += 1  # and the same again

        killed = 0
        with Together(8, post) as agents:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(random.uniform(0.5, 2))
                children = psutil.Process(server.process.pid).children()
                random.choice(children).kill()
                killed += 1
            agents.end()
        raw, counted = place.runs()
        found = place.ids()
        lost = [
            one["invocation_id"]
            for number, count in enumerate(confirmed)
            for one in records(f"agent{number}", count)
            if one["invocation_id"] not in found
        ]
        return Finding(
            f"server processes killed {killed} times under 8 agents that post",
            f"{sum(confirmed):,} runs confirmed, {sum(broken)} posts broke off and were sent again",
            {
                "agents that failed": len(agents.errors),
                "confirmed and lost": len(lost),
                "raw rows less rollups": raw - counted,
                "differences of verify": place.differences(),
            },
        )


def importer(seconds: float, runs: int = 200_000) -> Finding:
    """An import of one file, again and again at another place, and then let through."""
    with open_place() as place:
        path = place.folder / "runs.jsonl"
        path.write_bytes(lines("file", runs))
        killed, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            program, already = place.start("import", str(path)), place.runs()[0]
            # A batch further: the kill is to come in the middle of the next.
            while place.runs()[0] == already and program.process.poll() is None:
                time.sleep(0.05)
            time.sleep(random.uniform(0, 1))
            if program.process.poll() is not None:
                break
            kill(program)
            killed += 1
        before, _ = place.runs()
        last = place.start("import", str(path))
        code = last.process.wait(600)
        raw, counted = place.runs()
        return Finding(
            f"an import killed {killed} times, then run once more",
            f"{before:,} of {runs:,} runs were in before the last one",
            {
                "exit code of the last one": code,
                "runs lacking": runs - raw,
                "raw rows less rollups": raw - counted,
                "differences of verify": place.differences(),
            },
        )
