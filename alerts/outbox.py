"""Sends what waits in the outbox: each message by one worker, again after a while where it fails.

A message is taken for some minutes before it is sent: a worker that dies with it leaves it to another, so
that in that moment, and only then, it may come twice rather than not at all.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, select, update

from alerts.addresses import unseal
from alerts.guard import Allowed
from alerts.send import SendError, send
from alerts.tell import Message, queue
from queries import alert_tables as tables
from queries.errors import UserError

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180))  # after each failure; then it is given up
MOST = 100  # of one round


@dataclass(frozen=True)
class Post:
    """What sending needs of the settings."""

    secret: str
    allowed: Allowed


def deliver(engine: Engine, post: Post, now: datetime) -> tuple[int, int]:
    """(sent, failed) of what is due."""
    sent = failed = 0
    began = time.monotonic()
    for _ in range(MOST):
        with engine.begin() as connection:
            row = _take(connection, now, timedelta(seconds=time.monotonic() - began))
        if row is None:
            break
        problem = _try(row, post)
        with engine.begin() as connection:
            _done(connection, row, now) if problem is None else _failed(connection, row, problem, now)
        sent, failed = (sent + 1, failed) if problem is None else (sent, failed + 1)
    return sent, failed


def _take(connection: Connection, now: datetime, passed: timedelta = timedelta()) -> Row | None:
    """``passed``: since ``now``, of a round that may have slow channels: it is not to eat up the lease."""
    table, channel = tables.delivery, tables.channel
    row = connection.execute(
        select(table, channel.c.sealed, channel.c.shown, channel.c.name, channel.c.deleted_at)
        .join(channel, channel.c.channel_id == table.c.channel_id)
        .where(table.c.state == "waiting", table.c.next_at <= now)
        .order_by(table.c.next_at, table.c.delivery_id)
        .limit(1)
        .with_for_update(of=table, skip_locked=True)
    ).one_or_none()
    if row is not None:
        _set(connection, row, attempts=row.attempts + 1, next_at=now + passed + LEASE)
    return row


def _try(row: Row, post: Post) -> str | None:
    """Why it was not sent; None: it was."""
    if row.deleted_at is not None:
        return "the channel has been deleted"
    try:
        send(unseal(row.sealed, post.secret), _message(row), post.allowed, urgent=row.kind == "alert")
    except (SendError, UserError) as error:
        return str(error)
    return None


def _message(row: Row) -> Message:
    return Message(row.subject, row.body, row.html)


def _done(connection: Connection, row: Row, now: datetime) -> None:
    _set(connection, row, state="sent", finished_at=now, problem="")


def _failed(connection: Connection, row: Row, problem: str, now: datetime) -> None:
    attempts = row.attempts + 1
    log.warning("message %s to %s was not sent: %s", row.delivery_id, row.name, problem)
    if row.deleted_at is None and attempts <= len(WAITS) and row.kind != "test":
        _set(connection, row, problem=problem, next_at=now + WAITS[attempts - 1])
        return
    _set(connection, row, state="failed", finished_at=now, problem=problem)
    if row.kind != "undelivered":
        _tell_others(connection, row, problem, now)


def _tell_others(connection: Connection, row: Row, problem: str, now: datetime) -> None:
    """What could not be delivered is told by every other channel: an alert that nobody gets is none."""
    if row.kind == "test" or row.deleted_at is not None:
        return
    table = tables.channel
    others = connection.execute(
        select(table.c.channel_id).where(table.c.deleted_at.is_(None), table.c.channel_id != row.channel_id)
    )
    body = (
        f"The channel {row.name} ({row.shown}) did not take this message, after {row.attempts + 1} tries:\n"
        f"{problem}\n\n{row.subject}\n\n{row.body}"
    )
    message = Message(f"Not delivered to {row.name}: {row.subject}", body)
    for channel in others.scalars():
        queue(connection, channel, f"undelivered:{row.delivery_id}:{channel}", "undelivered", message, now)


def _set(connection: Connection, row: Row, **values: object) -> None:
    table = tables.delivery
    connection.execute(update(table).where(table.c.delivery_id == row.delivery_id).values(**values))
