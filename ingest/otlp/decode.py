"""A request's body to spans: OTLP in protobuf and JSON.

protobuf is imported when the first request comes: a server without traces does without its memory.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from ingest.otlp.names import OWN, RESOURCE
from ingest.otlp.spans import Attributes, BadSpanError, Span, attributes, read
from queries.errors import first_line

PROTOBUF, JSON = "application/x-protobuf", "application/json"

_IDS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")
_REASONS_TOLD = 5


class UndecodableError(Exception):
    """A body that is not what its headers say; its message says why."""


@dataclass
class Request:
    """The spans of one request, and why others of it cannot be kept."""

    spans: list[Span] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)

    def message(self) -> str:
        """``3 spans: a trace id has 16 bytes ...``; empty where nothing was rejected."""
        reasons = self.rejected.most_common()
        told = [f"{count} span{'s' * (count != 1)}: {reason}" for reason, count in reasons[:_REASONS_TOLD]]
        more = len(reasons) - _REASONS_TOLD
        return "; ".join(told) + (f"; and {more} more reasons" if more > 0 else "")


def spans_of(body: bytes, content_type: str, now: datetime) -> Request:
    """``content_type``: PROTOBUF or JSON. UndecodableError where the body is neither."""
    request = Request()
    for span, resource, scope in _told(_message(body, content_type)):
        try:
            found = read(span, resource, scope, now)
        except BadSpanError as reason:
            request.rejected[str(reason)] += 1
        else:
            if found:
                request.spans.append(found)
    return request


def _told(message: Any) -> Iterator[tuple[Any, Attributes, str]]:
    for group in message.resource_spans:
        resource = attributes(group.resource.attributes, _of_resource)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield span, resource, scope.scope.name


def _of_resource(name: str) -> bool:
    return name in _RESOURCE or name.startswith(OWN)


_RESOURCE = frozenset(name for names in RESOURCE.values() for name in names)


def _message(body: bytes, content_type: str) -> Any:
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    if content_type == PROTOBUF:
        try:
            return ExportTraceServiceRequest.FromString(body)
        except DecodeError as error:
            raise UndecodableError(f"the body is no ExportTraceServiceRequest in protobuf: {error}") from None
    try:
        return json_format.ParseDict(_json(body), ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, KeyError) as error:
        # json_format lets some of what it meets through as it is.
        message = f"the body is no ExportTraceServiceRequest in JSON: {first_line(error)[:300]}"
        raise UndecodableError(message) from None


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UndecodableError(f"the body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UndecodableError("the body is no JSON object")
    for span in _spans_in(found):
        for name in _IDS:
            if name in span:
                span[name] = _id(span[name])
        # Links lead to other traces, by ids of the same kind; nothing is kept of them.
        span.pop("links", None)
    return found


def _spans_in(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group in _objects(found, "resourceSpans", "resource_spans"):
        for scope in _objects(group, "scopeSpans", "scope_spans"):
            yield from _objects(scope, "spans")


def _objects(holder: dict[str, Any], *names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        some = holder.get(name)
        if isinstance(some, list):
            yield from (one for one in some if isinstance(one, dict))


def _id(text: Any) -> Any:
    """OTLP writes ids in hexadecimal, where protobuf's JSON has base64. What is no id becomes none."""
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except (ValueError, TypeError):
        return ""
