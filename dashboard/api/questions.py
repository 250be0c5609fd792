"""Roof: a query string to a question, by the parser of the page, or a QueryError. Never a guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl

from dashboard.api.parameters import ALL, ATTRIBUTE, DATE, END, GRANULARITY, NONE, START, Parameter, conforms
from queries import filters, run_query
from queries.calendar import day_start, quarter_floor, zone
from queries.errors import QueryError, did_you_mean
from queries.filters import Filters
from queries.metrics import METRIC
from queries.names import is_attribute
from queries.ranges import Extent
from queries.run_query import RunQuery

MAX_FIELDS = 100


@dataclass(frozen=True)
class Question:
    """``metrics``: in the order of the records. ``path``: where it was asked, for the address of a next
    page. ``by``, ``limit``, ``cursor``, ``runs``, ``run_id`` and ``format`` where the endpoint has them;
    ``own``: the parameters that are its alone, as given."""

    path: str
    filters: Filters
    metrics: tuple[str, ...]
    by: str
    limit: int
    cursor: str | None
    own: tuple[tuple[str, str], ...] = ()
    runs: RunQuery | None = None
    run_id: str = ""
    format: str = ""

    def asked(self, name: str, default: str = "") -> str:
        """One of the endpoint's own parameters."""
        return dict(self.own).get(name, default)

    def key(self) -> str:
        """All that decides the answer but the data. Of the clock that is only the quarter hour, and
        only until the period is over: every edge of a bucket is on the grid."""
        clock = min(quarter_floor(self.filters.now), self.filters.end)
        filters = replace(self.filters, now=clock)
        return repr(replace(self, filters=filters, runs=self.runs and replace(self.runs, filters=filters)))


def read(
    query_string: bytes,
    accepted: tuple[Parameter, ...],
    *,
    path: str,
    series: bool,
    now: datetime,
    extent: Callable[[], Extent | None],
    within: Mapping[str, str] | None = None,
) -> Question:
    """The question that a query string asks of an endpoint that takes the ``accepted`` parameters;
    ``series`` where it answers by time; ``within``: what stands in its path."""
    given = _given(query_string, accepted)
    known = {parameter.name: parameter for parameter in accepted}
    params = _params(given)
    if not series:
        # The grain is only checked here, so it must not limit how long the period may be.
        params.setdefault("grain", "auto")
    asked = _filters(params, given, now, extent)
    metrics = _metrics(given.get("metrics", ALL)) if "metrics" in known else ()
    runs = run_query.parse(given, asked) if "sort" in known else None
    # After the parsers, whose messages say more: they forgive spellings that the description does not.
    for name, text in given.items():
        known.get(name, ATTRIBUTE).check(text)
    limit = known["limit"].default if "limit" in known else "0"
    return Question(
        path=path,
        filters=asked,
        metrics=metrics,
        by=given.get("by", ""),
        limit=int(given.get("limit", limit)),
        cursor=given.get("cursor"),
        own=tuple(sorted((name, text) for name, text in given.items() if name not in _SHARED)),
        runs=runs,
        **(within or {}),
    )


_SHARED = (*filters.PARAMETERS, "startDate", "endDate", "granularity", "metrics", "by", "limit", "cursor")


def _given(query_string: bytes, accepted: tuple[Parameter, ...]) -> dict[str, str]:
    """Each parameter once, known and not empty; all that are needed."""
    names = [parameter.name for parameter in accepted]
    given: dict[str, str] = {}
    for name, text in _pairs(query_string):
        if name not in names and not (ATTRIBUTE.name in names and is_attribute(name)):
            raise QueryError(
                "unknown_parameter",
                name[:80],
                f"parameter {name[:80]!r} is not known here.{did_you_mean(name, names)}",
                ", ".join(names) or "no parameters",
            )
        if name in given:
            raise QueryError("repeated_parameter", name, f"{name} is given more than once", _one(name))
        given[name] = text
    for parameter in accepted:
        _check_presence(parameter, given.get(parameter.name))
    return given


