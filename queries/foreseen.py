"""What a month is expected to have cost at its end, as it could be foreseen at many instants: for alerts.

The forecast of the Money page, by the same functions; the hours that it rests on are read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from queries.budget import cost_by_hour, first_whole_day, month_of, past_days
from queries.calendar import QUARTER, local
from queries.filters import parse
from queries.forecast import WEEKS, at_the_end
from queries.store import Store

Hours = Mapping[date, Sequence[float]]


def foreseen(
    store: Store, instants: Sequence[datetime], spent: Sequence[float | None], tz: str
) -> list[float | None]:
    """``instants``: oldest first; ``spent``: in the month of each up to it, None where that is not known.
    None: two whole weeks of runs before it are needed. At the very end of a month nothing is to come."""
    since = first_whole_day(store, tz)
    if since is None:
        return [None] * len(instants)
    first, last = (local(at, tz).date() for at in (instants[0], instants[-1]))
    asked = parse({"tz": tz}, now=instants[-1])
    hours = cost_by_hour(store, max(first - timedelta(days=7 * WEEKS), since), last, asked)
    return [
        None if amount is None else _at(at, amount, hours, since, tz)
        for at, amount in zip(instants, spent, strict=True)
    ]


def _at(at: datetime, spent: float, hours: Hours, since: date, tz: str) -> float | None:
    month = month_of(at - QUARTER, tz)
    if at >= month.end:
        return spent
    now = local(at, tz)
    first = max(now.date() - timedelta(days=7 * WEEKS), since)
    past = past_days(hours, now, first, now.date())
    found = at_the_end(past, spent, now.date(), month.days[-1])
    return None if found is None else round(found, 9)
