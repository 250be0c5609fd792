"""The table of the errors page: a group of failed runs a row, each with the way to its runs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.attrs import attrs
from layouts.error_words import category_words, state_tag, template_words
from layouts.links import href, name_in_url, run_href, runs_href, within
from layouts.sparkline import sparkline
from layouts.theme import STATUS
from queries.calendar import local
from queries.error_groups import MOST, SORTS, STATES, Group, Groups
from queries.error_hits import Hit
from queries.filters import Filters
from queries.measures import FAILED
from queries.units import exact, short

DEFAULT_SORT = "-runs"
# key of the sort, label, what it means
_COLUMNS = (
    ("name", "Error", "What the runs said, without what differs from run to run"),
    ("runs", "Runs", "Failed runs of this group in the period, and their share of all failed runs"),
    ("change", "Before", "Failed runs of this group in the previous period, up to the same point"),
    ("cost", "Wasted", "What these runs cost, where it is known"),
    ("", "Course", "Runs of this group over the period"),
    ("", "Hits", "Models and versions with more than their share of these runs"),
    ("first", "First seen", "In all data that pass the filters, whatever the period"),
    ("last", "Last seen", "In all data that pass the filters, whatever the period"),
)
_PARAMETER = {"template": "error", "category": "category"}
_BY = {"template": "message", "category": "category"}


def subtitle(found: Groups, filters: Filters) -> str:
    """Which runs, how many, and how many groups of them are shown."""
    which = f"Failed runs by {_BY[found.by]}, {filters.describe()}"
    if not found.groups:
        return f"{which}: none"
    share = f" of {found.runs:,} ({short(found.failed / found.runs, 'percent')})" if found.runs else ""
    waste = "" if found.cost is None else f", {short(found.cost, 'usd')} wasted"
    shown = f"{len(found.groups):,} of {words.count(found.total, 'group')} shown"
    gone = f", {found.gone} of them gone" if found.gone else ""
    return f"{which}: {words.count(found.failed, 'run')}{share}{waste}, {shown}{gone}"


def body(found: Groups, filters: Filters, sort: str) -> list[Component]:
    if not found.groups:
        return [_bar(found), html.P(_nothing(filters), className="quiet nothing")]
    table = html.Table(
        [
            html.Caption(f"Failed runs by {_BY[found.by]}", className="visually-hidden"),
            html.Thead(html.Tr([_header(*column, sort) for column in _COLUMNS])),
            html.Tbody([_row(group, found, filters) for group in found.groups]),
        ],
        className="errors",
    )
    return [_bar(found), table, _more(found)]


def _nothing(filters: Filters) -> str:
    if within(filters, FAILED) is None:
        return "The status filter lets no failed run through: there are no errors to show."
    return "No run failed here, in this period or the one before."


def _bar(found: Groups) -> Component:
    """By what the runs are grouped, and how many groups stand out."""
    choices = [_choice(by, by == found.by) for by in _PARAMETER]
    counts = [(state, sum(group.state == state for group in found.groups)) for state in STATES]
    told = [html.Span([state_tag(state), f" {number}"]) for state, number in counts if number]
    group = html.Div(choices, className="seg", role="group", **attrs(aria_label="Group by"))
    return html.Div([group, html.Div(told, className="told")], className="errors-bar")


def _choice(by: str, on: bool) -> Component:
    request = json.dumps({"set": {"by": "" if by == "template" else by}})
    return html.Button(
        f"By {_BY[by]}",
        type="button",
        className="seg-item on" if on else "seg-item",
        **attrs(data_ask=request, aria_pressed="true" if on else "false"),
    )


def _more(found: Groups) -> Component | None:
    rest = min(found.total, MOST) - len(found.groups)
    if rest <= 0:
        return None
    request = json.dumps({"set": {"show": "all"}})
    button = html.Button(
        f"Show {rest:,} more", type="button", className="btn btn-outline-secondary", **attrs(data_ask=request)
    )
    return html.Div(button, className="more")


def _header(key: str, label: str, about: str, sort: str) -> Component:
    if not key:
        return html.Th(label, scope="col", title=about)
    assert key in SORTS
    down, on = sort.startswith("-"), sort.removeprefix("-") == key
    # The largest, newest and dearest first; a second click turns it round. Names from A.
    other = key if (on and down) or (key == "name" and not on) else f"-{key}"
    request = json.dumps({"set": {"sort": "" if other == DEFAULT_SORT else other}})
    arrow = html.I(className="sort", **attrs(aria_hidden="true"))
    button = html.Button([html.Span(label), arrow], type="button", title=about, **attrs(data_ask=request))
    order = ("descending" if down else "ascending") if on else "none"
    return html.Th(button, scope="col", **attrs(aria_sort=order))


def _row(group: Group, found: Groups, filters: Filters) -> Component:
    cells = (
        _runs(group, found, filters),
        _before(group, found, filters),
        _cell("Wasted", html.Span(str(short(group.cost, "usd")), title=exact(group.cost, "usd"))),
        _cell("Course", _course(group, found, filters), "course"),
        _cell("Hits", [_hit(hit) for hit in group.hits], "hits"),
        _cell("First seen", _moment(group.first, filters)),
        _cell("Last seen", _moment(group.last, filters)),
    )
    return html.Tr([_name(group, found, filters), *cells], **attrs(data_group=group.name))


def _cell(label: str, content: object, look: str = "") -> Component:
    # The label is read on a phone, where rows are cards.
    return html.Td(content, className=look or None, **attrs(data_label=label))


def _name(group: Group, found: Groups, filters: Filters) -> Component:
    by_template = found.by == "template"
    told = template_words(group.name) if by_template else [category_words(group.name)]
    text = html.Span(told, className="template" if by_template else "category")
    return html.Th(
        [
            html.Div([text, state_tag(group.state)], className="error-head"),
            html.Div([*_around(group, found, filters), *_example(group, filters)], className="error-foot"),
        ],
        scope="row",
    )


def _around(group: Group, found: Groups, filters: Filters) -> list[Component]:
    """Of a template its categories, of a category the way to its messages."""
    if found.by == "template":
        return [html.Span(category_words(name), className="tag soft") for name in group.categories[:2]]
    return [html.A("Its messages", href=href("/errors", filters, category=group.name))] if group.runs else []


def _example(group: Group, filters: Filters) -> list[Component]:
    if group.example_id is None:
        return []
    run = html.A("The run", href=run_href(group.example_id, filters))
    if not group.example:
        return [html.Span(["Last: ", run])]
    summary = html.Summary("Last message")
    return [html.Details([summary, html.Pre(group.example, tabIndex=0), run], className="example")]


def narrowing(group: Group, by: str, filters: Filters) -> dict[str, Any]:
    """What narrows the page's runs to those of the group, as URLs have it."""
    return {_PARAMETER[by]: group.name, "status": within(filters, FAILED) or "failed"}


