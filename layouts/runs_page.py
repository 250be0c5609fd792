"""The runs, one row each: search and ranges, the table, its pages; contents come from callbacks.runs."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.fields import choice, written
from layouts.states import skeleton
from queries.kinds import KIND
from queries.run_query import PARAMETERS

# Parameters of the page beside the filters; ``after`` is a place in one list and goes with any change.
KEYS = (*PARAMETERS, "columns", "after")
FLEETING = ("after",)
LASTING = tuple(key for key in KEYS if key not in ("after", "columns"))  # what a run keeps of its table

_OUTLIERS = {"": "any", "cost": "cost", "duration": "duration", "tokens": "tokens"}
_KINDS = {"": "any", **{kind.name: kind.label for kind in KIND.values()}}
_SORTS = {
    "": "newest first",
    "start": "oldest first",
    "-duration": "longest first",
    "-cost": "most expensive first",
    "-tokens": "most tokens first",
    "-llm_calls": "most LLM calls first",
    "-tool_calls": "most tool calls first",
}


def content() -> list[Component]:
    name = ids.RUNS
    return [
        html.Div(id=ids.IN_FLIGHT_RUNS, className="in-flight"),
        dcc.Store(id=ids.answer(ids.IN_FLIGHT_RUNS)),
        html.Section(
            [
                html.Div(_head(), className="runs-head"),
                html.Div(_tools(), className="runs-tools", role="search"),
                html.Div(skeleton("table"), id=ids.body(name), className="table-wrap runs-wrap"),
                html.Nav(id=ids.RUNS_PAGES, className="runs-pages", **attrs(aria_label="Pages of runs")),
                dcc.Store(id=ids.answer(name)),
            ],
            id=ids.chart_card(name),
            className="card chart span-12 runs-card",
            **attrs(aria_labelledby=ids.title(name)),
        ),
    ]


def _head() -> list[Component]:
    name = ids.RUNS
    words = [html.H1("Runs", id=ids.title(name)), html.P("\u00a0", id=ids.subtitle(name))]
    return [
        html.Div(words, className="runs-words"),
        html.Div(id=ids.RUNS_NEW, className="runs-new", role="status"),
        html.Div(id=ids.RUNS_COUNT, className="runs-count", role="status"),
        html.Div(id=ids.RUNS_MENUS, className="runs-menus"),
    ]


def _tools() -> list[Component]:
    search = written(
        "q", "Search for an id or words of an error", kind="search", hint="Id, or words of an error"
    )
    return [
        html.Div(
            [html.I(className="bi bi-search", **attrs(aria_hidden="true")), search], className="runs-search"
        ),
        _between("Duration", "duration", "0s", "2m"),
        _between("Cost", "cost", "$0", "$1"),
        _labelled("Unusual", choice("outlier", "Unusual", _OUTLIERS), "runs-outlier"),
        _labelled("Kind", choice("kind", "Kind", _KINDS), "runs-outlier"),
        _labelled("Order", choice("sort", "Order", _SORTS), "runs-sort"),
    ]


def _between(label: str, what: str, low: str, high: str) -> Component:
    fields = [
        written(f"min_{what}", f"{label} at least", hint=low),
        html.Span("to", className="quiet"),
        written(f"max_{what}", f"{label} at most", hint=high),
    ]
    return _labelled(label, fields, "runs-between")


def _labelled(label: str, content: Component | list[Component], kind: str) -> Component:
    parts = content if isinstance(content, list) else [content]
    return html.Div(
        [html.Span(label, className="runs-label", **attrs(aria_hidden="true")), *parts], className=kind
    )
