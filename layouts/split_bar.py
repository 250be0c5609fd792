"""What the time charts are split by, and how: plain controls over the charts, kept in the URL."""

from __future__ import annotations

import json

from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.charts.split import LOOKS, STACKED, STATS
from layouts.dimensions import Dimension, dimension, offered

KEYS = ("split", "as", "stat")  # parameters of the URL: by what, how drawn, which duration
_LOOKS = {STACKED: "together", "multiples": "small multiples"}


def bar(split: str, look: str, stat: str, attributes: tuple[str, ...]) -> list[Component]:
    """``split``: the key of a dimension, '' for none. What stands at its default is left out of the URL."""
    chosen = [_field("Split charts by", "split", _dimensions(split, attributes), split)]
    if split:
        chosen.append(_looks(look))
        chosen.append(_field("Duration as", "stat", [(_unless(s, "average"), s) for s in STATS], stat))
    return chosen


def _dimensions(split: str, attributes: tuple[str, ...]) -> list[tuple[str, str]]:
    known = offered(attributes)
    asked = dimension(split)
    if asked is not None and asked not in known:
        known.append(asked)
    return [("", "nothing"), *((found.key, _said(found)) for found in known)]


def _said(found: Dimension) -> str:
    return found.one


def _unless(value: str, default: str) -> str:
    return "" if value == default else value


def _field(label: str, key: str, options: list[tuple[str, str]], chosen: str) -> Component:
    name = f"{ids.SPLIT}-{key}"
    choices = [
        html.Option(text, value=value, selected="selected" if value == _unless(chosen, "average") else None)
        for value, text in options
    ]
    select = html.Select(choices, id=name, **attrs(data_set=key))
    return html.Div([html.Label(label, htmlFor=name), select], className="field plain")


def _looks(look: str) -> Component:
    """Two buttons of which one is pressed."""
    buttons = [
        html.Button(
            text,
            id=f"{ids.SPLIT}-{value}",
            type="button",
            className="seg-item",
            **attrs(
                data_ask=json.dumps({"set": {"as": _unless(value, STACKED)}}),
                aria_pressed="true" if value == look else "false",
            ),
        )
        for value, text in _LOOKS.items()
    ]
    assert set(_LOOKS) == set(LOOKS)
    return html.Div(buttons, className="seg", role="group", **attrs(aria_label="How split charts are drawn"))
