"""Who is told what: alerts that fire, fire on, or are over, gathered into one message a channel.

One worker at a time decides (a lock), and marks in the same transaction what it decided: so no episode is
told twice, and what was decided is sent (alerts.outbox) whatever happens to the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Engine, Row, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from alerts import keep
from alerts.keep import Kept
from queries import alert_tables as tables

LOCK = 7_310_552_031
What = Literal["fires", "fires on", "over"]


@dataclass(frozen=True)
class Episode:
    """See queries.alert_tables.episode."""

    episode_id: int
    rule_id: int
    name: str
    severity: str
    said: str
    began_at: datetime
    fired_at: datetime
    resolved_at: datetime | None
    value: float | None
    threshold: float
    told_at: datetime | None
    times_told: int
    over_told: bool


@dataclass(frozen=True)
class Notice:
    what: What
    episode: Episode
    rule: Kept


@dataclass(frozen=True)
class Message:
    """``html``: None where the text says it all."""

    subject: str
    body: str
    html: str | None = None


Write = Callable[[Sequence[Notice], datetime], Message]  # alerts.messages.Writer


def what_is_due(
    episode: Episode, renotify: timedelta | None, snoozed_until: datetime | None, now: datetime
) -> What | None:
    """A pure function of how the episode stands. That it is over is told only to whom it was told that it
    fires; who is snoozed is told afterwards, if it still fires."""
    if episode.resolved_at is not None:
        return None if episode.told_at is None or episode.over_told else "over"
    if snoozed_until is not None and now < snoozed_until:
        return None
    if episode.told_at is None:
        return "fires"
    return "fires on" if renotify is not None and now - episode.told_at >= renotify else None


def tell(engine: Engine, write: Write, now: datetime) -> int:
    """How many messages it put into the outbox."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        notices = _notices(connection, now)
        number = _put(connection, notices, write, now)
        for notice in notices:
            _mark(connection, notice, now)
    return number


def _notices(connection: Connection, now: datetime) -> list[Notice]:
    """Of rules that tell anybody; the most severe first."""
    kept = {one.rule.rule_id: one for one in keep.rules(connection)}
    found = []
    for episode in _open(connection):
        one = kept.get(episode.rule_id)
        if one is None or not one.rule.channels:
            continue
        renotify = one.rule.renotify.length if one.rule.renotify else None
        what = what_is_due(episode, renotify, one.rule.snoozed_until, now)
        if what:
            found.append(Notice(what, episode, one))
    return sorted(found, key=lambda n: (n.what == "over", _RANK[n.episode.severity], n.episode.episode_id))


_RANK = {"critical": 0, "warning": 1, "info": 2}


def _open(connection: Connection) -> list[Episode]:
    """All about which something may have to be told."""
    table = tables.episode
    unsaid = table.c.over_told.is_(False) & table.c.told_at.is_not(None)
    rows = connection.execute(select(table).where(or_(table.c.resolved_at.is_(None), unsaid)))
    return [episode_of(row) for row in rows]


def episode_of(row: Row) -> Episode:
    return Episode(**{name: getattr(row, name) for name in Episode.__dataclass_fields__})


def _put(connection: Connection, notices: Sequence[Notice], write: Write, now: datetime) -> int:
    by_channel: dict[int, list[Notice]] = {}
    for notice in notices:
        for channel in notice.rule.rule.channels:
            by_channel.setdefault(channel, []).append(notice)
    there = _channels(connection)
    number = 0
    written: dict[tuple[int, ...], Message] = {}
    for channel, some in by_channel.items():
        if channel not in there:
            continue
        same = tuple(notice.episode.episode_id for notice in some)
        message = written.get(same) or write(some, now)
        written[same] = message
        number += queue(connection, channel, _key(channel, some), "alert", message, now)
    return number


def _channels(connection: Connection) -> set[int]:
    table = tables.channel
    return set(connection.execute(select(table.c.channel_id).where(table.c.deleted_at.is_(None))).scalars())


def _key(channel: int, some: Sequence[Notice]) -> str:
    return f"alert:{channel}:{','.join(map(_mark_of, some))}"


def _mark_of(notice: Notice) -> str:
    """The same for what would be the same message."""
    episode = notice.episode
    return f"{episode.episode_id}{'over' if notice.what == 'over' else f'x{episode.times_told + 1}'}"


def queue(connection: Connection, channel: int, key: str, kind: str, message: Message, now: datetime) -> int:
    """Into the outbox, once for each ``key``; how many were put in."""
    values = {
        "key": key,
        "channel_id": channel,
        "kind": kind,
        "subject": message.subject,
        "body": message.body,
        "html": message.html,
        "state": "waiting",
        "created_at": now,
        "next_at": now,
    }
    table = tables.delivery
    statement = upsert(table).values(values).on_conflict_do_nothing(index_elements=["key"])
    return len(connection.execute(statement.returning(table.c.delivery_id)).all())


def _mark(connection: Connection, notice: Notice, now: datetime) -> None:
    table = tables.episode
    values = (
        {"over_told": True}
        if notice.what == "over"
        else {"told_at": now, "times_told": notice.episode.times_told + 1}
    )
    connection.execute(update(table).where(table.c.episode_id == notice.episode.episode_id).values(values))
