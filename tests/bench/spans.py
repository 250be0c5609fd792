"""How fast spans of OpenTelemetry come in: requests of the size that exporters send, from several at once."""

from __future__ import annotations

import gzip
import os
import threading
import time
import urllib.request
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from dashboard import otlp
from ingest.otlp.traces import SpanKeeper
from queries.engine import make_engine
from tests import spans as made
from tests.bench.place import Place, empty_database
from tests.bench.report import say, table

TRACES = 1_000
SPANS = 26  # of a trace: an agent, 15 calls of models, 10 tools
BATCH = 512  # what the SDK sends at once
CLIENTS = 4


def measure(place: Place, traces: int = TRACES) -> None:
    """Prints spans a second and how long a request takes: whole traces, and each trace in parts."""
    row = table("what", "spans", "requests", "spans a second", "p50", "p95")
    for name, spread in (("traces, children first, whole", 1), ("the same, each in 4 requests", 4)):
        bodies = list(_bodies(traces, spread))
        say(f"sending {traces * SPANS:,} spans in {len(bodies)} requests from {CLIENTS} clients ...")
        seconds, taken = _send(place, bodies)
        row(
            name,
            f"{traces * SPANS:,}",
            f"{len(bodies):,}",
            f"{traces * SPANS / seconds:,.0f}",
            f"{_at(taken, 0.5):.0f} ms",
            f"{_at(taken, 0.95):.0f} ms",
        )


def _bodies(traces: int, spread: int) -> Any:
    """``spread``: how many requests each trace is divided over."""
    spans = [_trace() for _ in range(traces)]
    at_once = BATCH * spread // SPANS
    for first in range(0, traces, at_once):
        some = spans[first : first + at_once]
        size = -(-SPANS // spread)
        for part in range(0, SPANS, size):
            sent = [span for trace in some for span in trace[part : part + size]]
            yield gzip.compress(made.request(sent, {"service.name": "bench"}).SerializeToString(), 1)


def _trace() -> list[Any]:
    trace = os.urandom(16)
    now = time.time_ns()
    usage = {"gen_ai.usage.cache_read.input_tokens": 800, "gen_ai.response.model": "gpt-4o-2024-08-06"}
    calls = [
        made.span(n, 1, made.chat(1000 + n, 50, **usage), trace=trace, name="chat gpt-4o")
        for n in range(2, 17)
    ]
    tools = [made.span(n, 1, made.tool("bash"), trace=trace) for n in range(17, 1 + SPANS)]
    spans = [*calls, *tools, made.span(1, None, made.agent("bench"), trace=trace)]
    for span in spans:
        span.start_time_unix_nano, span.end_time_unix_nano = now, now + 10**9
    return spans


def _send(place: Place, bodies: list[bytes]) -> tuple[float, list[float]]:
    taken: list[float] = []
    with empty_database(place, "bench_spans") as url:
        engine = make_engine(url, statement_timeout_ms=0)
        app = Flask(__name__)
        app.register_blueprint(otlp.blueprint(engine, SpanKeeper(engine)))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        address = f"http://127.0.0.1:{server.server_port}/v1/traces"
        try:
            clients = [
                threading.Thread(target=_client, args=(address, bodies[number::CLIENTS], taken))
                for number in range(CLIENTS)
            ]
            began = time.perf_counter()
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            seconds = time.perf_counter() - began
        finally:
            server.shutdown()
            serving.join()
            server.server_close()
            engine.dispose()
    assert len(taken) == len(bodies), "a request was refused"
    return seconds, taken


def _client(address: str, bodies: list[bytes], taken: list[float]) -> None:
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    for body in bodies:
        began = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as answer:
            answer.read()
        taken.append((time.perf_counter() - began) * 1000)


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
