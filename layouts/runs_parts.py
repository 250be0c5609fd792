"""What stands around the table of runs: how many there are, menus, pages, and where there are none."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dash import html
from dash.development.base_component import Component

from layouts import ids, words
from layouts.attrs import attrs
from layouts.chart_card import icon
from layouts.fields import Input
from layouts.runs_table import Column
from queries.run_query import PARAMETERS, RunQuery

FORMATS = {
    "csv": ("CSV", "for spreadsheets"),
    "jsonl": ("JSON Lines", "one record a line, as the API has them"),
    "parquet": ("Parquet", "for pandas, DuckDB and the like"),
}
# Everything that narrows the runs beyond the filters, and the place in the list.
CLEARED = (*(name for name in PARAMETERS if name != "sort"), "after")


def total(number: int, more: bool) -> Component:
    """``more than 10,000 runs``: how many were counted, and that there are more."""
    text = words.count(number, "run")
    return html.P(
        f"more than {text}" if more else text,
        id=ids.RUNS_TOTAL,
        **attrs(data_value=str(number), data_more="true" if more else "false"),
    )


def came_in(number: int) -> Component | str:
    """``3 new runs``: a click draws the table anew, from its first page."""
    if number <= 0:
        return ""
    return html.Button(
        words.count(number, "new run"),
        type="button",
        className="chip",
        **attrs(data_ask='{"set": {"after": ""}, "refresh": true}'),
    )


def subtitle(query: RunQuery, found_by: str) -> str:
    """Which runs, in words. ``found_by``: what the text was taken for, an id or words."""
    by = {"id": "whose id begins with {0!r}", "words": "whose error says {0!r}"}.get(found_by, "")
    narrowed = (query.filters.describe(), by.format(query.text), query.describe_ranges())
    return ", ".join(filter(None, narrowed))


def menus(
    every: Iterable[Column], shown: list[Column], exported: str, frozen: str, describes: str
) -> list[Component]:
    return [_columns(every, shown), _exports(exported, frozen, describes)]


def _columns(every: Iterable[Column], shown: list[Column]) -> Component:
    boxes = [
        html.Label(
            [
                Input(
                    type="checkbox",
                    value=column.name,
                    checked=column in shown,
                    disabled=column.name == "start",
                ),
                html.Span(column.about or column.label),
            ]
        )
        for column in every
    ]
    buttons = [
        html.Button("Show these", type="button", className="btn btn-primary", **attrs(data_columns="chosen")),
        html.Button(
            "The usual", type="button", className="btn", **attrs(data_ask='{"set": {"columns": ""}}')
        ),
    ]
    parts = [
        html.Div(boxes, className="boxes", role="group", **attrs(aria_label="Columns")),
        html.Div(buttons, className="menu-actions"),
    ]
    return _menu("layout-three-columns", "Columns", parts)


def _exports(exported: str, frozen: str, describes: str) -> Component:
    links = [
        html.A(
            [html.B(label), html.Small(about)],
            href=f"/api/export/runs.{ending}{frozen}",
            **attrs(download=""),
        )
        for ending, (label, about) in FORMATS.items()
    ]
    side = html.A(
        [html.B("What is in it"), html.Small("filters, fields and number of runs, as JSON")],
        href=f"/api/export/runs.csv.meta.json{frozen}",
        **attrs(download=""),
    )
    head = html.P(f"{exported}: {describes}", className="quiet")
    return _menu("download", "Export", [head, *links, side])


def _menu(sign: str, label: str, parts: list[Component]) -> Component:
    summary = html.Summary([icon(sign), html.Span(label)], className="btn-line")
    return html.Details([summary, html.Div(parts)], className="menu")


def pages(before: str | None, after: str | None) -> list[Component]:
    """``before``, ``after``: what asks for the page; '' the first, None where there is none."""
    return [
        _page("Previous", before, "chevron-left", "prev"),
        html.Span("j and k move through the rows, Enter opens a run", className="quiet wide-only"),
        _page("Next", after, "chevron-right", "next"),
    ]


def _page(label: str, token: str | None, sign: str, way: str) -> Component:
    parts = [icon(sign), html.Span(label)] if way == "prev" else [html.Span(label), icon(sign)]
    request = json.dumps({"set": {"after": token or ""}})
    more = {"disabled": True} if token is None else attrs(data_ask=request)
    return html.Button(parts, type="button", className="btn-line", **attrs(data_way=way), **more)


def nothing(query: RunQuery, found_by: str, elsewhere: str | None) -> Component:
    """No run of the filters is left. ``elsewhere``: the address of the run with exactly this id."""
    sought = {"id": f"whose id begins with {query.text!r}", "words": f"whose error says {query.text!r}"}
    what = ", ".join(filter(None, (sought.get(found_by, ""), query.describe_ranges())))
    request = json.dumps({"set": dict.fromkeys(CLEARED, "")})
    parts = [
        html.P(f"Of the runs of these filters ({query.filters.describe()}) there is none {what}."),
    ]
    if elsewhere:
        parts.append(
            html.P(["The run with this id is outside of them: ", html.A("open it", href=elsewhere), "."])
        )
    elif query.text:
        parts.append(html.P("An id is found by its beginning, an error by all of the words, in any order."))
    clear = html.Button(
        "Clear search and ranges", type="button", className="btn btn-primary", **attrs(data_ask=request)
    )
    return html.Div(
        [html.H2("No run matches"), *parts, html.Div(clear, className="state-actions")],
        className="state state-nothing",
        role="status",
    )
