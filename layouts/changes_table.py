"""The tables of the changes page: effects by member that add up, members' own changes, the dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs
from layouts.changes import difference
from layouts.charts.waterfall import others_name
from layouts.dimensions import Dimension
from layouts.explained import Explained, Line
from layouts.links import href, runs_href
from queries.changes import DEFAULT_BY, DEFAULT_METRIC, Change, Member, Side
from queries.decompose import EFFECTS
from queries.filters import Filters
from queries.metrics import Metric
from queries.units import exact, missing, short

MEMBERS = 25  # where nothing is split: those with most runs
_HEADS = {
    "volume": ("Volume", "There were more or fewer runs in all"),
    "mix": ("Mix", "A larger or smaller share of them was of this member"),
    "rate": ("Own rate", "Each of its own runs amounts to more or less"),
}


def effects(found: Explained, dimension: Dimension) -> Component:
    """A row for each member, then the others, then all: rows and columns add up as they stand."""
    shown = [name for name in EFFECTS if name != "volume" or found.change.metric.kind == "sum"]
    rows = [_effects_row(line, found, shown, dimension) for line in found.every]
    heads = [_head(*_HEADS[name]) for name in shown]
    return html.Table(
        [
            html.Caption(f"Change by {dimension.one}", className="visually-hidden"),
            html.Thead(
                html.Tr(
                    [*_first_heads(dimension), *heads, _head("Change", "The columns before it, added up")]
                )
            ),
            html.Tbody(rows),
            html.Tfoot(_total_row(found, shown)),
        ],
        className="models effects sheet",
    )


def _first_heads(dimension: Dimension) -> list[Component]:
    return [
        _head(dimension.one.capitalize(), ""),
        _head("Runs", "Before and now; each number opens its runs"),
        _head("Value", "Before and now"),
    ]


def _head(text: str, title: str) -> Component:
    return html.Th(text, scope="col", title=title or None)


def _effects_row(line: Line, found: Explained, shown: list[str], dimension: Dimension) -> Component:
    change = found.change
    member = change.members.get(line.name) if line.item else None
    if member is None:
        shown_lines = len(found.lines)
        first = [html.Th(others_name(found, shown_lines, dimension), scope="row"), html.Td(), html.Td()]
    else:
        first = _first_cells(member, change, dimension)
    cells = [_moved(found, getattr(line, name)) for name in shown]
    return html.Tr([*first, *cells, _moved(found, line.total, total=True)])


def _first_cells(member: Member, change: Change, dimension: Dimension) -> list[Component]:
    state = change.split.of(member.name).state if change.split else ""
    tag = html.Span(state, className="tag") if state in ("new", "gone") else None
    unit = change.metric.unit
    values = [
        html.Span(str(short(side.value, unit)), title=exact(side.value, unit)) for side in _sides(member)
    ]
    return [
        html.Th([html.Span(dimension.label(member.name)), tag], scope="row"),
        html.Td(_arrow(*_runs(member, change, dimension))),
        html.Td(_arrow(*values)),
    ]


def _sides(member: Member) -> tuple[Side, Side]:
    return member.before, member.after


def _runs(member: Member, change: Change, dimension: Dimension) -> list[Component]:
    """Each number opens exactly these runs."""
    out = []
    narrow: dict[str, Any] = {dimension.key: member.name}
    periods = (change.periods.before, change.periods.after)
    for side, period, when in zip(_sides(member), periods, ("before", "now"), strict=True):
        text = f"{side.runs:,}"
        about = f"Runs of {dimension.one} {dimension.label(member.name)} {when}"
        link = html.A(
            text,
            href=runs_href(period, **narrow),
            **attrs(aria_label=f"{text}: {about}"),
        )
        out.append(link if side.runs else html.Span(text))
    return out


def _arrow(before: Component, after: Component) -> list[Component | str]:
    return [before, html.Span(" → ", className="quiet"), after]


def _moved(found: Explained, count: int, *, total: bool = False) -> Component:
    text = found.tally.change(count)
    if not total:
        return html.Td(text, className="quiet" if not count else None)
    return html.Td(html.B(text, className=news(found.change.metric, count)))


def news(metric: Metric, moved: float) -> str:
    """The class of good and of bad news; '' where the metric does not know, or nothing moved."""
    if metric.better is None or not moved:
        return ""
    return "better" if (moved > 0) is (metric.better == "up") else "worse"


def _total_row(found: Explained, shown: list[str]) -> Component:
    whole = found.change.whole
    periods = (found.change.periods.before, found.change.periods.after)
    first = [
        html.Th("All", scope="row"),
        html.Td(_arrow(*(_all_runs(*pair) for pair in zip(_sides(whole), periods, strict=True)))),
        html.Td(_arrow(*(html.Span(found.tally.text(count)) for count in (found.before, found.after)))),
    ]
    cells = [_moved(found, found.effect(name)) for name in shown]
    return html.Tr([*first, *cells, _moved(found, found.moved, total=True)])


def _all_runs(side: Side, period: Filters) -> Component:
    text = f"{side.runs:,}"
    return html.A(text, href=runs_href(period)) if side.runs else html.Span(text)


def own_changes(change: Change, dimension: Dimension) -> Component:
    """Where nothing is split: each member's own old and new value, those with most runs first."""
    rows = []
    for member in change.ranked[:MEMBERS]:
        told, kind = _difference(member, change)
        rows.append(
            html.Tr([*_first_cells(member, change, dimension), html.Td(html.B(told, className=kind))])
        )
    return html.Table(
        [
            html.Caption(f"Change of each {dimension.one}", className="visually-hidden"),
            html.Thead(html.Tr([*_first_heads(dimension), _head("Change", "Of its own value")])),
            html.Tbody(rows),
        ],
        className="models effects sheet",
    )


