"""What shows where there are no numbers: loading, nothing yet, nothing here, and what went wrong."""

from __future__ import annotations

from datetime import datetime

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs
from queries import words


def skeleton(shape: str) -> Component:
    """The real shape in grey; app.css shows it only after 200 ms. ``bars``, ``lines``,
    ``area``, ``ring``, ``table``, ``kpi``."""
    return html.Div(className=f"skeleton skeleton-{shape}", **attrs(aria_hidden="true"))


def card_skeletons(number: int = 12) -> list[Component]:
    """The KPI cards before their first numbers."""
    return [html.Div(skeleton("kpi"), className="card kpi") for _ in range(number)]


def _state(icon: str, title: str, children: list[Component], kind: str, role: str = "status") -> Component:
    sign = html.I(className=f"bi bi-{icon}", **attrs(aria_hidden="true"))
    return html.Section(
        [
            html.Span(sign, className="state-icon"),
            html.H2(title),
            *children,
        ],
        className=f"card state state-{kind}",
        role=role,
    )


def _ask(label: str, request: str, look: str = "btn-outline-secondary") -> Component:
    """A button that asks the page for other filters (see ids.ASK)."""
    return html.Button(label, type="button", className=f"btn {look}", **attrs(data_ask=request))


def _actions(*buttons: Component) -> Component:
    return html.Div(list(buttons), className="state-actions")


def empty_database() -> Component:
    """What this is, and the one command that fills it."""
    about = (
        "Fixer Metrics shows how AI agents are doing: how many runs, how many succeed, how long they take, "
        "what they cost and what was wasted. The database is ready and has no run in it."
    )
    return _state(
        "database",
        "No runs yet",
        [
            html.P(about),
            html.P("Bring in a file or a folder of runs (JSONL, JSON or CSV, plain or gzipped):"),
            html.Pre(html.Code("fixer-metrics import PATH")),
            html.P(["Or try it with made-up runs: ", html.Code("fixer-metrics seed")]),
            html.P("This page notices by itself when there is something to show.", className="quiet"),
        ],
        "empty",
    )


def empty_result(described: str, culprits: list[tuple[str, str, str]]) -> Component:
    """No run passes the filters. ``described``: the filters in words. ``culprits``: each filter whose
    removal alone would show runs, as (label, what it says, the request that clears it: see ids.ASK)."""
    buttons = [_ask(f"Clear {label}: {says}", request, "btn-primary") for label, says, request in culprits]
    if culprits:
        names = " or ".join(f"{label} ({says})" for label, says, _ in culprits)
        why = f"It is the filter {names} that removes everything: without it there are runs."
    else:
        why = "No single filter is to blame: there are runs only if several are cleared."
    return _state(
        "funnel",
        "No run passes these filters",
        [
            html.P(f"Asked for: {described}."),
            html.P(why),
            _actions(*buttons, _ask("Reset all filters", '{"search": ""}')),
        ],
        "nothing",
    )


def error_card(reference: str, message: str = "") -> Component:
    """Something of ours went wrong in one card; the rest of the page works."""
    advice = "Try again. If it happens again, give this reference to whoever runs the server: "
    return _state(
        "exclamation-triangle",
        "This could not be shown",
        [
            html.P(message or "Something went wrong on the server while it was put together."),
            html.P([advice, html.Code(reference)]),
            _actions(_ask("Try again", '{"refresh": true}')),
        ],
        "error",
        role="alert",
    )


def database_away() -> Component:
    """assets/interact.js sees this card, keeps asking, and refreshes the page when the database is back."""
    trying = [html.Span(className="pulse"), html.Span("Trying again every two seconds")]
    return _state(
        "plug",
        "The database cannot be reached",
        [
            html.P("Numbers come back when it does. This page keeps trying and recovers by itself."),
            html.Div(trying, className="quiet"),
        ],
        "away",
        role="alert",
    )


def not_kept(message: str, allowed: str) -> Component:
    """What is asked for was told by single runs that retention has dropped."""
    return _state(
        "database",
        "Not kept for so long",
        [html.P(f"{message}."), html.P(f"Choose {allowed}.")],
        "dropped",
    )


def kept_note(kept: datetime) -> Component:
    """Above pages whose period begins before single runs are kept."""
    return html.P(
        [
            html.B(f"Single runs are kept from {words.day(kept)} on (UTC). "),
            "Totals and charts are complete. Tables of runs, exports and what is found by looking at single "
            "runs (odd times, many calls, list prices, samples for intervals, first and last sight of errors "
            "under further filters) reach back to that day.",
        ],
        className="kept-note",
    )


def not_found() -> Component:
    """There is no page at this address."""
    way = html.A("To the overview", href="/", className="btn btn-primary")
    return _state(
        "link-45deg",
        "There is no page at this address",
        [html.P("It may have been mistyped, or come from another version of this program."), _actions(way)],
        "nowhere",
    )


def bad_request(problems: list[tuple[str, str]]) -> Component:
    """Bad values in the URL: each with its message and what is allowed. Nothing else is shown."""
    return _state(
        "link-45deg",
        "This link asks for something that does not exist",
        [
            html.Ul([_problem(message, allowed) for message, allowed in problems]),
            html.P("No numbers are shown, because they would not be the ones the link means."),
            _actions(_ask("Show the default view", '{"search": ""}', "btn-primary")),
        ],
        "refused",
        role="alert",
    )


def _problem(message: str, allowed: str) -> Component:
    return html.Li(
        [html.Span(message), html.Span(f"Allowed: {allowed}", className="quiet") if allowed else None]
    )
