"""Channels as they are kept: their addresses are secrets, sealed before they are written."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from alerts import addresses, guard
from alerts.guard import Allowed
from alerts.keep import LARGEST_ID
from alerts.outbox import Post
from alerts.tell import Message, queue
from queries import alert_tables as tables
from queries.errors import QueryError

LONGEST_NAME = 100


@dataclass(frozen=True)
class Channel:
    """``shown``: what of its address may be read. ``used_by``: how many rules tell it."""

    channel_id: int
    name: str
    shown: str
    created_at: datetime
    used_by: int


def channels(connection: Connection) -> list[Channel]:
    table = tables.channel
    rows = connection.execute(
        select(table).where(table.c.deleted_at.is_(None)).order_by(table.c.name, table.c.channel_id)
    ).all()
    return [_channel(connection, row) for row in rows]


def one(connection: Connection, channel_id: int) -> Channel:
    return _channel(connection, _row(connection, channel_id))


def _row(connection: Connection, channel_id: int) -> Row:
    table = tables.channel
    number = min(channel_id, LARGEST_ID)
    row = connection.execute(
        select(table).where(table.c.channel_id == number, table.c.deleted_at.is_(None)).with_for_update()
    ).one_or_none()
    if row is None:
        text = f"There is no channel {channel_id}."
        raise QueryError("not_found", "", text, "the channelId of an item of GET /api/alerts/channels")
    return row


def _channel(connection: Connection, row: Row) -> Channel:
    rule = tables.rule
    users = connection.execute(
        select(rule.c.rule_id).where(rule.c.deleted_at.is_(None), rule.c.channels.contains([row.channel_id]))
    ).all()
    return Channel(row.channel_id, row.name, row.shown, row.created_at, len(users))


def add(connection: Connection, name: str, address: str, post: Post, now: datetime) -> Channel:
    name = _name(connection, name, 0)
    values = {"name": name, "created_at": now, **_sealed(address, post)}
    made = connection.execute(insert(tables.channel).values(values).returning(tables.channel.c.channel_id))
    return one(connection, made.scalar_one())


def change(connection: Connection, channel_id: int, name: str, address: str | None, post: Post) -> Channel:
    """Without an address the one it has stays."""
    row = _row(connection, channel_id)
    values = {"name": _name(connection, name, row.channel_id)}
    if address is not None:
        values |= _sealed(address, post)
    table = tables.channel
    connection.execute(update(table).where(table.c.channel_id == row.channel_id).values(values))
    return one(connection, channel_id)


def remove(connection: Connection, channel_id: int, now: datetime) -> Channel:
    """Its deliveries stay in the log; a rule that told nobody but it tells nobody then, which pages say."""
    gone = one(connection, channel_id)
    table, rule = tables.channel, tables.rule
    connection.execute(
        update(table).where(table.c.channel_id == channel_id).values(deleted_at=now, sealed="")
    )
    for row in connection.execute(select(rule).where(rule.c.channels.contains([channel_id]))).all():
        left = [one for one in row.channels if one != channel_id]
        connection.execute(
            update(rule)
            .where(rule.c.rule_id == row.rule_id)
            .values(channels=left, definition=row.definition | {"channels": left})
        )
    return gone


def test(connection: Connection, channel_id: int, now: datetime) -> int:
    """Puts a message into the outbox that says what it is; the number of its delivery."""
    row = _row(connection, channel_id)
    body = f"A test of the channel {row.name} of Fixer Metrics. Alerts and digests will come this way."
    key = f"test:{channel_id}:{secrets.token_hex(8)}"
    queue(connection, channel_id, key, "test", Message("Test of Fixer Metrics", body), now)
    table = tables.delivery
    return int(connection.execute(select(table.c.delivery_id).where(table.c.key == key)).scalar_one())


def _sealed(address: str, post: Post) -> dict[str, str]:
    address = addresses.check(address)
    _reachable(address, post.allowed)
    return {"sealed": addresses.seal(address, post.secret), "shown": addresses.shown(address)}


def _reachable(address: str, allowed: Allowed) -> None:
    """A host of our own network is refused at once. A name that does not resolve now may do so later."""
    for host in addresses.hosts(address):
        try:
            guard.check(host, allowed)
        except guard.RefusedError as error:
            raise QueryError("bad_field", "address", str(error), "a host on the internet") from None
        except OSError:
            continue


def _name(connection: Connection, text: str, own: int) -> str:
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME:
        raise QueryError(
            "bad_field", "name", f"name {text[:80]!r} is not allowed", f"1 to {LONGEST_NAME} characters"
        )
    table = tables.channel
    same = select(table.c.channel_id).where(table.c.deleted_at.is_(None), table.c.name == name)
    if (found := connection.execute(same).scalar()) is not None and found != own:
        raise QueryError("conflict", "name", f"There is a channel called {name!r} already", "another name")
    return name
