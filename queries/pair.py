"""Which two sets of runs a comparison is about: A and B, each the common filters with some of its own.

In a URL each side is a search string of what it has of its own (``a=model%3Dgpt-4``); ``period=previous``
in it stands for the previous period.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qsl, quote

from queries import words
from queries.calendar import day_start, local
from queries.errors import QueryError, did_you_mean
from queries.filters import NAMED, Filters, parse
from queries.names import NONE, encode, is_attribute
from queries.ranges import Extent

PREVIOUS = "previous"
PERIOD = "period"
OWN = ("range", "status", *NAMED, PERIOD)  # and attributes
BY = ("model", "version", "agent")  # tried in this order where nothing is said
_SAFE = "-_.!~*'(),"  # names with commas between them, escaped as they came
COLUMN = {"version": "agent_version"}  # parameter -> dimension, where they differ

Members = Callable[[Filters, str], list[tuple[str, int]]]  # of a dimension: (name, runs), most runs first


@dataclass(frozen=True)
class Side:
    """``search``: what it has of its own, as in a URL, without its question mark; '' for nothing."""

    filters: Filters
    search: str
    words: str

    @property
    def name(self) -> str:
        """The same without what kind of thing it is, where it is one: ``gpt-4`` for ``model gpt-4``."""
        for kind in BY:
            values = getattr(self.filters, kind)
            if len(values) == 1 and self.words == f"{kind} {values[0]}":
                return str(values[0])
        return self.words


@dataclass(frozen=True)
class Pair:
    """``by``: the dimension that A and B are chosen from; ``members``: what there is to choose; ``b``: None
    where there is nothing to compare with."""

    common: Filters
    a: Side
    b: Side | None
    by: str
    members: tuple[tuple[str, int], ...]


def pair(
    params: Mapping[str, str],
    common: Filters,
    *,
    members: Members,
    extent: Callable[[], Extent | None],
) -> Pair:
    """The two sides that ``params`` ask for; with none, the two members of a dimension with most runs.

    QueryError ``bad_a`` or ``bad_b`` for a side that makes no sense.
    """
    own = {name: _own(name, params.get(name, "")) for name in "ab"}
    by = _dimension(params.get("by", ""), own)
    if any(own.values()):
        found = members(common, by or BY[0]) if by != PERIOD else []
    else:
        by, found, own = _defaults(by, common, members)
    a, b = (_side(name, params, own[name], common, extent) for name in "ab")
    # The previous period ends where this one has come to.
    if PREVIOUS in (own["a"].get(PERIOD), own["b"].get(PERIOD)):
        a, b = (replace(side, filters=side.filters.elapsed()) for side in (a, b))
    nothing = own["a"] == own["b"]
    return Pair(common, a, None if nothing else b, by or BY[0], tuple(found))


def search_of(by: str, name: str) -> str:
    """What a side has of its own that is one member of a dimension."""
    return f"{by}={encode(name or NONE)}"


def _own(parameter: str, text: str) -> dict[str, str]:
    own = dict(parse_qsl(text, keep_blank_values=True))
    for name in own:
        if name not in OWN and not is_attribute(name):
            raise _bad(parameter, f"has {name[:80]!r}, which is no filter.{did_you_mean(name, OWN)}")
    if own.get(PERIOD, PREVIOUS) != PREVIOUS:
        raise _bad(parameter, f"has period {own[PERIOD][:80]!r}")
    if text and not own:
        raise _bad(parameter, f"{text[:80]!r} holds no filter")
    return own


def _bad(parameter: str, why: str) -> QueryError:
    allowed = f"{', '.join(OWN)} and attr.NAME, as in a URL: {parameter}=model%3Dgpt-4; period is {PREVIOUS}"
    return QueryError(f"bad_{parameter}", parameter, f"{parameter} {why}", allowed)


def _dimension(asked: str, own: Mapping[str, Mapping[str, str]]) -> str:
    """As asked; else the one filter that the sides have of their own."""
    if asked and asked not in (*BY, "status", PERIOD) and not is_attribute(asked):
        allowed = f"{', '.join((*BY, 'status', PERIOD))} or attr.NAME"
        raise QueryError("bad_by", "by", f"by {asked[:80]!r} is nothing to compare by", allowed)
    keys = {PERIOD if key == "range" else key for side in own.values() for key in side}
    return asked or (keys.pop() if len(keys) == 1 else "")


def _defaults(
    by: str, common: Filters, members: Members
) -> tuple[str, list[tuple[str, int]], dict[str, dict[str, str]]]:
    """The two with most runs; where a dimension has only one, the next; at last the previous period."""
    first: tuple[str, list[tuple[str, int]]] = (by, [])
    for dimension in () if by == PERIOD else (by,) if by else BY:
        found = members(common, dimension)
        first = first if first[1] else (dimension, found)
        if len(found) > 1:
            own = [dict(parse_qsl(search_of(dimension, name))) for name, _ in found[:2]]
            return dimension, found, {"a": own[0], "b": own[1]}
    if by and by != PERIOD:
        return by, first[1], {"a": {}, "b": {}}
    return PERIOD, [], {"a": {}, "b": {PERIOD: PREVIOUS}}


def _side(
    name: str,
    params: Mapping[str, str],
    own: Mapping[str, str],
    common: Filters,
    extent: Callable[[], Extent | None],
) -> Side:
    asked = {k: v for k, v in params.items() if k in (*OWN, "tz", "grain") or is_attribute(k)}
    mine = {key: text for key, text in own.items() if key != PERIOD}
    try:
        filters = parse(asked | mine | {"grain": "auto"}, now=common.now, default_tz=common.tz, extent=extent)
    except QueryError as error:
        raise _bad(name, f"is wrong: {error.message}") from None
    if PERIOD in own:
        before = replace(filters, compare=PREVIOUS).previous()
        if before is None:
            raise _bad(name, f"asks for the previous period {words.period(filters)}: there is none")
        filters = _absolute(before)
    return Side(filters, _search(own, common), _words(filters, own, common))


def _absolute(filters: Filters) -> Filters:
    """The same period, no longer called by what it was derived from: in days, where it is of whole ones."""
    start, end = local(filters.start, filters.tz), local(filters.end, filters.tz)
    days = all(day_start(moment.date(), filters.tz) == moment for moment in (start, end))
    last = (end - timedelta(minutes=1)).date()
    span = f"{start.date()}..{last}" if days else words.instants(filters.start, filters.end)
    return replace(filters, range=span)


def _search(own: Mapping[str, str], common: Filters) -> str:
    """Canonical: sorted, without what is as in the common filters."""
    given = _params(common.to_search())
    return "&".join(
        f"{key}={quote(text, safe=_SAFE)}" for key, text in sorted(own.items()) if given.get(key, "") != text
    )


def _params(search: str) -> dict[str, str]:
    return dict(parse_qsl(search.removeprefix("?"), keep_blank_values=True))


def _words(filters: Filters, own: Mapping[str, str], common: Filters) -> str:
    """What makes this side, in words: all that differs from the common filters, or all of it."""
    parts = []
    if (filters.start, filters.end) != (common.start, common.end):
        parts.append(
            f"the previous period, {words.period(filters)}" if PERIOD in own else words.period(filters)
        )
    kept = {name: getattr(filters, name) for name in ("status", *NAMED, "attributes")}
    theirs = {name: values if values != getattr(common, name) else () for name, values in kept.items()}
    parts.append(words.filters(replace(filters, **theirs)))  # type: ignore[arg-type]
    return ", ".join(filter(None, parts)) or words.period(filters)
