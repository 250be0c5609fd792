"""The time charts split by a dimension: one member beside, or upon, another; above series.

What adds up is stacked. Rates, averages and percentiles are lines, and so is what overlaps (a run counts
under every tool that it called): upon each other they would show a height that means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from layouts import cut_warnings
from layouts.charts.outcomes import floor
from layouts.charts.series import Chart, Legend, Series, column
from layouts.dimensions import Dimension
from layouts.marks import Trace, band, bars, hover_only, lines, numbers
from layouts.theme import OTHER
from layouts.warnings import FEW, Caution, by_filter, warnings
from layouts.words import EVERY
from queries.filters import Filters
from queries.metrics import METRIC
from queries.words import filters as filters_in_words
from queries.words import period

TOP = 6  # as many members have a part of their own; what is left is "other"
STACKED, MULTIPLES = "stacked", "multiples"
LOOKS = (STACKED, MULTIPLES)


@dataclass(frozen=True)
class Cut:
    """What a time chart draws of each member: its leading ``metric``. ``ranked``: the measure that the
    members with most of are chosen by. ``lead``, ``empty``: as in the chart that is not split."""

    metric: str
    lead: str
    ranked: str = "runs"
    empty: str = "No runs"
    more: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("runs", self.metric, *self.more)))


_NUMBER = "No run with a known number of"
_RATE = ("success_rate_low", "success_rate_high", "unknowns")
CUTS = {
    "executions": Cut("runs", "{every} runs"),
    "success_rate": Cut(
        "success_rate", "{every} share of runs that succeeded",
        empty="No run with a known outcome", more=_RATE,
    ),
    "duration": Cut("avg_duration_ms", "{every} average", empty="No run with a known duration"),
    "tokens": Cut("total_tokens", "{every} tokens", "total_tokens", "No run with known tokens"),
    "cost": Cut("cost_usd", "{every} spend", "cost_usd", "No run with a known cost"),
    "llm_calls": Cut("llm_calls", "{every} calls", "llm_calls", f"{_NUMBER} LLM calls"),
    "tool_calls": Cut("tool_calls", "{every} calls", "tool_calls", f"{_NUMBER} tool calls"),
}  # fmt: skip
# What the duration of a member can be told by (URL key ``stat``).
STATS = {
    "average": "avg_duration_ms",
    "p50": "p50_duration_ms",
    "p95": "p95_duration_ms",
    "p99": "p99_duration_ms",
}
RANKED_BY = {
    "runs": "runs",
    "cost_usd": "cost",
    "total_tokens": "tokens",
    "llm_calls": "LLM calls",
    "tool_calls": "tool calls",
}


def cut(chart: str, stat: str = "average") -> Cut:
    """How ``chart`` is split; ``stat``: one of STATS."""
    found = CUTS[chart]
    if chart != "duration":
        return found
    return replace(found, metric=STATS[stat], lead=f"{{every}} {stat}")


@dataclass(frozen=True)
class View:
    """How the reader wants to see it. ``members``: those of the frame, in its order, None for the rest.
    ``total``: how many have runs. ``colours``: of each member but the rest."""

    dimension: Dimension
    members: tuple[str | None, ...]
    total: int
    colours: Mapping[str, str]
    look: str = STACKED

    def label(self, member: str | None) -> str:
        if member is None:
            return f"other ({self.total - len(self.members) + 1:,})"
        return self.dimension.label(member)

    def colour(self, member: str | None) -> str:
        return OTHER if member is None else self.colours[member]


def split(
    chart: str, how: Cut, whole: pd.DataFrame, frame: pd.DataFrame, filters: Filters, view: View
) -> Chart:
    """``whole``: the frame of the chart that is not split, for its warnings and sums. ``frame``:
    ``how.metrics`` by the view's members and by time."""
    series = Series(whole, filters)
    text = subtitle(how, filters, view)
    found = warnings(chart, filters, series.totals) + misleading(chart, filters, view) + overlap(view)
    if not view.members or not series.known(how.metric):
        return replace(Chart.blank(chart, how.empty, filters, series.totals), subtitle=text)
    parts = Parts(series, frame, how, view)
    return Chart(parts.figure(chart), text, found, parts.legend)


def subtitle(how: Cut, filters: Filters, view: View) -> str:
    """``Daily spend, top 6 of 41 repositories by cost and other (failed runs), last 30 days``."""
    lead = how.lead.format(every=EVERY[filters.grain])
    scope = filters_in_words(filters)
    return f"{lead}{_which(how, view)}{f' ({scope})' if scope else ''}, {period(filters)}"


def _which(how: Cut, view: View) -> str:
    dimension, named = view.dimension, sum(member is not None for member in view.members)
    if named == view.total:
        return f" by {dimension.one}"
    rest = " and other" if None in view.members else ""
    return f", top {named} of {view.total:,} {dimension.many} by {RANKED_BY[how.ranked]}{rest}"


