"""Where alerts and digests go, in tables: channels, digests, what was sent and what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from alerts.channels import Channel
from alerts.digest import WEEKDAYS, Plan
from alerts.history import Delivery
from layouts.alerts_table import button, table
from layouts.attrs import attrs
from layouts.data_health import moment
from layouts.words import count

_KINDS = {"alert": "alert", "digest": "digest", "test": "test", "undelivered": "about another channel"}


def channels(found: Sequence[Channel]) -> Component:
    if not found:
        return html.P("No channel yet: nobody is told anything.", className="quiet")
    return table("Channels", ("Name", "Where", "Used by", ""), [_channel(one) for one in found])


def _channel(one: Channel) -> Component:
    path = f"/api/alerts/channels/{one.channel_id}"
    test = button("Send a test", f"Send a test to {one.name}", data_test=f"{path}/test", data_name=one.name)
    delete = button("Delete", f"Delete {one.name}", data_delete=path, data_what=f"the channel {one.name}")
    return html.Tr(
        [
            html.Th(one.name, scope="row", className="wrap"),
            html.Td(one.shown, className="wrap"),
            html.Td(count(one.used_by, "rule")),
            html.Td(html.Div([test, delete]), className="act"),
        ]
    )


def carried(found: Sequence[Channel]) -> Component:
    """What assets/alerts.js fills the choice of channels from."""
    told = [[one.channel_id, one.name, one.shown] for one in found]
    return html.Div(hidden=True, **attrs(data_channels=json.dumps(told)))


def digests(found: Sequence[Plan], names: Mapping[int, str]) -> Component:
    if not found:
        return html.P("No digest is sent.", className="quiet")
    return table("Digests", ("When", "To", ""), [_digest(plan, names) for plan in found])


def _digest(plan: Plan, names: Mapping[int, str]) -> Component:
    when = f"{WEEKDAYS[plan.weekday]}, {plan.hour:02}:00 ({plan.tz})" + ("" if plan.enabled else ", off")
    to = ", ".join(names[number] for number in plan.channels if number in names)
    preview = html.Button(
        "Preview",
        type="button",
        className="btn btn-outline-secondary btn-sm",
        **attrs(data_preview=plan.tz, aria_label=f"Preview the digest of {when}"),
    )
    delete = button(
        "Delete",
        f"Delete the digest of {when}",
        data_delete=f"/api/alerts/digests/{plan.digest_id}",
        data_what="this digest",
    )
    return html.Tr(
        [
            html.Th(when, scope="row", className="wrap"),
            html.Td(to or html.Span("nobody", className="bad"), className="wrap"),
            html.Td(html.Div([preview, delete]), className="act"),
        ]
    )


def deliveries(found: Sequence[Delivery], tz: str) -> Component:
    if not found:
        return html.P("Nothing has been sent yet.", className="quiet")
    heads = ("At", "To", "What", "Became of it")
    return table("What was sent, the newest first", heads, [_delivery(one, tz) for one in found])


def _delivery(one: Delivery, tz: str) -> Component:
    return html.Tr(
        [
            html.Td(moment(one.created_at, tz)),
            html.Td(one.channel, className="wrap"),
            html.Th(
                [one.subject, html.Small(_KINDS[one.kind], className="quiet")], scope="row", className="wrap"
            ),
            html.Td(_outcome(one, tz), className="wrap"),
        ],
        **attrs(data_delivery=str(one.delivery_id), data_state=one.state),
    )


def _outcome(one: Delivery, tz: str) -> list[Component]:
    if one.state == "sent":
        tries = f" at try {one.attempts}" if one.attempts > 1 else ""
        return [html.Span(f"sent{tries}", className="state-tag good")]
    if one.state == "failed":
        return [
            html.Span(f"given up after {count(one.attempts, 'try', 'tries')}", className="state-tag bad"),
            html.Small(one.problem, className="bad"),
        ]
    if not one.problem:
        return [html.Span("on its way", className="state-tag quiet")]
    again = f"not taken, again at {moment(one.next_at, tz)}"
    return [html.Span(again, className="state-tag warn"), html.Small(one.problem, className="bad")]


def trouble(found: Sequence[Delivery]) -> list[Component]:
    """What stands above the rules, where a channel takes nothing."""
    return [
        html.P(
            f"The channel {one.channel} does not take messages: {one.problem}",
            className="warning loud",
            role="alert",
        )
        for one in found
    ]
