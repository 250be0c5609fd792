"""The few marks that charts are drawn with: bars, lines, areas, bands as plain traces; above theme.

Traces leave out ``x`` where they share the buckets of the figure (paint.js puts it in). What is
incomplete is lighter (bars, areas) or dotted (lines); what has no value is a gap, never a zero.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from layouts.theme import faded

Values = Sequence[float | None]
Trace = dict[str, Any]

INCOMPLETE = 0.42  # how much of its colour an incomplete bar keeps


# Decimals worth sending: what tooltips and tables show, and no more.
_DECIMALS = {"percent": 6, "ms": 1, "number": 4, "usd": 8}


def moment(instant: datetime) -> str:
    """A place on the axis of time, which is drawn in UTC."""
    return instant.astimezone(UTC).isoformat()[:16]


def numbers(values: Sequence[float], unit: str) -> list[float | int | None]:
    """JSON numbers: no NaN, whole ones without a point, no digits beyond what is shown."""
    return [_number(float(value), _DECIMALS.get(unit, 2)) for value in values]


def _number(value: float, digits: int) -> float | int | None:
    if math.isnan(value):
        return None
    return int(value) if value == int(value) else round(value, digits)


def bars(name: str, y: Values, colour: str, incomplete: Collection[int], **more: Any) -> Trace:
    shades = [faded(colour, INCOMPLETE) if i in incomplete else colour for i in range(len(y))]
    return {
        "type": "bar",
        "name": name,
        "y": list(y),
        "marker": {
            "color": shades if incomplete else colour,
            # A hairline of the card between stacked parts: neighbours differ by more than colour.
            "line": {"width": 1, "color": "--card"},
            "cornerradius": 3,
        },
        "hoverinfo": "skip",
        **more,
    }


def lines(name: str, y: Values, colour: str, incomplete: Collection[int], **more: Any) -> list[Trace]:
    """A solid line over the complete buckets and a dotted one to the incomplete; lone points get a dot."""
    solid = [None if i in incomplete else value for i, value in enumerate(y)]
    near = {i + step for i in incomplete for step in (-1, 0, 1)}
    dotted = [value if i in near else None for i, value in enumerate(y)]
    base = {"type": "scatter", "name": name, "hoverinfo": "skip", **more}
    drawn = [{**base, "y": solid, **_stroke(colour, solid)}]
    if incomplete:
        drawn.append({**base, "y": dotted, **_stroke(colour, dotted, "dot")})
    return drawn


def _stroke(colour: str, y: Values, dash: str = "solid") -> Trace:
    stroke: Trace = {"mode": "lines", "line": {"color": colour, "width": 2, "dash": dash}}
    alone = lonely(y)
    if alone:
        sizes = [8 if i in alone else 0 for i in range(len(y))]
        edge = {"width": 1, "color": "--card"}  # seen on a bar of much the same colour
        marker = {"color": colour, "size": sizes, "opacity": 1, "line": edge}
        stroke |= {"mode": "lines+markers", "marker": marker}
    return stroke


def lonely(y: Values) -> set[int]:
    """The points without a neighbour, which a line would not show."""
    known = [value is not None for value in y]
    padded = [False, *known, False]
    return {i for i, here in enumerate(known) if here and not padded[i] and not padded[i + 2]}


def areas(name: str, x: Sequence[str], y: Values, colour: str, incomplete: Collection[int]) -> list[Trace]:
    """One layer of a stack: full over the complete buckets, lighter towards the incomplete."""
    drawn = []
    for part, shade in ((False, 0.75), (True, 0.3)):
        for number, run in enumerate(_stretches(len(y), incomplete, part)):
            # Only its own buckets: Plotly would take the others of a stack for zeros.
            layer = {"x": [x[i] for i in run], "y": [y[i] for i in run]}
            stack = f"{'incomplete' if part else 'complete'}{number}"
            fill = {"stackgroup": stack, "fillcolor": faded(colour, shade), "line": {"width": 0}}
            trace = {"type": "scatter", "mode": "lines", "name": name, "hoverinfo": "skip"}
            drawn.append({**trace, **layer, **fill})
    return drawn


def hover_only(number: int, height: float) -> Trace:
    """Nothing to see: one place per bucket for the pointer, also where nothing is drawn. All other marks
    are skipped by it: where one of them has a gap, Plotly would answer with the bucket next to it."""
    unseen = {"mode": "lines", "fill": "none", "line": {"width": 0, "color": "rgba(0,0,0,0)"}}
    return {"type": "scatter", "y": [height] * number, "hoverinfo": "none", **unseen}


def _stretches(length: int, incomplete: Collection[int], part: bool) -> list[range]:
    """Runs of buckets whose steps are all complete (``part`` False) or all touch an incomplete end."""
    found: list[range] = []
    for i in range(length - 1):
        if (i in incomplete or i + 1 in incomplete) is part:
            if found and found[-1].stop == i + 1:
                found[-1] = range(found[-1].start, i + 2)
            else:
                found.append(range(i, i + 2))
    return found


def band(
    name: str, x: Sequence[str], low: Values, high: Values, colour: str, incomplete: Collection[int]
) -> list[Trace]:
    """The space between two lines: a closed shape per stretch, lighter towards what is incomplete."""
    base = {"type": "scatter", "mode": "lines", "name": name, "line": {"width": 0}, "fill": "toself"}
    drawn = []
    for part, shade in ((False, 0.16), (True, 0.08)):
        xs: list[str | None] = []
        ys: list[float | None] = []
        for run in _stretches(len(x), incomplete, part):
            for piece in _known(run, low, high):
                xs += [x[i] for i in piece] + [x[i] for i in reversed(piece)] + [None]
                ys += [low[i] for i in piece] + [high[i] for i in reversed(piece)] + [None]
        if xs:
            drawn.append({**base, "x": xs, "y": ys, "fillcolor": faded(colour, shade), "hoverinfo": "skip"})
    return drawn + _whiskers(base, low, high, colour)


def _known(run: range, low: Values, high: Values) -> list[list[int]]:
    """The parts of ``run`` of at least two buckets where both ends are known."""
    pieces: list[list[int]] = [[]]
    for i in run:
        if low[i] is None or high[i] is None:
            pieces.append([])
        else:
            pieces[-1].append(i)
    return [piece for piece in pieces if len(piece) > 1]


def _whiskers(base: Trace, low: Values, high: Values, colour: str) -> list[Trace]:
    """Lone buckets have no width to fill: their interval is an upright line."""
    alone = sorted(lonely(low))
    if not alone:
        return []
    middle = [None if i not in alone else (low[i] + high[i]) / 2 for i in range(len(low))]  # type: ignore[operator]
    reach = [0 if i not in alone else (high[i] - low[i]) / 2 for i in range(len(low))]  # type: ignore[operator]
    bars = {"type": "data", "array": reach, "color": faded(colour, 0.4), "thickness": 4, "width": 0}
    trace = {**base, "mode": "markers", "marker": {"size": 1, "color": colour}, "fill": "none"}
    return [{**trace, "y": middle, "error_y": bars, "hoverinfo": "skip"}]
