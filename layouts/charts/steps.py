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
    number = len(names)
    told = {
        "chart": ids.CHANGES,
        "labels": labels,
        "columns": columns,
        "height": _ROW * number + _EDGE,
        "ends": list(ends),
    }
    # Plotly takes its texts for markup: a name may be <b>, or a link.
    texts = [escape(name, quote=False) for name in names]
    ticks = {"tickmode": "array", "tickvals": list(range(number)), "ticktext": texts}
    font = {"size": 13, "color": "--text"}
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
            yaxis={
                **ticks,
                "range": [number - 0.4, -0.6],
                "automargin": True,
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
                "tickfont": font,
                "ticklabelstandoff": 8,
            },
        ),
    }


def cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
