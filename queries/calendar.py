"""Python alone owns the calendar: edges of buckets in a zone, on the quarter-hour grid. Pure.

SQL's date_trunc picks the second of two midnights (Havana, Azores) and labels Lord Howe's hours wrong;
so the edges are computed here and handed to the database as absolute instants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from queries.errors import QueryError, did_you_mean

GRAINS = ("hour", "day", "week")
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The zones that may be asked for: exactly those that the IANA database names."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone called ``name``; QueryError ``unknown_zone`` for anything but an IANA name."""
    if name not in zones():
        raise QueryError(
            "unknown_zone",
            "tz",
            f"{name!r} is not a time zone.{did_you_mean(name, zones())}",
            "an IANA zone such as UTC, Europe/Berlin, America/New_York or Asia/Kolkata",
        )
    return ZoneInfo(name)


def quarter_floor(instant: datetime) -> datetime:
    return instant - (instant - _EPOCH) % QUARTER


def quarter_ceil(instant: datetime) -> datetime:
    return instant + (_EPOCH - instant) % QUARTER


def quarter_round(instant: datetime) -> datetime:
    return quarter_floor(instant + QUARTER / 2)


def local(instant: datetime, tz: str) -> datetime:
    return instant.astimezone(zone(tz))


def day_start(day: date, tz: str) -> datetime:
    """The first instant (UTC, on the grid) of a calendar day: the first of two midnights, or the end
    of the gap where midnight does not exist."""
    instant = datetime.combine(day, time(), zone(tz)).astimezone(UTC)
    while local(instant - QUARTER, tz).date() >= day:
        instant -= QUARTER
    return quarter_round(instant)


def shift_days(instant: datetime, days: int, tz: str) -> datetime:
    """The same wall clock ``days`` calendar days later (earlier where negative), on the grid."""
    there = local(instant, tz)
    moved = datetime.combine(there.date() + timedelta(days=days), there.time(), there.tzinfo)
    return quarter_round(moved.replace(fold=there.fold).astimezone(UTC))


@lru_cache(maxsize=256)
def edges(start: datetime, end: datetime, tz: str, grain: str) -> tuple[datetime, ...]:
    """The edges (UTC, ascending) of the buckets of ``[start, end)``: one more than there are buckets.

    The first and the last bucket are cut by ``start`` and ``end``. Days have 23 to 25 hours; an hour
    is an hour of the wall clock, so one that the clocks go through twice gives two buckets.
    """
    inner = _hours(start, end, tz) if grain == "hour" else _days(start, end, tz, grain)
    return (start, *dict.fromkeys(edge for edge in inner if start < edge < end), end)


def count_at_most(start: datetime, end: datetime, grain: str) -> int:
    """A cheap upper bound of the number of buckets."""
    size = {"hour": HOUR, "day": DAY, "week": 7 * DAY}[grain]
    return (end - start) // size + 3


def _days(start: datetime, end: datetime, tz: str, grain: str) -> Iterator[datetime]:
    step = 7 if grain == "week" else 1
    day = local(start, tz).date()
    if grain == "week":
        day -= timedelta(days=day.weekday())  # ISO weeks begin on Monday
    while (edge := day_start(day, tz)) < end:
        yield edge
        day += timedelta(days=step)


def _hours(start: datetime, end: datetime, tz: str) -> Iterator[datetime]:
    edge = start
    while (edge := _next_hour(edge, tz)) < end:
        yield edge


def _next_hour(instant: datetime, tz: str) -> datetime:
    here = local(instant, tz)
    later = local(instant + HOUR, tz)
    if here.minute == 0 and here.second == 0 and here.utcoffset() == later.utcoffset():
        return instant + HOUR
    edge = quarter_floor(instant) + QUARTER
    # A transition may start a new hour of the clock at half past (Lord Howe), or repeat one.
    while (there := local(edge, tz)).minute != 0 and there.hour == here.hour:
        edge += QUARTER
    return edge


def segments(start: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    """``[start, end)`` as (tier, from, to) pieces: days (UTC) for the body, hours and quarter hours for
    the ends, so that a sum reads as few rows as possible."""
    pieces = []
    for tier, size in (("day", DAY), ("hour", HOUR), ("quarter", QUARTER)):
        low, high = start + (_EPOCH - start) % size, end - (end - _EPOCH) % size
        if low < high:
            before = segments(start, low) if start < low else []
            after = segments(high, end) if high < end else []
            pieces = [*before, (tier, low, high), *after]
            break
    return pieces


def coarsest_tier(all_edges: Sequence[datetime]) -> str:
    """The coarsest tier whose rows never lie across one of the edges."""
    for tier, size in (("day", DAY), ("hour", HOUR)):
        if all((edge - _EPOCH) % size == timedelta() for edge in all_edges):
            return tier
    return "quarter"


def buckets(all_edges: Sequence[datetime], tz: str) -> list[tuple[datetime, datetime]]:
    """(start, end) of each bucket, as wall clock of the zone."""
    return [(local(a, tz), local(b, tz)) for a, b in pairwise(all_edges)]
