"""Structured values of a source (tools, files, attributes) to what jsonb and text[] take."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import orjson

from ingest.values import COUNT, DIMENSION_CHARS, Converter, refuse_unstorable, whole
from queries.errors import RecordError

JSON_BYTES = 2**20
ENTRIES = 10_000
ENTRY_CHARS = 4_096

_LITERAL = re.compile(r"true|false|-?(0|[1-9]\d{0,14})(\.\d{1,15})?")  # true, -17, 0.25; not 007, not 1e5
_LITERAL_ENDS = frozenset("0123456789e}]")
_LITERAL_STARTS = frozenset("-0123456789tf{[")


def parsed(field: str, value: object) -> object:
    """A structure; CSV carries it as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        refuse_unstorable(field, value)
        raise RecordError("not_json", field, value, f"is not JSON: {error.msg}") from None


def as_json(field: str, value: object) -> str:
    """The JSON text of a value that PostgreSQL's jsonb takes."""
    try:
        packed = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        code, reason = _unpackable(str(error))
        raise RecordError(code, field, value, reason) from None
    if b"\\u0000" in packed and _has_nul(value):
        reason = "has a NUL character, which jsonb cannot hold; take it out"
        raise RecordError("nul_character", field, value, reason)
    if len(packed) > JSON_BYTES:
        reason = f"has {len(packed):,} bytes as JSON; at most {JSON_BYTES:,} are allowed"
        raise RecordError("too_long", field, value, reason)
    return packed.decode()


def _unpackable(cause: str) -> tuple[str, str]:
    if "surrogates" in cause:
        return "invalid_unicode", "is not valid Unicode (half a surrogate pair); write it in UTF-8"
    if "ecursion" in cause:
        return "too_deep", "is nested more than 254 levels deep"
    if "64-bit" in cause:
        return "too_large", "has a whole number of more than 64 bits; write it as text"
    return "not_json", f"cannot be written as JSON: {cause}"


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(map(_has_nul, value))


def tools(field: str) -> Converter:
    """Tool name to number of calls; of a list of names, each counts as often as it stands there."""
    calls = whole(field, COUNT)

    def convert(value: object) -> str:
        used = parsed(field, value)
        if isinstance(used, list) and all(type(name) is str for name in used):
            used = Counter(used)
        if not isinstance(used, Mapping):
            reason = 'is not an object of counts, such as {"bash": 2, "edit": 1}'
            raise RecordError("not_tools", field, value, reason)
        if len(used) > ENTRIES:
            reason = f"has {len(used):,} tools; at most {ENTRIES:,} are allowed"
            raise RecordError("too_long", field, value, reason)
        if any(len(name) > DIMENSION_CHARS for name in used):
            reason = f"has a tool name of more than {DIMENSION_CHARS} characters"
            raise RecordError("too_long", field, value, reason)
        return as_json(field, {name: calls(count) for name, count in used.items()})

    return convert


def files(field: str, either: bool) -> Converter:
    """A list of paths; where the source is free to choose (``either``), it may be their count."""
    count = whole(field, COUNT)

    def convert(value: object) -> list[str] | int:
        if either and not _is_list(value):
            return count(value)  # type: ignore[return-value]
        paths = parsed(field, value)
        if not isinstance(paths, list) or not all(type(path) is str for path in paths):
            reason = 'is not a list of paths, such as ["src/a.py", "b.py"]'
            raise RecordError("not_a_list", field, value, reason)
        if len(paths) > ENTRIES or any(len(path) > ENTRY_CHARS for path in paths):
            reason = f"has more than {ENTRIES:,} paths or one of more than {ENTRY_CHARS:,} characters"
            raise RecordError("too_long", field, value, reason)
        for path in paths:
            refuse_unstorable(field, path)
        return paths

    return convert


def _is_list(value: object) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and value.lstrip().startswith("["))


def attributes(field: str) -> Converter:
    def convert(value: object) -> dict[str, object]:
        given = parsed(field, value)
        if not isinstance(given, Mapping):
            reason = 'is not an object, such as {"environment": "ci"}'
            raise RecordError("not_an_object", field, value, reason)
        return dict(given)

    return convert


def literal(value: object) -> object:
    """What a text says, where it is exactly a JSON number, true, false, object or list.

    CSV has only text, JSON has types: read so, the same record is the same run from both.
    """
    if type(value) is not str or value[-1] not in _LITERAL_ENDS or value[0] not in _LITERAL_STARTS:
        return value
    if value[0] not in "{[" and not _LITERAL.fullmatch(value):
        return value
    try:
        said = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    # 1.10 is a version, not 1.1.
    return value if type(said) is float and repr(said) != value else said
