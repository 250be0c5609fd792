"""A rule over the last 30 days: what it saw, its threshold, and when it would have fired, shaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd

from alerts import words
from alerts.observe import Observation
from alerts.preview import Preview
from alerts.rules import CHANGES
from layouts import ids
from layouts.charts.series import Chart, Legend, Series, blank, column
from layouts.marks import band, lines, numbers
from layouts.words import count
from queries.calendar import HOUR, QUARTER, local
from queries.filters import Filters
from queries.units import Text
from queries.words import day

_COLOUR, _LIMIT = "--c1", "--bad"


def alert_preview(found: Preview, page: Filters) -> Chart:
    """``page``: the filters of the page, of which the zone counts."""
    seen = _hourly(found)
    if not any(one.now is not None for one in seen):
        return Chart(blank(ids.ALERT_PREVIEW, "No value in the last 30 days"), words.condition(found.rule))
    series = Series(_frame(seen, page.tz), _filters(seen, page))
    unit = "number" if found.rule.comparison == "budget" else found.rule.metric.unit
    now = numbers([_nan(one.now) for one in seen], unit)
    limits = numbers([_limit(found, one) for one in seen], unit)
    label = found.rule.metric.label.lower() if found.rule.comparison != "budget" else "% of the budget"
    traces = lines(label, now, _COLOUR, ())
    columns = [column(label, unit, now, _COLOUR)]
    legend = [Legend(label, _COLOUR, "line")]
    if found.rule.comparison == "unusual":
        low, high = (numbers([_side(one, side) for one in seen], unit) for side in (0, 2))
        traces = band("expected", series.x, low, high, "--c6", ()) + traces
        columns += [column("expected from", unit, low), column("expected to", unit, high)]
        legend.append(Legend("expected", "--c6/0.3"))
    else:
        traces += [{**trace, "line": {**trace["line"], "dash": "dash", "width": 1.5}}
                   for trace in lines("threshold", limits, _LIMIT, ())]  # fmt: skip
        columns.append(column("threshold", unit, limits, _LIMIT))
        legend.append(Legend("threshold", _LIMIT, "line"))
    columns.append(column("runs", "count", [one.runs for one in seen]))
    if found.firings:
        legend.append(Legend("would fire", f"{_LIMIT}/0.25"))
    axis = {"unit": unit}
    figure = series.figure(ids.ALERT_PREVIEW, traces, columns, {"y": axis}, {}, shapes=list(_shades(found)))
    return Chart(figure, words.condition(found.rule), [], legend)


def _hourly(found: Preview) -> list[Observation]:
    """One of each hour: what it saw at the end of it; 720 points are as many as a picture has room for."""
    return [one for one in found.seen if one.at.minute == 0]


def _frame(seen: Sequence[Observation], tz: str) -> pd.DataFrame:
    starts = [local(one.at - HOUR, tz) for one in seen]
    return pd.DataFrame(
        {
            "start": pd.Series(starts, dtype=object),
            "end": pd.Series([local(one.at, tz) for one in seen], dtype=object),
            "partial": [False] * len(seen),
            "runs": [float(one.runs) for one in seen],
        }
    )


def _filters(seen: Sequence[Observation], page: Filters) -> Filters:
    return replace(page, start=seen[0].at - HOUR, end=seen[-1].at, grain="hour", grain_asked="hour")


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _side(one: Observation, side: int) -> float:
    return one.expected[side] if one.expected else math.nan


def _limit(found: Preview, one: Observation) -> float:
    """Of a change: the value from which on it would have been too large."""
    rule = found.rule
    if rule.comparison not in CHANGES:
        return rule.limit
    sign = 1 if rule.comparison == "rises" else -1
    if one.before is None:
        return math.nan
    if rule.unit == "points":
        return max(0.0, one.before + sign * rule.limit / 100)
    return max(0.0, one.before * (1 + sign * rule.limit / 100))


def _shades(found: Preview) -> Any:
    """A bucket is drawn around its start: an instant at its end is half a bucket further on."""
    shift = HOUR / 2
    for one in found.firings:
        begin = one.fired_at - HOUR + shift
        end = (one.resolved_at or found.seen[-1].at + QUARTER) - HOUR + shift
        yield {
            "type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
            "x0": f"{begin:%Y-%m-%dT%H:%M}", "x1": f"{end:%Y-%m-%dT%H:%M}",
            "fillcolor": f"{_LIMIT}/0.2", "line": {"width": 0},
        }  # fmt: skip


def sentence(found: Preview, tz: str) -> str:
    """``It would have fired 3 times in the last 30 days, for 5 h in all; last on 12 Nov at 14:15.``"""
    share = found.without_data / len(found.seen)
    percent = Text(f"{share * 100:.0f}", "%")
    lacking = f" {percent} of the time there were too few runs to tell." if share >= 0.005 else ""
    if not found.firings:
        return f"It would not have fired in the last 30 days.{lacking}"
    last = local(found.firings[-1].fired_at, tz)
    times = count(len(found.firings), "time")
    on = ", and would fire now" if found.firings[-1].resolved_at is None else ""
    return (
        f"It would have fired {times} in the last 30 days, for {_long(found.fired_for)} in all; "
        f"last on {day(last, year=False)} at {last:%H:%M}{on}.{lacking}"
    )


def _long(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    if minutes < 60:
        return f"{minutes} minutes"
    if minutes < 48 * 60:
        return f"{minutes / 60:.3g} hours"
    return f"{minutes / 1440:.3g} days"
