"""Roof: alerts through the API: rules, where they stand, what happened; made, changed, snoozed, tried."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Connection

from alerts import history, keep, words
from alerts.keep import Kept
from alerts.observe import Observation
from alerts.preview import Preview
from alerts.rules import (
    AGAINST,
    BASES,
    COMPARISONS,
    LONGEST_FILTERS,
    LONGEST_NAME,
    MOST_CHANNELS,
    NO_DATA,
    SEVERITIES,
    UNITS,
    WATCHABLE,
    read,
)
from alerts.spans import ALLOWED
from dashboard.api.shapes import (
    COUNT,
    INSTANT,
    MAYBE_INSTANT,
    TEXT,
    YES,
    Schema,
    array,
    object_,
    or_null,
    ref,
)
from dashboard.api.writing import Body, Field, Writing
from dashboard.watching import EXTENSION, Watch
from queries.errors import QueryError
from queries.run_record import fields

NUMBER = {"type": ["number", "null"]}
_SPAN = {"type": "string", "maxLength": 10}


def watch() -> Watch:
    found: Watch = current_app.extensions[EXTENSION]
    return found


def _now() -> datetime:
    return datetime.now(UTC)


# ---- what is told ------------------------------------------------------------------------------------


def rules(connection: Connection) -> Body:
    return {"items": [told(one) for one in keep.rules(connection)]}


def told(one: Kept) -> Body:
    rule = one.rule
    return {
        "ruleId": rule.rule_id,
        **keep.fields(rule),
        "words": words.condition(rule),
        "state": one.standing.state,
        "since": one.standing.since,
        "evaluatedAt": one.evaluated_at,
        "value": one.value,
        "runs": one.runs,
        "problem": one.problem or None,
        "snoozedUntil": rule.snoozed_until,
        "createdAt": one.created_at,
    }


def told_history(connection: Connection) -> Body:
    episodes = [fields(asdict(one)) for one in history.episodes(connection)]
    events = [fields(asdict(one)) for one in history.events(connection)]
    return {"episodes": episodes, "events": events}


def told_preview(found: Preview) -> Body:
    return {
        "words": words.condition(found.rule),
        "from": found.seen[0].at,
        "to": found.seen[-1].at,
        "firings": [{"firedAt": f.fired_at, "resolvedAt": f.resolved_at} for f in found.firings],
        "points": [_point(*pair) for pair in zip(found.seen, found.standings, strict=True)],
    }


def _point(seen: Observation, standing: Any) -> Body:
    return {"at": seen.at, "value": seen.value, "runs": seen.runs, "state": standing.state}


# ---- what is written ---------------------------------------------------------------------------------


def _asked(body: Body) -> Body:
    return {name: body[name] for name in keep.FIELDS if name in body}


def _add(connection: Connection, body: Body) -> Body:
    return told(keep.add(connection, _asked(body), _now()))


def _change(connection: Connection, body: Body) -> Body:
    return told(keep.change(connection, body["rule_id"], _asked(body), _now()))


def _remove(connection: Connection, body: Body) -> Body:
    return told(keep.remove(connection, body["rule_id"], _now()))


def _snooze(connection: Connection, body: Body) -> Body:
    now = _now()
    until = datetime.fromisoformat(body["until"]).astimezone(UTC) if "until" in body else None
    if "hours" in body:
        if until:
            raise QueryError("bad_field", "hours", "hours and until are both given", "one of hours and until")
        until = now + timedelta(hours=body["hours"])
    return told(keep.snooze(connection, body["rule_id"], until, now))


def _preview(_connection: Connection, body: Body) -> Body:
    return told_preview(watch().preview(read({"name": "preview"} | _asked(body)), _now()))


def _words(values: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": list(values)}


def _optional(name: str, text: str, schema: Schema) -> Field:
    return Field(name, text, schema, required=False)


NAME = Field("name", f"1 to {LONGEST_NAME} characters", {"type": "string", "minLength": 1, "maxLength": 300})
_LIMITS = {"minimum": -1e15, "maximum": 1e15}
CHANNELS: Schema = {
    "type": "array",
    "maxItems": MOST_CHANNELS,
    "items": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
}
_THRESHOLD = (
    "20: percent from 0 to 100, milliseconds, dollars or a number, as the metric has it; of a change percent "
    "or points; standard deviations for unusual; percent of MONTHLY_BUDGET for budget"
)
_METRICS = tuple(record.name for record in WATCHABLE)
# Each begins with what it is where it is left out.
CONDITION = (
    _optional("metric", f"failure_rate: what is watched: {', '.join(_METRICS)}", _words(_METRICS)),
    _optional(
        "filters",
        "all: which runs, as in a URL (model=gpt-4&agent=fixer)",
        {"type": "string", "maxLength": LONGEST_FILTERS},
    ),
    _optional("comparison", f"above: one of {', '.join(COMPARISONS)}", _words(COMPARISONS)),
    _optional("threshold", _THRESHOLD, {"type": "number", **_LIMITS}),
    _optional("resolve", "null: where it is over; null for the threshold", {**NUMBER, **_LIMITS}),
    _optional("window", f"1h: over how long the number is taken: {ALLOWED}", _SPAN),
    _optional("against", f"previous: what a change is against: {', '.join(AGAINST)}", _words(AGAINST)),
    _optional("unit", "as the metric has it: percent or points, of a change", _words(UNITS)),
    _optional("basis", f"spent: what is held against a budget: {', '.join(BASES)}", _words(BASES)),
    _optional("hold", f"0m: how long it must be so before it fires: {ALLOWED}", _SPAN),
    _optional("clear", f"0m: how long it must be over before it is resolved: {ALLOWED}", _SPAN),
    _optional(
        "minRuns",
        "10 for rates and averages, 0 for sums: with fewer runs there is no data",
        {"type": ["integer", "null"], "minimum": 0, "maximum": 10**9},
    ),
    _optional("noData", "keep: what no data means: keep the state, ok, or alert", _words(NO_DATA)),
    _optional(
        "tz",
        "UTC: the zone of days, months and of the times in messages",
        {"type": "string", "maxLength": 60},
    ),
)
TELLING = (
    _optional("severity", f"warning: one of {', '.join(SEVERITIES)}", _words(SEVERITIES)),
    _optional("channels", f"nobody: the numbers of at most {MOST_CHANNELS} channels", CHANNELS),
    _optional("renotify", f"never: after how long it is told again while it fires: {ALLOWED}", _SPAN),
    _optional("enabled", "true: false keeps the rule and looks at nothing", {"type": "boolean"}),
)
UNTIL = _optional(
    "until",
    "now: an instant to come, with its zone; left out, snoozing ends",
    {"type": "string", "format": "date-time"},
)

# By the server's clock: that of a browser may be anywhere.
HOURS = _optional(
    "hours", "for so many hours from now, 1 to 8760", {"type": "integer", "minimum": 1, "maximum": 8760}
)

WRITINGS = (
    Writing(
        "POST", "/api/alerts/rules", "add_alert_rule", "Makes an alert rule",
        "What is left out stands at the default that its description begins with.",
        "AlertRule", _add, (NAME, *CONDITION, *TELLING), 201,
    ),
    Writing(
        "PUT", "/api/alerts/rules/{rule_id}", "change_alert_rule", "Makes an alert rule another one",
        "All of it: what is left out is at its default again. The history stays. Where the condition is "
        "another, its state begins anew, and nobody is told that what fired is over.",
        "AlertRule", _change, (NAME, *CONDITION, *TELLING),
    ),
    Writing(
        "DELETE", "/api/alerts/rules/{rule_id}", "remove_alert_rule", "Takes an alert rule away",
        "Its history stays.", "AlertRule", _remove,
    ),
    Writing(
        "POST", "/api/alerts/rules/{rule_id}/snooze", "snooze_alert_rule", "Tells nobody until an instant",
        "It is looked at on; what still fires then is told then.", "AlertRule", _snooze, (UNTIL, HOURS),
    ),
    Writing(
        "POST", "/api/alerts/preview", "preview_alert_rule",
        "When a rule would have fired in the last 30 days",
        "By the evaluation itself, at every quarter hour; nothing is kept and nobody is told. Unusual hours "
        "are judged with the rhythm of all these days, also of those after them.",
        "AlertPreview", _preview, CONDITION,
    ),
)  # fmt: skip


# ---- schemas -----------------------------------------------------------------------------------------

_STATE = {"enum": list(words.STATES)}


def _rule_schema() -> Schema:
    maybe = {"type": ["string", "null"]}
    texts = ("name", "filters", "window", "hold", "clear", "renotify", "tz", "words")
    return object_(
        dict.fromkeys(texts, TEXT)
        | {
            "ruleId": COUNT,
            "metric": {"enum": [record.name for record in WATCHABLE]},
            "comparison": _words(COMPARISONS),
            "threshold": {"type": "number"},
            "resolve": NUMBER,
            "against": _words(AGAINST),
            "unit": _words(UNITS),
            "basis": _words(BASES),
            "minRuns": COUNT,
            "noData": _words(NO_DATA),
            "severity": _words(SEVERITIES),
            "channels": array(COUNT),
            "enabled": YES,
            "state": _STATE,
            "since": MAYBE_INSTANT,
            "evaluatedAt": MAYBE_INSTANT,
            "value": NUMBER | {"description": "as it was seen last; shares from 0 to 1"},
            "runs": COUNT,
            "problem": maybe | {"description": "why it could not be looked at; null: it could"},
            "snoozedUntil": MAYBE_INSTANT,
            "createdAt": INSTANT,
        }
    )


def schemas() -> dict[str, Schema]:
    episode = {
        "episodeId": COUNT, "ruleId": COUNT, "name": TEXT, "severity": _words(SEVERITIES), "said": TEXT,
        "beganAt": INSTANT, "firedAt": INSTANT, "resolvedAt": MAYBE_INSTANT, "value": NUMBER,
        "threshold": {"type": "number"}, "toldAt": MAYBE_INSTANT, "timesTold": COUNT, "overTold": YES,
    }  # fmt: skip
    event = {
        "eventId": COUNT, "ruleId": COUNT, "name": TEXT, "at": INSTANT, "kind": TEXT, "value": NUMBER,
        "runs": or_null(COUNT), "note": TEXT,
    }  # fmt: skip
    firing = object_({"firedAt": INSTANT, "resolvedAt": MAYBE_INSTANT})
    point = object_({"at": INSTANT, "value": NUMBER, "runs": COUNT, "state": _STATE})
    return {
        "AlertRules": object_({"items": array(ref("AlertRule"))}),
        "AlertRule": _rule_schema(),
        "AlertHistory": object_({"episodes": array(object_(episode)), "events": array(object_(event))}),
        "AlertPreview": object_(
            {"words": TEXT, "from": INSTANT, "to": INSTANT, "firings": array(firing), "points": array(point)}
        ),
    }
