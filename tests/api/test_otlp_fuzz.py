"""Whatever is sent to /v1/traces, the answer is one of OTLP's, never a 500, and what was kept is consistent."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from sqlalchemy import Engine

from dashboard import otlp
from ingest.otlp import names
from ingest.otlp.traces import SpanKeeper
from ingest.verify import verify
from tests import spans as made

PROTOBUF, JSON = "application/x-protobuf", "application/json"
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def client(module_engine: Engine) -> Iterator[FlaskClient]:
    app = Flask(__name__)
    app.register_blueprint(otlp.blueprint(module_engine, SpanKeeper(module_engine)))
    yield app.test_client()
    SpanKeeper(module_engine).settle(timedelta(0), timedelta(0))
    assert verify(module_engine) == []


def post(client: FlaskClient, body: bytes, content_type: str, **headers: str) -> int:
    answer = client.post("/v1/traces", data=body, content_type=content_type, headers=headers)
    assert answer.status_code in (200, 400, 413, 415), answer.data
    assert answer.mimetype == (content_type if content_type in (PROTOBUF, JSON) else JSON)
    if answer.mimetype == JSON:
        orjson.loads(answer.data)
    else:
        (ExportTraceServiceResponse if answer.status_code == 200 else Status).FromString(answer.data)
    return answer.status_code


@relaxed
@given(body=st.binary(max_size=400), content_type=st.sampled_from([PROTOBUF, JSON]), packed=st.booleans())
def test_random_bytes(client: FlaskClient, body: bytes, content_type: str, packed: bool) -> None:
    if packed:
        post(client, gzip.compress(body), content_type, **{"Content-Encoding": "gzip"})
    post(client, body, content_type, **({"Content-Encoding": "gzip"} if packed else {}))


VALID = made.request(
    [
        made.span(1, None, made.agent("a"), error="no", exception=("E", "why")),
        made.span(2, 1, made.chat(10, 5)),
        made.span(3, 1, made.tool("t")),
    ],
    {"service.name": "s"},
).SerializeToString()


@relaxed
@given(
    changes=st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, len(VALID)),
)
def test_a_body_with_wrong_bytes(client: FlaskClient, changes: list[tuple[int, int]], cut: int) -> None:
    body = bytearray(VALID)
    for place, byte in changes:
        body[place] = byte
    post(client, bytes(body), PROTOBUF)
    post(client, bytes(body[:cut]), PROTOBUF)


# Any JSON, with the names of OTLP far more often than chance would have them.
NAMES = [
    "resourceSpans",
    "scopeSpans",
    "spans",
    "resource",
    "attributes",
    "key",
    "value",
    "traceId",
    "spanId",
    "parentSpanId",
    "flags",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "status",
    "code",
    "events",
    "links",
    "intValue",
    "stringValue",
    "arrayValue",
    "values",
    "kvlistValue",
    "scope",
    "name",
]
plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["00", "ab" * 16, "cd" * 8, "1790000000000000000"])
)
anything = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=25,
)


@relaxed
@given(found=anything)
def test_any_json(client: FlaskClient, found: Any) -> None:
    try:
        body = orjson.dumps(found)
    except TypeError:  # a number beyond 64 bits
        body = repr(found).encode(errors="replace")
    post(client, body, JSON)
    wrapped = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + body + b"]}]}]}"
    post(client, wrapped, JSON)


values = (
    st.text(max_size=300)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.booleans()
    | st.lists(st.text(max_size=5), max_size=3)
)
said = st.dictionaries(
    st.sampled_from(sorted(names.WANTED))
    | st.sampled_from(
        [
            f"fixer_metrics.{name}"
            for name in (
                "status",
                "invocation_id",
                "cost_usd",
                "agent",
                "files_modified",
                "tools_used",
                "model",
                "x",
                "",
                "attributes",
            )
        ]
    ),
    values | st.sampled_from(["chat", "invoke_agent", "execute_tool", "embeddings", "LLM", "success"]),
    max_size=8,
)
moments = st.sampled_from([0, 1, made.BEGIN_NS, made.BEGIN_NS + 1, 2**63 - 1, 2**64 - 1])


@relaxed
@given(
    spans=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), said, moments, moments, st.integers(0, 2**32 - 1), st.text(max_size=20)), max_size=8)
)  # fmt: skip
def test_spans_that_say_anything(client: FlaskClient, spans: list[Any]) -> None:
    sent = []
    for number, parent, told, begin, end, flags, text in spans:
        one = made.span(
            number, parent, told, flags=flags, name=text, error=text or None, exception=(text, text)
        )
        one.start_time_unix_nano, one.end_time_unix_nano = begin, end
        sent.append(one)
    body = made.request(sent, {"service.name": "s" * 300, "fixer_metrics.y": "z"}).SerializeToString()
    assert post(client, body, PROTOBUF) == 200
