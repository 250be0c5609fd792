"""The month in figures, beside its chart: spent, allowed, expected, and when the budget is passed."""

from __future__ import annotations

from datetime import date

from dash import html
from dash.development.base_component import Component

from queries.budget import Spend
from queries.forecast import METHOD, Crossing
from queries.units import exact, short

NOT_THIS_MONTH = "not this month"


def figures(spend: Spend) -> list[Component]:
    first = spend.month.days[0]
    total = html.P(
        str(short(spend.to_date, "usd")), className="money-value", title=exact(spend.to_date, "usd")
    )
    return [
        total,
        html.P(f"spent since 1 {first:%B}, all runs", className="quiet"),
        html.Dl([part for row in rows(spend) for part in _row(*row)], className="figures"),
        *_how_to_set(spend),
        html.P(METHOD if spend.ahead else "", className="small-print"),
    ]


def rows(spend: Spend) -> list[tuple[str, str, str]]:
    """(label, value, what must be said of it)."""
    found = []
    if spend.budget is not None:
        share = short(spend.to_date / spend.budget, "percent")
        found.append(("Monthly budget", str(short(spend.budget, "usd")), f"{share} of it spent"))
        found.append(_pace(spend))
    found.append(_expected(spend))
    if spend.budget is not None:
        found.append(_crossed(spend))
    return found


def _pace(spend: Spend) -> tuple[str, str, str]:
    even = spend.even_now or 0.0
    ahead = spend.to_date - even
    told = f"{short(abs(ahead), 'usd')} {'above' if ahead > 0 else 'below'} it" if ahead else "exactly on it"
    return "Even pace by now", str(short(even, "usd")), told


def _expected(spend: Spend) -> tuple[str, str, str]:
    label = f"Expected by {_day(spend.month.days[-1])}"
    if spend.ahead is None:
        return label, "–", f"needs two whole weeks of runs, there are {spend.history} days"
    low, high = (short(path[-1], "usd") for path in (spend.ahead.low, spend.ahead.high))
    return label, str(short(spend.ahead.expected[-1], "usd")), f"95 % interval {low} to {high}"


def _crossed(spend: Spend) -> tuple[str, str, str]:
    found = spend.crossed
    if found is None:
        return "Budget passed", "not yet", "whether it will be cannot be told without a forecast"
    if found.known:
        return "Budget passed", f"on {_day(found.day)}", "by what was spent"
    chance = short(spend.ahead.chance, "percent") if spend.ahead else ""
    return (
        "Budget passed",
        _when(found.day),
        f"95 % interval {_between(found)}; {chance} of the draws end above it",
    )


def _between(found: Crossing) -> str:
    if found.earliest is None:
        return NOT_THIS_MONTH
    if found.earliest == found.latest:
        return _when(found.earliest)
    return f"{_day(found.earliest)} to {_day(found.latest) if found.latest else NOT_THIS_MONTH}"


def _when(day: date | None) -> str:
    return f"on {_day(day)}, expected" if day else NOT_THIS_MONTH


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else "–"


def _row(label: str, value: str, note: str) -> list[Component]:
    return [
        html.Dt(label),
        html.Dd([html.Span(value, className="figure"), html.Span(note, className="quiet")]),
    ]


def _how_to_set(spend: Spend) -> list[Component]:
    if spend.budget is not None:
        return []
    before, setting = "No budget is set. Put ", html.Code("MONTHLY_BUDGET=2500")
    after = " (dollars a month) into the environment or .env and restart to see when it will be spent."
    return [html.P([before, setting, after], className="set-budget")]