def misleading(chart: str, filters: Filters, view: View) -> list[Caution]:
    """Where the dimension itself decides the number, or the number is not the member's own."""
    filtered = bool(by_filter(chart, filters))
    found = cut_warnings.of_split(chart, view.dimension, filtered=filtered)
    return [Caution(*found)] if found else []


def overlap(view: View) -> list[Caution]:
    if not view.dimension.overlapping:
        return []
    return [
        Caution(f"A run counts under every {view.dimension.one} that it used, so these do not add up", False)
    ]


@dataclass(frozen=True)
class Parts:
    """The members' values and what is drawn of them."""

    series: Series
    frame: pd.DataFrame
    how: Cut
    view: View

    @property
    def stacks(self) -> bool:
        return METRIC[self.how.metric].additive and not self.view.dimension.overlapping

    @property
    def multiples(self) -> bool:
        return self.view.look == MULTIPLES

    @property
    def unit(self) -> str:
        return METRIC[self.how.metric].unit

    def values(self, metric: str, place: int) -> list[Any]:
        """One member's values, bucket by bucket."""
        each = self.frame[metric].iloc[place :: len(self.view.members)]
        return numbers(each.tolist(), METRIC[metric].unit)

    @cached_property
    def drawn(self) -> list[list[Any]]:
        return [self.values(self.how.metric, place) for place in range(len(self.view.members))]

    def figure(self, chart: str) -> dict[str, Any]:
        traces, places = [], range(len(self.view.members))
        for place in places:
            axes = self._axes(place)
            traces += [trace | axes for trace in self._member(place)]
        figure = self.series.figure(chart, traces, self._columns(), {"y": self._axis()})
        meta = figure["layout"]["meta"]
        meta["runs"] = {self._label(place): self._narrow(place) for place in places}
        if self.multiples:
            height = self._axis().get("min", 0)
            figure["data"] += [hover_only(len(self.series), height) | self._axes(n) for n in places[1:]]
            meta["multiples"] = [{"label": self._label(n), "color": self._colour(n)} for n in places]
        return figure

    @property
    def legend(self) -> list[Legend]:
        """Small multiples bear their names themselves."""
        if self.multiples:
            return []
        shape = "square" if self.stacks else "line"
        return [Legend(self._label(n), self._colour(n), shape) for n in range(len(self.view.members))]

    def _member(self, place: int) -> list[Trace]:
        name, colour, incomplete = self._label(place), self._colour(place), self.series.incomplete
        if METRIC[self.how.metric].additive and (self.stacks or self.multiples):
            return [bars(name, self.drawn[place], colour, incomplete)]
        interval = []
        if self.multiples and self.how.metric == "success_rate":
            low, high = (self.values(f"success_rate_{end}", place) for end in ("low", "high"))
            interval = band(name, self.series.x, low, high, colour, incomplete)
        return interval + lines(name, self.drawn[place], colour, incomplete)

    def _columns(self) -> list[dict[str, Any]]:
        columns = [
            column(self._label(n), self.unit, self.drawn[n], self._colour(n)) | self._few(n)
            for n in range(len(self.view.members))
        ]
        return [*columns, column("all runs", self.unit, self.series.y(self.how.metric))]

    def _few(self, place: int) -> dict[str, Any]:
        """A rate of few runs says so."""
        if self.how.metric != "success_rate":
            return {}
        return {"few": FEW, "of": numbers(self._rated[place :: len(self.view.members)], "count")}

    @cached_property
    def _rated(self) -> list[float]:
        rated: list[float] = (self.frame["runs"] - self.frame["unknowns"]).tolist()
        return rated

    def _axis(self) -> dict[str, Any]:
        """One for all members, so that they compare by height."""
        axis: dict[str, Any] = {"unit": self.unit}
        if self.how.metric == "success_rate":
            rate, low = (
                numbers(self.frame[name].tolist(), "percent") for name in (self.how.metric, _RATE[0])
            )
            axis["min"] = floor(rate, low if self.multiples else rate, self._rated)
        return axis | ({"stacked": True} if self.stacks and not self.multiples else {})

    def _axes(self, place: int) -> dict[str, str]:
        number = place + 1
        return {"xaxis": f"x{number}", "yaxis": f"y{number}"} if self.multiples and place else {}

    def _label(self, place: int) -> str:
        return self.view.label(self.view.members[place])

    def _colour(self, place: int) -> str:
        return self.view.colour(self.view.members[place])

    def _narrow(self, place: int) -> dict[str, str] | None:
        """What a click on the member narrows; None for what no filter names: the rest, and one of several
        tools where a tool is filtered for already (the filter means any of them, not both)."""
        member, filters = self.view.members[place], self.series.filters
        if member is None or (self.view.dimension.overlapping and filters.tool not in ((), (member,))):
            return None
        return self.view.dimension.narrow(member)
