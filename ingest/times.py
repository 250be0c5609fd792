"""Times of a source to instants in UTC, and what lies between two of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ingest.values import DAYS, Converter, number, refuse_unstorable
from queries.errors import RecordError

FIRST_START = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGIN = int(FIRST_START.timestamp())
_FINAL = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_DIGITS = re.compile(r"\d+(\.\d+)?")  # 1790000000.25
_TIME = "is not a time; write ISO-8601 with a zone (2026-10-01T08:00:00Z) or seconds since 1970"
_ZONE = "has no time zone; write it as 2026-10-01T08:00:00Z or with an offset such as +02:00 at its end"
_SIZE = "is a number, but no (milli-, micro-, nano-)seconds since 1970 in the years 2000 to 2100"


def instant(field: str) -> Converter:
    """ISO-8601 with a zone, or a number of seconds, milli-, micro- or nanoseconds since 1970."""

    def convert(value: object) -> datetime:
        if type(value) is str:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                return _odd_instant(field, value)
            if moment.tzinfo is UTC:
                return moment
            return _to_utc(field, value, moment)
        if isinstance(value, datetime):
            return _to_utc(field, value, value)
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise RecordError("not_a_time", field, value, _TIME)
        return _epoch(field, value)

    return convert


def _to_utc(field: str, value: object, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        # fromisoformat reads some thirteen-digit epochs as dates of the year 1710.
        if isinstance(value, str) and _DIGITS.fullmatch(value) and len(value) > 8:
            return _epoch(field, value)
        raise RecordError("no_time_zone", field, value, _ZONE)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise RecordError("not_a_time", field, value, _TIME) from None


def _odd_instant(field: str, text: str) -> datetime:
    """Spellings that datetime does not know: blanks around, `UTC` at the end, an epoch as text."""
    refuse_unstorable(field, text)
    bare = text.strip()
    if _DIGITS.fullmatch(bare):
        return _epoch(field, bare)
    if bare.endswith(" UTC"):
        bare = bare.removesuffix(" UTC") + "Z"
    try:
        return _to_utc(field, text, datetime.fromisoformat(bare))
    except ValueError:
        raise RecordError("not_a_time", field, text, _TIME) from None


def _epoch(field: str, value: object) -> datetime:
    """A number since 1970, its unit told by its size.

    The years 2000 to 2100 do not overlap between the four units: read in the next smaller one such a
    number falls into early 1970, in the next larger one beyond the year 30,000. So there is exactly one
    reading that the other checks could allow.
    """
    amount = number(field, value)
    for digits in (0, 3, 6, 9):
        seconds = amount.scaleb(-digits)
        if _BEGIN <= seconds < _FINAL:
            return _EPOCH + timedelta(microseconds=int((seconds * 1_000_000).to_integral_value()))
    raise RecordError("not_a_time", field, value, _SIZE)


def within(start: datetime, now: datetime) -> datetime:
    """The start, if it is in the time that runs can be from."""
    if start < FIRST_START:
        reason = "is before the year 2000; check the unit and the zone"
        raise RecordError("too_early", "start_time", start.isoformat(), reason)
    if start > now + AHEAD:
        reason = f"is more than a day ahead of now ({now.isoformat(timespec='seconds')})"
        raise RecordError("too_late", "start_time", start.isoformat(), reason)
    return start


def elapsed(start: datetime, end: datetime) -> Decimal:
    """Milliseconds from start to end, exactly."""
    span = end - start
    if span < timedelta(0):
        reason = f"is before start_time ({start.isoformat()}); a run ends after it starts"
        raise RecordError("end_before_start", "end_time", end.isoformat(), reason)
    if span.days >= DAYS:
        reason = f"is {span.days:,} days after start_time; at most {DAYS} are allowed"
        raise RecordError("too_large", "end_time", end.isoformat(), reason)
    return Decimal((span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds).scaleb(-3)
