"""Roof: markers through the API: those made by hand are listed, added and taken away; events with figures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from dashboard.api.answers import Answer, Body, head, numbers
from dashboard.api.questions import Question
from dashboard.api.shapes import COUNT, INSTANT, MAYBE_TEXT, TEXT, Schema, array, object_, or_null, ref
from dashboard.api.writing import Field, Writing
from queries.beforeafter import MEASURES, Figure
from queries.calendar import local
from queries.errors import QueryError
from queries.filters import Filters
from queries.markers import Marker, markers
from queries.metrics import METRIC
from queries.page_tables import marker as table
from queries.store import Store

_LARGEST = 2**63 - 1  # of a bigint
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def events(store: Store, question: Question) -> Answer:
    with store.together():
        version = store.version()
        found = markers(store, question.filters)
        body = head(store, question, version) | {
            "items": [_event(marker, question.filters) for marker in found]
        }
    return Answer(version, body)


def _event(marker: Marker, asked: Filters) -> Body:
    return {
        "at": local(marker.at, asked.tz),
        "label": marker.label,
        "agent": marker.agent or None,
        "version": marker.version or None,
        "markerId": marker.marker_id,
        "since": local(marker.since, asked.tz),
        "until": local(marker.until, asked.tz),
        "figures": [
            {
                "metric": measure.metric,
                "before": _figure(marker.before[measure.metric], measure.metric),
                "after": _figure(marker.after[measure.metric], measure.metric),
            }
            for measure in MEASURES
        ],
    }


def _figure(figure: Figure, metric: str) -> Body:
    record = METRIC[metric]
    values = [figure.value, figure.low, figure.high]
    if metric == "runs":  # a day: no whole number
        answered: list[Any] = [None if value != value else round(value, 9) for value in values]
    else:
        answered = numbers(record, values)
    return dict(zip(("value", "low", "high"), answered, strict=True))


def listing(connection: Connection) -> Body:
    rows = connection.execute(select(table).order_by(table.c.at, table.c.marker_id))
    return {"items": [_marker(row.marker_id, row.at, row.label) for row in rows]}


def _marker(marker_id: int, at: datetime, label: str) -> Body:
    return {"markerId": marker_id, "at": at.astimezone(UTC), "label": label}


def _add(connection: Connection, body: Body) -> Body:
    at, label = datetime.fromisoformat(body["at"]).astimezone(UTC), body["label"].strip()
    if not _FIRST <= at < _LAST:
        raise QueryError("bad_field", "at", f"{body['at'][:40]!r} is too far away", "the years 2000 to 2199")
    if not label:
        raise QueryError("bad_field", "label", "the label is empty", _LABEL.help)
    values = {"at": at, "label": label, "created_at": datetime.now(UTC)}
    made = connection.execute(insert(table).values(values).returning(table.c.marker_id)).scalar_one()
    return _marker(made, at, label)


def _remove(connection: Connection, body: Body) -> Body:
    number = min(body["marker_id"], _LARGEST)  # no marker has it
    gone = connection.execute(delete(table).where(table.c.marker_id == number).returning(table))
    row = gone.one_or_none()
    if row is None:
        text = f"There is no marker {body['marker_id']}."
        raise QueryError("not_found", "", text, "the markerId of an item of GET /api/markers")
    return _marker(row.marker_id, row.at, row.label)


_AT = Field("at", "an instant with its zone (2026-10-01T08:00Z)", {"type": "string", "format": "date-time"})
_LABEL = Field("label", "1 to 80 characters", {"type": "string", "minLength": 1, "maxLength": 80})

WRITINGS = (
    Writing(
        "POST", "/api/markers", "add_marker", "Marks an instant on all time charts",
        "For what the data cannot know: a new prompt, a change of the infrastructure.",
        "Marker", _add, (_AT, _LABEL), 201,
    ),
    Writing(
        "DELETE", "/api/markers/{marker_id}", "remove_marker", "Takes a marker away",
        "Only those made by hand; the first runs of versions are in the data.", "Marker", _remove,
    ),
)  # fmt: skip


def schemas(shared: Schema) -> dict[str, Schema]:
    """``shared``: what every answer begins with."""
    number = {"type": ["number", "null"]}
    event = {
        "at": INSTANT,
        "label": TEXT,
        "agent": MAYBE_TEXT,
        "version": MAYBE_TEXT,
        "markerId": or_null(COUNT, "null: the first run of a version"),
        "since": INSTANT,
        "until": INSTANT,
        "figures": array(ref("BeforeAfter")),
    }
    sides = {
        "metric": {"enum": [m.metric for m in MEASURES]},
        "before": ref("Figure"),
        "after": ref("Figure"),
    }
    return {
        "Events": object_(shared | {"items": array(ref("Event"))}),
        "Event": object_(event),
        "BeforeAfter": object_(sides),
        "Figure": object_({"value": number, "low": number, "high": number}),
        "Markers": object_({"items": array(ref("Marker"))}),
        "Marker": object_({"markerId": COUNT, "at": INSTANT, "label": TEXT}),
    }
