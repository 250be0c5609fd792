"""How fast runs come in by POST /api/runs: a real server, an empty database, many clients at once."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

from tests.bench.place import Place, empty_database
from tests.bench.report import Times, say, table

ROOT = Path(__file__).resolve().parents[2]
WORKERS, THREADS = 2, 4
# (clients at once, posts of all of them, runs in a post)
CASES = ((1, 500, 1), (10, 2_000, 1), (100, 2_000, 1), (10, 400, 100), (4, 40, 2_000))


def measure(place: Place) -> None:
    """Prints posts and runs a second, and how long a client waits for its answer."""
    row = table("clients", "posts", "runs a post", "posts/s", "runs/s", "p50", "p95", "slowest")
    with empty_database(place, "bench_posts") as url, _serving(url) as port:
        for number, (clients, posts, runs) in enumerate(CASES):
            say(f"{clients} clients post {runs} runs {posts:,} times ...")
            seconds, times = _post(port, number, clients, posts // clients, runs)
            made = len(times.seconds)
            row(clients, f"{made:,}", f"{runs:,}", f"{made / seconds:,.0f}", f"{made * runs / seconds:,.0f}",
                f"{times.p50:.1f} ms", f"{times.p95:.1f} ms", f"{max(times.seconds) * 1000:.0f} ms")  # fmt: skip


def _post(port: int, case: int, clients: int, posts: int, runs: int) -> tuple[float, Times]:
    """Seconds from the first to the last post, and those of each."""
    together = Barrier(clients + 1)

    def work(client: int) -> list[float]:
        bodies = [_body(f"{case}-{client}-{number}", runs) for number in range(posts)]
        connection = http.client.HTTPConnection("127.0.0.1", port)
        together.wait()
        seconds = []
        for body in bodies:
            began = time.perf_counter()
            connection.request("POST", "/api/runs", body)
            answer = json.loads(connection.getresponse().read())
            seconds.append(time.perf_counter() - began)
            assert answer["inserted"] == runs, answer
        connection.close()
        return seconds

    with ThreadPoolExecutor(clients) as pool:
        waiting = [pool.submit(work, client) for client in range(clients)]
        together.wait()
        began = time.perf_counter()
        seconds = [second for one in waiting for second in one.result()]
        return time.perf_counter() - began, Times(seconds)


def _body(name: str, runs: int) -> bytes:
    return b"\n".join(
        json.dumps(
            {
                "invocation_id": f"{name}-{number}", "agent": "fixer", "agent_version": "2.5.0",
                "model": f"model-{number % 3}", "status": ("success", "failure")[number % 2],
                "start_time": f"2026-11-{1 + number % 20:02}T{number % 24:02}:00:00Z", "duration_ms": 1000 + number,
                "input_tokens": 9100, "output_tokens": 640, "cost_usd": 0.118, "tools_used": {"bash": 3},
                "repository": "web/storefront",
            }
        ).encode()
        for number in range(runs)
    )  # fmt: skip


@contextmanager
def _serving(url: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "DATABASE_URL": url,
            "PORT": str(port),
            "FIXER_METRICS_DATA": folder,
            "PYTHONPATH": str(ROOT),
        }
        settings |= {"WEB_CONCURRENCY": str(WORKERS), "WEB_THREADS": str(THREADS)}
        command = [sys.executable, "-m", "dashboard", "serve"]
        server = subprocess.Popen(command, env=os.environ | settings, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            _wait(server, port)
            yield port
        finally:
            server.terminate()
            server.wait()


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    while server.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server ended before it was ready")
