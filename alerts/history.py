"""What happened: episodes, events and deliveries, the newest first; for pages and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from alerts.tell import Episode, episode_of
from queries import alert_tables as tables

SHOWN = 200


@dataclass(frozen=True)
class Event:
    event_id: int
    rule_id: int
    name: str
    at: datetime
    kind: str
    value: float | None
    runs: int | None
    note: str


@dataclass(frozen=True)
class Delivery:
    """``state``: waiting, sent, failed; ``next_at``: when it is tried next, while it waits."""

    delivery_id: int
    channel_id: int
    channel: str
    kind: str
    subject: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime
    finished_at: datetime | None
    problem: str


def episodes(connection: Connection, limit: int = SHOWN) -> list[Episode]:
    table = tables.episode
    rows = connection.execute(
        select(table).order_by(table.c.fired_at.desc(), table.c.episode_id.desc()).limit(limit)
    )
    return [episode_of(row) for row in rows]


def episodes_within(connection: Connection, start: datetime, end: datetime) -> list[Episode]:
    """Those that fired at any instant of a period, oldest first: what charts mark."""
    table = tables.episode
    still = or_(table.c.resolved_at.is_(None), table.c.resolved_at > start)
    rows = connection.execute(
        select(table)
        .where(table.c.fired_at < end, still)
        .order_by(table.c.fired_at, table.c.episode_id)
        .limit(SHOWN)
    )
    return [episode_of(row) for row in rows]


def events(connection: Connection, limit: int = SHOWN) -> list[Event]:
    table, rule = tables.event, tables.rule
    rows = connection.execute(
        select(
            table.c.event_id,
            table.c.rule_id,
            rule.c.name,
            table.c.at,
            table.c.kind,
            table.c.value,
            table.c.runs,
            table.c.note,
        )
        .join(rule, rule.c.rule_id == table.c.rule_id)
        .order_by(table.c.at.desc(), table.c.event_id.desc())
        .limit(limit)
    )
    return [Event(*row) for row in rows]


def deliveries(connection: Connection, limit: int = SHOWN) -> list[Delivery]:
    table, channel = tables.delivery, tables.channel
    rows = connection.execute(
        select(
            table.c.delivery_id,
            table.c.channel_id,
            channel.c.name,
            table.c.kind,
            table.c.subject,
            table.c.state,
            table.c.attempts,
            table.c.created_at,
            table.c.next_at,
            table.c.finished_at,
            table.c.problem,
        )
        .join(channel, channel.c.channel_id == table.c.channel_id)
        .order_by(table.c.created_at.desc(), table.c.delivery_id.desc())
        .limit(limit)
    )
    return [Delivery(*row) for row in rows]


def troubled(connection: Connection) -> list[Delivery]:
    """The last message of each channel that is there, where it was not delivered (yet) although tried."""
    table = tables.channel
    there = set(connection.execute(select(table.c.channel_id).where(table.c.deleted_at.is_(None))).scalars())
    latest: dict[int, Delivery] = {}
    for one in deliveries(connection):
        if one.attempts and one.channel_id in there:
            latest.setdefault(one.channel_id, one)
    return [one for one in latest.values() if one.state == "failed" or one.problem]


def looked_at(connection: Connection) -> datetime | None:
    """The newest instant that all rules in force were looked at, or made; None: there is no rule."""
    rule, state = tables.rule, tables.state
    rows = connection.execute(
        select(func.coalesce(state.c.evaluated_at, rule.c.condition_at))
        .select_from(rule.outerjoin(state, state.c.rule_id == rule.c.rule_id))
        .where(rule.c.deleted_at.is_(None), rule.c.enabled)
    )
    return min(rows.scalars(), default=None)


@dataclass(frozen=True)
class Summary:
    """What every page says: the names of the alerts that fire, and of channels that take nothing."""

    firing: tuple[str, ...]
    troubled: tuple[str, ...]


def summary(connection: Connection) -> Summary:
    table = tables.episode
    names = connection.execute(
        select(table.c.name)
        .where(table.c.resolved_at.is_(None))
        .order_by(table.c.fired_at, table.c.episode_id)
    )
    return Summary(tuple(names.scalars()), tuple(one.channel for one in troubled(connection)))
