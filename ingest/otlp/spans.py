"""One span of a request to what is kept of it: a few facts, small, and the same whoever sent it when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from ingest.otlp import names
from ingest.otlp.names import AGENT, LINK, MODEL
from ingest.times import AHEAD, FIRST_START
from ingest.values import COST, DAYS, DIMENSION_CHARS, TOKENS, message

Attributes = Mapping[str, Any]

_TRACE_BYTES, _SPAN_BYTES = 16, 8
_OK, _ERROR = 1, 2  # of Status.StatusCode
# Span.flags: whether it is known that the parent is of another process, and whether it is.
_REMOTE_KNOWN, _REMOTE = 0x100, 0x200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_NS = int(FIRST_START.timestamp()) * 10**9
_LONGEST_NS = DAYS * 86_400 * 10**9
_OF_CLAUDE_CODE = tuple(dict(names.KINDS)[names.CLAUDE_CODE])
_OWN_ENTRIES, _OWN_CHARS = 50, 1_000


@dataclass(slots=True)
class Facts:
    """What a span says that a run is made of; what is not said is None and takes no room."""

    kind: str = LINK
    name: str | None = None
    remote: bool | None = None  # whether the parent is of another process
    scope: str | None = None
    failed: bool = False
    succeeded: bool = False  # somebody says so
    error: str | None = None
    error_type: str | None = None
    model: str | None = None
    requested_model: str | None = None
    provider: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    total_tokens: int | None = None
    cost: str | None = None
    apart: bool | None = None  # whether cache tokens are beside the input tokens; None: not said
    tool: str | None = None
    agent: str | None = None
    agent_version: str | None = None
    agent_id: str | None = None
    conversation: str | None = None
    user: str | None = None
    service: str | None = None
    service_version: str | None = None
    environment: str | None = None
    repository: str | None = None
    own: dict[str, Any] = field(default_factory=dict)

    def pack(self) -> str:
        """Sorted, so that of two copies of a span everybody keeps the same one."""
        said = {name: value for name in _DEFAULTS if (value := getattr(self, name)) != _DEFAULTS[name]}
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()

    @classmethod
    def unpack(cls, text: str) -> Facts:
        # A newer or older release may have kept other facts.
        return cls(**{name: value for name, value in orjson.loads(text).items() if name in _DEFAULTS})


_nothing = Facts()
_DEFAULTS = {field.name: getattr(_nothing, field.name) for field in fields(Facts)}
_message = message("error_message")


@dataclass(slots=True)
class Span:
    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None
    start_ns: int
    end_ns: int | None
    facts: Facts
    undone: bool = False  # it was in a run that was taken back


class BadSpanError(Exception):
    """A span that cannot be kept; its message says why, and is told to whoever sent it."""


def read(span: Any, resource: Attributes, scope: str, now: datetime) -> Span | None:
    """What is kept of a protobuf Span; None for one that has only begun, BadSpanError for one that cannot."""
    _check_ids(span)
    start, end = _times(span, now)
    said = attributes(span.attributes, _is_wanted)
    if said.get(names.PENDING[0]) == names.PENDING[1]:
        return None
    parent = span.parent_span_id if any(span.parent_span_id) else None
    facts = Facts(kind=_kind(said), remote=_remote(span.flags) if parent else None)
    _failure(facts, span, said)
    if facts.kind != LINK:
        _calls(facts, said, scope)
    if facts.kind != LINK or parent is None or facts.remote:
        _who(facts, span, said, resource)
    _own(facts, {**resource, **said}, whole=facts.kind == AGENT or parent is None or bool(facts.remote))
    return Span(span.trace_id, span.span_id, parent, start, end, facts)


def _check_ids(span: Any) -> None:
    if len(span.trace_id) != _TRACE_BYTES or not any(span.trace_id):
        raise BadSpanError(f"a trace id has {_TRACE_BYTES} bytes that are not all 0")
    if len(span.span_id) != _SPAN_BYTES or not any(span.span_id):
        raise BadSpanError(f"a span id has {_SPAN_BYTES} bytes that are not all 0")
    if span.parent_span_id and len(span.parent_span_id) != _SPAN_BYTES:
        raise BadSpanError(f"a parent's span id has {_SPAN_BYTES} bytes, or none")


def _times(span: Any, now: datetime) -> tuple[int, int | None]:
    """Start and end; no end where clocks make it earlier than the start."""
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    latest = int((now + AHEAD).timestamp()) * 10**9
    if not _FIRST_NS <= start <= latest:
        raise BadSpanError("start_time_unix_nano is not between the year 2000 and a day from now")
    if not end:
        raise BadSpanError("end_time_unix_nano is missing; only spans that have ended count")
    return start, end if start <= end <= start + _LONGEST_NS else None


def instant(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def attributes(pairs: Iterable[Any], wanted: Callable[[str], bool]) -> dict[str, Any]:
    """Text, numbers, truth values and lists of text of a list of KeyValue; the rest is left out."""
    found = {}
    for pair in pairs:
        if wanted(pair.key) and (value := _plain(pair.value)) is not None:
            found[pair.key] = value
    return found


def _is_wanted(name: str) -> bool:
    return name in names.WANTED or name.startswith(names.OWN)


def _plain(value: Any) -> Any:
    which = value.WhichOneof("value")
    if which == "string_value":
        return value.string_value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if which in ("bool_value", "int_value", "double_value"):
        return getattr(value, which)
    if which == "array_value":
        texts = [item for item in map(_plain, value.array_value.values[:100]) if isinstance(item, str)]
        return texts or None
    return None


def _kind(said: Attributes) -> str:
    for attribute, kinds in names.KINDS:
        kind = kinds.get(said[attribute]) if isinstance(said.get(attribute), str) else None
        if kind:
            return kind
    # An operation that is known to be none of these (retrieval, create_agent) says so by its name.
    return MODEL if names.OLD_MODEL in said and names.KINDS[0][0] not in said else LINK


def _remote(flags: int) -> bool | None:
    return bool(flags & _REMOTE) if flags & _REMOTE_KNOWN else None


def _failure(facts: Facts, span: Any, said: Attributes) -> None:
    facts.error_type = _text(said, names.TEXTS["error_type"])
    unsuccessful = said.get(names.CLAUDE_CODE) in _OF_CLAUDE_CODE and said.get(names.SUCCESS) is False
    facts.failed = span.status.code == _ERROR or facts.error_type is not None or unsuccessful
    facts.succeeded = span.status.code == _OK and not facts.failed
    if facts.failed:
        text = _exception(span.events) or _clean(span.status.message)
        text = text or (_clean(str(said.get(names.ERROR, ""))) if unsuccessful else "")
        facts.error = _message(text) if text else None  # type: ignore[assignment]


def _exception(events: Iterable[Any]) -> str:
    """``ValueError: no such file`` of the last exception that a span met."""
    found = [event for event in events if event.name == "exception"]
    if not found:
        return ""
    last = max(found, key=lambda event: event.time_unix_nano)
    said = attributes(last.attributes, ("exception.type", "exception.message").__contains__)
    return ": ".join(str(said[name]) for name in ("exception.type", "exception.message") if said.get(name))


def _calls(facts: Facts, said: Attributes, scope: str) -> None:
    """Of a model's call, a tool's, or an agent's own sums: what was used."""
    for name, known in names.COUNTS.items():
        setattr(facts, name, _count(said, known))
    facts.cost = _cost(said)
    facts.model = _text(said, names.MODEL_NAME)
    requested = _text(said, names.REQUESTED_MODEL)
    facts.requested_model = requested if requested != facts.model else None
    facts.provider = _text(said, names.PROVIDER)
    facts.scope = _clean(scope)[:DIMENSION_CHARS] or None
    facts.conversation = _text(said, names.TEXTS["conversation"])
    if facts.kind == names.TOOL:
        facts.tool = _text(said, names.TOOL_NAME)