def _difference(member: Member, change: Change) -> tuple[str, str]:
    was, now = member.before.value, member.after.value
    if missing(was) or missing(now):
        return "–", ""
    return difference(change.metric, now, was), news(change.metric, now - was)


@dataclass(frozen=True)
class Shown:
    """One dimension on the list: how much stands out in it, and its biggest contributors."""

    dimension: Dimension
    found: Explained
    odd: float
    defining: bool = False


def dimensions(
    rows: Sequence[Shown], left_out: Sequence[Dimension], filters: Filters, against: str
) -> Component:
    """Which dimension shows the change most; each opens its own breakdown. ``left_out``: those that have
    too many values to be compared here."""
    most = max((row.odd for row in rows if not row.defining), default=0.0)
    body = [_dimension_row(row, most, filters, against) for row in rows]
    heads = [_head("Dimension", ""), _head("Stands out", _ODD), _head("Biggest contributors", "")]
    table = html.Table(
        [
            html.Caption("Dimensions, the one that shows the change most first", className="visually-hidden"),
            html.Thead(html.Tr(heads)),
            html.Tbody(body),
        ],
        className="models dimensions sheet",
    )
    notes = [_ODD_SMALL]
    if left_out:
        names = " and ".join(by.one for by in left_out)
        notes.append(f"Not compared here, for it has too many values: {names}. Choose it above to see them.")
    return html.Div([table, *(html.P(note, className="quiet small") for note in notes)])


_ODD = (
    "How much of the change comes from its three most unusual members, beyond moving in step with all others"
)
_ODD_SMALL = (
    f"Stands out: {_ODD[0].lower()}{_ODD[1:]}. Every dimension splits the same change; the first one "
    "shows best where it sits. That is not yet a cause."
)


def _dimension_row(row: Shown, most: float, filters: Filters, against: str) -> Component:
    keys = {"metric": row.found.change.metric.name, "by": row.dimension.key, "against": against}
    link = html.A(row.dimension.one.capitalize(), href=href("/changes", filters, **_defaults(keys)))
    if row.defining:
        odd: list[Component | str] = [html.Span("by definition", className="quiet")]
    else:
        width = f"{row.odd / most:.1%}" if most else "0%"
        bar = html.Span(html.I(style={"width": width, "background": "var(--c1)"}), className="cell-bar")
        odd = [html.Span(row.found.tally.size(round(row.odd / float(row.found.tally.step)))), bar]
    lines, others = row.found.top(2)
    told = [f"{row.dimension.label(line.name)} {row.found.tally.change(line.total)}" for line in lines]
    if others:
        told.append(
            f"{others_name(row.found, len(lines), row.dimension)} {row.found.tally.change(others.total)}"
        )
    cells = [html.Td(odd, className="odd"), html.Td(" · ".join(told), className="wrap")]
    return html.Tr([html.Th(link, scope="row"), *cells])


def _defaults(keys: dict[str, str]) -> dict[str, Any]:
    """As the URL has them: what is the default is left out."""
    left_out = {"metric": DEFAULT_METRIC, "by": DEFAULT_BY, "against": ""}
    return {key: None if value == left_out[key] else value for key, value in keys.items()}
