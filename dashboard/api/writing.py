"""Roof: what can be written through the API, a record each, and who may: our own page, or no browser at all.

A new one is a Writing in the module of its topic, added to dashboard.api.writings, and, where its answer is
new, a schema in dashboard.api.schemas. The routes and the description are made of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import Request
from sqlalchemy import Connection, Engine

from dashboard.api.parameters import Parameter
from queries.errors import QueryError, did_you_mean

Body = dict[str, Any]
_JSON = "application/json"
_LONGEST = 10_000
_KINDS: dict[str, Any] = {
    "string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list,
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field of a body. ``schema`` is its JSON Schema: ``type`` (string, boolean, integer, number, array,
    or one of them and null), ``minLength``, ``maxLength``, ``enum``, ``minimum``, ``maximum``, ``format``
    (date-time), ``items``, ``minItems``, ``maxItems``."""

    name: str
    help: str
    schema: Mapping[str, Any]
    required: bool = True


@dataclass(frozen=True)
class Writing:
    """``path`` may hold ``{some_id}``: a whole number, handed to ``act`` beside the fields.

    ``act``: a connection in a transaction of its own, and the fields that came (checked); what it gives
    is the answer, of the shape ``schema``. A QueryError is told to the caller and undoes everything.
    ``take`` instead of ``act`` reads the request itself, whose body is described by ``body`` and whose
    query string by ``parameters``, and answers with one of ``statuses``.
    """

    method: str
    path: str
    name: str
    title: str
    help: str
    schema: str
    act: Callable[[Connection, Body], Body] | None
    fields: tuple[Field, ...] = ()
    status: int = 200
    take: Callable[[Engine, Request], tuple[Body, int]] | None = None
    body: Mapping[str, Any] | None = None
    parameters: tuple[Parameter, ...] = ()
    statuses: tuple[int, ...] = ()


def check_sender(request: Request) -> None:
    """A page of somebody else, open in the reader's browser, must not write with the reader's access."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        ours = site == "same-origin"
    else:  # older browsers, and programs, which send neither
        ours = origin is None or urlsplit(origin).netloc == request.host
    if not ours:
        raise QueryError("cross_origin", "", "Another site may not write here.", "requests of our own pages")


def body_of(request: Request, fields: tuple[Field, ...]) -> Body:
    """The fields of the JSON body, each as its schema says; QueryError for the first that is not."""
    if not fields:
        return {}
    if request.mimetype != _JSON:
        raise QueryError("not_json", "", f"Content-Type is {request.mimetype[:80]!r}", _JSON)
    known = {field.name: field for field in fields}
    body = _object(request.get_data())
    for name in body:
        if name not in known:
            raise QueryError(
                "unknown_field", name[:80], f"{name[:80]!r} is no field here.{did_you_mean(name, known)}",
                ", ".join(known),
            )  # fmt: skip
    for field in fields:
        if field.name in body:
            _check(field, body[field.name])
        elif field.required:
            raise QueryError("missing_field", field.name, f"{field.name} is needed", field.help)
    return body


def _object(text: bytes) -> Body:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise QueryError("bad_body", "", f"The body is no JSON: {error}", "a JSON object in UTF-8") from None
    if not isinstance(body, dict):
        raise QueryError("bad_body", "", "The body is no JSON object", "a JSON object")
    return body


def _check(field: Field, value: Any) -> None:
    if not _conforms(value, field.schema):
        long = isinstance(value, str) and len(value) > field.schema.get("maxLength", _LONGEST)
        what = f"has {len(value):,} characters" if long else f"{str(value)[:80]!r} is not allowed"
        raise QueryError("bad_field", field.name, f"{field.name} {what}", field.help)


def _conforms(value: Any, schema: Mapping[str, Any]) -> bool:
    name = schema["type"]
    if isinstance(name, list):
        name, maybe = name
        assert maybe == "null"
        if value is None:
            return True
    if not isinstance(value, _KINDS[name]) or (isinstance(value, bool) and name != "boolean"):
        return False
    if isinstance(value, str):
        return _text(value, schema)
    if isinstance(value, list):
        enough = schema.get("minItems", 0) <= len(value) <= schema["maxItems"]
        return enough and all(_conforms(one, schema["items"]) for one in value)
    return schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)


def _text(value: str, schema: Mapping[str, Any]) -> bool:
    if "\x00" in value or not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", _LONGEST):
        return False
    if schema.get("format") == "date-time":
        return _instant(value)
    return value in schema.get("enum", (value,))


def _instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