def _runs(group: Group, found: Groups, filters: Filters) -> Component:
    share = str(short(group.share, "percent"))
    bar = html.I(style={"width": f"{group.share:.1%}", "background": f"var({STATUS['error']})"})
    number = str(short(group.runs, "count"))
    link = html.A(
        number,
        href=runs_href(filters, None, None, **narrowing(group, found.by, filters)),
        **attrs(aria_label=f"{words.count(group.runs, 'run')}: show them"),
    )
    parts = [link if group.runs else html.Span("0"), html.Small(share, className="quiet")]
    parts.append(html.Span(bar, className="cell-bar", **attrs(aria_hidden="true")))
    return _cell("Runs", parts, "runs")


def _before(group: Group, found: Groups, filters: Filters) -> Component:
    if group.before is None or found.previous is None:
        return _cell("Before", html.Span("–", title="not compared"))
    if not group.before:
        return _cell("Before", "0")
    before = found.previous
    link = runs_href(filters, before.start, before.end, **narrowing(group, found.by, filters))
    says = f"{words.count(group.before, 'run')} in the previous period: show them"
    return _cell("Before", html.A(str(short(group.before, "count")), href=link, **attrs(aria_label=says)))


def _course(group: Group, found: Groups, filters: Filters) -> Component | None:
    if len(group.line) < 2 or not group.runs:
        return None
    partial = {i for i, span in enumerate(found.buckets) if filters.partial(*span)}
    link = runs_href(filters, None, None, **narrowing(group, found.by, filters))
    title = f"{words.count(group.runs, 'run')}: show them"
    return sparkline(group.line, partial, STATUS["error"], link, title)


def _hit(hit: Hit) -> Component:
    ratio = f"{hit.ratio:.1f}" if hit.ratio < 10 else f"{hit.ratio:.0f}"
    about = f"{words.count(hit.runs, 'run')}, {ratio} times what its share of all runs would bring"
    ask = json.dumps({"set": {hit.kind: name_in_url(hit.name)}})
    name = hit.name if hit.kind == "model" else f"version {hit.name}"
    return html.Button(
        [html.Span(name), html.B(f"×{ratio}")],
        type="button",
        className="hit",
        title=about,
        **attrs(data_ask=ask, aria_label=f"{name}: {about}. Show only it"),
    )


def _moment(moment: datetime | None, filters: Filters) -> Component | str:
    if moment is None:
        return "–"
    here, now = local(moment, filters.tz), local(filters.now, filters.tz)
    text = f"{here.day} {here:%b} {here:%H:%M}" if here.year == now.year else f"{here.day} {here:%b %Y}"
    return html.Time(text, dateTime=moment.isoformat(), title=f"{here:%Y-%m-%d %H:%M:%S} {filters.tz}")
