"""Roof: the answers of OTLP over HTTP, in the encoding of the request; refusals are a google.rpc.Status."""

from __future__ import annotations

import orjson
from flask import Response

from ingest.otlp.decode import JSON, PROTOBUF

# The codes of gRPC for what HTTP says.
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 415: 3, 429: 8, 503: 14}
_UNKNOWN = 2


def accepted(content_type: str, rejected: int, message: str) -> Response:
    """An ExportTraceServiceResponse; partial_success is there only where there is something to say."""
    if content_type == JSON:
        partial = {"rejectedSpans": str(rejected)} if rejected else {}
        partial |= {"errorMessage": message} if message else {}
        return _answer(200, JSON, orjson.dumps({"partialSuccess": partial} if partial else {}))
    counted = b"\x08" + _varint(rejected) if rejected else b""
    partial_success = counted + (_text(2, message) if message else b"")
    body = b"\x0a" + _varint(len(partial_success)) + partial_success if partial_success else b""
    return _answer(200, PROTOBUF, body)


def refused(content_type: str, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """A google.rpc.Status; clients send again after 429, 502, 503 and 504 alone."""
    code = _CODES.get(status, _UNKNOWN)
    if content_type == PROTOBUF:
        return _answer(status, PROTOBUF, b"\x08" + _varint(code) + _text(2, message), headers)
    return _answer(status, JSON, orjson.dumps({"code": code, "message": message}), headers)


def _answer(status: int, content_type: str, body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, content_type=content_type)


def _text(field: int, text: str) -> bytes:
    """A text as protobuf writes it: what it is, how long, itself."""
    packed = text.encode(errors="replace")
    return bytes([field << 3 | 2]) + _varint(len(packed)) + packed


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
