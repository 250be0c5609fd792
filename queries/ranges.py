"""The period of a question: relative and absolute ranges to instants on the quarter-hour grid. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from queries.calendar import HOUR, QUARTER, day_start, local, quarter_ceil, quarter_floor
from queries.errors import QueryError
from queries.words import instants

Extent = tuple[datetime, datetime]

ALLOWED = (
    "24h, 7d, 30d, 90d, all, or FROM..TO with dates (2026-10-01..2026-10-07, both days included) or "
    "instants (2026-10-01T08:00Z..2026-10-01T09:15Z, the end excluded)"
)
_DAYS = {"7d": 7, "30d": 30, "90d": 90}
_FIRST, _LAST = date(1970, 1, 2), date(2199, 12, 30)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")  # 2026-10-01


@dataclass(frozen=True)
class Span:
    """``token``: how the range is written in a URL, canonical."""

    token: str
    start: datetime
    end: datetime


def parse_range(text: str, tz: str, now: datetime, extent: Callable[[], Extent | None]) -> Span:
    """QueryError ``bad_range`` for anything that is not a range, or is empty or runs backwards."""
    if text == "24h":
        # Whole hours of the wall clock, the current one included.
        hour = local(now, tz).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        end = quarter_floor(hour) + HOUR
        return Span(text, end - 24 * HOUR, end)
    if text in _DAYS:
        return _last_days(text, _DAYS[text], tz, now)
    if text == "all":
        return _all(tz, now, extent())
    return _absolute(text, tz)


def _last_days(token: str, days: int, tz: str, now: datetime) -> Span:
    today = local(now, tz).date()
    first = today - timedelta(days=days - 1)
    return Span(token, day_start(first, tz), day_start(today + timedelta(days=1), tz))


def _all(tz: str, now: datetime, extent: Extent | None) -> Span:
    first, last = extent or (now, now)
    end = max(local(last, tz).date(), local(now, tz).date()) + timedelta(days=1)
    return Span("all", day_start(local(first, tz).date(), tz), day_start(end, tz))


def _absolute(text: str, tz: str) -> Span:
    first, dots, last = text.partition("..")
    if not dots:
        raise _bad(text, "is not a range")
    if _DATE.fullmatch(first) and _DATE.fullmatch(last):
        start, until = _date(first, text), _date(last, text)
        span = Span(f"{start}..{until}", day_start(start, tz), day_start(until + timedelta(days=1), tz))
    else:
        low, high = quarter_floor(_instant(first, text)), quarter_ceil(_instant(last, text))
        if low == high and _instant(first, text) < _instant(last, text):
            high += QUARTER
        span = Span(instants(low, high), low, high)
    if span.start >= span.end:
        raise _bad(text, "ends before it begins" if span.start > span.end else "is empty")
    return span


def _date(text: str, whole: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _bad(whole, f"has {text!r}, which is no day of the calendar") from None
    return _within(day, whole)


def _instant(text: str, whole: str) -> datetime:
    try:
        # A plus sign in a URL that was not encoded arrives as a space.
        instant = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise _bad(whole, f"has {text!r}, which is neither a date nor an instant") from None
    if instant.tzinfo is None:
        raise _bad(whole, f"has {text!r}, an instant without a zone (end it with Z or an offset)")
    _within(instant.date(), whole)
    return instant.astimezone(UTC)


def _within(day: date, whole: str) -> date:
    if not _FIRST <= day <= _LAST:
        raise _bad(whole, f"has {day}, outside of {_FIRST.year} to {_LAST.year}")
    return day


def _bad(text: str, why: str) -> QueryError:
    return QueryError("bad_range", "range", f"range {text[:80]!r} {why}", ALLOWED)
