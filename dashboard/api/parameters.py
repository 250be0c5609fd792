"""Roof: the parameters of the API, a record each. What is published of one is what is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queries import filters, ranges
from queries.changes import DEFAULT_BY, DEFAULT_METRIC, EXPLAINED
from queries.errors import QueryError, did_you_mean
from queries.facets import FIXED
from queries.metrics import METRIC
from queries.names import MAX_NAMES
from queries.names import NONE as NO_NAME

ALL, NONE = "all", "none"
RUNS_LIMIT, BREAKDOWN_LIMIT = 500, 1000
SPLIT_LIMIT = 20
BY = {"model": "model", "agent": "agent", "version": "agent_version", "status": "status"}
BROKEN_DOWN = (*BY, *FIXED)

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"  # 2026-10-01
# 2026-10-01T08:00Z, 2026-10-01T08:00:00.000+02:00; a plus sign left unencoded arrives as a space.
_INSTANT = _DATE + r"T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+ \-][0-9]{2}:[0-9]{2})"
DATE = re.compile(_DATE)


@dataclass(frozen=True, eq=False)
class Parameter:
    """``schema`` is JSON Schema of the value as sent; a list is sent with commas. ``allowed`` says the
    same in words, for errors; ``default`` what leaving it out means."""

    name: str
    help: str
    allowed: str
    schema: Mapping[str, Any]
    default: str = ""
    example: str = ""
    required: bool = False

    @property
    def is_list(self) -> bool:
        return self.schema.get("type") == "array"

    def check(self, text: str) -> None:
        """QueryError ``bad_NAME`` where ``text`` is not what the schema says."""
        if conforms(self.schema, text):
            return
        item = self.schema.get("items", self.schema)
        names = item.get("enum") or self.allowed.replace(" or ", ", ").split(", ")
        # Of all attributes one code: what is published of them stands for attr.NAME, whatever the name.
        kind = "attribute" if self is ATTRIBUTE else self.name
        raise QueryError(
            f"bad_{kind}",
            self.name,
            f"{self.name} {text[:80]!r} is not allowed.{did_you_mean(text, names)}",
            self.allowed,
        )


def conforms(schema: Mapping[str, Any], text: str) -> bool:
    """Whether a value, as sent, is one of ``schema``: the few words of JSON Schema that we use."""
    if schema.get("type") == "array":
        items = text.split(",")
        return len(items) <= schema["maxItems"] and all(conforms(schema["items"], item) for item in items)
    if schema["type"] == "integer":
        whole = re.fullmatch("[1-9][0-9]{0,8}", text)
        return whole is not None and schema["minimum"] <= int(text) <= schema["maximum"]
    if "enum" in schema:
        return text in schema["enum"]
    return re.fullmatch(schema["pattern"], text) is not None if "pattern" in schema else True


def words(values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _list(item: dict[str, Any], most: int = MAX_NAMES) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most}


def limited(default: int, most: int, text: str) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter("limit", text, f"1 to {most}", schema, str(default))


_BY_SCHEMA = {"type": "string", "pattern": f"^({'|'.join(BROKEN_DOWN)}|attr[.][^,\\x00-\\x1f]{{1,100}})$"}
# As sent: a comma or percent sign inside a name is written %2C or %25, and then encoded with the URL.
_NAME = {"type": "string", "minLength": 1, "maxLength": 600, "pattern": r"^[^,\x00]{1,600}$"}
_NAMES = "names from the data, several with commas (%252C for a comma inside a name)"
_RANGE = rf"^(24h|7d|30d|90d|all|{_DATE}[.][.]{_DATE}|{_INSTANT}[.][.]{_INSTANT})$"
_DAY_OR_INSTANT = {"type": "string", "pattern": rf"^({_DATE}|{_INSTANT})$"}
_GRAINS = words(filters.GRAINS)


def _names(name: str, what: str) -> Parameter:
    return Parameter(name, what, _NAMES, _list(_NAME), "all")


RANGE = Parameter(
    "range", "The period: by the start of the runs.", ranges.ALLOWED,
    {"type": "string", "pattern": _RANGE, "default": "30d"}, "30d", "7d",
)  # fmt: skip
START = Parameter(
    "startDate",
    "Instead of range, together with endDate: the first day, or the first instant.",
    "a date (2026-10-01) or an instant with its zone (2026-10-01T08:00Z)",
    _DAY_OR_INSTANT,
)
END = Parameter(
    "endDate",
    "Instead of range, together with startDate: the last day, included, or an instant, excluded.",
    START.allowed,
    _DAY_OR_INSTANT,
)
GRAIN = Parameter(
    "grain", "The length of the buckets of a time series; auto decides from the range.",
    ", ".join(filters.GRAINS), _GRAINS | {"default": "day"}, "day",
)  # fmt: skip
GRANULARITY = Parameter("granularity", "Another name of grain.", GRAIN.allowed, _GRAINS)
STATUS = Parameter(
    "status",
    "How the runs ended; failed stands for failure and error together.",
    ", ".join(filters.STATUS_WORDS) + ", several with commas",
    _list(words(filters.STATUS_WORDS), 20),
    "all",
)
MODEL = _names("model", "Only runs of these models.")
AGENT = _names("agent", "Only runs of these agents.")
VERSION = _names("version", f"Only runs of these versions of the agent; {NO_NAME} for runs without one.")
CATEGORY = _names("category", f"Only runs with an error of these categories; {NO_NAME} for runs without.")
ERROR = _names("error", f"Only runs with these error templates; {NO_NAME} for failed runs without a message.")
TOOL = _names("tool", f"Only runs that called one of these tools; {NO_NAME} for runs that called none.")
# Stands for attr.NAME, whatever the name.
ATTRIBUTE = _names(
    "attr.repository",
    "Only runs with one of these values of an attribute: attr.repository, attr.user or attr.NAME for any "
    f"other; {NO_NAME} for runs without it.",
)
TZ = Parameter(
    "tz", "The time zone of days and of the range.", "a name of the IANA time zone database",
    {"type": "string", "format": "iana-zone", "default": "UTC"}, "UTC", "Europe/Berlin",
)  # fmt: skip
COMPARE = Parameter(
    "compare", "Whether the summary also tells the previous period.", ", ".join(filters.COMPARES),
    words(filters.COMPARES) | {"default": "previous"}, "previous",
)  # fmt: skip
METRICS = Parameter(
    "metrics", "The metrics to answer beside the fields that are always there (totalRuns and so on).",
    "names from /api/metrics/definitions, several with commas; all; none",
    _list(words((*METRIC, ALL, NONE))), ALL, "runs,p95_duration_ms",
)  # fmt: skip
BREAK_DOWN_BY = Parameter(
    "by", "What to break the runs down by. A run counts under every tool that it called.",
    f"{', '.join(BROKEN_DOWN)} or attr.NAME", _BY_SCHEMA, example="model", required=True,
)  # fmt: skip
SPLIT_BY = Parameter(
    "by",
    "Splits each bucket by this: those with most runs, and all others as one (left out for tools, which "
    "overlap).",
    BREAK_DOWN_BY.allowed, _BY_SCHEMA, "not split", "model",
)  # fmt: skip
METRIC_OF_CHANGE = Parameter(
    "metric",
    "The metric whose change is explained.",
    "the name of a metric that is a sum, a ratio or a percentile",
    words(tuple(record.name for record in EXPLAINED)) | {"default": DEFAULT_METRIC},
    DEFAULT_METRIC,
)
_DIMENSION = r"^(model|agent|version|status|category|tool|attr[.][^\x00]{1,100})$"
CHANGE_BY = Parameter(
    "by",
    "The dimension that the change is split over.",
    "model, agent, version, status, category, tool, attr.NAME",
    {"type": "string", "pattern": _DIMENSION, "default": DEFAULT_BY},
    DEFAULT_BY,
    "attr.repository",
)
AGAINST = Parameter(
    "against", "The period that is compared with.", ranges.ALLOWED, {"type": "string", "pattern": _RANGE},
    "the previous period, of the same length", "2026-09-01..2026-09-30",
)  # fmt: skip
_NAME_OF_SIDE = r"([A-Za-z0-9._/:()-]|%[2-9A-F][0-9A-F]){1,60}"
_KEY_OF_SIDE = "(model|version|agent|category|error|tool|attr[.][A-Za-z0-9_-]{1,60})"
_OF_SIDE = rf"{_KEY_OF_SIDE}={_NAME_OF_SIDE}(,{_NAME_OF_SIDE}){{0,9}}"
_STATUS_OF_SIDE = "status=(success|failure|error|unknown|failed|all)"
_SEARCH_OF_SIDE = {
    "type": "string",
    "pattern": rf"^(period=previous|range=(24h|7d|30d|90d)|{_STATUS_OF_SIDE}|{_OF_SIDE})$",
}
_SIDE_WORDS = "a filter as in a URL (model=gpt-4, range=7d, status=failed, attr.user=ann) or period=previous"
SIDE_A = Parameter(
    "a", "What A has of its own.", _SIDE_WORDS, _SEARCH_OF_SIDE, "the member with most runs", "model=gpt-4"
)
SIDE_B = Parameter(
    "b", "What B has of its own.", _SIDE_WORDS, _SEARCH_OF_SIDE, "the next member", "model=claude"
)
COMPARE_BY = Parameter(
    "by", "With neither a nor b: the dimension whose two members with most runs are compared.",
    "model, version, agent, status, attr.NAME",
    {"type": "string", "pattern": r"^(model|version|agent|status|attr[.][A-Za-z0-9_-]{1,60})$"},
    "the first of model, version and agent with two members, else the previous period", "version",
)  # fmt: skip
ADJUST = Parameter(
    "adjust", "Adjusts for another mix of its members by direct standardisation.",
    "agent, version, model, attr.NAME",
    {"type": "string", "pattern": r"^(model|version|agent|attr[.][A-Za-z0-9_-]{1,60})$"}, "nothing", "agent",
)  # fmt: skip
CURSOR = Parameter(
    "cursor", "Where the page begins.", "the value of next of the page before, in the same order",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,2000}$"}, "the first run",
)  # fmt: skip
RUNS_PER_PAGE = limited(50, RUNS_LIMIT, "The most runs a page may have.")
SPLIT_MEMBERS = limited(6, SPLIT_LIMIT, "With by: how many are told apart.")
MEMBERS = limited(100, BREAKDOWN_LIMIT, "The most items of a breakdown; those with fewest runs are cut.")

# What the page's own URL may carry: its query string works at every endpoint that answers about runs.
VOCABULARY = (
    RANGE,
    START,
    END,
    GRAIN,
    GRANULARITY,
    STATUS,
    MODEL,
    AGENT,
    VERSION,
    CATEGORY,
    ERROR,
    TOOL,
    ATTRIBUTE,
    TZ,
    COMPARE,
)
