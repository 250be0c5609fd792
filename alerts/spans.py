"""Lengths of time as rules have them: ``15m``, ``1h``, ``7d``; whole quarter hours. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from queries.calendar import DAY, HOUR, QUARTER, shift_days
from queries.errors import QueryError

ALLOWED = "whole quarter hours, hours or days: 15m, 90m, 1h, 24h, 7d"
_FORM = re.compile(r"(\d{1,5})(m|h|d)")
_UNIT = {"m": timedelta(minutes=1), "h": HOUR, "d": DAY}
_WORD = {"m": "minute", "h": "hour", "d": "day"}


@dataclass(frozen=True)
class Span:
    """``7d`` are calendar days of a zone, which may have 23 or 25 hours; ``24h`` are always 24 hours."""

    number: int
    unit: str

    def __str__(self) -> str:
        return f"{self.number}{self.unit}"

    @property
    def length(self) -> timedelta:
        """Of plain time; days taken to have 24 hours."""
        return self.number * _UNIT[self.unit]

    @property
    def words(self) -> str:
        return f"{self.number} {_WORD[self.unit]}{'' if self.number == 1 else 's'}"

    def before(self, instant: datetime, tz: str) -> datetime:
        """The instant that lies so long before."""
        if self.unit == "d":
            return shift_days(instant, -self.number, tz)
        return instant - self.length


def parse(parameter: str, text: str, low: timedelta, high: timedelta) -> Span:
    """QueryError naming ``parameter`` for anything but whole quarter hours from ``low`` to ``high``."""
    found = _FORM.fullmatch(text.strip())
    span = Span(int(found[1]), found[2]) if found else None
    if span is None or span.length % QUARTER or not low <= span.length <= high:
        allowed = f"{ALLOWED}; from {_written(low)} to {_written(high)}"
        raise QueryError("bad_field", parameter, f"{parameter} {text[:40]!r} is not allowed", allowed)
    return span


def _written(length: timedelta) -> str:
    for unit, size in (("d", DAY), ("h", HOUR)):
        if length >= size and not length % size:
            return f"{length // size}{unit}"
    return f"{length // _UNIT['m']}m"
