"""What is asked for: one frozen, canonical object for URL, API and cache. Pure: no clock, no SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from queries import words
from queries.calendar import (
    DAY,
    HOUR,
    count_at_most,
    day_start,
    local,
    quarter_floor,
    shift_days,
    zone,
)
from queries.errors import QueryError, did_you_mean
from queries.facets import ATTRIBUTE
from queries.measures import FAILED, STATUSES
from queries.names import NONE, encode, encode_key, is_attribute, parse_attributes, parse_names
from queries.ranges import Extent, Span, parse_range

T = TypeVar("T")

RANGES = ("24h", "7d", "30d", "90d", "all")
GRAINS = ("auto", "hour", "day", "week")
STATUS_WORDS = (*STATUSES, "failed", "all")
COMPARES = ("previous", "none")
NAMED = ("model", "agent", "version", "category", "error", "tool")
PARAMETERS = ("range", "grain", "status", *NAMED, "tz", "compare")
DEFAULTS = {"range": "30d", "grain": "day", "compare": "previous"}
MAX_BUCKETS = 5000


@dataclass(frozen=True, slots=True)
class Filters:
    """``start``/``end``: absolute, UTC, half open, on the quarter-hour grid.

    ``status``: the words asked for, canonical. Names: sorted, empty for all; '' stands for runs without
    one. ``error``: error templates. ``attributes``: (name, its values), by name. ``tz_asked``: the zone was
    asked for and is not the reader's own.
    """

    range: str
    start: datetime
    end: datetime
    tz: str
    grain: str
    grain_asked: str
    status: tuple[str, ...]
    model: tuple[str, ...]
    agent: tuple[str, ...]
    version: tuple[str, ...]
    compare: str
    now: datetime
    tz_asked: bool = False
    category: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    tool: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        # Bounds of a bucket come in its zone; whoever cuts them on the grid counts on UTC.
        for name in ("start", "end"):
            object.__setattr__(self, name, getattr(self, name).astimezone(UTC))

    @property
    def facets(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What narrows the runs beyond status, model, agent and version: (facet, its values)."""
        fixed = (("error_category", self.category), ("error_template", self.error), ("tool", self.tool))
        named = [(f"{ATTRIBUTE}{name}", values) for name, values in self.attributes]
        return (*(pair for pair in fixed if pair[1]), *named)

    @property
    def statuses(self) -> tuple[str, ...]:
        """The exact statuses that are let through, in order; empty for all."""
        wanted = {s for word in self.status for s in (FAILED if word == "failed" else (word,))}
        return tuple(s for s in STATUSES if s in wanted)

    @property
    def filtered(self) -> bool:
        """Whether anything but the period narrows the runs."""
        return bool(self.status or self.model or self.agent or self.version or self.facets)

    def to_search(self, *, frozen: bool = False) -> str:
        """The one query string of this view, ``?`` included; empty for the default view.

        Keys and names are sorted and defaults left out. A frozen one carries absolute instants and the
        zone; a plain one names a zone only where another than the reader's own was asked for.
        """
        values = {
            "agent": self.agent,
            "compare": (self.compare,),
            "grain": (self.grain_asked,),
            "model": self.model,
            "range": (words.instants(self.start, self.end) if frozen else self.range,),
            "status": self.status,
            "tz": (self.tz,) if frozen or self.tz_asked else (),
            "version": self.version,
            "category": self.category,
            "error": self.error,
            "tool": self.tool,
            **{f"{ATTRIBUTE}{name}": names for name, names in self.attributes},
        }
        parts = [
            f"{encode_key(key)}={','.join(encode(name or NONE) for name in names)}"
            for key, names in sorted(values.items())
            if names and names != (DEFAULTS.get(key),)
        ]
        return "?" + "&".join(parts) if parts else ""

    def frozen_search(self) -> str:
        return self.to_search(frozen=True)

    def describe(self) -> str:
        """The period and the filters in words, for headings and exports."""
        return ", ".join(filter(None, (words.period(self), self.describe_filters())))

    def describe_filters(self) -> str:
        return words.filters(self)

    def elapsed(self) -> Filters:
        """This period, cut at the last full quarter hour before now where it reaches beyond."""
        return replace(self, end=max(self.start, min(self.end, quarter_floor(self.now))))

    def previous(self) -> Filters | None:
        """The previous period, of the same length and cut after the same elapsed part (calendar days and
        wall clock for days, plain time otherwise); None where there is none to compare with."""
        cut = self.elapsed()
        if self.compare == "none" or self.range == "all" or cut.end <= cut.start:
            return None
        return replace(cut, start=self._before(self.start), end=self._before(cut.end))

    def _before(self, instant: datetime) -> datetime:
        if self.range == "24h" or "T" in self.range:
            return instant - (self.end - self.start)
        first, after = local(self.start, self.tz).date(), local(self.end, self.tz).date()
        back, day = -(after - first).days, local(instant, self.tz).date()
        if instant == day_start(day, self.tz):
            return day_start(day + timedelta(days=back), self.tz)
        return shift_days(instant, back, self.tz)

    def partial(self, start: datetime, end: datetime) -> bool:
        """Whether the bucket is still filling."""
        return start <= self.now < end


