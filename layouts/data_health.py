"""Data health in words and tables: what is fresh, what runs lack, what costs rest on, how rollups stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.attrs import attrs
from layouts.links import runs_href
from queries.calendar import local
from queries.facets import ATTRIBUTE, FIXED
from queries.filters import Filters
from queries.health import LACKING, Freshness, ModelCost, Rollups
from queries.kinds import KIND
from queries.list_prices import Compared
from queries.metrics import METRIC
from queries.tally import Tally
from queries.units import exact, short

MODELS_SHOWN = 25
_STALE = timedelta(hours=24)

Link = Callable[[str], str]  # the name of a kind of runs -> the address of these runs


def moment(instant: datetime | None, tz: str) -> str:
    """``20 Nov 2026, 14:32`` in the zone; a dash for none."""
    if instant is None:
        return "–"
    there = local(instant, tz)
    return f"{there.day} {there:%b %Y, %H:%M}"


def facts(rows: list[tuple[str, Any, str]]) -> Component:
    """(label, value, what must be said of it) as a list; nothing said is nothing shown."""
    parts: list[Component] = []
    for label, value, note in rows:
        said = [html.Span(value, className="figure")] + ([html.Span(note, className="quiet")] if note else [])
        parts += [html.Dt(label), html.Dd(said)]
    return html.Dl(parts, className="figures")


def freshness(found: Freshness, now: datetime, tz: str) -> Component:
    return facts(
        [
            ("Newest run started", moment(found.newest_run, tz), _ago(found.newest_run, now)),
            ("It came in", moment(found.came_in, tz), _after(found)),
            (
                "Last import",
                moment(found.newest_import, tz),
                words.count(found.imports, "import") + " in all",
            ),
        ]
    )


def _ago(instant: datetime | None, now: datetime) -> str:
    if instant is None:
        return "there are no runs"
    age = now - instant
    if age < timedelta(0):
        return f"{_span(-age)} ahead of now"
    late = ": nothing has come for a day" if age > _STALE else ""
    return f"{_span(age)} ago{late}"


def _after(found: Freshness) -> str:
    if found.newest_run is None or found.came_in is None:
        return ""
    return f"{_span(found.came_in - found.newest_run)} after its start"


def _span(length: timedelta) -> str:
    return str(short(abs(length.total_seconds()) * 1000, "ms"))


def lacking(totals: dict[str, float], link: Link, unknown: str) -> Component:
    """``totals``: runs, unknowns and LACKING. ``unknown``: the address of the runs of unknown outcome."""
    runs = totals["runs"]
    rows = [_lack("Known outcome", totals["unknowns"], runs, unknown)]
    for name in LACKING:
        label = METRIC[name].label.removeprefix("Runs without ")
        kind = name.removeprefix("runs_")
        rows.append(_lack(label[0].upper() + label[1:], totals[name], runs, link(kind)))
    return _table("What runs lack", ("Value", "Runs without it", "Share"), rows)


def _lack(label: str, number: float, runs: float, href: str) -> Component:
    share = number / runs if runs else 0.0
    count = f"{number:,.0f}"
    shown = html.A(count, href=href) if number else html.Span("none", className="quiet")
    bar = html.Span(
        html.I(style={"width": f"{share:.1%}"}), className="cell-bar", **attrs(aria_hidden="true")
    )
    part = [html.Span(str(short(share, "percent")), className="figure"), bar] if number else ["–"]
    return html.Tr([html.Th(label, scope="row"), html.Td(shown), html.Td(part)])


def costs(models: list[ModelCost], filters: Filters) -> Component:
    heads = ("Model", "Runs", "Reported", "Estimated", "Without cost")
    return _table("Costs by model", heads, [_model(model, filters) for model in models[:MODELS_SHOWN]])


def costs_words(models: list[ModelCost]) -> str:
    """The sums, the shares, and which models have no price."""
    reported, estimated = (
        sum(getattr(model, name) for model in models) for name in ("reported", "estimated")
    )
    whole = reported + estimated
    parts = [f"{short(reported, 'usd')} reported", f"{short(estimated, 'usd')} estimated from tokens"]
    if whole:
        parts[1] += f" ({short(estimated / whole, 'percent')})"
    unpriced = [model.model for model in models if not model.priced]
    if unpriced:
        more = f" and {len(unpriced) - 3} more" if len(unpriced) > 3 else ""
        parts.append(f"no known price: {', '.join(unpriced[:3])}{more}")
    cut = f"; {MODELS_SHOWN} of {len(models)} models shown" if len(models) > MODELS_SHOWN else ""
    return ", ".join(parts) + cut


def _model(model: ModelCost, filters: Filters) -> Component:
    runs = html.A(f"{model.runs:,}", href=runs_href(filters, model=model.model))
    lacking = runs_href(filters, model=model.model, kind="without_cost")
    without = html.A(f"{model.without_cost:,}", href=lacking) if model.without_cost else "–"
    tag = None if model.priced else html.Span("no known price", className="tag warn")
    return html.Tr(
        [
            html.Th([html.Span(model.model), tag], scope="row"),
            html.Td(runs),
            _usd(model.reported),
            _usd(model.estimated),
            html.Td(without),
        ]
    )


def _usd(value: float) -> Component:
    return html.Td(str(short(value, "usd")) if value else "–", title=exact(value, "usd"))


def list_prices(models: list[Compared], filters: Filters) -> Component:
    if not models:
        text = "No run of a model with a known price reports both its cost and its tokens"
        return html.P(text, className="quiet")
    heads = ("Model", "Runs", "Reported", "At list prices", "Off by")
    return _table(
        "Reported costs and list prices", heads, [_compared(m, filters) for m in models[:MODELS_SHOWN]]
    )


def list_prices_words(models: list[Compared]) -> str:
    """Which runs, and how far the list is off in all."""
    reported, listed = sum(m.reported for m in models), sum(m.at_list for m in models)
    runs = words.count(sum(m.runs for m in models), "run")
    off = f", off by {_signed(listed / reported - 1)} in all" if reported else ""
    return f"{runs} that report cost and tokens{off}"


def _compared(model: Compared, filters: Filters) -> Component:
    told = runs_href(filters, model=model.model, kind="told")
    return html.Tr(
        [
            html.Th(model.model, scope="row"),
            html.Td(html.A(f"{model.runs:,}", href=told)),
            _usd(model.reported),
            _usd(model.at_list),
            html.Td("–" if model.off is None else _signed(model.off)),
        ]
    )


def _signed(share: float) -> str:
    """Exactly equal is 0; less than what is shown is said to be little, not nothing."""
    if abs(share) < 1e-6:
        return "0\u202f%"
    if abs(share) < 0.0005:
        return "under 0.1\u202f%"
    return f"{share * 100:+.1f}\u202f%".replace("-", "−")


def clocks(found: dict[str, Tally], future: int, link: Link, ahead: str) -> Component:
    """``ahead``: the address of the runs that start in the future."""
    rows: list[tuple[str, Any, str]] = []
    for name, tally in found.items():
        value: Any = html.A(f"{tally.runs:,}", href=link(name)) if tally.runs else "none"
        rows.append((KIND[name].label, value, KIND[name].help))
    told = "Of all data: runs whose start is still to come. A day ahead is let in, more is refused."
    rows.append(("Starts in the future", html.A(f"{future:,}", href=ahead) if future else "none", told))
    return facts(rows)


def rollups(found: Rollups) -> Component:
    # The others serve one panel each and cannot be asked for.
    named = [name for name in found.facets if name in FIXED or name.startswith(ATTRIBUTE)]
    names = [name.removeprefix(ATTRIBUTE).replace("_", " ") for name in named]
    coarse = [word for name, word in zip(named, names, strict=True) if not found.facets[name]]
    by_day = f"{', '.join(coarse)} by the day alone" if coarse else ""
    return facts(
        [
            ("Rolled up", ", ".join(["model, agent, version, status", *names]), by_day),
            ("Hours to be made again", f"{found.dirty_hours:,}", "read from the runs themselves meanwhile"),
            ("Rows not folded in yet", f"{found.waiting:,}", "added up at each read, so nothing is missing"),
        ]
    )


def _table(caption: str, heads: tuple[str, ...], rows: list[Component]) -> Component:
    return html.Table(
        [
            html.Caption(caption, className="visually-hidden"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(rows),
        ],
        className="plain sheet" if len(heads) > 3 else "plain",
    )
