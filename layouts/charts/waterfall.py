"""From the old value to the new one, a step for each of the biggest contributors; above theme.

plotly.js' basic bundle has no waterfall trace: bars with a base are the same picture.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from layouts.charts.steps import cut, frame, joint
from layouts.dimensions import Dimension
from layouts.explained import Explained, Line
from queries.metrics import Metric

STEPS = 8  # contributors with a step of their own
_SPAN = 0.2  # of the larger end: smaller movements would not be seen from zero


class Step(NamedTuple):
    """``low`` to ``high`` in steps of the tally; ``moved``: how far, with its sign; None at the ends."""

    name: str
    low: int
    high: int
    moved: int | None
    shown: str


def steps(found: Explained, dimension: Dimension) -> list[Step]:
    """Before, the contributors (biggest first), all others as one, now."""
    lines, others = found.top(STEPS)
    drawn = [Step("before", 0, found.before, None, found.tally.text(found.before))]
    level = found.before
    for line in [*lines, *([others] if others else [])]:
        name = others_name(found, len(lines), dimension) if line is others else dimension.label(line.name)
        drawn.append(_step(name, level, line, found))
        level += line.total
    return [*drawn, Step("now", 0, found.after, None, found.tally.text(found.after))]


def _step(name: str, level: int, line: Line, found: Explained) -> Step:
    ends = sorted((level, level + line.total))
    return Step(name, ends[0], ends[1], line.total, found.tally.change(line.total))


def others_name(found: Explained, shown: int, dimension: Dimension) -> str:
    return f"{found.number - shown:,} other {dimension.many}"


def waterfall(found: Explained, dimension: Dimension) -> dict[str, Any]:
    drawn = steps(found, dimension)
    low, high = min(s.low for s in drawn[1:-1] or drawn), max(s.high for s in drawn)
    from_zero = high - low >= _SPAN * high or low < 0
    traces = [_joints(drawn, found), *_ends(drawn, found, from_zero), _bars(drawn, found)]
    floor = min(0, low) if from_zero else low
    span = (high - floor) or 1
    edge = 0 if from_zero else span // 25 + 1  # the dots at the ends need some
    ends = (found.tally.number(floor - edge), found.tally.number(high))
    columns = [{"label": "", "words": [step.shown for step in drawn]}]
    names = [step.name for step in drawn]
    return frame(traces, [cut(name) for name in names], ends, names, columns, cut=not from_zero, beside=90)


def starts_at_zero(figure: dict[str, Any]) -> bool:
    return not figure["layout"]["meta"]["cut"]


def _bars(drawn: list[Step], found: Explained) -> dict[str, Any]:
    own = [(i, step) for i, step in enumerate(drawn) if step.moved is not None]
    number = found.tally.number
    return {
        "type": "bar",
        "orientation": "h",
        "name": "contribution",
        "y": [i for i, _ in own],
        "base": [number(step.low) for _, step in own],
        "x": [number(step.high - step.low) for _, step in own],
        "text": [step.shown for _, step in own],
        "marker": {"color": [_colour(found.change.metric, step) for _, step in own], "cornerradius": 3},
        **_LABELLED,
    }


_LABELLED: dict[str, Any] = {
    "textposition": "outside",
    "textfont": {"size": 13, "color": "--text"},
    "cliponaxis": False,
    "constraintext": "none",
    "hoverinfo": "none",
    "width": 0.62,
}


def _ends(drawn: list[Step], found: Explained, from_zero: bool) -> list[dict[str, Any]]:
    """The values themselves: bars from zero, or dots where the axis begins above it."""
    ends = [0, len(drawn) - 1]
    values = [found.tally.number(drawn[i].high if drawn[i].high else drawn[i].low) for i in ends]
    shown = [drawn[i].shown for i in ends]
    if from_zero:
        bars = {"type": "bar", "orientation": "h", "name": "value", "y": ends, "x": values, "text": shown}
        return [{**bars, "marker": {"color": "--unknown", "cornerradius": 3}, **_LABELLED}]
    dots = {"type": "scatter", "mode": "markers+text", "name": "value", "y": ends, "x": values, "text": shown}
    words = {"textposition": "middle right", "textfont": {"size": 13, "color": "--text"}, "hoverinfo": "none"}
    return [{**dots, **words, "cliponaxis": False, "marker": {"size": 11, "color": "--unknown"}}]


def _joints(drawn: list[Step], found: Explained) -> dict[str, Any]:
    """Thin lines from the end of a step to the beginning of the next."""
    x: list[float | None] = []
    y: list[float | None] = []
    level = found.before
    for i, step in enumerate(drawn[:-1]):
        level += step.moved or 0
        x += [found.tally.number(level), found.tally.number(level), None]
        y += [i, i + 1, None]
    return joint(x, y, 1)


def _colour(metric: Metric, step: Step) -> str:
    """Good news and bad news where the metric knows which is which."""
    rose = (step.moved or 0) > 0
    if metric.better is None:
        return "--c1" if rose else "--c3"
    return "--success" if rose is (metric.better == "up") else "--error"
