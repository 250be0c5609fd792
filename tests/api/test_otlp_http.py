"""POST /v1/traces over real HTTP: with the official SDK and exporter, with a framework that traces its agents,
and with bodies of every wrong kind."""

from __future__ import annotations

import gzip
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from flask import Flask
from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.trace import Status as SpanStatus
from opentelemetry.trace import StatusCode
from sqlalchemy import Engine, text
from werkzeug.serving import make_server

from dashboard import otlp
from dashboard.api.intake import LIMITS, Limits
from dashboard.tokens import create
from ingest.otlp.traces import SpanKeeper
from ingest.verify import verify
from queries.engine import make_engine
from tests import spans as made

PROTOBUF, JSON = "application/x-protobuf", "application/json"
MOST = 4 << 20


@dataclass
class Site:
    address: str
    engine: Engine

    @property
    def endpoint(self) -> str:
        return f"{self.address}/v1/traces"

    def post(
        self, body: bytes, content_type: str = PROTOBUF, path: str = "/v1/traces", **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.address + path, body, {"Content-Type": content_type, **named})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def runs(self) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT * FROM agent_execution ORDER BY start_time")).mappings()
            return [dict(row) for row in rows]


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def type(self) -> str:
        return str(self.headers["Content-Type"])

    def status_message(self) -> str:
        """Of a refusal, in either encoding."""
        if self.type == JSON:
            said = json.loads(self.body)
            assert said.keys() == {"code", "message"}
            return str(said["message"])
        assert self.type == PROTOBUF
        said = Status.FromString(self.body)
        assert said.code
        return str(said.message)


