"""The page of alerts: rules and where they stand, what fired, channels, digests, what was sent."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from alerts.channels import LONGEST_NAME
from alerts.digest import WEEKDAYS
from layouts import ids
from layouts.attrs import attrs
from layouts.fields import Input
from layouts.panel_card import panel_card

_KEPT = "Addresses are kept encrypted and never shown again."


def content() -> list[Component]:
    return [
        *(dcc.Store(id=ids.answer(panel)) for panel in ids.ALERT_PANELS),
        html.Div(
            [
                html.H1("Alerts", className="page-title"),
                html.A("New rule", href="/alerts/new", className="btn btn-primary", id="new-rule"),
            ],
            className="span-12 page-head",
        ),
        # assets/access.js says here why, to those who only look.
        html.P(hidden=True, className="span-12 quiet", **attrs(data_looks_note="")),
        panel_card(ids.ALERT_RULES, "Rules", 12),
        panel_card(ids.ALERT_EPISODES, "What fired", 12),
        panel_card(ids.ALERT_CHANNELS, "Channels", 6, _channel_form()),
        panel_card(ids.ALERT_DIGESTS, "Weekly digest", 6, _digest_form(), _preview_button()),
        panel_card(ids.ALERT_DELIVERIES, "What was sent", 12),
        _digest_preview(),
    ]


def _channel_form() -> Component:
    about = html.P(
        [
            "An email is ",
            html.Code("mailtos://user:password@example.org?smtp=mail.example.org&to=team@example.org"),
            "; of Slack and Discord take the incoming webhook as it is; a webhook is ",
            html.Code("jsons://example.org/hook"),
            f"; the others are written as Apprise has them. {_KEPT}",
        ],
        className="quiet small",
    )
    return html.Form(
        [
            html.Div(
                [
                    _labelled("Name", "name",
                              _plain("name", maxlength=str(LONGEST_NAME), placeholder="team")),
                    _labelled("Address", "address",
                              _plain("address", placeholder="mailtos://… or https://hooks.slack.com/…")),
                    html.Button("Add channel", type="submit", className="btn btn-outline-secondary"),
                ],
                className="form-row",
            ),
            html.P(role="alert", className="complaint", hidden=True),
            about,
        ],
        className="small-form",
        noValidate=True,
        **attrs(data_edits="", data_adds="/api/alerts/channels"),
    )  # fmt: skip


def _digest_form() -> Component:
    weekdays = html.Select(
        [html.Option(name, value=str(number)) for number, name in enumerate(WEEKDAYS)],
        **_named("weekday", True),
    )
    clock = [html.Option(f"{hour:02}:00", value=str(hour), selected=hour == 8) for hour in range(24)]
    hours = html.Select(clock, **_named("hour", True))
    to = html.Select([], id="digest-to", **_named("channels", True))
    return html.Form(
        [
            html.Div(
                [
                    _labelled("Every", "weekday", weekdays),
                    _labelled("At", "hour", hours),
                    _labelled("To", "channels", to),
                    html.Button("Add digest", type="submit", className="btn btn-outline-secondary"),
                ],
                className="form-row",
            ),
            html.P(role="alert", className="complaint", hidden=True),
            html.P(
                [
                    "The last seven days against those before: five figures, what changed, what is unusual, "
                    "the budget. In the time zone of this page.",
                ],
                className="quiet small",
            ),
        ],
        className="small-form",
        noValidate=True,
        **attrs(data_edits="", data_adds="/api/alerts/digests"),
    )


def _preview_button() -> Component:
    """Outside of the form, which those who only look cannot use."""
    button = html.Button(
        "Preview it as of now",
        type="button",
        className="btn btn-outline-secondary btn-sm",
        **attrs(data_preview=""),
    )
    return html.P(button, className="below-form")


def _digest_preview() -> Component:
    """assets/digest.js fills it. The mail is kept in a frame: its style is not the page's, and no name in it
    could do anything: ``allow-same-origin`` only lets our script see how high it is, for it runs none of its
    own."""
    close = html.Button("Close", type="button", className="btn btn-outline-secondary", id="digest-close")
    plain = html.Details(
        [html.Summary("As plain text"), html.Pre(id="digest-text", tabIndex="0")],
        id="digest-plain",
        hidden=True,
        className="more-fields",
    )
    mail = html.Iframe(
        id="digest-mail",
        title="The digest as a mail",
        hidden=True,
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    )
    return html.Dialog(
        [
            html.Div([html.H2(id="digest-subject"), close], className="page-head"),
            html.P(id="digest-problem", className="bad", role="alert"),
            mail,
            plain,
        ],
        id="digest-preview",
        **attrs(aria_labelledby="digest-subject"),
    )


def _labelled(label: str, name: str, control: Component) -> Component:
    return html.Label([html.Span(label), control], className=f"of-{name}")


def _plain(name: str, **more: str) -> Component:
    return Input(type="text", autoComplete="off", **_named(name), **more)


def _named(name: str, select: bool = False) -> dict[str, object]:
    """A field that assets/alerts.js sends under this name."""
    look = "form-select form-select-sm" if select else "form-control form-control-sm"
    return {"className": look, **attrs(data_field=name)}
