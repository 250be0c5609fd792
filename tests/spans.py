"""Spans of OpenTelemetry for tests, as a client would send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

BEGIN = datetime(2026, 11, 20, 10, tzinfo=UTC)
BEGIN_NS = int(BEGIN.timestamp()) * 10**9
TRACE = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
LOCAL, REMOTE = 0x100, 0x300  # flags: the parent is of this process, of another one

AGENT = {"gen_ai.operation.name": "invoke_agent"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
TOOL = {"gen_ai.operation.name": "execute_tool"}


def span_id(number: int) -> bytes:
    return number.to_bytes(8, "big")


def value(plain: Any) -> AnyValue:
    if isinstance(plain, bool):
        return AnyValue(bool_value=plain)
    if isinstance(plain, int):
        return AnyValue(int_value=plain)
    if isinstance(plain, float):
        return AnyValue(double_value=plain)
    if isinstance(plain, list):
        return AnyValue(array_value=ArrayValue(values=map(value, plain)))
    return AnyValue(string_value=plain)


def pairs(said: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=name, value=value(plain)) for name, plain in said.items()]


def span(
    number: int,
    parent: int | None = None,
    said: Mapping[str, Any] | None = None,
    *,
    begin: float = 0,
    end: float = 1,
    trace: bytes = TRACE,
    flags: int = LOCAL,
    error: str | None = None,
    exception: tuple[str, str] | None = None,
    **fields: Any,
) -> Span:
    """``begin`` and ``end`` in seconds after BEGIN; ``error``: the message of a status ERROR."""
    made = Span(
        trace_id=trace,
        span_id=span_id(number),
        parent_span_id=b"" if parent is None else span_id(parent),
        flags=0 if parent is None else flags,
        name=fields.pop("name", f"span {number}"),
        start_time_unix_nano=BEGIN_NS + round(begin * 10**9),
        end_time_unix_nano=BEGIN_NS + round(end * 10**9),
        attributes=pairs(said or {}),
        **fields,
    )
    if error is not None:
        made.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=error))
    if exception:
        said_of_it = dict(zip(("exception.type", "exception.message"), exception, strict=True))
        made.events.add(name="exception", time_unix_nano=BEGIN_NS, attributes=pairs(said_of_it))
    return made


def request(
    spans: Iterable[Span], resource: Mapping[str, Any] | None = None, scope: str = "tests"
) -> ExportTraceServiceRequest:
    """All of one program and one instrumentation."""
    of_scope = ScopeSpans(scope=InstrumentationScope(name=scope), spans=spans)
    of_program = ResourceSpans(resource=Resource(attributes=pairs(resource or {})), scope_spans=[of_scope])
    return ExportTraceServiceRequest(resource_spans=[of_program])


def chat(input_tokens: int | None = None, output_tokens: int | None = None, **more: Any) -> dict[str, Any]:
    """What a model's call says; names with underscores for dots where they are those of usage."""
    said: dict[str, Any] = dict(CHAT)
    if input_tokens is not None:
        said["gen_ai.usage.input_tokens"] = input_tokens
    if output_tokens is not None:
        said["gen_ai.usage.output_tokens"] = output_tokens
    return said | more


def tool(name: str) -> dict[str, Any]:
    return {**TOOL, "gen_ai.tool.name": name}


def agent(name: str, **more: Any) -> dict[str, Any]:
    return {**AGENT, "gen_ai.agent.name": name, **more}
