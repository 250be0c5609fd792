"""Traces to the real server with several processes: the official exporter, many programs at once, one trace
from several of them."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections import Counter

import psutil
import pytest
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from sqlalchemy import Engine, text

from ingest.verify import verify
from tests import spans as made
from tests.runtime.processes import Start

pytestmark = pytest.mark.processes

PROGRAMS, RUNS = 6, 8
LARGEST_WORKER = 200 << 20


def program(endpoint: str, name: str) -> None:
    """Runs of an agent whose calls another program makes: each sends its part of the trace by itself."""
    providers = [
        TracerProvider(resource=Resource.create({"service.name": f"{name}-{part}"})) for part in "ab"
    ]
    for provider in providers:
        exporter = OTLPSpanExporter(endpoint, timeout=60)
        provider.add_span_processor(
            BatchSpanProcessor(exporter, max_export_batch_size=3, schedule_delay_millis=20)
        )
    here, there = (provider.get_tracer("tests") for provider in providers)
    for number in range(RUNS):
        with here.start_as_current_span("invoke_agent", attributes=made.agent(name)):
            far = trace.SpanContext(**_remote())
            token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(far)))
            with there.start_as_current_span("chat", attributes=made.chat(100 + number, 10)):
                pass
            context.detach(token)
            with here.start_as_current_span("execute_tool", attributes=made.tool("bash")):
                pass
    for provider in providers:
        provider.shutdown()


def _remote() -> dict[str, object]:
    """As it comes with a traceparent."""
    own = trace.get_current_span().get_span_context()
    return {
        "trace_id": own.trace_id,
        "span_id": own.span_id,
        "is_remote": True,
        "trace_flags": own.trace_flags,
    }


def test_programs_at_once_lose_and_double_nothing(start: Start, engine: Engine, database_url: str) -> None:
    server = start(
        "serve", settings={"DATABASE_URL": database_url, "WEB_CONCURRENCY": 2, "FIXER_METRICS_DATA": "data"}
    )
    server.wait_ready()
    endpoint = f"{server.address}/v1/traces"
    threads = [threading.Thread(target=program, args=(endpoint, f"agent-{n}")) for n in range(PROGRAMS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The calls of the far program are runs of their own for as long as the agent above is not known.
    with engine.connect() as connection:
        runs = connection.execute(
            text("SELECT agent, input_tokens, llm_call_count, tool_call_count FROM agent_execution")
        ).all()
    assert Counter(run.agent for run in runs) == {f"agent-{n}": RUNS for n in range(PROGRAMS)}
    assert sorted(run.input_tokens for run in runs) == sorted([100 + n for n in range(RUNS)] * PROGRAMS)
    assert {(run.llm_call_count, run.tool_call_count) for run in runs} == {(1, 1)}
    assert verify(engine) == []
    with engine.connect() as connection:
        sources = connection.execute(text("SELECT source FROM data_import")).scalars().all()
    assert {source.rsplit(" ", 3)[0] for source in sources} == {"otlp: without a token"}
    for process in psutil.Process(server.process.pid).children():
        assert process.memory_full_info().pss < LARGEST_WORKER


def test_a_foreign_page_cannot_send(start: Start, database_url: str) -> None:
    server = start("serve", settings={"DATABASE_URL": database_url, "FIXER_METRICS_DATA": "data"})
    server.wait_ready()
    headers = {"Content-Type": "application/json", "Origin": "https://elsewhere.example"}
    request = urllib.request.Request(f"{server.address}/v1/traces", b"{}", headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)
    assert refused.value.code == 403
    assert refused.value.headers["Content-Type"] == "application/json"
    refused.value.close()
