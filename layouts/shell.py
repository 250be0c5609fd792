"""What stands around the page: the HTML frame, the header, and what announces."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts import controls, ids, views_menu
from layouts.pages import PAGES
from layouts.reader import Reader
from layouts.words import count
from queries import words
from queries.calendar import local

TITLE = "Fixer Metrics"
DESCRIPTION = "How AI agents are doing: runs, success, duration, cost and waste."
_FRESH = timedelta(hours=1)
_NO_SCRIPT = (
    "This page draws its charts with JavaScript. The same numbers come as JSON from /api/metrics/summary."
)
THEMES = {
    "light": ("Light", "sun"),
    "dark": ("Dark", "moon-stars"),
    "system": ("As the system", "circle-half"),
}


def index_string(theme_script: str, pages: str) -> str:
    """The HTML frame; ``theme_script`` (assets/theme.js) runs before the first paint, ``pages`` are the
    records that assets/address.js reads. No inline script but Dash's own, whose hash the
    Content-Security-Policy names."""
    return f"""<!DOCTYPE html>
<html lang="en">
  <head>
    {{%metas%}}
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="{DESCRIPTION}">
    <meta name="pages" content="{escape(pages)}">
    <title>{{%title%}}</title>
    <script src="{theme_script}"></script>
    {{%favicon%}}
    {{%css%}}
  </head>
  <body>
    <noscript>{_NO_SCRIPT}</noscript>
    {{%app_entry%}}
    <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
  </body>
</html>"""


def header(reader: Reader | None = None) -> Component:
    return html.Header(
        [
            html.A("Skip to the numbers", href=f"#{ids.CONTENT}", className="skip"),
            html.A([html.Span(className="mark"), html.Span("Fixer Metrics")], href="/", className="brand"),
            *_navigation(),
            html.Span(className="grow"),
            _live(),
            controls.time_zone(),
            views_menu.menu(),
            _themes(),
            _share(),
            *([_who(reader)] if reader else []),
        ],
        className="shell-header",
    )


def _navigation() -> list[Component]:
    """A link per page; on a phone behind a button that names the page (assets/pages.js keeps both)."""
    toggle = html.Button(
        html.Span("Pages"),
        id=ids.NAV_TOGGLE,
        type="button",
        className="btn-line",
        **{"aria-expanded": "false", "aria-controls": ids.NAV},
    )
    links = [html.A(page.label, href=page.path, **{"data-page": page.path}) for page in PAGES if page.nav]
    return [toggle, html.Nav(links, id=ids.NAV, **{"aria-label": "Pages"})]


def _live() -> Component:
    """The switch of live updates, how fresh the data are, and in their place that the connection is lost."""
    switch = html.Button(
        [html.Span(className="dot"), html.Span("Live")],
        id=ids.LIVE,
        type="button",
        className="btn-quiet",
        title="New runs appear by themselves. Click to switch this off or on.",
        **{"aria-pressed": "true"},
    )
    state = html.Span(id=ids.LIVE_STATE, role="status")
    return html.Div([switch, html.Div(id=ids.FRESHNESS, className="freshness"), state], className="liveness")


def freshness(newest: datetime, now: datetime, tz: str) -> Component:
    """``data to 14:32 · 3 min ago``: when the newest run started, in the zone of the page."""
    there, here = local(newest, tz), local(now, tz)
    day = "" if there.date() == here.date() else f"{words.day(there, year=there.year != here.year)} "
    late = now - newest > _FRESH
    age = html.Span(className="age", **{"data-since": newest.isoformat()})  # assets/live.js writes it
    return html.Span(
        [html.Span(f"data to {day}{there:%H:%M}"), age],
        className="stale" if late else "",
        title=f"The newest run started on {words.day(there)} at {there:%H:%M:%S} ({tz})",
    )


def alerts(firing: tuple[str, ...], troubled: tuple[str, ...]) -> Component | None:
    """``2 firing``, and channels that take nothing: on every page, before how fresh the data are."""
    told = [f"{len(firing)} firing"] if firing else []
    told += [f"{count(len(troubled), 'channel')} failing"] if troubled else []
    if not told:
        return None
    titles = [f"Firing: {', '.join(firing)}"] if firing else []
    titles += [f"Not delivered to: {', '.join(troubled)}"] if troubled else []
    return html.A(", ".join(told), href="/alerts", className="alert-chip", title=". ".join(titles))


def announcer() -> Component:
    """Short messages (``Link copied``), read out by screen readers and seen for a moment."""
    return html.Div(id=ids.ANNOUNCER, className="announcer", role="status", **{"aria-live": "polite"})


def _icon(name: str) -> Component:
    return html.I(className=f"bi bi-{name}", **{"aria-hidden": "true"})


def _menu(name: str, label: list[Component], items: list[Component], toggle: str) -> Component:
    return dbc.DropdownMenu(
        items, id=name, label=label, align_end=True, caret=False, color="link", toggle_class_name=toggle
    )


def _themes() -> Component:
    items = [
        dbc.DropdownMenuItem([_icon(icon), label], id=ids.theme_choice(choice), class_name=f"theme-{choice}")
        for choice, (label, icon) in THEMES.items()
    ]
    label = [_icon("circle-half"), html.Span("Theme", className="visually-hidden")]
    return _menu(ids.THEME_MENU, label, items, "btn-quiet")


def _share() -> Component:
    items = [
        dbc.DropdownMenuItem(
            [html.B("Copy link"), html.Small("Ranges stay relative, each reader has their own time zone")],
            id=ids.SHARE_PLAIN,
        ),
        dbc.DropdownMenuItem(
            [
                html.B("Copy frozen link"),
                html.Small("Exactly these instants and this time zone, for everybody"),
            ],
            id=ids.SHARE_FROZEN,
        ),
    ]
    label = [_icon("share"), html.Span("Share", className="wide-only")]
    return _menu(ids.SHARE_MENU, label, items, "btn-line")


def _who(reader: Reader) -> Component:
    """Who is logged in, and the way out: a form, for browsers may follow links before they are clicked."""
    may = "may look and change" if reader.may_edit else "may look"
    items: list[Component] = [
        html.Div([html.B(reader.name), html.Small(f"{reader.role}, {may}")], className="who-text")
    ]
    if reader.may_log_out:
        leave = html.Button("Log out", type="submit", className="dropdown-item")
        items.append(html.Form(leave, method="post", action="/logout"))
    label = [
        html.Span(reader.name[:1].upper(), className="who-mark", **{"aria-hidden": "true"}),
        html.Span(f"Logged in as {reader.name}", className="visually-hidden"),
    ]
    return _menu(ids.WHO_MENU, label, items, "btn-quiet")
