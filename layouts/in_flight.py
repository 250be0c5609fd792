"""Runs in flight: a line on the overview, a list on the runs page; nothing where there are none."""

from __future__ import annotations

import json
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.data_health import moment
from layouts.links import href
from layouts.words import count
from queries.filters import Filters
from queries.in_flight import Flight, InFlight
from queries.units import short

LISTED = 25
_HEADS = ("Run", "For", "Agent", "Model", "Began", "")
_HELP = "Announced at their start and not ended; they count in no figure until they end."
_OVERDUE = "Longer than 99 of 100 runs of its model take"


def line(found: InFlight, filters: Filters) -> list[Component]:
    """How many, since when, how many overdue: the way to the list."""
    if not found.total:
        return []
    return [html.A(_said(found, filters.now), href=href("/runs", filters), className="flying", title=_HELP)]


def listed(found: InFlight, filters: Filters) -> list[Component]:
    """Folded away; the oldest first."""
    if not found.total:
        return []
    flights = found.flights[:LISTED]
    more = f"The {len(flights)} oldest of {found.total:,}. " if len(flights) < found.total else ""
    body = [
        html.Thead(html.Tr([html.Th(head, scope="col") for head in _HEADS])),
        html.Tbody([_row(flight, filters) for flight in flights]),
    ]
    caption = html.Caption("Runs in flight, the oldest first", className="visually-hidden")
    content = html.Div(
        [
            html.P(f"{more}{_HELP} The period does not count here.", className="quiet"),
            _overdue(found),
            html.P(id=ids.IN_FLIGHT_PROBLEM, className="bad", role="alert"),
            html.Table([caption, *body], className="plain"),
        ],
        className="table-wrap",
    )
    return [
        html.Details(
            [html.Summary(_said(found, filters.now)), content], className="card", id="in-flight-list"
        )
    ]


def _said(found: InFlight, now: datetime) -> list[Component]:
    dot = html.Span(className="dot", **attrs(aria_hidden="true"))
    said: list[Component] = [dot, html.Span(f"{count(found.total, 'run')} in flight")]
    if found.oldest:
        said.append(html.Span(f"the oldest for {_lasting(found.oldest, now)}", className="quiet"))
    if found.overdue:
        said.append(html.Span(f"{found.overdue:,} overdue", className="badge", title=_OVERDUE))
    return said


def _row(flight: Flight, filters: Filters) -> Component:
    agent = f"{flight.agent} {flight.agent_version}" if flight.agent_version else flight.agent
    late = html.Span("overdue", className="badge", title=f"Due {moment(flight.due, filters.tz)}")
    return html.Tr(
        [
            html.Th(_cut(flight.invocation_id), scope="row", title=flight.invocation_id[:200]),
            html.Td([html.Span(_lasting(flight.start_time, filters.now)), late if flight.overdue else None]),
            html.Td(_cut(agent)),
            html.Td(_cut(flight.model)),
            html.Td(moment(flight.start_time, filters.tz)),
            html.Td(_give_up("Give up", [flight.invocation_id], f"Give up {_cut(flight.invocation_id)}")),
        ]
    )


def _overdue(found: InFlight) -> Component | None:
    """All at once, where a machine has died with many of them."""
    late = [flight.invocation_id for flight in found.flights if flight.overdue]
    if len(late) < 2:
        return None
    which = "the" if len(late) == found.overdue else f"the {len(late)} oldest of the"
    label = f"Give up {which} {found.overdue:,} overdue"
    return html.P(_give_up(label, late, label))


def _give_up(label: str, flights: list[str], named: str) -> Component:
    """assets/in_flight.js asks first."""
    asks = attrs(data_edits="", data_give_up=json.dumps(flights), aria_label=named)
    return html.Button(label, type="button", className="btn btn-outline-secondary btn-sm", **asks)


def _cut(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"


def _lasting(start: datetime, now: datetime) -> str:
    # A clock that is ahead of ours is no reason for a negative time.
    return str(short(max(0.0, (now - start).total_seconds() * 1000), "ms"))
