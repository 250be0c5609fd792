"""What is shown to whoever is not let in yet: log-in, and refusals. Plain HTML; it needs no script."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from dash import html

from layouts.fields import Input
from layouts.markup import markup

# All that these pages are made of; the gate lets strangers have nothing else.
ASSETS = frozenset(
    {"app.css", "access.css", "theme.js", "favicon.ico", "vendor/inter/inter-latin-wght-normal.woff2"}
)
LONGEST_TYPED = 1000  # characters


@dataclass(frozen=True, slots=True)
class Login:
    """``problem``: why the last try did not succeed; ``told``: what has happened, such as a log-out."""

    next: str = "/"
    name: str = ""
    problem: str = ""
    told: str = ""


def users(login: Login, *, none_yet: bool = False) -> str:
    """Name and password."""
    empty = "There are no users yet. On the server: fixer-metrics user add NAME --role editor"
    problem = login.problem or (empty if none_yet else "")
    form = html.Form(
        [
            Input(type="hidden", name="next", value=login.next),
            *_field("Name", "name", "username", value=login.name, autoFocus=not login.name),
            *_field("Password", "password", "current-password", type="password", autoFocus=bool(login.name)),
            html.Button("Log in", type="submit", className="go"),
        ],
        method="post",
        action="/login",
    )
    return _page("Log in", [*_said(login.told, problem), form])


def provider(login: Login, name: str, start: str, end: str = "") -> str:
    """One button to the OpenID Connect provider ``name``; ``end`` logs out there, too."""
    parts = [
        *_said(login.told, login.problem),
        html.A(f"Log in with {name}", href=start, className="go"),
    ]
    if end:
        parts.append(html.P(html.A(f"Log out of {name}, too", href=end), className="aside"))
    return _page("Log in", parts)


def refused(message: str, hint: str) -> str:
    return _page("Not from here", [html.P(message), *([html.P(hint, className="aside")] if hint else [])])


def away() -> str:
    message = "The database does not answer right now, so nobody can be let in. Please try again in a moment."
    return _page("One moment", [html.P(message, role="alert")])


def unnamed() -> str:
    hint = "Whoever runs it can look at PROXY_USER_HEADER and TRUSTED_PROXY, and at what the proxy sends."
    message = "The proxy in front of this dashboard should have said who you are, and did not."
    return _page("Who are you?", [html.P(message), html.P(hint, className="aside")])


def _field(label: str, name: str, complete: str, **more: Any) -> list[Any]:
    shown = {"type": "text"} | {key: value for key, value in more.items() if value}
    field = Input(
        id=name,
        name=name,
        autoComplete=complete,
        required=True,
        maxLength=LONGEST_TYPED,
        **shown,
    )
    return [html.Label(label, htmlFor=name), field]


def _said(told: str, problem: str) -> list[Any]:
    parts = []
    if told:
        parts.append(html.P(told, className="told", role="status"))
    if problem:
        parts.append(html.P(problem, className="problem", role="alert"))
    return parts


def _page(title: str, parts: list[Any]) -> str:
    brand = html.P([html.Span(className="mark"), "Fixer Metrics"], className="brand")
    body = html.Main([brand, html.H1(title), *parts], className="access")
    return f"""<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>{escape(title)} - Fixer Metrics</title>
    <script src="/assets/theme.js"></script>
    <link rel="icon" href="/assets/favicon.ico">
    <link rel="stylesheet" href="/assets/app.css">
    <link rel="stylesheet" href="/assets/access.css">
  </head>
  <body class="stranger">{markup(body)}</body>
</html>"""
