"""A against B: every metric side by side, with the difference, its interval and a verdict in words."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs
from layouts.changes import difference as relative
from layouts.dimensions import key_of
from layouts.links import runs_href, within
from layouts.words import count
from queries.compare import Comparison, Difference
from queries.kinds import KNOWING
from queries.measures import STATUSES
from queries.metrics import METRIC, Metric
from queries.pair import Pair
from queries.units import exact, missing, short
from queries.verdicts import amount, better, signed, summary, verdict

_NAMED = 50  # so many strata can stand in an address
_REACH = 46  # percent of the track that the farthest end of an interval may take, on either side of zero


def group(one: Difference) -> str:
    """Where a metric stands in the table; told from its record, so that a new one finds its place."""
    record = METRIC[one.metric]
    if one.kind == "total":
        return "Totals"
    if record.unit == "ms":
        return "Time"
    if any(term.measure == "cost_usd" for term in record.terms) or record.sketch == "cost_sketch":
        return "Cost"
    return "Outcome" if one.kind == "share" else "Work"


_UNITS = {"percent": " (%)", "ms": " (ms)", "usd": " (USD)"}  # in a file
GROUPS = ("Outcome", "Time", "Cost", "Work")


def told(found: Comparison) -> Component:
    return html.P(summary(found), className="verdict-in-all")


def table(found: Comparison, pair: Pair) -> list[Component]:
    judged = [one for one in found.differences if one.kind != "total"]
    totals = [one for one in found.differences if one.kind == "total"]
    rest = html.Details(
        [
            html.Summary(f"Totals and what is not known ({len(totals)})"),
            _table("Totals of A and B", [("", totals)], found, pair),
        ],
        className="more",
    )
    grouped = [(name, [one for one in judged if group(one) == name]) for name in GROUPS]
    return [_table("A against B", grouped, found, pair), rest]


def _table(
    caption: str, groups: list[tuple[str, list[Difference]]], found: Comparison, pair: Pair
) -> Component:
    bodies = [
        html.Tbody(([_group_head(name)] if name else []) + [_row(one, found) for one in rows])
        for name, rows in groups
        if rows
    ]
    return html.Table(
        [html.Caption(caption, className="visually-hidden"), html.Thead(_heads(found, pair)), *bodies],
        className="models versus-table",
        **attrs(data_csv="compare"),
    )


def _heads(found: Comparison, pair: Pair) -> Component:
    sides = zip("ab", (found.a, found.b), found.runs, (pair.a, pair.b), strict=True)
    heads = []
    for name, filters, runs, side in sides:
        assert side is not None
        badge = html.Span(name.upper(), className=f"side side-{name}")
        link = html.A(count(runs, "run"), href=runs_href(filters), title="Open these runs")
        label = html.Span(side.name, className="side-words", title=side.words)
        heads.append(
            html.Th(
                [badge, label, html.Small(link)],
                scope="col",
                **attrs(data_csv=f"{name.upper()}: {side.words}"),
            )
        )
    return html.Tr(
        [
            html.Th("Metric", scope="col"),
            *heads,
            html.Th("A less B", scope="col"),
            html.Th("95 % interval", scope="col", **attrs(data_csv="95 % from|95 % to")),
            html.Th("Verdict", scope="col"),
        ]
    )


def _group_head(name: str) -> Component:
    return html.Tr(
        html.Th(name, colSpan=6, scope="rowgroup"), className="group-head", **attrs(data_csv="skip")
    )


def _row(one: Difference, found: Comparison) -> Component:
    record = METRIC[one.metric]
    good = better(one)
    look = {True: "better", False: "worse", None: ""}[good]
    unit = record.unit
    name = attrs(data_value=f"{record.label}{_UNITS.get(unit, '')}")
    size = attrs(data_value=_plain(one.size), data_unit=unit)
    return html.Tr(
        [
            html.Th(html.Span(record.label, title=record.help), scope="row", **name),
            _value(record, one, 0, found),
            _value(record, one, 1, found),
            html.Td(_difference(record, one), className=look, **size),
            _interval(record, one, look),
            html.Td(verdict(one, found.looked_at), className="verdict", title=f"{one.method}{_p(one)}"),
        ],
        **attrs(data_metric=one.metric, data_verdict=one.verdict),
    )


def _value(record: Metric, one: Difference, side: int, found: Comparison) -> Component:
    value = (one.a, one.b)[side]
    rests = None if one.kind == "total" or missing(value) else html.Small(_rests(one, side, found))
    said = [html.Span(str(short(value, record.unit)), className="figure"), rests]
    more = attrs(data_value=_plain(value), data_label="AB"[side], data_unit=record.unit)
    return html.Td(said, title=exact(value, record.unit), **more)


def _rests(one: Difference, side: int, found: Comparison) -> Component | str:
    """How many runs a value rests on, and the way to them."""
    text, filters, rest = f"n = {one.runs[side]:,}", (found.a, found.b)[side], one.rests[side]
    narrow: dict[str, Any] = {"status": within(filters, rest.term.statuses or STATUSES)}
    if rest.strata and found.strata:
        narrow[key_of(found.strata.by)] = rest.strata
    if not one.runs[side] or len(rest.strata) > _NAMED:
        return text
    link = runs_href(filters, kind=KNOWING.get(rest.term.measure, ""), **narrow)
    return html.A(text, href=link, title=f"Open these {count(one.runs[side], 'run')}")


def _difference(record: Metric, one: Difference) -> list[Component | str]:
    if missing(one.size):
        return ["–"]
    parts: list[Component | str] = [html.Span(signed(record, one.size), className="figure")]
    if record.change == "percent" and one.b and one.size:
        parts.append(html.Small(relative(record, one.a, one.b)))
    return parts


def _interval(record: Metric, one: Difference, look: str) -> Component:
    if one.interval is None:
        return html.Td("–", **attrs(data_value="|"))
    low, high = one.interval
    ends = [f"{'−' if end < 0 else ''}{amount(record, end)}".removesuffix(" points") for end in (low, high)]
    reach = max(abs(low), abs(high), 1e-300)
    left, right, middle = (50 + _REACH * value / reach for value in (low, high, one.size))
    bar = {"left": f"{left:.1f}%", "width": f"{max(right - left, 0.5):.1f}%"}
    parts = [
        html.I(className="ci-bar", style=bar),
        html.I(className="ci-dot", style={"left": f"{middle:.1f}%"}),
    ]
    drawn = html.Span(parts, className=f"ci {look}", **attrs(aria_hidden="true"))
    return html.Td(
        [drawn, html.Small(f"{ends[0]} to {ends[1]}")],
        **attrs(data_value=f"{_plain(low)}|{_plain(high)}", data_unit=record.unit),
    )


def _plain(value: float) -> str:
    return "" if missing(value) else repr(float(value))


def _p(one: Difference) -> str:
    if missing(one.p):
        return ""
    return ", p < 0.001" if one.p < 0.001 else f", p = {one.p:.3f}"
