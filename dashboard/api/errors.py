"""Roof: errors in the API: failed runs in groups, as on the errors page, and the schemas of the answer."""

from __future__ import annotations

from dashboard.api.answers import Answer, Body, head
from dashboard.api.parameters import Parameter
from dashboard.api.questions import Question
from dashboard.api.shapes import (
    COUNT,
    INSTANT,
    MAYBE_AMOUNT,
    MAYBE_COUNT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    SHARE,
    TEXT,
    YES,
    Schema,
    array,
    object_,
    or_null,
    ref,
)
from queries.error_groups import BY, MOST, SHOWN, STATES, Group, Groups, error_groups
from queries.filters import Filters
from queries.store import Store

GROUP_BY = Parameter(
    "by",
    "What the failed runs are grouped by.",
    ", ".join(BY),
    {"type": "string", "enum": list(BY), "default": "template"},
    "template",
    "category",
)
GROUPS = Parameter(
    "limit",
    "The most groups of the answer; those with fewest runs are cut.",
    f"1 to {MOST}",
    {"type": "integer", "minimum": 1, "maximum": MOST, "default": SHOWN},
    str(SHOWN),
)


def errors(store: Store, question: Question) -> Answer:
    filters = question.filters
    with store.together():
        version = store.version()
        found = error_groups(store, filters, question.by or "template", limit=question.limit)
        body = head(store, question, version) | {
            "by": found.by,
            "runs": found.runs,
            "failed": found.failed,
            "costUsd": found.cost,
            "shown": len(found.groups),
            "total": found.total,
            "gone": found.gone,
            "previous": _previous(found),
            "buckets": _buckets(found, filters),
            "items": [_item(group) for group in found.groups],
        }
    body["range"]["grain"] = filters.grain
    return Answer(version, body)


def _previous(found: Groups) -> Body | None:
    before = found.previous
    return {"start": before.start, "end": before.end} if before else None


def _buckets(found: Groups, filters: Filters) -> list[Body]:
    return [
        {"date": start, "end": end, "partial": filters.partial(start, end)} for start, end in found.buckets
    ]


def _item(group: Group) -> Body:
    return {
        "name": group.name or None,
        "runs": group.runs,
        "share": round(group.share * 100, 9),
        "costUsd": group.cost,
        "before": group.before,
        "state": group.state or None,
        "line": group.line,
        "categories": group.categories,
        "hits": [
            {"kind": hit.kind, "name": hit.name, "runs": hit.runs, "ratio": round(hit.ratio, 9)}
            for hit in group.hits
        ],
        "firstSeen": group.first,
        "lastSeen": group.last,
        "lastMessage": group.example,
        "lastInvocationId": group.example_id,
    }


def of_errors(top: Schema) -> dict[str, Schema]:
    """``top``: the properties at the head of every answer about runs."""
    bucket = {"date": INSTANT, "end": INSTANT, "partial": YES}
    told = {
        "by": {"enum": list(BY)},
        "runs": COUNT | {"description": "all runs that pass, whatever their status"},
        "failed": COUNT,
        "costUsd": MAYBE_AMOUNT | {"description": "of the failed runs"},
        "shown": COUNT,
        "total": COUNT,
        "gone": COUNT | {"description": "groups of the previous period that have no runs now"},
        "previous": or_null(object_({"start": INSTANT, "end": INSTANT}), "null: nothing is compared"),
        "buckets": array(object_(bucket)),
        "items": array(ref("ErrorGroup")),
    }
    return {"Errors": object_(top | told), "ErrorGroup": _group()}


def _group() -> Schema:
    hit = {
        "kind": {"enum": ["model", "version"]},
        "name": TEXT,
        "runs": COUNT,
        "ratio": {"type": "number", "description": "its share of these runs / its share of all runs"},
    }
    return object_(
        {
            "name": MAYBE_TEXT | {"description": "template or category; null: runs without one"},
            "runs": COUNT,
            "share": SHARE | {"description": "of the failed runs, in percent"},
            "costUsd": MAYBE_AMOUNT,
            "before": MAYBE_COUNT
            | {"description": "runs of the previous period, up to the same point; null: not compared"},
            "state": or_null({"enum": list(STATES)}, "compared with the previous period"),
            "line": array(COUNT) | {"description": "runs in each of the buckets"},
            "categories": array(TEXT) | {"description": "of these runs, the most frequent first"},
            "hits": array(object_(hit)) | {"description": "what has more than its share of these runs"},
            "firstSeen": MAYBE_INSTANT | {"description": "in all data that pass, whatever the period"},
            "lastSeen": MAYBE_INSTANT,
            "lastMessage": MAYBE_TEXT,
            "lastInvocationId": MAYBE_TEXT,
        }
    )
