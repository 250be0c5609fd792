"""The cards of waste: what each kind cost, how many runs, and the way to them; and what the cache saved."""

from __future__ import annotations

from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.attrs import attrs
from layouts.links import runs_href
from layouts.states import skeleton
from queries.filters import Filters
from queries.kinds import KIND, MANY
from queries.savings import ModelSavings, Savings
from queries.tally import Tally
from queries.units import exact, missing, short

MODELS_SHOWN = 25
# Metrics of the whole period: what the wasted is a share of, and what cannot be told.
TOTALS = ("runs", "cost_usd", "runs_without_cost", "estimated_cost_usd", "failed", "failed_cost_usd")


@dataclass(frozen=True)
class Card:
    """``body``: the id of the changing part of its card."""

    name: str
    label: str
    help: str

    @property
    def body(self) -> str:
        return f"waste-{self.name}"


FAILED = Card(
    "failed", "Failed runs", "Runs that ended in failure or error. What they cost bought no solved task."
)
SAVED = Card(
    "cached",
    "Saved by the cache",
    "Tokens read from the prompt cache at the difference between the list price of input and that of cache "
    "reads, less what writing to the cache cost more. List prices: genai-prices.",
)
NO_CHANGE, MANY_CALLS, TOP = (
    Card(name, KIND[name].label, KIND[name].help) for name in ("no_change", "many_calls", "top")
)
# In the order of the page.
CARDS = (FAILED, NO_CHANGE, MANY_CALLS, TOP, SAVED)


def card(kind: Card) -> Component:
    title = f"title-{kind.body}"
    return html.Section(
        [
            html.H3(kind.label, id=title),
            html.Div(skeleton("kpi"), id=kind.body, className="waste-body"),
            html.P(kind.help, className="small-print"),
        ],
        className="card chart waste",
        **attrs(aria_labelledby=title),
    )


def body(found: Tally, totals: dict[str, float], href: str, note: str = "") -> list[Component]:
    """``totals``: TOTALS of the same runs; ``href``: the runs behind it."""
    whole = totals["cost_usd"]
    share = found.cost / whole if found.cost is not None and whole else None
    told = [words.count(found.runs, "run")]
    if share is not None:
        told.append(f"{short(share, 'percent')} of the cost")
    if found.cost is None:
        told.append("none with a known cost")
    return [
        html.P(str(short(found.cost, "usd")), className="money-value", title=exact(found.cost, "usd")),
        html.P(" · ".join(told), className="quiet"),
        html.P(note, className="quiet") if note else None,
        _runs(href, found.runs),
    ]


def _runs(href: str, number: int) -> Component | None:
    if not number:
        return None
    label = "See the run" if number == 1 else f"See these {number:,} runs"
    return html.A(label, href=href, className="see-runs")


def scope(filters: Filters, runs: float) -> str:
    """Under the title: which runs, and that kinds overlap."""
    which = f"{words.count(runs, 'run')}, {filters.describe()}"
    return f"{which}. A run may be of several kinds: they do not add up."


def nothing(text: str) -> list[Component]:
    """Instead of a figure, where there can be none."""
    return [html.P("–", className="money-value"), html.P(text, className="quiet")]


def no_change_note(silent: float) -> str:
    """``silent``: successes that say nothing of files."""
    if silent <= 0:
        return ""
    return f"{words.count(silent, 'success', 'successes')} {'reports' if silent == 1 else 'report'} no files"


def many_calls_note(bounds: dict[str, float]) -> str:
    """From how many calls on, for the models used most."""
    if not bounds:
        return "No run reports its calls"
    some = [f"{name} from {bound:,.0f}" for name, bound in list(bounds.items())[:2]]
    more = f" and {words.count(len(bounds) - 2, 'other model')}" if len(bounds) > 2 else ""
    return f"{MANY:g} times the average: {', '.join(some)}{more}"


def saved(found: Savings, href: str) -> list[Component]:
    if found.net is None:
        return nothing(untold(found) or "No runs")
    told = [f"{short(found.saved, 'usd')} less for reads"]
    if found.paid:
        told.append(f"{short(found.paid, 'usd')} more for writes")
    return [
        html.P(str(short(found.net, "usd")), className="money-value", title=exact(found.net, "usd")),
        html.P(f"{words.count(found.runs, 'run')}: {', '.join(told)}", className="quiet"),
        html.P(untold(found), className="quiet") if untold(found) else None,
        _runs(href, found.runs),
    ]


def untold(found: Savings) -> str:
    """For how many runs it cannot be told, and why."""
    parts = []
    if found.silent:
        report = "reports" if found.silent == 1 else "report"
        parts.append(f"{words.count(found.silent, 'run')} {report} no cache reads")
    if found.unpriced:
        parts.append(f"{words.count(found.unpriced, 'run')} of models without a known cache price")
    return f"Cannot be told for {words.listed(parts)}" if parts else ""


def savings_table(found: Savings, filters: Filters) -> Component:
    rows = [_model(model, filters) for model in found.models[:MODELS_SHOWN]]
    if not rows:
        return html.P("No run of a model with a known cache price reports cache reads", className="quiet")
    heads = ("Model", "Runs that report it", "Saved on reads", "Saved on writes", "Saved in all")
    return html.Table(
        [
            html.Caption("What the cache saved, by model", className="visually-hidden"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(rows),
        ],
        className="plain sheet",
    )


def savings_words(found: Savings) -> str:
    """Under the table's title: what is left out."""
    shown = words.count(len(found.models), "model")
    if len(found.models) > MODELS_SHOWN:
        shown = f"{MODELS_SHOWN} of {shown}, those that saved most"
    names = words.listed(list(found.unpriced_models[:3]))
    more = len(found.unpriced_models) - 3
    without = f"; no known price: {names}{f' and {more} more' if more > 0 else ''}" if names else ""
    return f"{shown}{without}"


def _model(model: ModelSavings, filters: Filters) -> Component:
    runs = html.A(
        str(short(model.runs, "count")),
        href=runs_href(filters, kind=SAVED.name, model=model.model),
        title=f"The {words.count(model.runs, 'run')} of {model.model}",
    )
    cells = (
        (model.saved, "usd"),
        (-model.paid if model.paid else 0, "usd"),
        (model.net, "usd"),
    )
    amounts = [_cell(value, unit) for value, unit in cells]
    return html.Tr([html.Th(model.model, scope="row"), html.Td(runs), *amounts])


def _cell(value: float, unit: str) -> Component:
    text = "–" if missing(value) else str(short(value, unit)).replace("-", "−")
    return html.Td(text, title=exact(value, unit))
