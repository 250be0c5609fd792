"""What is unusual, in words: the strip at the head of the overview, and what the time charts mark.

The element CARRIER holds what assets/unusual.js lays over the charts: their flags, and the expected bands
where the reader asked for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.links import runs_href, within
from layouts.marks import moment, numbers
from layouts.words import count, listed
from queries.filters import Filters
from queries.metrics import METRIC
from queries.surprises import HEADED, WENT_WRONG, Surprise
from queries.units import Text, short
from queries.unusual import Flag, Unusual
from queries.words import day, period

SHOWN = HEADED  # in the strip; the rest open below it
BAND = "band"  # the URL's parameter: 1 shows the expected bands
_CHARTS = {
    "executions": ("runs", "errors", "failures"),
    "success_rate": ("success_rate",),
    "duration": ("avg_duration_ms", "p95_duration_ms"),
    "tokens": ("total_tokens",),
    "cost": ("cost_usd", "cost_per_run"),
    "llm_calls": ("llm_calls", "llm_calls_per_run"),
    "tool_calls": ("tool_calls", "tool_calls_per_run"),
}
_CHART_OF = {metric: chart for chart, metrics in _CHARTS.items() for metric in metrics}
_RIGHT = ("cost_per_run", "llm_calls_per_run", "tool_calls_per_run")  # drawn on the right axis
_STACKED = ("errors", "failures")  # parts of a bar: marked on top of it
_NO_BAND = (*_STACKED, *_RIGHT)  # one band a picture is enough to read, and a part of a bar has no place
_TONES = {True: "worse", False: "better", None: "neutral"}
_THESE = {"24h": "these 24 hours", "7d": "these 7 days", "30d": "these 30 days", "90d": "these 90 days"}


def place() -> list[Component]:
    """What stands at the head of the overview."""
    return [
        dcc.Store(id=ids.answer(ids.UNUSUAL)),
        html.Section(id=ids.UNUSUAL, className="unusual", **attrs(aria_label="Unusual in this period")),
    ]


# ---- the strip ---------------------------------------------------------------------------------------


def strip(
    found: Unusual,
    surprises: Sequence[Surprise],
    filters: Filters,
    sigma: float,
    *,
    band: bool = False,
    split: bool = False,
) -> list[Component]:
    """The most surprising first, the rest folded away; a quiet line where there is nothing. ``split``: the
    charts do not show the whole, which alone was judged, so nothing is marked on them."""
    laid = payload(replace(found, flags=(), bands={}) if split else found, surprises, filters, band)
    carrier = html.Div(hidden=True, **attrs(data_unusual=_json(laid)))
    head = html.H2(heading(filters), title=_method(found, sigma))
    if not surprises:
        quiet = html.P(nothing(found, filters), className="quiet", title=_method(found, sigma))
        return [quiet, carrier]
    items = [_item(one, filters) for one in surprises]
    more = items[SHOWN:]
    rest = html.Details([html.Summary(f"and {len(more)} more"), html.Ul(more)]) if more else None
    return [html.Div([head, html.Ul(items[:SHOWN]), rest], className="card"), carrier]


def heading(filters: Filters) -> str:
    return f"Unusual in {_these(filters)}"


def nothing(found: Unusual, filters: Filters) -> str:
    if not found.judged:
        return "Too few runs, or too little history, to tell what is unusual here."
    values = count(found.judged, "value")
    return f"Nothing unusual in {_these(filters)}: {values} compared with what came before."


def _these(filters: Filters) -> str:
    words = filters.describe_filters()
    return f"{_THESE.get(filters.range) or period(filters)}{f' ({words})' if words else ''}"


def _compared(number: int) -> str:
    return f"{count(number, 'value')} {'was' if number == 1 else 'were'} compared"


def _method(found: Unusual, sigma: float) -> str:
    return (
        f"{_compared(found.judged)} with what the weeks before let one expect. The charts mark those more "
        f"than {sigma:g} standard deviations away; listed here are those that chance alone would hardly "
        "bring among so many values."
    )


def _item(one: Surprise, filters: Filters) -> Component:
    tone = _TONES[one.peak.worse]
    badge = html.Span(when(one, filters.grain), className=f"badge {tone}")
    return html.Li(
        html.A([badge, html.Span(told(one, filters.grain))], href=runs(one.peak, one.start, one.end, filters))
    )


def when(one: Surprise, grain: str) -> str:
    """``11 Nov``, ``2 to 12 Nov``, ``11 Nov 14:00``, ``Week of 9 Nov``."""
    first, last = one.start, one.end - timedelta(minutes=1)
    if grain == "hour":
        end = (
            f"{one.end:%H:%M}"
            if last.date() == first.date()
            else f"{day(one.end, year=False)} {one.end:%H:%M}"
        )
        return f"{day(first, year=False)} {first:%H:%M}" + (f" to {end}" if one.buckets > 1 else "")
    if one.buckets == 1:
        return f"{'Week of ' if grain == 'week' else ''}{day(first, year=False)}"
    same = first.month == last.month
    return f"{first.day if same else day(first, year=False)} to {day(last, year=False)}"


def told(one: Surprise, grain: str) -> str:
    """What was unusual, how far, and what most of it was."""
    words = said(one.peak) + _mostly(one)
    if one.buckets == 1:
        return words
    start = one.peak.start
    peak = f"{day(start, year=False)} {start:%H:%M}" if grain == "hour" else day(start, year=False)
    return f"{words} on {peak}, {one.buckets} {grain}s in a row"


def said(flag: Flag) -> str:
    """``errors 4.1 times the expected 12 (9 to 16)``."""
    unit = METRIC[flag.metric].unit
    what = name(flag.metric) + (f" on {flag.model}" if flag.model else "")
    value, expected, low, high = (
        str(short(part, unit)) for part in (flag.value, flag.expected, flag.low, flag.high)
    )
    side, against = "above" if flag.score > 0 else "below", f"the expected {expected} ({low} to {high})"
    if unit == "percent":
        points = abs(flag.value - flag.expected) * 100
        return f"{what} {value}, {points:.1f} points {side} {against}"
    if flag.expected < 1 and unit == "count":
        return f"{what} {value} where at most {high} {'is' if high == '1' else 'are'} expected"
    ratio = flag.value / flag.expected
    if ratio >= 2:
        return f"{what} {ratio:.1f} times {against}"
    return f"{what} {Text(f'{abs(ratio - 1) * 100:.0f}', '%')} {side} {against}"


def name(metric: str) -> str:
    """Its label within a sentence."""
    label = METRIC[metric].label
    return label if label.startswith("LLM") else label[0].lower() + label[1:]


def _mostly(one: Surprise) -> str:
    parts = [f"mostly {one.category.replace('_', ' ')}"] if one.category else []
    if one.model and not one.peak.model:
        parts.append(f"{'mostly ' if not parts else ''}on {one.model}")
    return f", {listed(parts)}" if parts else ""


def runs(flag: Flag, start: datetime, end: datetime, filters: Filters) -> str:
    """The runs that it is about."""
    narrow: dict[str, str | None] = {"model": flag.model} if flag.model else {}
    if flag.worse and flag.metric in WENT_WRONG:
        narrow["status"] = within(filters, WENT_WRONG[flag.metric])
    return runs_href(filters, start, end, **narrow)


# ---- on the charts -----------------------------------------------------------------------------------


def payload(found: Unusual, surprises: Iterable[Surprise], filters: Filters, band: bool) -> dict[str, Any]:
    """By chart: ``flags`` (a place each, with all that is said there) and, where asked for, ``bands``."""
    causes = {(one.peak.metric, one.peak.model, one.peak.start): _mostly(one) for one in surprises}
    return {
        "band": band,
        "grain": filters.grain,
        "flags": {chart: list(_flags(chart, found, causes, filters)) for chart in _CHARTS},
        "bands": {chart: list(_bands(chart, found)) for chart in _CHARTS} if band else {},
        "x": [moment(start) for start in found.starts] if band else [],
    }


def _flags(chart: str, found: Unusual, causes: dict[Any, str], filters: Filters) -> Iterable[dict[str, Any]]:
    places: dict[tuple[datetime, str], list[Flag]] = {}
    for flag in found.flags:
        if _CHART_OF[flag.metric] == chart:
            places.setdefault((flag.start, _spot(flag)), []).append(flag)
    for (start, spot), flags in places.items():
        peak = max(flags, key=lambda flag: abs(flag.score))
        yield {
            "x": moment(start),
            "y": None if spot == "top" else numbers([peak.value], METRIC[peak.metric].unit)[0],
            "axis": "y2" if peak.metric in _RIGHT else "y",
            "up": peak.score > 0,
            "tone": _TONES[peak.worse],
            "words": [said(f) + causes.get((f.metric, f.model, f.start), "") for f in flags],
            "href": runs(peak, peak.start, peak.end, filters),
        }


def _spot(flag: Flag) -> str:
    """What is marked on top of a stack shares its place."""
    return "top" if flag.metric in (*_STACKED, "runs", "total_tokens") else flag.metric


def _bands(chart: str, found: Unusual) -> Iterable[dict[str, Any]]:
    for metric in _CHARTS[chart]:
        if metric in found.bands and metric not in _NO_BAND:
            unit = METRIC[metric].unit
            low, middle, high = (numbers(part, unit) for part in found.bands[metric])
            yield {"of": name(metric), "low": low, "middle": middle, "high": high}


def _json(thing: dict[str, Any]) -> str:
    return json.dumps(thing, separators=(",", ":"))
