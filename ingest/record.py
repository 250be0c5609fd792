"""A record of any source to one row of agent_execution, or a RecordError that says why not.

Everything that enters passes here: files, and later requests. An import spends most of its time in
``canonical``, so the way from a field's name to its converter is planned once for each shape of record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import orjson

from ingest import prices
from ingest.columns import FIELDS, FILES, INDEX, Plan, Planner, RecordOptions
from ingest.errors import FAILED, GIVEN_CATEGORY, reader
from ingest.structures import as_json, literal
from ingest.times import elapsed, instant, within
from ingest.values import TOKENS
from queries.errors import RecordError, UserError

__all__ = ["FIELDS", "Canon", "RecordOptions", "canonical"]

Row = list[object]

_ID = INDEX["invocation_id"]
_AGENT = INDEX["agent"]
_VERSION = INDEX["agent_version"]
_MODEL = INDEX["model"]
_STATUS = INDEX["status"]
_START = INDEX["start_time"]
_END = INDEX["end_time"]
_DURATION = INDEX["duration_ms"]
_INPUT = INDEX["input_tokens"]
_CACHE_READ = INDEX["cache_read_tokens"]
_CACHE_WRITE = INDEX["cache_write_tokens"]
_OUTPUT = INDEX["output_tokens"]
_TOTAL = INDEX["total_tokens"]
_COST = INDEX["cost_usd"]
_COST_SOURCE = INDEX["cost_source"]
_FILES_COUNT = INDEX["files_modified_count"]
_FILES_LIST = INDEX["files_modified"]
_MESSAGE = INDEX["error_message"]
_CATEGORY = INDEX["error_category"]
_TEMPLATE = INDEX["error_template"]
_ATTRIBUTES = INDEX["attributes"]

_PLACES = FILES + 1
CONTENT_ID = "content-"  # begins the ids that are made of the content

# The attribute of a run of several models, whose reader has added up what each of them cost.
BY_MODEL = "tokens_by_model"


class Canon:
    """Reads records as ``options`` say; one for an import, so that plans and names are judged once."""

    def __init__(self, options: RecordOptions | None = None) -> None:
        self._options = options or RecordOptions()
        self._plan = Planner(self._options).plan
        self._assumed_start = _assumed_start(self._options.start_time)
        self._errors = self._options.errors or reader()

    def row(self, raw: Mapping[str, object], now: datetime) -> tuple[object, ...]:
        """The row in the order of FIELDS; RecordError where the record cannot enter."""
        plan = self._plan(tuple(raw))
        row, attributes = _convert(plan, raw)
        self._time(row, attributes, now)
        _names(row)
        _files(row)
        self._tokens(row)
        row[_ATTRIBUTES] = as_json("attributes", attributes)
        if row[_ID] is None:
            row[_ID] = _content_id(row)
        _cost(row, attributes)
        self._error(row, attributes)
        return tuple(row)

    def _error(self, row: Row, attributes: dict[str, object]) -> None:
        """Category and template, after the id is taken: other rules must not make it another run."""
        given = row[_CATEGORY] or attributes.get(GIVEN_CATEGORY)
        if given is None and row[_MESSAGE] is None and row[_STATUS] not in FAILED:
            row[_TEMPLATE] = None
            return
        message, status = row[_MESSAGE], row[_STATUS]
        row[_CATEGORY], row[_TEMPLATE] = self._errors.read(message, status, given)  # type: ignore[arg-type]
        # What the rules do not say themselves is kept, so that the category can be told anew.
        if given is not None and given != self._errors.category(message, status):  # type: ignore[arg-type]
            row[_ATTRIBUTES] = as_json("attributes", {**attributes, GIVEN_CATEGORY: given})

    def _time(self, row: Row, attributes: dict[str, object], now: datetime) -> None:
        start = row[_START]
        if start is None:
            start = self._assumed_start
            if start is None:
                reason = "is missing; without it a run is in no period"
                option = ". --start-time gives one to all that lack it"
                raise RecordError("no_start_time", "start_time", None, reason, option)
            attributes["start_time_assumed"] = True
        row[_START] = within(start, now)  # type: ignore[arg-type]
        end = row[_END]
        if end is not None:
            span = elapsed(start, end)  # type: ignore[arg-type]
            if row[_DURATION] is None:
                row[_DURATION] = span

    def _tokens(self, row: Row) -> None:
        tokens, output = row[_INPUT], row[_OUTPUT]
        read, write = row[_CACHE_READ], row[_CACHE_WRITE]
        if tokens is not None and (read is not None or write is not None):
            cached = (read or 0) + (write or 0)  # type: ignore[operator]
            if self._options.input_excludes_cache:
                _add_cache(row, cached)
                tokens = row[_INPUT]
            elif cached > tokens:
                raise RecordError("cache_over_input", "input_tokens", tokens, _cache_reason(cached), _APART)
        if row[_TOTAL] is None and tokens is not None and output is not None:
            row[_TOTAL] = tokens + output  # type: ignore[operator]


def canonical(
    raw: Mapping[str, object], *, options: RecordOptions | None = None, now: datetime
) -> tuple[object, ...]:
    """One record's row, in the order of FIELDS. Many with the same options: keep a ``Canon``."""
    return _canon(options).row(raw, now) if options is None else Canon(options).row(raw, now)