def serving(engine: Engine, **options: int) -> tuple[Flask, Callable[[], AbstractContextManager[str]]]:
    """The door, which may be added to until it is opened, and what opens it and gives its address."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1 << 20
    app.config[LIMITS] = Limits(most_bytes=MOST)
    app.register_blueprint(otlp.blueprint(engine, SpanKeeper(engine), **options))

    @contextmanager
    def opened() -> Iterator[str]:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return app, opened


@pytest.fixture
def site(engine: Engine) -> Iterator[Site]:
    _, opened = serving(engine)
    with opened() as address:
        yield Site(address, engine)


@pytest.fixture
def tracing(site: Site) -> Iterator[Callable[..., TracerProvider]]:
    """The SDK as a program sets it up."""
    providers = []

    def make(
        *, batch: int | None = None, compression: Compression | None = None, **resource: str
    ) -> TracerProvider:
        named = {name.replace("_", "."): value for name, value in resource.items()}
        provider = TracerProvider(resource=Resource.create(named))
        exporter = OTLPSpanExporter(site.endpoint, compression=compression)
        provider.add_span_processor(
            BatchSpanProcessor(exporter, max_export_batch_size=batch)
            if batch
            else SimpleSpanProcessor(exporter)
        )
        providers.append(provider)
        return provider

    yield make
    for provider in providers:
        provider.shutdown()


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip], ids=str)
def test_the_official_sdk(
    site: Site, tracing: Callable[..., TracerProvider], compression: Compression
) -> None:
    provider = tracing(
        batch=2,
        compression=compression,
        service_name="billing",
        service_version="3.1",
        deployment_environment_name="staging",
    )
    tracer = provider.get_tracer("by hand")
    with (
        tracer.start_as_current_span("handle ticket"),
        tracer.start_as_current_span("invoke_agent", attributes=made.agent("resolver")) as head,
    ):
        for number in (1, 2):
            with tracer.start_as_current_span("chat", attributes=made.chat(100 * number, 10)):
                pass
            with tracer.start_as_current_span("execute_tool", attributes=made.tool("search")):
                pass
    assert provider.force_flush()
    trace, head_id = f"{head.get_span_context().trace_id:032x}", f"{head.get_span_context().span_id:016x}"
    (run,) = site.runs()
    assert run["invocation_id"] == f"{trace}-{head_id}"
    assert (run["agent"], run["agent_version"], run["model"], run["status"]) == (
        "resolver",
        "3.1",
        "gpt-4o",
        "success",
    )
    assert (run["input_tokens"], run["output_tokens"], run["total_tokens"]) == (300, 20, 320)
    assert (run["llm_call_count"], run["tool_call_count"], run["tools_used"]) == (2, 2, {"search": 2})
    # gpt-4o: 2.5 dollars a million tokens in, 10 out.
    assert (float(run["cost_usd"]), run["cost_source"]) == (0.00095, "estimated")
    nanoseconds = head.end_time - head.start_time  # type: ignore[attr-defined]
    assert run["duration_ms"] == (Decimal(nanoseconds) / 10**6).quantize(Decimal("0.001"), ROUND_HALF_UP)
    assert run["attributes"] == {
        "trace_id": trace,
        "span_id": head_id,
        "service": "billing",
        "environment": "staging",
        "provider": "openai",
    }
    assert verify(site.engine) == []


def test_an_exception_in_the_sdk_is_the_error_of_the_run(
    site: Site, tracing: Callable[..., TracerProvider]
) -> None:
    tracer = tracing().get_tracer("by hand")
    with (
        pytest.raises(TimeoutError),
        tracer.start_as_current_span("invoke_agent", attributes=made.agent("resolver")),
        tracer.start_as_current_span("chat", attributes=made.chat()),
    ):
        raise TimeoutError("no answer in 30 s")
    (run,) = site.runs()
    assert (run["status"], run["error_message"]) == ("error", "TimeoutError: no answer in 30 s")
    assert run["error_category"] == "timeout"


def test_an_error_that_the_agent_came_over_is_none(
    site: Site, tracing: Callable[..., TracerProvider]
) -> None:
    tracer = tracing().get_tracer("by hand")
    with tracer.start_as_current_span("invoke_agent", attributes=made.agent("resolver")):
        with tracer.start_as_current_span("chat", attributes=made.chat()) as call:
            call.set_status(SpanStatus(StatusCode.ERROR, "overloaded"))
        with tracer.start_as_current_span("chat", attributes=made.chat(1, 1)):
            pass
    (run,) = site.runs()
    assert (run["status"], run["error_message"], run["llm_call_count"]) == ("success", None, 2)


def test_pydantic_ai(site: Site, tracing: Callable[..., TracerProvider]) -> None:
    """Its agent asks a tool, the tool asks another agent; each agent's span repeats its sums."""
    from pydantic_ai import Agent, ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel
    from pydantic_ai.models.instrumented import InstrumentationSettings
    from pydantic_ai.usage import RequestUsage

    provider = tracing(batch=3, service_name="desk")
    settings = InstrumentationSettings(tracer_provider=provider)
    inner = Agent(
        FunctionModel(
            lambda messages, info: ModelResponse(
                [TextPart("42")], usage=RequestUsage(input_tokens=7, output_tokens=3)
            )
        ),
        name="oracle",
    )

    def think(messages: list[Any], info: Any) -> ModelResponse:
        if len(messages) == 1:
            usage = RequestUsage(
                input_tokens=100, output_tokens=20, cache_read_tokens=60, cache_write_tokens=10
            )
            return ModelResponse(
                [ToolCallPart("ask", {}), ToolCallPart("add", {"a": 1, "b": 2})], usage=usage
            )
        return ModelResponse([TextPart("done")], usage=RequestUsage(input_tokens=150, output_tokens=5))

    outer = Agent(FunctionModel(think, model_name="thinker"), name="desk agent")

    @outer.tool_plain
    async def ask() -> str:
        return (await inner.run("what?")).output

    @outer.tool_plain
    def add(a: int, b: int) -> int:
        return a + b

    Agent.instrument_all(settings)
    try:
        assert outer.run_sync("go").output == "done"
    finally:
        Agent.instrument_all(False)
    assert provider.force_flush()
    (run,) = site.runs()
    assert (run["agent"], run["model"], run["status"]) == ("desk agent", "thinker", "success")
    assert (run["input_tokens"], run["output_tokens"]) == (257, 28)
    assert (run["cache_read_tokens"], run["cache_write_tokens"]) == (60, 10)
    assert (run["llm_call_count"], run["tools_used"]) == (3, {"add": 1, "ask": 1})
    assert run["attributes"]["sub_agents"] == 1
    assert verify(site.engine) == []


def trace(number: int = 1) -> list[Any]:
    mine = number.to_bytes(16, "big")
    return [
        made.span(1, None, made.agent("a"), trace=mine),
        made.span(2, 1, made.chat(10, 5), trace=mine),
    ]


def body(*spans: Any) -> bytes:
    return made.request(spans or trace()).SerializeToString()


