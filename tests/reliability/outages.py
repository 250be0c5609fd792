"""What is needed goes away or runs out: the database, the disk, connections, time."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import URL, make_url, text

from dashboard.embedded import attach
from dashboard.embedded_server import shipped_programs
from ingest.importer import import_paths
from ingest.write import Writer
from queries.engine import make_engine
from queries.errors import UserError
from queries.migrate import upgrade
from tests.reliability.making import Together, batches, lines, rows
from tests.reliability.place import Place, open_place
from tests.reliability.report import Finding
from tests.runtime.processes import Program

SUMMARY = "/api/metrics/summary?range=30d"


def status(program: Program, path: str, seconds: float = 30) -> int:
    """The HTTP status; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(program.address + path, timeout=seconds) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def asking(program: Program, path: str, number: int, seen: Counter[int]) -> Together:
    def ask(_: int, stop: threading.Event) -> None:
        while not stop.wait(0.1):
            seen[status(program, path)] += 1

    return Together(number, ask)


def database_away(seconds: float) -> Finding:
    """The server goes on, says so, and finds the database again by itself."""
    with open_place() as place:
        with Writer(place.url) as writer:
            writer.write(rows("some", 1_000))
        server = place.start("serve")
        server.wait_ready()
        before, seen = status(server, SUMMARY), Counter[int]()
        with asking(server, SUMMARY, 4, seen) as people:
            place.kill_postgres()
            time.sleep(seconds)
            place.restart_postgres()
            began = time.perf_counter()
            while status(server, SUMMARY) != 200 and time.perf_counter() - began < 60:
                time.sleep(0.05)
            back = time.perf_counter() - began
            people.end()
        alive = status(server, "/healthz")
        return Finding(
            f"the database away for {seconds:.0f} s under a running server",
            f"{seen[503]} answers 503, {seen[200]} answers 200; right again {back:.1f} s after its return",
            {
                "other answers": sum(seen.values()) - seen[200] - seen[503],
                "not 200 before": int(before != 200),
                "not 200 after": int(back >= 60),
                "process not alive": int(alive != 200),
            },
        )


def connections_exhausted(seconds: float) -> Finding:
    """Every connection waits for a lock; 40 people go on asking."""
    with open_place() as place:
        with Writer(place.url) as writer:
            writer.write(rows("some", 1_000))
        server = place.start("serve", FIXER_METRICS_STATEMENT_TIMEOUT=3, FIXER_METRICS_CACHE="off")
        server.wait_ready()
        seen: Counter[int] = Counter()
        address = make_url(place.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as locking, asking(server, SUMMARY, 40, seen) as people:
            locking.execute("LOCK TABLE status_day, rollup_delta IN ACCESS EXCLUSIVE MODE")
            time.sleep(seconds)
            alive = status(server, "/healthz")
            locking.rollback()
            time.sleep(1)
            after = status(server, SUMMARY)
            people.end()
        known = seen[200] + seen[503] + seen[504]
        return Finding(
            f"all connections held up for {seconds:.0f} s, 40 people asking",
            "answers by status: " + ", ".join(f"{code}: {count}" for code, count in sorted(seen.items())),
            {
                "other answers": sum(seen.values()) - known,
                "not alive meanwhile": int(alive != 200),
                "not 200 after": int(after != 200),
            },
        )


def query_of_death(seconds: float) -> Finding:
    """One question that takes longer than any may: it is cut off, and the others are answered."""
    with open_place() as place:
        with Writer(place.url) as writer:
            writer.write(rows("some", 1_000))
        server = place.start("serve", FIXER_METRICS_STATEMENT_TIMEOUT=1, FIXER_METRICS_CACHE="off")
        server.wait_ready()
        address = make_url(place.url).set(drivername="postgresql").render_as_string(hide_password=False)
        # Only the table of runs waits, which this question reads and the summary does not.
        deadly, seen = "/api/metrics/runs?range=30d&q=%22timeout%20after%22", Counter[int]()
        with psycopg.connect(address) as locking:
            locking.execute("LOCK TABLE agent_execution IN ACCESS EXCLUSIVE MODE")
            with asking(server, SUMMARY, 2, seen) as people:
                cut = [status(server, deadly) for _ in range(max(3, int(seconds / 3)))]
                people.end()
            locking.rollback()
        return Finding(
            f"{len(cut)} questions that take longer than the second they are given",
            f"each was cut off; {seen[200]} others answered meanwhile",
            {
                "not cut off": sum(code != 504 for code in cut),
                "others not answered": sum(seen.values()) - seen[200],
                "not 200 after": int(status(server, deadly) != 200),
            },
        )


def disk_full(seconds: float) -> Finding:
    """The disk fills up in the middle of an import; given room, the same import finishes."""
    with open_place() as place:
        small = place.folder / "small"
        small.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(small)], check=False, capture_output=True
        )
        if mounted.returncode:
            reason = mounted.stderr.decode().strip()
            return Finding(
                "the disk full during an import", f"not tried: no small disk to be had ({reason})", {}
            )
        try:
            return _on_a_small_disk(place, small)
        finally:
            subprocess.run(["umount", "-l", str(small)], check=False)


