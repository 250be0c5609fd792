"""The week in one message: its figures, what changed, what is unusual, the budget. What it says, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from alerts.keep import LARGEST_ID
from alerts.messages import Why
from alerts.rules import MOST_CHANNELS
from alerts.tell import Message, queue
from queries import alert_tables as tables
from queries.budget import Spend, spend
from queries.calendar import local, quarter_round, zone
from queries.errors import QueryError
from queries.filters import Filters, parse
from queries.metrics import METRIC, Metric
from queries.store import Query, Store
from queries.surprises import Surprise, explained, surprises
from queries.unusual import unusual

FIGURES = ("runs", "success_rate", "cost_usd", "cost_per_success", "p95_duration_ms")
MOST_UNUSUAL = 6
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LATE = timedelta(days=2)  # a digest that could not be sent for so long is left out


@dataclass(frozen=True)
class Figure:
    """NaN: it has no value."""

    metric: Metric
    now: float
    before: float


@dataclass(frozen=True)
class Week:
    """``after``, ``before``: the last seven whole days and those before them. ``changed``: a sentence a
    figure. ``spend``: of the month that it is."""

    after: Filters
    before: Filters
    figures: tuple[Figure, ...]
    changed: tuple[tuple[Metric, str], ...]
    unusual: tuple[Surprise, ...]
    spend: Spend


Write = Callable[[Week], Message]  # layouts.digest_mail, handed in by the roof


def week(store: Store, tz: str, now: datetime, why: Why, budget: float | None, sigma: float) -> Week:
    today = local(now, tz).date()
    asked = {"range": f"{today - timedelta(days=7)}..{today - timedelta(days=1)}", "tz": tz}
    after = parse(asked, now=now, default_tz=tz)
    before = after.previous()
    assert before is not None
    with store.together():
        sides = store.fetch_many(*(Query(FIGURES, side) for side in (after, before)))
        rows = [frame.iloc[0] for frame in sides]
        figures = tuple(Figure(METRIC[name], float(rows[0][name]), float(rows[1][name])) for name in FIGURES)
        changed = tuple((f.metric, why(store, f.metric, after, before)) for f in figures)
        found = surprises(unusual(store, after, sigma))[:MOST_UNUSUAL]
        return Week(
            after,
            before,
            figures,
            tuple((metric, told) for metric, told in changed if told),
            tuple(explained(store, after, found)),
            spend(store, replace(after, tz=tz), budget),
        )


# ---- when, and to whom -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """``weekday``: 0 is Monday. ``hour``: of the wall clock of ``tz``. ``sent_for``: the last one due that
    was sent."""

    digest_id: int
    channels: tuple[int, ...]
    weekday: int
    hour: int
    tz: str
    enabled: bool
    created_at: datetime
    sent_for: datetime | None


def due(plan: Plan, now: datetime) -> datetime | None:
    """The instant of the newest digest that has come due and was not sent; None: there is none."""
    here = local(now, plan.tz)
    day = here.date() - timedelta(days=(here.weekday() - plan.weekday) % 7)
    at = _instant(plan, day)
    if at > now:
        at = _instant(plan, day - timedelta(days=7))
    since = plan.sent_for or plan.created_at
    return at if since < at and now - at < LATE else None


def _instant(plan: Plan, day: Any) -> datetime:
    """An hour that the clocks leave out is the one after it."""
    return quarter_round(datetime.combine(day, time(plan.hour), zone(plan.tz)).astimezone(UTC))


def put_due(engine: Engine, write: Callable[[Plan, datetime], Message], now: datetime) -> int:
    """Puts what is due into the outbox; how many messages. Each in a transaction that locks its plan; where
    one cannot be, the others are, before the error is raised."""
    with engine.connect() as connection:
        waiting = [plan for plan in plans(connection) if plan.enabled and due(plan, now)]
    number, broken = 0, None
    for plan in waiting:
        try:
            message = write(plan, now)
            with engine.begin() as connection:
                number += _put(connection, _row(connection, plan.digest_id), message, now)
        except Exception as error:
            broken = error
    if broken:
        raise broken
    return number


def _put(connection: Connection, row: Row, message: Message, now: datetime) -> int:
    plan = _plan(row)
    at = due(plan, now)
    if at is None:
        return 0
    table = tables.digest
    connection.execute(update(table).where(table.c.digest_id == plan.digest_id).values(sent_for=at))
    keys = ((c, f"digest:{plan.digest_id}:{at:%Y-%m-%dT%H:%M}:{c}") for c in plan.channels)
    return sum(queue(connection, channel, key, "digest", message, now) for channel, key in keys)


# ---- kept --------------------------------------------------------------------------------------------


def plans(connection: Connection) -> list[Plan]:
    table = tables.digest
    rows = connection.execute(select(table).where(table.c.deleted_at.is_(None)).order_by(table.c.digest_id))
    return [_plan(row) for row in rows]


def add(connection: Connection, asked: Mapping[str, Any], now: datetime) -> Plan:
    values = _checked(connection, asked) | {"created_at": now}
    made = connection.execute(insert(tables.digest).values(values).returning(tables.digest.c.digest_id))
    return _plan(_row(connection, made.scalar_one()))


def change(connection: Connection, digest_id: int, asked: Mapping[str, Any]) -> Plan:
    row, table = _row(connection, digest_id), tables.digest
    values = _checked(connection, asked)
    connection.execute(update(table).where(table.c.digest_id == row.digest_id).values(values))
    return _plan(_row(connection, digest_id))


def remove(connection: Connection, digest_id: int, now: datetime) -> Plan:
    row, table = _row(connection, digest_id), tables.digest
    connection.execute(update(table).where(table.c.digest_id == row.digest_id).values(deleted_at=now))
    return _plan(row)


def _row(connection: Connection, digest_id: int) -> Row:
    table = tables.digest
    found = connection.execute(
        select(table)
        .where(table.c.digest_id == min(digest_id, LARGEST_ID), table.c.deleted_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if found is None:
        text = f"There is no digest {digest_id}."
        raise QueryError("not_found", "", text, "the digestId of an item of GET /api/alerts/digests")
    return found


def _plan(row: Row) -> Plan:
    named = {name: getattr(row, name) for name in Plan.__dataclass_fields__}
    return Plan(**named | {"channels": tuple(row.channels)})


def _checked(connection: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        tz = zone(asked.get("tz") or "UTC").key
    except QueryError as error:
        raise QueryError("bad_field", "tz", error.message, error.allowed) from None
    table = tables.channel
    there = set(connection.execute(select(table.c.channel_id).where(table.c.deleted_at.is_(None))).scalars())
    channels = list(dict.fromkeys(asked.get("channels") or ()))
    if not channels or len(channels) > MOST_CHANNELS or not set(channels) <= there:
        allowed = ", ".join(map(str, sorted(there))) or "none yet: add one first"
        raise QueryError("bad_field", "channels", f"channels {channels[:20]} are not allowed", allowed)
    weekday, hour = asked.get("weekday", 0), asked.get("hour", 8)
    return {"channels": channels, "weekday": weekday, "hour": hour, "tz": tz,
            "enabled": asked.get("enabled", True)}  # fmt: skip
