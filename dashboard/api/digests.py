"""Roof: the weekly digests through the API: when, and to whom."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Connection

from alerts import digest as kept
from alerts.digest import Plan
from dashboard.api.alerts import CHANNELS, watch
from dashboard.api.answers import Answer
from dashboard.api.questions import Question
from dashboard.api.shapes import COUNT, INSTANT, MAYBE_INSTANT, TEXT, YES, Schema, array, object_, ref
from dashboard.api.writing import Body, Field, Writing
from queries.run_record import fields
from queries.store import Store


def digests(connection: Connection) -> Body:
    return {"items": [_told(plan) for plan in kept.plans(connection)]}


def _told(plan: Plan) -> Body:
    return fields(asdict(plan))


def preview(store: Store, question: Question) -> Answer:
    """What the digest would say now; nothing is sent."""
    message = watch().digest(question.filters.tz, question.filters.now)
    body = {"subject": message.subject, "text": message.body, "html": message.html or ""}
    return Answer(store.version(), body)


def _add(connection: Connection, body: Body) -> Body:
    return _told(kept.add(connection, body, datetime.now(UTC)))


def _change(connection: Connection, body: Body) -> Body:
    return _told(kept.change(connection, body["digest_id"], body))


def _remove(connection: Connection, body: Body) -> Body:
    return _told(kept.remove(connection, body["digest_id"], datetime.now(UTC)))


_WEEKDAY = {"type": "integer", "minimum": 0, "maximum": 6}
_HOUR = {"type": "integer", "minimum": 0, "maximum": 23}
_FIELDS = (
    Field("channels", "the numbers of one or more channels", CHANNELS),
    Field("weekday", "0 for Monday to 6 for Sunday; 0", _WEEKDAY, required=False),
    Field("hour", "0 to 23, of the wall clock; 8", _HOUR, required=False),
    Field(
        "tz",
        "a name of the IANA time zone database; UTC",
        {"type": "string", "maxLength": 60},
        required=False,
    ),
    Field("enabled", "true: false keeps it and sends nothing", {"type": "boolean"}, required=False),
)
WRITINGS = (
    Writing(
        "POST", "/api/alerts/digests", "add_digest", "Sends a digest every week",
        "The last seven whole days against those before: figures, what changed, what is unusual, the budget.",
        "AlertDigest", _add, _FIELDS, 201,
    ),
    Writing(
        "PUT", "/api/alerts/digests/{digest_id}", "change_digest", "Sends a digest otherwise",
        "All of it: what is left out is at its default again.", "AlertDigest", _change, _FIELDS,
    ),
    Writing(
        "DELETE", "/api/alerts/digests/{digest_id}", "remove_digest", "Sends a digest no longer",
        "What was sent stays in the log.", "AlertDigest", _remove,
    ),
)  # fmt: skip


def schemas() -> dict[str, Schema]:
    plan = {
        "digestId": COUNT, "channels": array(COUNT), "weekday": _WEEKDAY, "hour": _HOUR, "tz": TEXT,
        "enabled": YES, "createdAt": INSTANT,
        "sentFor": MAYBE_INSTANT | {"description": "the last that was sent was due then"},
    }  # fmt: skip
    return {
        "AlertDigests": object_({"items": array(ref("AlertDigest"))}),
        "AlertDigest": object_(plan),
        "DigestPreview": object_({"subject": TEXT, "text": TEXT, "html": TEXT}),
    }