def _on_a_small_disk(place: Place, small) -> Finding:  # type: ignore[no-untyped-def]
    small.chmod(0o755)
    runs = 200_000
    path = place.folder / "runs.jsonl"
    path.write_bytes(lines("file", runs))
    with attach(small) as embedded:
        engine = make_engine(embedded.url, statement_timeout_ms=0)
        upgrade(engine)
        told = ""
        try:
            import_paths(embedded.url, [str(path)])
        except UserError as error:
            told = str(error)
        except Exception as error:
            told = f"not told: {type(error).__name__}: {error}"
        before = shutil.disk_usage(small)
        subprocess.run(["mount", "-o", "remount,size=2g", str(small)], check=True)
    with attach(small) as embedded:
        engine.dispose()
        engine = make_engine(embedded.url, statement_timeout_ms=0)
        summary = import_paths(embedded.url, [str(path)])
        again = Place(small, embedded, engine)
        raw, counted = again.runs()
        differences = again.differences()
        engine.dispose()
    return Finding(
        f"the disk full during an import ({before.total >> 20} MB)",
        f"it said: {told[:90]!r}; then {summary.already_there:,} were in, {summary.inserted:,} came",
        {
            "not told in a sentence": int(not told or told.startswith("not told")),
            "runs lacking": runs - raw,
            "raw rows less rollups": raw - counted,
            "differences of verify": differences,
        },
    )


def clock_skew(seconds: float) -> Finding:
    """Agents whose clocks are up to a day ahead or a month behind; beyond a day they are refused."""
    now = datetime.now(UTC)
    ahead = [{"invocation_id": f"ahead-{h}", "model": "m", "status": "success",
              "start_time": (now + timedelta(hours=h)).isoformat()} for h in range(-720, 24, 6)]  # fmt: skip
    beyond = [{"invocation_id": f"beyond-{h}", "model": "m", "status": "success",
               "start_time": (now + timedelta(hours=h)).isoformat()} for h in (25, 48, 24 * 365)]  # fmt: skip
    with open_place() as place:
        path = place.folder / "skewed.jsonl"
        import orjson

        path.write_bytes(b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in ahead + beyond))
        summary = import_paths(place.url, [str(path)])
        server = place.start("serve")
        server.wait_ready()
        _, body = server.get("/api/metrics/summary?range=all")
        counted = orjson.loads(body)["totalRuns"]
        with place.engine.connect() as connection:
            late = connection.execute(
                text("SELECT count(*) FROM agent_execution WHERE start_time > now()")
            ).scalar()
        return Finding(
            "clocks from 30 days behind to a day ahead",
            f"{summary.inserted} runs came, {late} of them from the future; {summary.rejected} beyond a day refused",
            {
                "runs lacking": len(ahead) - summary.inserted,
                "taken from beyond": len(beyond) - summary.rejected,
                "summary less runs": int(counted) - len(ahead),
                "differences of verify": place.differences(),
            },
        )


def restored(seconds: float) -> Finding:
    """A backup made while runs come in, restored beside the original: complete up to some commit, and exact."""
    with open_place() as place:
        archive, written = place.folder / "backup", [0]

        def write(_: int, stop: threading.Event) -> None:
            with Writer(place.url) as writer:
                for batch in batches("live", 200):
                    writer.write(batch)
                    written[0] += len(batch)
                    if stop.is_set():
                        return

        source = make_url(place.url).set(drivername="postgresql")
        with Together(1, write) as writing:
            time.sleep(min(seconds, 5))
            before = written[0]
            _run_shipped("pg_dump", "-Fc", "-f", str(archive), source)
            writing.end()
        with place.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE restored"))
        target = source.set(database="restored")
        _run_shipped("pg_restore", "-d", target.render_as_string(hide_password=False), str(archive))
        engine = make_engine(target.render_as_string(hide_password=False), statement_timeout_ms=0)
        other = Place(place.folder, place.embedded, engine)
        raw, counted = other.runs()
        differences = other.differences()
        engine.dispose()
        return Finding(
            "a backup made while runs come in, and restored",
            f"{before:,} runs when it began, {raw:,} in it",
            {
                "confirmed before and lacking": max(0, before - raw),
                "raw rows less rollups": raw - counted,
                "differences of verify": differences,
                "writers that failed": len(writing.errors),
            },
        )


def _run_shipped(program: str, *arguments: object) -> None:
    texts = [a.render_as_string(hide_password=False) if isinstance(a, URL) else str(a) for a in arguments]
    subprocess.run([shipped_programs() / program, *texts], check=True)
