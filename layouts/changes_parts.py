"""A change as the page shows it: sentence, which periods, warnings, picture, table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.changes_table import MEMBERS, effects, own_changes
from layouts.chart_card import warning_lines
from layouts.charts.moved import moved
from layouts.charts.series import blank
from layouts.charts.waterfall import STEPS, starts_at_zero, waterfall
from layouts.dimensions import Dimension, attribute
from layouts.explained import explained
from layouts.fields import Input
from layouts.links import runs_href
from layouts.reasons import lacking
from layouts.told import sentence, without_split
from layouts.warnings import Caution
from layouts.words import count
from queries.calendar import local
from queries.changes import OVERLAPPING, Change, Periods
from queries.filters import Filters
from queries.metrics import Metric
from queries.names import MAX_NAMES
from queries.words import filters as filters_in_words
from queries.words import span

_SAME = 0.02  # of the length: periods that differ by less are called equally long


@dataclass(frozen=True)
class Parts:
    sentence: Component
    subtitle: str
    warnings: list[Component]
    table: Component
    figure: dict[str, Any]


def drawn(change: Change, dimension: Dimension) -> Parts:
    found = explained(change)
    if found is None:
        told, figure, table = without_split(change), moved(change, dimension), own_changes(change, dimension)
        quiet = _not_split(change, dimension)
    else:
        told, figure, table = (
            sentence(found, dimension),
            waterfall(found, dimension),
            effects(found, dimension),
        )
        quiet = (
            ""
            if starts_at_zero(figure)
            else "The picture does not begin at zero, so that the steps can be seen"
        )
    figure["layout"]["meta"]["links"] = _links(change, dimension, figure)
    where = f"{subtitle(change.periods, change.metric)}, {_number(change, dimension)}"
    cautions = [*_cautions(change), Caution(quiet, False)]
    lines = warning_lines([caution for caution in cautions if caution.text])
    return Parts(html.P(told), where, lines, table, figure)


def _links(change: Change, dimension: Dimension, figure: dict[str, Any]) -> list[str]:
    """What a click on each row of the picture opens: the runs of now, of before where there are none now;
    '' where no filter names them."""
    labels: list[str] = figure["layout"]["meta"].get("labels", [])
    of = {dimension.label(name): name for name in change.members}
    rest = [name for label, name in of.items() if label not in labels]
    links = [_opened(change, dimension, [of[label]] if label in of else rest) for label in labels]
    if change.split is not None and links:
        links[0], links[-1] = runs_href(change.periods.before), runs_href(change.periods.after)
    return links


def _opened(change: Change, dimension: Dimension, names: list[str]) -> str:
    if not 0 < len(names) <= MAX_NAMES:
        return ""
    gone = not any(change.members[name].after.runs for name in names)
    period = change.periods.before if gone else change.periods.after
    narrow: dict[str, Any] = {dimension.key: names[0] if len(names) == 1 else names}
    return runs_href(period, **narrow)


def subtitle(periods: Periods, metric: Metric) -> str:
    """``Cost (agent fixer), 24 Oct to 22 Nov 14:30 compared with 24 Sep to 23 Oct 14:30``."""
    scope = filters_in_words(periods.after)
    what = f"{metric.label} ({scope})" if scope else metric.label
    return f"{what}, {_span(periods.after)} compared with {_span(periods.before)}"


def _span(period: Filters) -> str:
    return span(period.start, period.end, period.tz)


def _number(change: Change, dimension: Dimension) -> str:
    number = len(change.members)
    said = count(number, dimension.one, dimension.many)
    most = MEMBERS if change.split is None else STEPS
    return f"{most} of {said} drawn" if number > most + 1 else said


def _cautions(change: Change) -> list[Caution]:
    before, after = change.periods.days
    found = []
    if abs(before - after) > _SAME * max(before, after) and change.metric.kind == "sum":
        lengths = f"{_days(before)} before, {_days(after)} now"
        found.append(Caution(f"The periods differ in length ({lengths}): sums differ for that alone", True))
    if change.periods.overlap:
        found.append(Caution("The two periods overlap: what lies in both is counted in both", True))
    if any(change.lacking):
        was, now = change.lacking
        text = f"{was:,} runs before and {now:,} now lack {lacking(change)} and are left out here"
        found.append(Caution(text, False))
    return found


def _days(number: float) -> str:
    return f"{number:.1f} days" if number != 1 else "1 day"


def _not_split(change: Change, dimension: Dimension) -> str:
    if change.metric.kind == "percentile":
        return (
            "A percentile of all is no sum of those of its parts, so it is not split: each has its own change"
        )
    if dimension.by in OVERLAPPING:
        return f"A run can have several {dimension.many}, so their changes do not add up: each has its own"
    return ""


def against(periods: Periods | None, filters: Filters, *, chosen: bool = False) -> Component:
    """Two dates that ask for another period to compare with (assets/changes.js)."""
    days = _dates(periods.before) if periods else ("", "")
    fields = [
        Input(
            type="date",
            id=f"{ids.AGAINST}-{end}",
            value=value,
            className="form-control form-control-sm",
            **attrs(aria_label=f"Compared with: {words}", data_against=end),
        )
        for end, words, value in (("from", "first day", days[0]), ("to", "last day", days[1]))
    ]
    reset = html.Button(
        "The previous period",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **attrs(data_ask=_RESET),
    )
    parts = [html.Span("Compared with"), fields[0], html.Span("to"), fields[1], reset if chosen else None]
    return html.Div(parts, className="labelled", role="group", **attrs(aria_label="Period to compare with"))


_RESET = '{"set": {"against": ""}}'


def _dates(period: Filters) -> tuple[str, str]:
    last = local(period.end - timedelta(minutes=1), period.tz)
    return local(period.start, period.tz).date().isoformat(), last.date().isoformat()


def attribute_options(attributes: tuple[str, ...]) -> list[Component]:
    return [html.Option(found.one.capitalize(), value=found.key) for found in map(attribute, attributes)]


def nothing_before() -> Component:
    return html.P(
        "There is no previous period to compare with. Choose the days to compare with above.",
        className="quiet",
    )


def no_picture() -> dict[str, Any]:
    return blank(ids.CHANGES, "")


def no_dimensions(metric: Metric) -> Component:
    text = f"{metric.label} is a percentile: it is not split, so no dimension explains it more than another."
    return html.P(text, className="quiet")


def nothing_split() -> Component:
    return html.P("There is no value in one of the periods, so there is nothing to split.", className="quiet")
