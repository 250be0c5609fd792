"""The place of a run among its peers, in words that say no more than was counted."""

from __future__ import annotations

import math

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.attrs import attrs
from layouts.theme import KIND
from queries.filters import Filters
from queries.run import Peers
from queries.units import Text
from queries.words import period

_WORDS = {
    "cost": ("Cost", "cost more than", "cost less than", "cost the same as"),
    "duration": ("Duration", "took longer than", "took less time than", "took the same time as"),
    "tokens": ("Tokens", "used more tokens than", "used fewer tokens than", "used as many tokens as"),
}


def sentence(what: str, peers: Peers) -> str:
    """``cost more than 97 % of 4,120 runs``: rounded down, so that it is never too much."""
    _, more, less, same = _WORDS[what]
    if peers.number <= 1:
        return "the only run to compare with is this one"
    higher = peers.below >= peers.above
    share = math.floor(100 * max(peers.below, peers.above) / (peers.number - 1))
    way = more if higher else less
    others = words.count(peers.number - 1, "other run")
    nearly = "about " if peers.nearly else ""
    if share == 100:
        return f"{way} {'nearly ' if peers.nearly else ''}all {others}"
    if max(peers.below, peers.above) == 0:
        return f"{same} {nearly}all {others}"
    if share == 0:
        return f"{way} less than {Text('1', '%')} of {others}"
    return f"{way} {nearly}{Text(str(share), '%')} of {others}"


def card(found: dict[str, Peers], model: str, group: Filters) -> Component:
    """``group``: the period that the peers are of."""
    return html.Section(
        [
            html.H2("Among its peers", id="title-run-peers"),
            html.P(f"Against the runs of its model ({model}), {period(group)}", className="quiet"),
            *(_line(what, peers) for what, peers in found.items()),
            *(html.P(text, className="quiet small") for text in _how(found)),
        ],
        className="card chart run-card",
        **attrs(aria_labelledby="title-run-peers"),
    )


def _line(what: str, peers: Peers) -> Component:
    others = max(1, peers.number - 1)
    low, equal = peers.below / others, max(0, others - peers.below - peers.above) / others
    colour = f"var({KIND[what]})"
    bar = html.Span(
        [
            html.I(style={"width": f"{low:.2%}", "background": colour}),
            html.I(style={"width": f"{equal:.2%}", "background": colour, "opacity": "0.4"}),
        ],
        className="place-bar",
        **attrs(aria_hidden="true"),
    )
    said = sentence(what, peers)
    return html.Div(
        [html.B(_WORDS[what][0]), bar, html.Span(said[0].upper() + said[1:])],
        className="place",
        **attrs(data_place=what),
    )


def _how(found: dict[str, Peers]) -> list[str]:
    nearly = [_WORDS[what][0].lower() for what, peers in found.items() if peers.nearly]
    latest = [(_WORDS[what][0].lower(), peers.number) for what, peers in found.items() if peers.latest]
    told = []
    if nearly:
        told.append(f"{words.listed(nearly).capitalize()}: from sketches, right within 1 % of the value.")
    told += [
        f"{name.capitalize()}: against the {number:,} of these runs that started last."
        for name, number in latest
    ]
    return told