def _one(name: str) -> str:
    return f"{name} once; several values with commas, where it takes several"


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query_string.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise QueryError(
            "bad_encoding", "", "the query string is not percent-encoded UTF-8", "percent-encoded UTF-8"
        ) from None
    except ValueError:
        raise QueryError(
            "too_many_parameters", "", "the query string has too many fields", f"at most {MAX_FIELDS}"
        ) from None


def _check_presence(parameter: Parameter, text: str | None) -> None:
    if text is None:
        if parameter.required:
            raise QueryError(
                "missing_parameter", parameter.name, f"{parameter.name} is needed", parameter.allowed
            )
        return
    # An empty list would read as "all", which nobody asked for.
    if not text or (parameter.is_list and not all(text.split(","))):
        raise QueryError(
            "empty_parameter",
            parameter.name,
            f"{parameter.name} {text[:80]!r} has an empty value; leave it out for its default",
            parameter.allowed,
        )


# Names of the seed document's API, and ours for the same.
_ALSO = {"startDate": "range", "endDate": "range", "granularity": "grain"}


def _of_page(name: str) -> bool:
    return name in filters.PARAMETERS or is_attribute(name)


def _params(given: Mapping[str, str]) -> dict[str, str]:
    """What the page's parser takes: the vocabulary, the other names translated to it."""
    for name, ours in _ALSO.items():
        if name in given and ours in given:
            raise QueryError(
                "conflicting_parameters",
                name,
                f"{name} and {ours} are both given",
                f"one of {name} and {ours}",
            )
    params = {name: text for name, text in given.items() if _of_page(name)}
    if "startDate" in given or "endDate" in given:
        params["range"] = _range(given)
    if "granularity" in given:
        GRANULARITY.check(given["granularity"])
        params["grain"] = given["granularity"]
    return params


def _filters(
    params: Mapping[str, str],
    given: Mapping[str, str],
    now: datetime,
    extent: Callable[[], Extent | None],
) -> Filters:
    try:
        return filters.parse(params, now=now, extent=extent, strict=True)
    except QueryError as error:
        # The parser blames the name it knows; the one that was given is to blame.
        blamed = [name for name, ours in _ALSO.items() if name in given and ours == error.parameter]
        error.parameter = blamed[-1] if blamed else error.parameter
        raise


def _range(given: Mapping[str, str]) -> str:
    """``startDate`` and ``endDate`` as a range: two dates stay dates, anything else becomes instants."""
    for here, there in ((START, END), (END, START)):
        if here.name not in given:
            raise QueryError(
                "missing_parameter", here.name, f"{there.name} needs {here.name} beside it", here.allowed
            )
    first, last = given["startDate"], given["endDate"]
    tz = zone(given.get("tz", "UTC")).key
    start, end = _moments("startDate", first, tz)[0], _moments("endDate", last, tz)[1]
    if DATE.fullmatch(first) and DATE.fullmatch(last):
        return f"{first}..{last}"
    return f"{start.isoformat()}..{end.isoformat()}"


def _moments(name: str, text: str, tz: str) -> tuple[datetime, datetime]:
    """The first instant of a day and the first after it; an instant is both."""
    try:
        if DATE.fullmatch(text):
            day = date.fromisoformat(text)
            return day_start(day, tz), day_start(day + timedelta(days=1), tz)
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if not conforms(START.schema, text):  # Python reads more spellings than the description has
            raise ValueError(text)
        return moment, moment
    except (ValueError, OverflowError):
        raise QueryError(
            "bad_date",
            name,
            f"{name} {text[:80]!r} is neither a day of the calendar nor an instant with its zone",
            START.allowed,
        ) from None


def _metrics(text: str) -> tuple[str, ...]:
    wanted = set(text.split(","))
    for name in sorted(wanted - METRIC.keys() - {ALL, NONE}):
        raise QueryError(
            "unknown_metric",
            "metrics",
            f"{name[:80]!r} is not a metric.{did_you_mean(name, METRIC)}",
            ", ".join((*METRIC, ALL, NONE)),
        )
    return tuple(name for name in METRIC if ALL in wanted or name in wanted)
