"""Where a walk over runs stands, and how a cursor carries it from one page to the next. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from queries.errors import QueryError
from queries.run_query import SORTS

Row = dict[str, Any]
_VALUE = re.compile(r"\d{1,15}(\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: after this run. ``value`` of the sort, None where it is not known."""

    value: Decimal | None
    start: datetime
    run_id: str


def place_of(row: Row, sort: str) -> Place:
    column = SORTS[sort.removeprefix("-")]
    value = None if column == "start_time" or row[column] is None else Decimal(row[column])
    return Place(value, row["start_time"], row["invocation_id"])


def write_place(row: Row, sort: str) -> str:
    place = place_of(row, sort)
    value = "" if place.value is None else f"{place.value:f}"
    plain = f"{sort}|{value}|{place.start.isoformat()}|{place.run_id}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_place(token: str | None, sort: str) -> Place | None:
    """QueryError ``bad_cursor`` for a token that we did not give, or gave for another order."""
    if not token:
        return None
    try:
        plain = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        order, value, moment, run_id = plain.split("|", 3)
        start = datetime.fromisoformat(moment)
        if start.utcoffset() is None or "\x00" in run_id or (value and not _VALUE.fullmatch(value)):
            raise ValueError(plain)
    except (ValueError, binascii.Error):
        raise _bad_cursor(token, "was not given by this API") from None
    if order != sort:
        raise _bad_cursor(token, f"belongs to the order {order[:20]!r}, not {sort!r}")
    return Place(Decimal(value) if value and "start" not in sort else None, start, run_id)


def _bad_cursor(token: str, why: str) -> QueryError:
    allowed = "the value of `next` of the page before"
    return QueryError("bad_cursor", "cursor", f"cursor {token[:80]!r} {why}", allowed)