def parse(
    params: Mapping[str, str],
    *,
    now: datetime,
    default_tz: str = "UTC",
    extent: Callable[[], Extent | None] = lambda: None,
    strict: bool = False,
) -> Filters:
    """The filters that ``params`` ask for; QueryError for the first bad one.

    ``extent`` gives first and last instant with data, for range ``all``. ``strict`` refuses unknown
    parameter names as well.
    """
    filters, errors = parse_all(params, now=now, default_tz=default_tz, extent=extent, strict=strict)
    if errors:
        raise errors[0]
    return filters


def parse_all(
    params: Mapping[str, str],
    *,
    now: datetime,
    default_tz: str = "UTC",
    extent: Callable[[], Extent | None] = lambda: None,
    strict: bool = False,
) -> tuple[Filters, list[QueryError]]:
    """The filters and every error in them; a bad part stands at its default, so ask before showing."""
    take = _Taking(params)
    if strict:
        take.errors += _unknown_parameters(params)
    tz = take("tz", _parse_zone, default_tz, "UTC")
    span = take("range", lambda text: parse_range(text, tz, now, extent), DEFAULTS["range"], None)
    span = span or parse_range(DEFAULTS["range"], tz, now, extent)
    grain = take.one_of("grain", GRAINS)
    grain = take.tried("day" if grain == "hour" else "week", _limit, grain, span)
    none: tuple[str, ...] = ()
    names = {key: take(key, partial(parse_names, key), "", none) for key in NAMED}
    filters = Filters(
        range=span.token,
        start=span.start,
        end=span.end,
        tz=tz,
        grain=resolve_grain(grain, span.end - span.start),
        grain_asked=grain,
        status=take("status", _parse_status, "all", ()),
        compare=take.one_of("compare", COMPARES),
        now=now,
        tz_asked=bool(params.get("tz")) and tz != default_tz,
        attributes=take.tried((), parse_attributes, params),
        **names,
    )
    return filters, take.errors


class _Taking:
    """Reads parameters one by one; where one is bad, notes why and goes on with something in its place."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params
        self.errors: list[QueryError] = []

    def __call__(self, name: str, parser: Callable[[str], T], default: str, bad: T) -> T:
        """``default``: its text where it is left out or empty; ``bad``: what a bad one is taken for."""
        return self.tried(bad, parser, self._params.get(name) or default)

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        return self(name, partial(_one_of, name, allowed), DEFAULTS[name], DEFAULTS[name])

    def tried(self, bad: T, parser: Callable[..., T], *arguments: object) -> T:
        try:
            return parser(*arguments)
        except QueryError as error:
            self.errors.append(error)
            return bad


def resolve_grain(grain: str, length: timedelta) -> str:
    """``auto``: hours up to three days, days up to half a year, weeks beyond."""
    if grain != "auto":
        return grain
    return "hour" if length <= 3 * DAY + HOUR else "day" if length <= 190 * DAY else "week"


def _limit(grain: str, span: Span) -> str:
    resolved = resolve_grain(grain, span.end - span.start)
    number = count_at_most(span.start, span.end, resolved)
    if number > MAX_BUCKETS:
        raise QueryError(
            "too_many_points",
            "grain",
            f"grain {grain!r} would give some {number:,} points for range {span.token!r}; "
            f"at most {MAX_BUCKETS:,}",
            "a coarser grain (auto, day, week) or a shorter range",
        )
    return grain


def _parse_zone(name: str) -> str:
    return zone(name).key


def _one_of(parameter: str, allowed: tuple[str, ...], value: str) -> str:
    if value not in allowed:
        raise QueryError(
            f"bad_{parameter}",
            parameter,
            f"{parameter} {value!r} is not known.{did_you_mean(value, allowed)}",
            ", ".join(allowed),
        )
    return value


def _parse_status(text: str) -> tuple[str, ...]:
    asked = {_one_of("status", STATUS_WORDS, word.strip()) for word in text.split(",")}
    exact = {s for word in asked for s in (FAILED if word == "failed" else (word,))}
    if "all" in asked or exact == set(STATUSES):
        return ()
    if exact >= set(FAILED):
        exact = (exact - set(FAILED)) | {"failed"}
    return tuple(sorted(exact))


def _unknown_parameters(params: Mapping[str, str]) -> list[QueryError]:
    return [
        QueryError(
            "unknown_parameter",
            name,
            f"parameter {name!r} is not known.{did_you_mean(name, PARAMETERS)}",
            f"{', '.join(PARAMETERS)}, {ATTRIBUTE}NAME",
        )
        for name in params
        if name not in PARAMETERS and not is_attribute(name)
    ]
