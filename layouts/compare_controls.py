"""The controls that choose what is compared: dimension, A, B, what to adjust for (assets/compare.js)."""

from __future__ import annotations

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs
from layouts.chart_card import icon
from layouts.dimensions import attribute, dimension
from queries.pair import BY, PERIOD, PREVIOUS, Pair, Side, search_of

OFFERED = 100  # members with most runs
_PERIODS = {
    "": "this period",
    f"{PERIOD}={PREVIOUS}": "the previous period",
    "range=24h": "last 24 hours",
    "range=7d": "last 7 days",
    "range=30d": "last 30 days",
    "range=90d": "last 90 days",
    "range=all": "all time",
}
_ADJUSTABLE = ("agent", "version", "model")


def controls(pair: Pair, adjust: str, attributes: tuple[str, ...]) -> list[Component]:
    return [
        _field("Compare", _select(_dimensions(attributes), pair.by, data_compare_by="")),
        html.Div([_side("a", pair.a, pair), _swap(pair), _side("b", pair.b, pair)], className="sides"),
        _field("Adjusted for", _select(_adjustments(pair, attributes), adjust, data_set="adjust")),
    ]


def _field(label: str, control: Component) -> Component:
    return html.Label([html.Span(label), control], className="labelled")


def _select(options: dict[str, str], chosen: str, **more: str) -> Component:
    parts = [
        html.Option(text, value=value, **({"selected": "selected"} if value == chosen else {}))
        for value, text in options.items()
    ]
    return html.Select(parts, className="form-select form-select-sm", **attrs(**more))


def _dimensions(attributes: tuple[str, ...]) -> dict[str, str]:
    named = [*filter(None, map(dimension, (*BY, "status"))), *map(attribute, attributes)]
    return {each.key: each.many.capitalize() for each in named} | {PERIOD: "Periods"}


def _adjustments(pair: Pair, attributes: tuple[str, ...]) -> dict[str, str]:
    """Not for what is compared: there A and B have nothing in common."""
    named = [*filter(None, map(dimension, _ADJUSTABLE)), *map(attribute, attributes)]
    offered = {each.key: f"the mix of {each.many}" for each in named if each.key != pair.by}
    return {"": "nothing"} | offered


def _side(name: str, side: Side | None, pair: Pair) -> Component:
    search = side.search if side else ""
    options = _members(pair) if pair.by != PERIOD else dict(_PERIODS)
    if search not in options:
        words = side.words if side else "everything else"
        options = {search: words if search else f"all ({words})"} | options
    badge = html.Span(name.upper(), className=f"side side-{name}")
    control = _select(options, search, data_side=name, aria_label=f"Side {name.upper()}")
    return html.Label([badge, control], className="labelled")


def _members(pair: Pair) -> dict[str, str]:
    shown = dimension(pair.by)
    assert shown is not None, pair.by
    return {
        search_of(pair.by, name): f"{shown.label(name)} ({runs:,})" for name, runs in pair.members[:OFFERED]
    }


def _swap(pair: Pair) -> Component | None:
    if pair.b is None:
        return None
    request = json.dumps({"set": {"a": pair.b.search, "b": pair.a.search}})
    more: dict[str, Any] = attrs(data_ask=request, aria_label="Swap A and B")
    return html.Button(
        icon("arrow-left-right"), type="button", className="btn-quiet swap", title="Swap A and B", **more
    )
