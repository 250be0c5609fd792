"""Each member's old and new value, joined: for what is not split; above theme."""

from __future__ import annotations

from typing import Any

from layouts import ids
from layouts.changes import difference
from layouts.charts.series import blank
from layouts.charts.steps import cut, frame, joint
from layouts.dimensions import Dimension
from layouts.theme import KIND
from queries.changes import Change, Member
from queries.units import missing, short

SHOWN = 10  # those with most runs


def moved(change: Change, dimension: Dimension) -> dict[str, Any]:
    """A line from each old value to the new one; members without one of the two have a single dot."""
    members = [m for m in change.ranked if not (missing(m.before.value) and missing(m.after.value))][:SHOWN]
    if not members:
        return blank(ids.CHANGES, "No values to compare")
    high = max(v for m in members for v in (m.before.value, m.after.value) if not missing(v)) or 1
    names = [dimension.label(member.name) for member in members]
    shown = [_told(member, change) for member in members]
    columns = [{"label": "", "words": shown}]
    traces = [
        _joint(members),
        _dots("before", [m.before.value for m in members], "--unknown"),
        _dots("now", [m.after.value for m in members], KIND["runs"]),
        _words([max(v for v in (m.before.value, m.after.value) if not missing(v)) for m in members], shown),
    ]
    return frame(traces, [cut(name) for name in names], (0, high), names, columns, beside=210)


def _told(member: Member, change: Change) -> str:
    unit = change.metric.unit
    was, now = member.before.value, member.after.value
    text = f"{short(was, unit)} → {short(now, unit)}"
    if missing(was) or missing(now):
        return text
    return f"{text} ({difference(change.metric, now, was)})"


def _numbers(values: list[float]) -> list[float | None]:
    return [None if missing(value) else value for value in values]


def _joint(members: list[Member]) -> dict[str, Any]:
    x: list[float | None] = []
    y: list[int | None] = []
    for i, member in enumerate(members):
        x += [*_numbers([member.before.value, member.after.value]), None]
        y += [i, i, None]
    return joint(x, y, 3)


def _dots(name: str, values: list[float], colour: str) -> dict[str, Any]:
    marker = {"size": 11, "color": colour, "opacity": 1}
    base = {"type": "scatter", "mode": "markers", "name": name, "marker": marker, "hoverinfo": "none"}
    return {**base, "x": _numbers(values), "y": list(range(len(values)))}


def _words(ends: list[float], shown: list[str]) -> dict[str, Any]:
    """Beside the outer dot."""
    font = {"size": 13, "color": "--text"}
    base = {
        "type": "scatter",
        "mode": "text",
        "name": "words",
        "textposition": "middle right",
        "textfont": font,
    }
    text = [f"  {words}" for words in shown]
    return {
        **base,
        "x": ends,
        "y": list(range(len(ends))),
        "text": text,
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
