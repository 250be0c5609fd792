"""Alerts in tables: rules and where they stand, and what fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from dash import html
from dash.development.base_component import Component

from alerts import words
from alerts.drafts import params
from alerts.history import Event
from alerts.keep import Kept
from alerts.messages import link
from alerts.rules import Rule
from alerts.tell import Episode
from layouts.attrs import attrs
from layouts.data_health import moment
from layouts.words import count

_ASLEEP = timedelta(hours=1)
_TONES = {"firing": "bad", "pending": "warn", "ok": "good", "resolved": "good", "no_data": "quiet"}
_SNOOZES = {"": "Snooze", "1": "for an hour", "8": "for 8 hours", "24": "for a day", "168": "for a week"}


def table(caption: str, heads: Sequence[str], rows: list[Component]) -> Component:
    hidden = html.Span("Actions", className="visually-hidden")
    cells = [html.Th(head or hidden, scope="col") for head in heads]
    parts = [
        html.Caption(caption, className="visually-hidden"),
        html.Thead(html.Tr(cells)),
        html.Tbody(rows),
    ]
    return html.Table(parts, className="models alert-table")


# ---- rules -------------------------------------------------------------------------------------------


def rules(found: Sequence[Kept], channels: Mapping[int, str], now: datetime, tz: str) -> Component:
    if not found:
        return html.P(
            "No rule yet. The first that most make: tell us when an hour has a failure rate above 20 %.",
            className="quiet",
        )
    rows = [_rule(one, channels, now, tz) for one in sorted(found, key=_order)]
    return table("Alert rules", ("State", "Rule", "Now", "Since", "Tells", ""), rows)


def _order(one: Kept) -> tuple[int, str]:
    order = ("firing", "pending", "no_data", "resolved", "ok")
    return order.index(one.standing.state), one.rule.name


def _rule(one: Kept, channels: Mapping[int, str], now: datetime, tz: str) -> Component:
    rule = one.rule
    told = [channels[number] for number in rule.channels if number in channels]
    name = html.A(rule.name, href=edit_href(rule), className="rule-name")
    about = [html.Small(words.condition(rule) + words.hold(rule), className="quiet")]
    if one.problem:
        about.append(html.Small(f"Could not be looked at: {one.problem}", className="bad"))
    return html.Tr(
        [
            html.Td(_state(one, now, tz)),
            html.Th([name, *about], scope="row", className="wrap"),
            html.Td(_now(one), className="num"),
            html.Td(moment(one.standing.since, tz)),
            html.Td(", ".join(told) if told else html.Span("nobody", className="bad"), className="wrap"),
            html.Td(html.Div(_actions(one, now)), className="act"),
        ]
    )


def _state(one: Kept, now: datetime, tz: str) -> list[Component]:
    if not one.rule.enabled:
        return [html.Span("Off", className="state-tag quiet")]
    state = one.standing.state if one.evaluated_at else "no_data"
    label = words.STATES[state] if one.evaluated_at else "Not looked at yet"
    parts: list[Component] = [html.Span(label, className=f"state-tag {_TONES[state]}")]
    if _snoozed(one, now):
        parts.append(html.Small(f"snoozed until {moment(one.rule.snoozed_until, tz)}", className="quiet"))
    return parts


def _snoozed(one: Kept, now: datetime) -> bool:
    return one.rule.snoozed_until is not None and one.rule.snoozed_until > now


def _now(one: Kept) -> list[Component]:
    if one.evaluated_at is None:
        return [html.Span("–")]
    value = html.A(words.value(one.rule, one.value), href=link(one.rule, one.evaluated_at))
    return [value, html.Small(count(one.runs, "run"), className="quiet")]


def _actions(one: Kept, now: datetime) -> list[Component]:
    path = f"/api/alerts/rules/{one.rule.rule_id}"
    name = one.rule.name
    if _snoozed(one, now):
        snooze: Component = button(
            "Wake", f"Wake {name}", data_post=f"{path}/snooze", data_said=f"{name} woken"
        )
    else:
        snooze = html.Select(
            [html.Option(text, value=value) for value, text in _SNOOZES.items()],
            className="form-select form-select-sm",
            **attrs(data_edits="", data_snooze=f"{path}/snooze", aria_label=f"Snooze {name}", data_name=name),
        )
    delete = button(
        "Delete", f"Delete {name}", data_delete=path, data_what=f"the rule {name}; its history stays"
    )
    return [snooze, delete]


def edit_href(rule: Rule) -> str:
    """The page of the rule, with all that its form shows in the URL."""
    asked = {key: value for key, value in sorted(params(rule).items()) if value}
    return f"/alerts/{rule.rule_id}?{urlencode(asked, quote_via=quote, safe=',')}"


def button(label: str, name: str, **does: str) -> Component:
    return html.Button(
        label,
        type="button",
        className="btn btn-outline-secondary btn-sm",
        **attrs(data_edits="", aria_label=name, **does),
    )


# ---- episodes ----------------------------------------------------------------------------------------


def episodes(found: Sequence[Episode], tz: str) -> Component:
    if not found:
        return html.P("Nothing has fired yet.", className="quiet")
    heads = ("Fired", "Over", "Rule", "Severity", "Told")
    return table("What fired, the newest first", heads, [_episode(one, tz) for one in found])


def _episode(one: Episode, tz: str) -> Component:
    over = (
        moment(one.resolved_at, tz) if one.resolved_at else html.Span("fires on", className="state-tag bad")
    )
    if one.told_at is None:
        told = "nobody"
    else:
        told = count(one.times_told, "time") + (", and that it is over" if one.over_told else "")
    return html.Tr(
        [
            html.Td(moment(one.fired_at, tz)),
            html.Td(over),
            html.Th([one.name, html.Small(one.said, className="quiet")], scope="row", className="wrap"),
            html.Td(words.SEVERITIES[one.severity]),
            html.Td(told),
        ]
    )


_EVENTS = {
    "made": "made", "edited": "edited", "deleted": "deleted", "snoozed": "snoozed", "woken": "woken",
    "ok": "all right again", "pending": "began to wait", "firing": "fired", "resolved": "is over",
    "no_data": "has no data",
}  # fmt: skip


def events(found: Sequence[Event], tz: str) -> Component | None:
    """Every change of every rule, folded away."""
    if not found:
        return None
    rows = [
        html.Tr(
            [
                html.Td(moment(one.at, tz)),
                html.Th(one.name, scope="row", className="wrap"),
                html.Td(f"{_EVENTS[one.kind]} {one.note}".strip(), className="wrap"),
                html.Td("" if one.runs is None else count(one.runs, "run")),
            ]
        )
        for one in found
    ]
    caption = "What happened to the rules, the newest first"
    inside = table(caption, ("At", "Rule", "What", "Seen"), rows)
    return html.Details([html.Summary("Every change"), inside], className="more-fields every-change")


def asleep(looked_at: datetime | None, now: datetime, tz: str) -> list[Component]:
    """Where nobody looks at the rules, no alert is no news."""
    if looked_at is None or now - looked_at < _ASLEEP:
        return []
    since = moment(looked_at, tz)
    text = f"Nobody has looked at the rules since {since}: start `fixer-metrics worker`, or see its log."
    return [html.P(text, className="warning loud", role="alert")]
