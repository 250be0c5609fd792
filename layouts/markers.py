"""Markers in words: what assets/markers.js draws on every time chart, and their list on the changes page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from alerts.tell import Episode
from layouts import ids
from layouts.attrs import attrs
from layouts.fields import Input
from queries.beforeafter import Figure
from queries.calendar import local
from queries.filters import Filters
from queries.markers import Marker
from queries.metrics import METRIC
from queries.units import missing, short
from queries.words import day, period
from queries.words import filters as filters_in_words

# Chart -> the metric whose figures stand beside its markers.
OF_CHART = {
    "executions": "runs",
    "success_rate": "success_rate",
    "duration": "avg_duration_ms",
    "tokens": "tokens_per_run",
    "cost": "cost_per_run",
    "llm_calls": "llm_calls_per_run",
    "tool_calls": "tool_calls_per_run",
}
LABELS = {"runs": "Runs a day"} | {name: METRIC[name].label for name in OF_CHART.values() if name != "runs"}
_OVER_HOURS = "95 % intervals: ratio estimator over hours (days in a long period), Student's t."
METHODS = {
    "runs": "95 % intervals: mean of whole days, Student's t.",
    "success_rate": "95 % intervals: Wilson.",
}


def method(metric: str) -> str:
    return METHODS.get(metric, _OVER_HOURS)


def place() -> list[Component]:
    """What a page with time charts needs to have them marked."""
    return [dcc.Store(id=ids.answer(ids.MARKERS)), html.Div(id=ids.MARKERS, hidden=True)]


def subtitle(filters: Filters) -> str:
    scope = filters_in_words(filters)
    scope = f" ({scope})" if scope else ""
    return f"First run of each version, and what was marked by hand{scope}, {period(filters)}"


def carried(found: list[Marker], filters: Filters, fired: Sequence[Episode] = ()) -> Component:
    """The element that assets/markers.js reads them from."""
    return html.Div(**attrs(data_markers=json.dumps(payload(found, filters, fired), separators=(",", ":"))))


def payload(found: list[Marker], filters: Filters, fired: Sequence[Episode] = ()) -> dict[str, Any]:
    """``fired``: alerts that did in the period."""
    several = len({marker.agent for marker in found if marker.agent}) > 1
    return {
        "of": OF_CHART,
        "labels": LABELS,
        "methods": {metric: method(metric) for metric in LABELS},
        "markers": [_told(marker, filters, several) for marker in found],
        "alerts": [_fired(episode, filters) for episode in fired],
    }


def _told(marker: Marker, filters: Filters, several: bool) -> dict[str, Any]:
    """``several``: a version alone would not say whose it is."""
    return {
        "at": marker.at.timestamp() * 1000,
        "label": name(marker) if several else marker.label,
        "title": title(marker, filters),
        "own": marker.marker_id is not None,
        "figures": {metric: [written(marker.before[metric], metric), written(marker.after[metric], metric)]
                    for metric in LABELS},
    }  # fmt: skip


def _fired(episode: Episode, filters: Filters) -> dict[str, Any]:
    """What is firing goes on until now."""
    over = episode.resolved_at
    end = over or filters.now
    until = f"to {_clock(over, filters)}" if over else "and fires on"
    return {
        "from": episode.fired_at.timestamp() * 1000,
        "to": end.timestamp() * 1000,
        "label": episode.name,
        "title": f"{episode.name} fired, {_clock(episode.fired_at, filters)} {until}: {episode.said}",
    }


def _clock(at: datetime, filters: Filters) -> str:
    there = local(at, filters.tz)
    return f"{day(there)} {there:%H:%M}"


def title(marker: Marker, filters: Filters) -> str:
    when = moment(marker, filters)
    return (
        f"{marker.label}, {when}" if marker.marker_id is not None else f"First run of {name(marker)}, {when}"
    )


def name(marker: Marker) -> str:
    return f"{marker.agent} {marker.version}" if marker.version else marker.label


def moment(marker: Marker, filters: Filters) -> str:
    at = local(marker.at, filters.tz)
    return f"{day(at)} {at:%H:%M}"


def written(figure: Figure, metric: str) -> str:
    """``91.2 % (90.3 % to 92.0 %)``."""
    unit = METRIC[metric].unit
    if missing(figure.value):
        return "no value"
    value = _figure(figure.value, unit)
    if missing(figure.low):
        return f"{value} (too little for an interval)"
    return f"{value} ({_figure(figure.low, unit)} to {_figure(figure.high, unit)})"


def _figure(value: float, unit: str) -> str:
    """A mean of counts has decimals where they are few."""
    return str(short(value, "number" if unit == "count" and value < 100 else unit))


# The list on the changes page: who reads no charts finds the same there.
_LISTED = ("success_rate", "cost_per_run", "avg_duration_ms")


def listed(found: list[Marker], filters: Filters) -> Component:
    """Newest first; a mark of the team's own can be taken away."""
    if not found:
        return html.P("No version first ran in this period, and nothing is marked in it.", className="quiet")
    heads = [html.Th("Marker", scope="col"), html.Th("At", scope="col")]
    heads += [html.Th(LABELS[m], scope="col") for m in _LISTED]
    rows = [_row(marker, filters) for marker in reversed(found)]
    table = html.Table(
        [
            html.Caption("Versions and markers, newest first", className="visually-hidden"),
            html.Thead(
                html.Tr([*heads, html.Th(html.Span("Remove", className="visually-hidden"), scope="col")])
            ),
            html.Tbody(rows),
        ],
        className="models marker-list sheet",
    )
    return html.Div([table, html.P(_NOTE, className="quiet small")])