def as_json(*spans: Any) -> dict[str, Any]:
    """As OTLP writes JSON: ids in hexadecimal, enums as numbers, 64-bit numbers as text."""
    found = json_format.MessageToDict(made.request(spans or trace()), use_integers_for_enums=True)
    for group in found["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span, plain in zip(scope["spans"], spans or trace(), strict=True):
                span |= {"traceId": plain.trace_id.hex(), "spanId": plain.span_id.hex().upper()}
                span |= {"parentSpanId": plain.parent_span_id.hex(), "ofTheFuture": {"x": 1}}
    return dict(found)


def test_protobuf_is_answered_with_protobuf(site: Site) -> None:
    answer = site.post(body())
    assert (answer.status, answer.type, answer.body) == (200, PROTOBUF, b"")  # an empty response is nothing
    assert [run["input_tokens"] for run in site.runs()] == [10]


@pytest.mark.parametrize("packed", [False, True])
def test_json_is_answered_with_json(site: Site, packed: bool) -> None:
    said = json.dumps(as_json()).encode()
    answer = (
        site.post(gzip.compress(said), JSON, Content_Encoding="gzip") if packed else site.post(said, JSON)
    )
    assert (answer.status, answer.type, json.loads(answer.body)) == (200, JSON, {})
    assert [run["invocation_id"] for run in site.runs()] == [f"{1:032x}-{1:016x}"]
    assert site.post(body()).status == 200  # the same spans in the other encoding are the same spans
    assert len(site.runs()) == 1


def test_bad_spans_are_counted_and_the_others_kept(site: Site) -> None:
    bad = made.span(9, None, trace=bytes(16))
    endless = made.span(8, 1, trace=trace()[0].trace_id)
    endless.end_time_unix_nano = 0
    answer = site.post(body(*trace(), bad, endless))
    assert answer.status == 200
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert partial.rejected_spans == 2
    assert "a trace id has 16 bytes" in partial.error_message
    assert "only spans that have ended" in partial.error_message
    answer = site.post(json.dumps(as_json(*trace(2), bad)).encode(), JSON)
    partial = json_format.Parse(answer.body, ExportTraceServiceResponse()).partial_success
    assert partial.rejected_spans == 1
    assert len(site.runs()) == 2


@pytest.mark.parametrize(
    ("sent", "content_type", "headers", "status", "words"),
    [
        (b"\xff\xff", PROTOBUF, {}, 400, "no ExportTraceServiceRequest in protobuf"),
        (b"{", JSON, {}, 400, "no JSON"),
        (b"[]", JSON, {}, 400, "no JSON object"),
        (b'{"resourceSpans": 1}', JSON, {}, 400, "no ExportTraceServiceRequest in JSON"),
        (b"[" * 100_000, JSON, {}, 400, "no JSON"),
        (b"plain", PROTOBUF, {"Content_Encoding": "gzip"}, 400, "no gzip"),
        (gzip.compress(b"abc", mtime=0)[:-4], PROTOBUF, {"Content_Encoding": "gzip"}, 400, "end in the middle"),
        (b"", "text/plain", {}, 415, "application/x-protobuf or application/json"),
        (b"", PROTOBUF, {"Content_Encoding": "br"}, 415, "gzip, or none"),
        (b"x" * (MOST + 1), PROTOBUF, {}, 413, "larger than 4 MB"),
        (gzip.compress(bytes(MOST + 1), mtime=0), PROTOBUF, {"Content_Encoding": "gzip"}, 413, "larger than 4 MB"),
        (b"{}", JSON, {"Origin": "https://elsewhere.example"}, 403, "Another site"),
        (b"{}", JSON, {"Sec_Fetch_Site": "cross-site"}, 403, "Another site"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_in_the_words_of_the_specification(
    site: Site, sent: bytes, content_type: str, headers: dict[str, str], status: int, words: str
) -> None:
    answer = site.post(sent, content_type, **headers)
    assert answer.status == status
    assert words in answer.status_message()
    assert answer.type == (PROTOBUF if content_type == PROTOBUF else JSON)
    assert site.runs() == []


def test_a_body_larger_than_the_page_may_post_is_taken(site: Site) -> None:
    """The limit of what the page posts is another one."""
    many = [made.span(n, 1, made.chat(1, 1)) for n in range(2, 12_000)]
    sent = body(made.span(1, None, made.agent("a")), *many)
    assert 1 << 20 < len(sent) < MOST
    assert site.post(sent).status == 200
    assert [run["llm_call_count"] for run in site.runs()] == [11_998]


def test_other_signals_are_told_so(site: Site) -> None:
    for path in ("/v1/logs", "/v1/metrics"):
        answer = site.post(b"", PROTOBUF, path)
        assert answer.status == 404
        assert "OTEL_METRICS_EXPORTER=none" in answer.status_message()


def test_once_there_is_a_token_it_is_needed(site: Site) -> None:
    token = create(site.engine, "ci", "ingest")
    answer = site.post(body())
    assert (answer.status, answer.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
    assert "token" in answer.status_message()
    viewer = create(site.engine, "reader", "viewer")
    assert site.post(body(), Authorization=f"Bearer {viewer}").status == 403
    assert site.runs() == []
    assert site.post(body(), Authorization=f"Bearer {token}").status == 200
    assert len(site.runs()) == 1


@contextmanager
def busy(site: Site) -> Iterator[None]:
    """All places of the door are taken: a request waits for its trace, which another transaction has."""
    own = trace(99)
    assert site.post(body(own[0])).status == 200
    answers: list[Answer] = []
    sending = threading.Thread(target=lambda: answers.append(site.post(body(*own))))
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with site.engine.connect() as holding:
        holding.execute(text("SELECT FROM otel_trace FOR UPDATE"))
        sending.start()
        try:
            until = time.monotonic() + 30
            with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
                while not looking.execute(waiting).scalar_one():
                    assert time.monotonic() < until
            yield
        finally:
            holding.rollback()
            sending.join()
    assert [answer.status for answer in answers] == [200]


def test_more_than_can_be_worked_on_is_told_to_come_again(engine: Engine) -> None:
    _, opened = serving(engine, at_once=1)
    with opened() as address:
        site = Site(address, engine)
        with busy(site):
            refused = site.post(body()), site.post(json.dumps(as_json()).encode(), JSON)
            for answer in refused:
                assert (answer.status, int(answer.headers["Retry-After"]) in (1, 2, 3)) == (429, True)
                assert "So many requests (1) are being worked on already" in answer.status_message()
            assert Status.FromString(refused[0].body).code == 8  # RESOURCE_EXHAUSTED
        assert site.post(body()).status == 200
        assert len(site.runs()) == 2


def test_a_request_that_breaks_gives_its_place_back(engine: Engine) -> None:
    _, opened = serving(engine, at_once=1)
    with opened() as address:
        site = Site(address, engine)
        assert [site.post(b"\xff\xff").status for _ in range(3)] == [400, 400, 400]
        assert site.post(body()).status == 200


def test_the_official_exporter_comes_again_and_loses_nothing(engine: Engine) -> None:
    """It is refused until it has been told so once; then there is a place."""
    app, opened = serving(engine, at_once=1)
    statuses: list[int] = []
    was_refused = threading.Event()

    @app.after_request
    def note(response: Any) -> Any:
        statuses.append(response.status_code)
        if response.status_code == 429:
            was_refused.set()
        return response

    with opened() as address:
        site = Site(address, engine)
        provider = TracerProvider()
        processor = BatchSpanProcessor(OTLPSpanExporter(site.endpoint), schedule_delay_millis=10)
        provider.add_span_processor(processor)
        tracer = provider.get_tracer("by hand")
        with busy(site):
            with tracer.start_as_current_span("invoke_agent", attributes=made.agent("patient")):
                for number in range(20):
                    with tracer.start_as_current_span("chat", attributes=made.chat(number, 1)):
                        pass
            assert was_refused.wait(30)
        assert provider.force_flush(30_000)
        provider.shutdown()
        assert 429 in statuses
        runs = [run for run in site.runs() if run["agent"] == "patient"]
        assert [(run["llm_call_count"], run["input_tokens"]) for run in runs] == [(20, 190)]
    assert verify(engine) == []


def test_a_database_that_is_away_is_asked_again() -> None:
    """503 with Retry-After: exporters keep the spans and try again."""
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    app = Flask(__name__)
    app.register_blueprint(otlp.blueprint(engine, SpanKeeper(engine)))
    answer = app.test_client().post("/v1/traces", data=body(), content_type=PROTOBUF)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert Status.FromString(answer.data).code == 14  # UNAVAILABLE
    engine.dispose()
