"""How fast spans of OpenTelemetry come in: requests of the size that exporters send, from several at once."""

from __future__ import annotations

import gzip
import logging
import os
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Engine, text
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
LONG, REQUESTS = 5_000, 500  # spans of a long trace, and the requests that it comes in


def measure(place: Place, traces: int = TRACES) -> None:
    """Prints spans a second and how long a request takes: whole traces, each in parts, and a long one; and
    the row of docs/benchmark.md."""
    row = table("what", "spans", "requests", "spans a second", "p50", "p95")
    rates = []
    for name, spread in (("traces, children first, whole", 1), ("the same, each in 4 requests", 4)):
        bodies = list(_bodies(traces, spread))
        say(f"sending {traces * SPANS:,} spans in {len(bodies)} requests from {CLIENTS} clients ...")
        seconds, taken = _send(place, bodies)
        rates.append(f"{traces * SPANS / seconds:,.0f}")
        row(
            name,
            f"{traces * SPANS:,}",
            f"{len(bodies):,}",
            rates[-1],
            f"{_at(taken, 0.5):.0f} ms",
            f"{_at(taken, 0.95):.0f} ms",
        )
    long = _long_trace(place)
    print(
        f"\n| spans of OpenTelemetry, {CLIENTS} programs: whole traces / each in 4 requests; one trace of "
        f"{LONG:,} in {REQUESTS} requests | {' / '.join(rates)} spans/s; {long:.1f} s | |",
        flush=True,
    )


def _long_trace(place: Place) -> float:
    """One trace whose agent is known from its first request on: each of the others changes its run. Gives the
    seconds of all of them."""
    say(f"sending one trace of {LONG:,} spans in {REQUESTS} requests, one after the other ...")
    size = LONG // REQUESTS
    spans = _trace(LONG)[::-1]
    bodies = [_body(spans[first : first + size]) for first in range(0, LONG, size)]
    taken: list[float] = []
    with _door(place) as (address, engine):
        began = time.perf_counter()
        _client(address, bodies, taken)
        sent = time.perf_counter()
        complete = f"llm_call_count + tool_call_count = {LONG - 1}"
        while not _is_true(engine, f"SELECT count(*) = 1 FROM agent_execution WHERE {complete}"):
            SpanKeeper(engine).catch_up()
            time.sleep(0.1)
        seconds = time.perf_counter() - sent
    print(flush=True)
    row = table(f"one trace of {LONG:,} spans in {REQUESTS} requests, its agent first", "")
    row("seconds for all requests", f"{sent - began:.1f} s")
    row("the first request, the last one", f"{taken[0]:.0f} ms, {taken[-1]:.0f} ms")
    row("and until its run has all of them", f"{seconds:.1f} s")
    return sent - began


def _is_true(engine: Engine, question: str) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(text(question)).scalar_one())


def _bodies(traces: int, spread: int) -> Any:
    """``spread``: how many requests each trace is divided over."""
    spans = [_trace() for _ in range(traces)]
    at_once = BATCH * spread // SPANS
    for first in range(0, traces, at_once):
        some = spans[first : first + at_once]
        size = -(-SPANS // spread)
        for part in range(0, SPANS, size):
            sent = [span for trace in some for span in trace[part : part + size]]
            yield _body(sent)


def _body(spans: list[Any]) -> bytes:
    return gzip.compress(made.request(spans, {"service.name": "bench"}).SerializeToString(), 1)


def _trace(spans: int = SPANS) -> list[Any]:
    """Children first, as they end: of five, three are calls of models."""
    trace = os.urandom(16)
    now = time.time_ns()
    usage = {"gen_ai.usage.cache_read.input_tokens": 800, "gen_ai.response.model": "gpt-4o-2024-08-06"}
    first_tool = 2 + (spans - 1) * 3 // 5
    calls = [
        made.span(n, 1, made.chat(1000 + n, 50, **usage), trace=trace, name="chat gpt-4o")
        for n in range(2, first_tool)
    ]
    tools = [made.span(n, 1, made.tool("bash"), trace=trace) for n in range(first_tool, 1 + spans)]
    found = [*calls, *tools, made.span(1, None, made.agent("bench"), trace=trace)]
    for span in found:
        span.start_time_unix_nano, span.end_time_unix_nano = now, now + 10**9
    return found


def _send(place: Place, bodies: list[bytes]) -> tuple[float, list[float]]:
    taken: list[float] = []
    with _door(place) as (address, _):
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
    assert len(taken) == len(bodies), "a request was refused"
    return seconds, taken


@contextmanager
def _door(place: Place) -> Iterator[tuple[str, Engine]]:
    """An address that takes spans, and the empty database behind it."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not a line for each request
    with empty_database(place, "bench_spans") as url:
        engine = make_engine(url, statement_timeout_ms=0)
        app = Flask(__name__)
        app.register_blueprint(otlp.blueprint(engine, SpanKeeper(engine), CLIENTS))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/traces", engine
        finally:
            server.shutdown()
            serving.join()
            server.server_close()
            engine.dispose()


def _client(address: str, bodies: list[bytes], taken: list[float]) -> None:
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    for body in bodies:
        began = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as answer:
            answer.read()
        taken.append((time.perf_counter() - began) * 1000)


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
