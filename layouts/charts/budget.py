"""The month's spend as it adds up: so far, foreseen with its interval, against the budget's even line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from layouts.charts.series import Chart, Legend, Series, column
from layouts.links import runs_href
from layouts.marks import Trace, band, numbers
from layouts.theme import KIND
from layouts.warnings import Caution
from queries.budget import Spend
from queries.calendar import day_start, local
from queries.units import short

NAME = "budget"
SPENT, AHEAD, BUDGET, EVEN = KIND["cost"], "--c2", "--error", "--unknown"

Values = list[float | None]


def budget(spend: Spend) -> Chart:
    """Dollars since the month began, by the end of each day."""
    series = Series(_frame(spend), spend.filters, grain="day")
    so_far = _padded(list(spend.spent), spend)
    traces = [_line("spent", _without_today(so_far, spend), SPENT), _now(so_far, spend)]
    columns = [column("spent", "usd", so_far, SPENT)]
    legend = [Legend("spent", SPENT, "line")]
    if spend.ahead:
        _foresee(spend, series, traces, columns)
        legend += [Legend("expected", AHEAD, "line"), Legend("95 % interval", f"{AHEAD}/0.3")]
    if spend.budget is not None:
        even, limit = numbers(spend.even, "usd"), [spend.budget] * len(series)
        traces += [_line("even pace", even, EVEN, width=1.5), _line("budget", limit, BUDGET, "dash", 1.5)]
        columns += [column("even pace", "usd", even, EVEN), column("budget", "usd", list(limit), BUDGET)]
        legend += [Legend("even pace", EVEN, "line"), Legend("budget", BUDGET, "line")]
    figure = series.figure(NAME, traces, columns, {"y": {"unit": "usd"}})
    figure["layout"]["meta"]["links"] = _links(spend, series)
    return Chart(figure, subtitle(spend), cautions(spend), legend)


def _links(spend: Spend, series: Series) -> list[str]:
    """What was spent by the end of a day was spent by the runs since the month began; '' for days to come."""
    ends = series.frame["end"].tolist()[: spend.month.elapsed]
    return [runs_href(spend.filters, end=end) for end in ends] + [""] * (len(series) - len(ends))


def subtitle(spend: Spend) -> str:
    """Which runs: the filters of the page do not count here."""
    first = spend.month.days[0]
    when = f"Dollars since 1 {first:%B %Y}, by the end of each day ({spend.filters.tz})"
    return f"{when}, all runs: the filters do not count here"


def cautions(spend: Spend) -> list[Caution]:
    found = []
    if spend.ahead is None:
        days = f"{spend.history} whole day{'' if spend.history == 1 else 's'}"
        found.append(f"No forecast yet: it needs two whole weeks of runs before today, there are {days}")
    if spend.without_cost:
        lack = (
            "run has no known cost and counts"
            if spend.without_cost == 1
            else "runs have no known cost and count"
        )
        found.append(f"{spend.without_cost:,} {lack} as nothing")
    if spend.estimated > 0 and spend.to_date > 0:
        share = short(min(1.0, spend.estimated / spend.to_date), "percent")
        found.append(f"{share} of the spend is estimated from tokens, not reported")
    return [Caution(text, False) for text in found]


def _frame(spend: Spend) -> pd.DataFrame:
    """A row for each day of the month, also of those to come."""
    tz, days = spend.filters.tz, spend.month.days
    starts = [local(day_start(day, tz), tz) for day in days]
    ends = [local(day_start(day + timedelta(days=1), tz), tz) for day in days]
    return pd.DataFrame(
        {
            "start": pd.Series(starts, dtype=object),
            "end": pd.Series(ends, dtype=object),
            "partial": [day == spend.month.today for day in days],
        }
    )


def _padded(values: list[float], spend: Spend) -> Values:
    return [*numbers(values, "usd"), *[None] * (len(spend.month.days) - len(values))]


def _without_today(so_far: Values, spend: Spend) -> Values:
    return [None if n == spend.month.elapsed - 1 else value for n, value in enumerate(so_far)]


def _now(so_far: Values, spend: Spend) -> Trace:
    """What is spent today is a dot: its day is not over."""
    alone = [value if n == spend.month.elapsed - 1 else None for n, value in enumerate(so_far)]
    dot = {"color": SPENT, "size": 8, "line": {"width": 1.5, "color": "--card"}}
    return {
        "type": "scatter",
        "name": "spent",
        "mode": "markers",
        "y": alone,
        "marker": dot,
        "hoverinfo": "skip",
    }


def _foresee(spend: Spend, series: Series, traces: list[Trace], columns: list[dict[str, Any]]) -> None:
    """Three paths that leave from what was spent by the end of yesterday."""
    assert spend.ahead
    expected, low, high = (
        _path(path, spend) for path in (spend.ahead.expected, spend.ahead.low, spend.ahead.high)
    )
    shaded = band("95 % interval", series.x, low, high, AHEAD, ())
    # The shape itself does not stretch the axis; its upper edge does.
    edge = _line("95 % interval", high, AHEAD, width=0)
    traces[:0] = [*shaded, edge, _line("expected", expected, AHEAD, "dot")]
    today = spend.month.elapsed - 1
    for label, path, colour in (("expected", expected, AHEAD), ("95 % from", low, ""), ("95 % to", high, "")):
        shown = [None if n < today else value for n, value in enumerate(path)]
        columns.append(column(label, "usd", shown, colour))


def _path(path: tuple[float, ...], spend: Spend) -> Values:
    today = spend.month.elapsed - 1
    before: Values = [None] * today
    if today:
        before[-1] = numbers([spend.spent[today - 1]], "usd")[0]
    return [*before, *numbers(path, "usd")]


def _line(name: str, y: Any, colour: str, dash: str = "solid", width: float = 2) -> Trace:
    stroke = {"color": colour, "width": width, "dash": dash}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "y": list(y),
        "line": stroke,
        "hoverinfo": "skip",
    }
