"""A figure of rows: a name at the left, what moved beside it; shared by waterfall and moved; above theme."""

from __future__ import annotations

from html import escape
from typing import Any

from layouts import ids
from layouts.theme import layout

_ROW, _EDGE = 34, 24  # pixels of a row, and around them all
_LONGEST = 24  # letters of a name beside its row


def frame(
    traces: list[dict[str, Any]],
    names: list[str],
    ends: tuple[float, float],
    labels: list[str],
    columns: list[dict[str, Any]],
    **meta: Any,
) -> dict[str, Any]:
    """``names``: as they stand beside the rows, from the top; ``labels``: the same in full, for tooltips;
    ``ends``: of what is drawn. assets/changes.js gives the picture its height, and the words beside the
    last bar (``beside`` pixels) their room."""
    told = {
        "chart": ids.CHANGES,
        "labels": labels,
        "columns": columns,
        "height": _ROW * len(names) + _EDGE,
        "ends": list(ends),
    }
    return {
        "data": traces,
        "layout": layout(
            meta={**told, **meta},
            barmode="overlay",
            hovermode="closest",
            hoverdistance=20,
            dragmode=False,
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            xaxis={"range": list(ends), "visible": False, "fixedrange": True},
            yaxis=_rows(names),
        ),
    }


def _rows(names: list[str]) -> dict[str, Any]:
    # Plotly takes its texts for markup: a name may be <b>, or a link.
    texts = [escape(name, quote=False) for name in names]
    return {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": texts,
        "tickfont": {"size": 13, "color": "--text"},
        "ticklabelstandoff": 8,
        "range": [len(names) - 0.4, -0.6],
        "automargin": True,
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }


def joint(x: list[float | None], y: list[Any], width: int) -> dict[str, Any]:
    """Lines between marks, which say nothing of their own; None parts one from the next."""
    line = {"width": width, "color": "--line"}
    shape = {"type": "scatter", "mode": "lines", "name": "joint", "hoverinfo": "skip"}
    return shape | {"x": x, "y": y, "line": line}


def cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
