"""Roof: channels and deliveries through the API; the address of a channel is written and never read."""

from __future__ import annotations

import threading
from dataclasses import asdict
from datetime import UTC, datetime

from flask import Response, after_this_request
from sqlalchemy import Connection

from alerts import channels as kept
from alerts import history
from alerts.addresses import ALLOWED, LONGEST
from alerts.channels import LONGEST_NAME, Channel
from dashboard.api.alerts import watch
from dashboard.api.shapes import COUNT, INSTANT, MAYBE_INSTANT, TEXT, Schema, array, object_, ref
from dashboard.api.writing import Body, Field, Writing
from queries.run_record import fields


def channels(connection: Connection) -> Body:
    return {"items": [_told(one) for one in kept.channels(connection)]}


def deliveries(connection: Connection) -> Body:
    return {"items": [fields(asdict(one)) for one in history.deliveries(connection)]}


def _told(one: Channel) -> Body:
    return fields(asdict(one))


def _add(connection: Connection, body: Body) -> Body:
    made = kept.add(connection, body["name"], body["address"], watch().post, datetime.now(UTC))
    return _told(made)


def _change(connection: Connection, body: Body) -> Body:
    number, address = body["channel_id"], body.get("address")
    return _told(kept.change(connection, number, body["name"], address, watch().post))


def _remove(connection: Connection, body: Body) -> Body:
    return _told(kept.remove(connection, body["channel_id"], datetime.now(UTC)))


def _test(connection: Connection, body: Body) -> Body:
    number = kept.test(connection, body["channel_id"], datetime.now(UTC))
    after_this_request(_send_now)  # once it is committed
    return {"deliveryId": number}


def _send_now(response: Response) -> Response:
    """Whoever tries a channel waits for no worker."""
    threading.Thread(
        target=watch().send, args=(datetime.now(UTC),), name="test of a channel", daemon=True
    ).start()
    return response


_NAME = Field("name", f"1 to {LONGEST_NAME} characters", {"type": "string", "minLength": 1, "maxLength": 300})
_ADDRESS = {"type": "string", "minLength": 1, "maxLength": LONGEST}

WRITINGS = (
    Writing(
        "POST", "/api/alerts/channels", "add_alert_channel", "Adds a channel",
        "Its address is kept encrypted, and never told again.",
        "AlertChannel", _add, (_NAME, Field("address", ALLOWED, _ADDRESS)), 201,
    ),
    Writing(
        "PUT", "/api/alerts/channels/{channel_id}", "change_alert_channel",
        "Renames a channel, or gives it another address",
        "Without an address the one it has stays.",
        "AlertChannel", _change, (_NAME, Field("address", ALLOWED, _ADDRESS, required=False)),
    ),
    Writing(
        "DELETE", "/api/alerts/channels/{channel_id}", "remove_alert_channel", "Takes a channel away",
        "Rules no longer tell it; what it was sent stays in the log.", "AlertChannel", _remove,
    ),
    Writing(
        "POST", "/api/alerts/channels/{channel_id}/test", "test_alert_channel",
        "Sends a message to try a channel",
        "GET /api/alerts/deliveries tells what became of it.", "AlertTest", _test, (), 202,
    ),
)  # fmt: skip


def schemas() -> dict[str, Schema]:
    delivery = {
        "deliveryId": COUNT, "channelId": COUNT, "channel": TEXT,
        "kind": {"enum": ["alert", "digest", "test", "undelivered"]}, "subject": TEXT,
        "state": {"enum": ["waiting", "sent", "failed"]}, "attempts": COUNT, "createdAt": INSTANT,
        "nextAt": INSTANT | {"description": "when it is tried next, while it waits"},
        "finishedAt": MAYBE_INSTANT, "problem": TEXT,
    }  # fmt: skip
    channel = {
        "channelId": COUNT,
        "name": TEXT,
        "shown": TEXT | {"description": "the service, and the host or the recipients"},
        "createdAt": INSTANT,
        "usedBy": COUNT,
    }
    return {
        "AlertChannels": object_({"items": array(ref("AlertChannel"))}),
        "AlertChannel": object_(channel),
        "AlertDeliveries": object_({"items": array(ref("AlertDelivery"))}),
        "AlertDelivery": object_(delivery),
        "AlertTest": object_({"deliveryId": COUNT}),
    }
