"""One look for every figure: colour tokens, the shared layout and the vendored files; knows no data.

Colours are names of CSS variables (``--success``, ``--success/0.16`` for 16 % of it) that assets/paint.js
replaces by what the stylesheet says in the theme in use: the server never knows the theme, and
switching it asks the server for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Linked before everything in assets/, so that app.css comes after what it overrides.
STYLESHEETS = ("vendor/bootstrap/bootstrap.min.css",)
SCRIPTS = ("vendor/plotly/plotly-basic.min.js", "vendor/idiomorph/idiomorph.min.js")
FONT = "vendor/inter/inter-latin-wght-normal.woff2"
ASSETS_IGNORE = ["^vendor$"]  # Dash(assets_path_ignore=...): served, but not linked a second time

GRAPH_CONFIG: Any = {
    "displaylogo": False,
    "displayModeBar": False,
    "showSendToCloud": False,  # plotly.js would offer to upload the figure to another host
    "doubleClick": False,
    "responsive": True,
}

# Identity has one colour, on every chart, card and page.
STATUS = {
    "success": "--success",
    "failure": "--failure",
    "error": "--error",
    "unknown": "--unknown",
}
KIND = {  # what is measured -> colour
    "runs": "--c1",
    "duration": "--c2",
    "tokens": "--c3",
    "cost": "--c4",
    "llm": "--c1",
    "tools": "--c3",
    "files": "--c6",
}
TOKEN_KIND = {
    "uncached_input_tokens": "--c1",
    "cache_read_tokens": "--c3",
    "cache_write_tokens": "--c6",
    "output_tokens": "--c4",
}
NAMED = tuple(f"--c{number}" for number in range(1, 13))  # names from the data, most used first
OTHER = "--unknown"


def model_colour(model: str, models: list[str]) -> str:
    """The colour of ``model``; ``models`` are all names, most used first, whatever the filters say."""
    place = models.index(model) if model in models else len(NAMED)
    return NAMED[place] if place < len(NAMED) else OTHER


def member_colours(names: list[str], charts: Sequence[Sequence[str]]) -> dict[str, str]:
    """A colour for each name that any of the ``charts`` shows: the same on all of them, and no two alike on
    one. ``names`` as in model_colour, whose colours these are as far as they go."""
    rank = {name: place for place, name in enumerate(names)}
    shown = sorted({name for chart in charts for name in chart}, key=lambda n: (rank.get(n, len(rank)), n))
    colours: dict[str, str] = {}
    for name in shown:
        near = {colours[other] for chart in charts if name in chart for other in chart if other in colours}
        first = rank.get(name, len(rank)) % len(NAMED)
        around = (*NAMED[first:], *NAMED[:first])
        unused = [colour for colour in around if colour not in colours.values()]
        free = [colour for colour in around if colour not in near]
        colours[name] = (unused or free or [OTHER])[0]
    return colours


# Errors by category; a team's own categories take what is left.
_CATEGORY = {
    "test_failure": "--c1",
    "timeout": "--c2",
    "network": "--c3",
    "rate_limit": "--c4",
    "invalid_output": "--c5",
    "tool_failure": "--c6",
    "context_length": "--c7",
    "authentication": "--c8",
    "cancelled": "--c9",
    "out_of_memory": "--c10",
    "other": OTHER,
}
_OWN_CATEGORIES = ("--c11", "--c12")


def category_colours(names: list[str]) -> dict[str, str]:
    """The colour of each error category of a chart: its own, whatever stands beside it."""
    own = sorted(name for name in names if name not in _CATEGORY)
    taken = {_CATEGORY[name] for name in names if name in _CATEGORY}
    free = [colour for colour in (*_OWN_CATEGORIES, *_CATEGORY.values()) if colour not in taken]
    return {name: _CATEGORY.get(name) or free[own.index(name)] for name in names}


def faded(colour: str, share: float) -> str:
    """``--success`` as ``--success/0.4``: for what is incomplete, and for bands."""
    return f"{colour}/{share:g}"


MARGIN = {"l": 52, "r": 14, "t": 10, "b": 28}
_AXIS = {
    "zeroline": False,
    "showline": False,
    "ticks": "",
    "tickfont": {"size": 12, "color": "--faint"},
    "ticklabelstandoff": 4,
}


def layout(**more: Any) -> dict[str, Any]:
    """The shared layout of every chart; ``more`` adds or replaces."""
    base: dict[str, Any] = {
        "margin": MARGIN,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "--font", "size": 12, "color": "--muted"},
        "showlegend": False,
        "barmode": "stack",
        "bargap": 0.28,
        "hovermode": "x",
        "hoverdistance": -1,
        "dragmode": "zoom",
        "xaxis": {**_AXIS, "type": "date", "showgrid": False},
        "yaxis": {**_AXIS, "gridcolor": "--line-soft", "fixedrange": True},
    }
    return base | more


def right_axis() -> dict[str, Any]:
    """A second value axis; its ticks stand on the grid of the first."""
    return {**_AXIS, "overlaying": "y", "side": "right", "showgrid": False, "fixedrange": True}