def _who(facts: Facts, span: Any, said: Attributes, resource: Attributes) -> None:
    """Of what may become a run, or be all there is of one: who ran."""
    facts.name = _clean(span.name)[:DIMENSION_CHARS] or None
    facts.agent = _text(said, names.AGENT_NAME)
    for name, known in names.TEXTS.items():
        setattr(facts, name, _text(said, known))
    for name, known in names.RESOURCE.items():
        setattr(facts, name, _text(resource, known))


def _own(facts: Facts, said: Attributes, whole: bool) -> None:
    own = {key.removeprefix(names.OWN): value for key, value in said.items() if key.startswith(names.OWN)}
    apart = own.pop(names.APART, None)
    if facts.kind != LINK and (apart is not None or said.get(names.CLAUDE_CODE) == names.CLAUDE_CODE_CALL):
        facts.apart = apart is None or str(apart).lower() == "true"
    if whole:
        kept = [(_clean(name)[:DIMENSION_CHARS], value) for name, value in sorted(own.items())[:_OWN_ENTRIES]]
        facts.own = {name: _short(value) for name, value in kept if name}


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [text[:DIMENSION_CHARS] for text in value]
    return value[:_OWN_CHARS] if isinstance(value, str) else value


def _text(said: Attributes, known: Iterable[str]) -> str | None:
    for name in known:
        value = said.get(name)
        # Ids are numbers here and there.
        text = str(value).strip()[:DIMENSION_CHARS] if type(value) in (str, int) else ""
        if text:
            return text
    return None


def _clean(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").strip()


def _count(said: Attributes, known: Iterable[str]) -> int | None:
    for name in known:
        value = said.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= TOKENS:
            return value
    return None


def _cost(said: Attributes) -> str | None:
    """In dollars, exactly as its shortest spelling says."""
    for name in names.COST:
        value = said.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < COST:
            return str(Decimal(repr(value)))
    return None