_NOTE = (
    "“Before” begins at the previous marker or the start of the period, “after” ends at the next marker or "
    "now; for a version these are versions of the same agent, for a marker of your own these are yours. The "
    "hour of the marker itself counts for neither. 95 % intervals in brackets: Wilson for the success rate, "
    "the ratio estimator over hours with Student's t for means. A difference after a marker need not come "
    "from it."
)


def _row(marker: Marker, filters: Filters) -> Component:
    own = marker.marker_id is not None
    kind = html.Span("own", className="tag") if own else None
    cells = [html.Td(moment(marker, filters))]
    for metric in _LISTED:
        sides = (("before", marker.before), ("after", marker.after))
        lines = [html.Div([html.Small(f"{when} "), written(side[metric], metric)]) for when, side in sides]
        cells.append(html.Td(lines))
    remove = html.Button(
        "Remove",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **attrs(
            data_edits="",
            data_remove_marker=str(marker.marker_id),
            aria_label=f"Remove marker {marker.label}",
        ),
    )
    return html.Tr([html.Th([name(marker), kind], scope="row"), *cells, html.Td(remove if own else None)])


def form(filters: Filters) -> Component:
    """Adds a mark at an instant, by POST /api/markers (assets/marker_form.js)."""
    now = local(filters.now, filters.tz)
    fields = [
        html.Label(["Label", Input(**_input("text", "label", maxlength="80", placeholder="prompt v12"))]),
        html.Label(
            [
                f"At ({filters.tz})",
                Input(**_input("datetime-local", "at", value=f"{now:%Y-%m-%dT%H:%M}")),
            ]
        ),
        html.Button("Add marker", type="submit", className="btn btn-outline-secondary"),
        html.Span(role="status", className="quiet"),
    ]
    return html.Form(
        fields, id=ids.MARKER_FORM, className="marker-form", **attrs(data_edits="", data_tz=filters.tz)
    )


def _input(kind: str, key: str, **more: str) -> dict[str, Any]:
    look = "form-control form-control-sm"
    return {"type": kind, "name": key, "required": True, "className": look, **more}
