"""A sparkline as a mask over a patch of colour: no script, and it follows the theme by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs
from layouts.marks import lonely

_WIDTH, _TOP, _BOTTOM = 100, 3, 27

Points = list[tuple[float, float]]


def sparkline(
    y: Sequence[float | None],
    incomplete: Collection[int],
    colour: str,
    href: str | None = None,
    title: str = "",
) -> Component:
    """The course of ``y``: gaps stay gaps, steps to an incomplete bucket are dotted. ``href``: the runs
    behind the whole of it, for its points are too small to aim at."""
    picture = svg(y, incomplete).replace("<", "%3C").replace(">", "%3E").replace("#", "%23")
    style = {"--picture": f'url("data:image/svg+xml,{picture}")', "--colour": f"var({colour})"}
    look = {"className": "spark", "style": style}
    if href is None:
        return html.Div(**look, **attrs(aria_hidden="true"))
    # For the mouse: whoever reads or goes by keyboard has the same link beside it, in words.
    return html.A(href=href, title=title, tabIndex=-1, **look, **attrs(aria_hidden="true"))


def svg(y: Sequence[float | None], incomplete: Collection[int]) -> str:
    points = _points(y)
    shapes = ""
    for part, dash in ((False, ""), (True, " stroke-dasharray='2 2.5'")):
        for piece in _pieces(points, incomplete, part):
            if not part:
                ground = f"{piece[-1][0]:g},30 {piece[0][0]:g},30"
                shapes += f"<polygon points='{_path(piece)} {ground}' opacity='.12'/>"
            shapes += (
                f"<polyline points='{_path(piece)}' fill='none' stroke='#000' stroke-width='1.6'"
                f" stroke-linejoin='round' vector-effect='non-scaling-stroke'{dash}/>"
            )
    for i in sorted(lonely(y)):
        x, height = points[i]  # type: ignore[misc]
        # A line of no length with round ends: a dot that the stretched picture leaves round.
        shapes += (
            f"<path d='M{x:g},{height:g}h.01' stroke='#000' stroke-width='5' stroke-linecap='round'"
            " vector-effect='non-scaling-stroke'/>"
        )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} 30'"
        f" preserveAspectRatio='none'>{shapes}</svg>"
    )


def _points(y: Sequence[float | None]) -> list[tuple[float, float] | None]:
    known = [value for value in y if value is not None]
    low, high = (min(known), max(known)) if known else (0, 0)
    # A flat line lies in the middle: neither at its highest nor at its lowest.
    scale = (_BOTTOM - _TOP) / (high - low) if high > low else 0
    step = _WIDTH / (len(y) - 1) if len(y) > 1 else 0

    def place(i: int, value: float) -> tuple[float, float]:
        height = _BOTTOM - (value - low) * scale if scale else (_TOP + _BOTTOM) / 2
        return round(i * step, 1) if step else _WIDTH / 2, round(height, 1)

    return [None if value is None else place(i, value) for i, value in enumerate(y)]


def _pieces(
    points: list[tuple[float, float] | None], incomplete: Collection[int], part: bool
) -> list[Points]:
    """Stretches of at least two points whose steps all are complete, or all touch an incomplete end."""
    pieces: list[Points] = []
    open_piece = False
    for i in range(len(points) - 1):
        here, there = points[i], points[i + 1]
        wanted = (i in incomplete or i + 1 in incomplete) is part
        if here is None or there is None or not wanted:
            open_piece = False
        elif open_piece:
            pieces[-1].append(there)
        else:
            pieces.append([here, there])
            open_piece = True
    return pieces


def _path(points: Points) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