@lru_cache(maxsize=1)
def _canon(_: None) -> Canon:
    return Canon()


def _convert(plan: Plan, raw: Mapping[str, object]) -> tuple[Row, dict[str, object]]:
    row: Row = [None] * _PLACES
    if not plan.columns:
        reason = (
            f"has no field of a run; the least is start_time. Its fields: {', '.join(raw)[:200] or 'none'}"
        )
        raise RecordError("not_a_run", "record", None, reason)
    for index, name, convert in plan.columns:
        value = raw[name]
        # Empty text is how CSV says null.
        if value is not None and value != "":
            row[index] = convert(value)
    attributes: dict[str, object] = row[_ATTRIBUTES] or {}  # type: ignore[assignment]
    for index, name, convert in plan.spares:
        value = raw[name]
        if value is not None and value != "":
            if row[index] is None:
                row[index] = convert(value)
            else:
                attributes[name] = literal(value)
    for name in plan.extra:
        value = raw[name]
        if value is not None and value != "":
            attributes[name] = literal(value)
    return row, attributes


def _names(row: Row) -> None:
    agent = row[_AGENT]
    if agent is None:
        row[_AGENT] = "fixer"
    elif row[_VERSION] is None:
        row[_AGENT], row[_VERSION] = _split(agent)
    if row[_MODEL] is None:
        row[_MODEL] = "unknown"
    if row[_STATUS] is None:
        row[_STATUS] = "unknown"


_NAME_AND_VERSION = re.compile(r"(.*\S)[ @/]v?(\d+\.\d[\w.+-]*)")  # claude-code 2.1.49


@lru_cache(maxsize=10_000)
def _split(agent: str) -> tuple[str, str | None]:
    found = _NAME_AND_VERSION.fullmatch(agent)
    return (found[1], found[2]) if found else (agent, None)


def _files(row: Row) -> None:
    """Puts a count or a list of files where it belongs; a list is a count, too."""
    either = row.pop()
    if type(either) is int:
        if row[_FILES_COUNT] is None:
            row[_FILES_COUNT] = either
    elif either is not None and row[_FILES_LIST] is None:
        row[_FILES_LIST] = either
    if row[_FILES_COUNT] is None and row[_FILES_LIST] is not None:
        row[_FILES_COUNT] = len(row[_FILES_LIST])  # type: ignore[arg-type]


def _add_cache(row: Row, cached: int) -> None:
    """Counts the cache's tokens into the input, and into a total that was the sum without them."""
    tokens: int = row[_INPUT]  # type: ignore[assignment]
    if row[_OUTPUT] is not None and row[_TOTAL] == tokens + row[_OUTPUT]:  # type: ignore[operator]
        row[_TOTAL] = None
    row[_INPUT] = tokens + cached
    if tokens + cached > TOKENS:
        reason = f"is too large with the cache's tokens added; at most {TOKENS:,} is allowed"
        raise RecordError("too_large", "input_tokens", tokens, reason)


def _cache_reason(cached: object) -> str:
    return f"is less than cache_read_tokens + cache_write_tokens ({cached:,}), which are parts of it"


_APART = ". If the source counts them apart, as Anthropic does, say --input-excludes-cache"


def _cost(row: Row, attributes: Mapping[str, object]) -> None:
    """Marks a reported cost as such; estimates one from tokens where there is none."""
    if row[_COST] is not None:
        row[_COST_SOURCE] = row[_COST_SOURCE] or "reported"
        return
    row[_COST_SOURCE] = None
    # Of several models one has no known price: all tokens at the price of another are no estimate.
    if isinstance(attributes.get(BY_MODEL), Mapping):
        return
    if row[_INPUT] is not None and row[_OUTPUT] is not None:
        cached = (row[_CACHE_READ] or 0, row[_CACHE_WRITE] or 0)
        row[_COST] = prices.estimate(row[_MODEL], row[_START], row[_INPUT], *cached, row[_OUTPUT])  # type: ignore[arg-type]
        if row[_COST] is not None:
            row[_COST_SOURCE] = "estimated"


def _content_id(row: Row) -> str:
    """An id for a run whose source has none: the same content, in any format, has the same.

    Taken before the cost is estimated, so that a newer price list does not make a new run.
    """
    content = dict(zip(FIELDS, row, strict=True))
    content["attributes"] = orjson.loads(row[_ATTRIBUTES])  # type: ignore[arg-type]
    if row[INDEX["tools_used"]]:
        content["tools_used"] = orjson.loads(row[INDEX["tools_used"]])  # type: ignore[arg-type]
    packed = orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)
    return CONTENT_ID + hashlib.sha256(packed).hexdigest()[:40]


def _assumed_start(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return instant("start_time")(text)  # type: ignore[return-value]
    except RecordError as error:
        raise UserError(f"--start-time {text!r} {error.reason}") from None
