"""Periods and filters in words and in their written form: one wording for page, export and API. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from queries.calendar import local

if TYPE_CHECKING:
    from queries.filters import Filters

_RELATIVE = {
    "24h": "last 24 hours",
    "7d": "last 7 days",
    "30d": "last 30 days",
    "90d": "last 90 days",
    "all": "all time",
}
_STATUS = {
    "success": "successful runs",
    "failed": "failed runs",
    "failure": "runs with status failure",
    "error": "runs with status error",
    "unknown": "runs with an unknown outcome",
}


def instant(moment: datetime) -> str:
    """``2026-10-01T08:00Z``: UTC to the minute, as a URL carries it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def instants(start: datetime, end: datetime) -> str:
    return f"{instant(start)}..{instant(end)}"


def day(moment: datetime, *, year: bool = True) -> str:
    """``1 Oct 2026``; without the year ``1 Oct``."""
    return f"{moment.day} {moment:%b %Y}" if year else f"{moment.day} {moment:%b}"


def span(start: datetime, end: datetime, tz: str) -> str:
    """``24 Oct to 22 Nov 2026``; with the time of day at an end that is no midnight."""
    first, after = local(start, tz), local(end, tz)
    whole = (after.hour, after.minute) == (0, 0)
    last = local(end - timedelta(minutes=1), tz) if whole else after
    low = day(first, year=first.year != last.year) + (
        "" if first.hour == first.minute == 0 else f" {first:%H:%M}"
    )
    if whole and low == day(last, year=False):
        return day(last)
    return f"{low} to {day(last)}" + ("" if whole else f" {last:%H:%M}")


def either(names: tuple[str, ...], limit: int = 4) -> str:
    """``a``, ``a or b``, ``a, b or 7 others``."""
    if len(names) > limit:
        return f"{', '.join(names[: limit - 1])} or {len(names) - limit + 1} others"
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def period(filters: Filters) -> str:
    if filters.range in _RELATIVE:
        return _RELATIVE[filters.range]
    start, end = local(filters.start, filters.tz), local(filters.end, filters.tz)
    if "T" in filters.range:
        return f"{day(start)} {start:%H:%M} to {day(end)} {end:%H:%M} ({filters.tz})"
    last = local(filters.end - timedelta(minutes=1), filters.tz)
    return day(start) if start.date() == last.date() else f"{day(start)} to {day(last)}"


def filters(asked: Filters) -> str:
    parts = [either(tuple(_STATUS[word] for word in asked.status))] if asked.status else []
    for label, names in (("model", asked.model), ("agent", asked.agent)):
        if names:
            parts.append(f"{label} {either(names)}")
    if asked.version:
        parts.append(f"version {either(tuple(v or 'not known' for v in asked.version))}")
    if asked.category:
        parts.append(f"error category {either(tuple(v or 'none' for v in asked.category))}")
    if asked.error:
        parts.append(f"error {either(tuple(v or 'without a message' for v in asked.error))}")
    if asked.tool:
        parts.append(f"tool {either(tuple(v or 'none' for v in asked.tool))}")
    for name, values in asked.attributes:
        parts.append(f"{name} {either(tuple(v or 'not known' for v in values))}")
    return ", ".join(parts)
