"""The cards of one run: its head, its numbers, its error, what it used, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.attrs import attrs
from layouts.chart_card import icon
from layouts.imports_table import runs_of
from layouts.runs_table import instant, status, when
from layouts.theme import KIND, TOKEN_KIND
from queries.filters import Filters
from queries.run import Run
from queries.units import NOT_KNOWN, exact, short

Row = dict[str, Any]
Link = Callable[..., str]  # link(model="gpt-4"): the runs of this period with just that


def head(run: Run, row: Row, filters: Filters, address: str, record: str) -> list[Component]:
    """``address``: of the record in the API; ``record``: the record itself, as JSON."""
    copy = html.Button(
        [icon("clipboard"), html.Span("Copy as JSON")],
        type="button",
        className="btn-line",
        **attrs(data_copy="run-json"),
    )
    raw = html.A([icon("braces"), html.Span("API")], href=address, className="btn-line", target="_blank")
    return [
        html.Div(
            [
                html.P([html.A("Runs", href="/runs"), " / run"], className="quiet crumbs"),
                html.H2(run.run_id, className="run-id"),
                html.P([status(row["status"]), _who(row), when(run.start, filters)], className="run-line"),
            ],
            className="run-words",
        ),
        html.Div([copy, raw], className="run-actions"),
        html.Pre(record, id="run-json", hidden=True),
    ]


def _who(row: Row) -> Component:
    version = f" {row['agent_version']}" if row["agent_version"] else ""
    return html.Span(f"{row['agent']}{version} with {row['model']}")


def around(before: tuple[str, str] | None, after: tuple[str, str] | None) -> list[Component]:
    """``before``, ``after``: (address, when it started) of the neighbours in the table."""
    return [
        _neighbour("Previous run", before, "chevron-left", "prev"),
        _neighbour("Next run", after, "chevron-right", "next"),
    ]


def _neighbour(label: str, found: tuple[str, str] | None, sign: str, way: str) -> Component:
    parts = [icon(sign), html.Span(label)] if way == "prev" else [html.Span(label), icon(sign)]
    if found is None:
        return html.Button(parts, type="button", className="btn-line", disabled=True)
    return html.A(parts, href=found[0], className="btn-line", title=found[1], **attrs(data_way=way))


# ---- numbers --------------------------------------------------------------------------------------------

_FACTS = (
    ("Duration", "duration_ms", "ms"),
    ("Cost", "cost_usd", "usd"),
    ("Tokens", "total_tokens", "tokens"),
    ("LLM calls", "llm_call_count", "count"),
    ("Tool calls", "tool_call_count", "count"),
    ("Files modified", "files_modified_count", "count"),
)
_COST = {
    "reported": "reported by the source",
    "estimated": "estimated from tokens: the source reported none",
    None: "not known",
}


def facts(row: Row) -> Component:
    return html.Div([_fact(row, *fact) for fact in _FACTS], className="facts")


def _fact(row: Row, label: str, column: str, unit: str) -> Component:
    value = None if row[column] is None else float(row[column])
    note = _COST[row["cost_source"]] if column == "cost_usd" else "" if value is not None else "not known"
    return html.Div(
        [
            html.H3(label),
            html.P(str(short(value, unit)), className="kpi-value", title=exact(value, unit)),
            html.P(note, className="kpi-note") if note else None,
        ],
        className="card kpi fact",
        **attrs(data_fact=column),
    )


def tokens(row: Row) -> Component | None:
    """How they are made up; a part that is not known is not drawn, and said so."""
    known = (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"], row["output_tokens"])
    if all(value is None for value in known):
        return None
    given, read, write, output = known
    # An unknown part counts as none, as in the metric of the same name.
    uncached = None if given is None else given - (read or 0) - (write or 0)
    parts = [
        ("Uncached input", uncached, "uncached_input_tokens"),
        ("Cache read", read, "cache_read_tokens"),
        ("Cache write", write, "cache_write_tokens"),
        ("Output", output, "output_tokens"),
    ]
    whole = sum(max(0, value or 0) for _, value, _ in parts) or 1
    rows = [_bar_row(label, value, whole, TOKEN_KIND[kind]) for label, value, kind in parts]
    reads = short(read / given, "percent") if given and read is not None else ""
    share = f"{reads} of the input came from the cache" if reads else ""
    return _card("Tokens", "run-tokens", [_bars(rows)], share)


def _bar_row(label: Any, value: float | None, most: float, colour: str) -> Component:
    width = f"{max(0, value or 0) / most:.2%}" if most else "0%"
    fill = html.I(style={"width": width, "background": f"var({colour})"}) if value else None
    figure = NOT_KNOWN if value is None else f"{value:,.0f}"
    return html.Tr(
        [
            html.Th(label, scope="row"),
            html.Td(html.Span(fill, className="cell-bar"), className="bar", **attrs(aria_hidden="true")),
            html.Td(figure, className="number", title=None if value is not None else "not known"),
        ]
    )


def _bars(rows: list[Component]) -> Component:
    return html.Table(html.Tbody(rows), className="bars")


# ---- what it met and used -------------------------------------------------------------------------------


def error(row: Row, alike: int | None, link: Link, period: str) -> Component | None:
    """``alike``: how many runs of the period have this error, itself included."""
    if not row["error_message"] and not row["error_category"]:
        return None
    said = []
    if row["error_category"]:
        said += ["Category ", html.A(row["error_category"], href=link(category=row["error_category"])), ". "]
    if alike is not None:
        runs = words.count(alike, "run")
        said += [html.A(f"{runs} with the same error", href=link(error=row["error_template"])), f", {period}"]
    message = row["error_message"]
    text = (
        html.Pre(message, tabIndex="0", className="error-text")
        if message
        else html.P("The source gives no message.")
    )
    return _card("Error", "run-error", [text], said, wide=True)


def tools(row: Row, link: Link) -> Component | None:
    used = row["tools_used"]
    if not used:
        return None
    counts = sorted(used.items(), key=lambda pair: (-pair[1], pair[0]))
    most = max(counts[0][1], 1)
    rows = [
        _bar_row(html.A(name, href=link(tool=name)), calls, most, KIND["tools"]) for name, calls in counts
    ]
    return _card("Tools", "run-tools", [_bars(rows)], words.count(len(counts), "tool"))


def files(row: Row) -> Component | None:
    if not row["files_modified"]:
        return None
    names = [html.Li(html.Code(name)) for name in row["files_modified"]]
    return _card("Files", "run-files", [html.Ul(names, className="files")], words.count(len(names), "file"))


def attributes(row: Row, link: Link) -> Component | None:
    if not row["attributes"]:
        return None
    pairs: list[Component] = []
    for name, value in sorted(row["attributes"].items()):
        pairs += [html.Dt(name), html.Dd(_value(name, value, link))]
    return _card("Attributes", "run-attributes", [html.Dl(pairs)], "Each leads to the runs that share it")


def _value(name: str, value: Any, link: Link) -> Any:
    """What is made of parts has no runs to lead to."""
    if value is None or isinstance(value, (dict, list)) or value == "":
        return html.Code(json.dumps(value, ensure_ascii=False))
    text = value if isinstance(value, str) else json.dumps(value)
    return html.A(text, href=link(**{f"attr.{name}": text}))


def origin(run: Run, row: Row, filters: Filters, link: Link) -> Component:
    """Who ran, when, and what brought the record here."""
    version = row["agent_version"]
    pairs: list[tuple[str, Any]] = [
        ("Agent", html.A(row["agent"], href=link(agent=row["agent"]))),
        ("Version", html.A(version or "not known", href=link(version=version or ""))),
        ("Model", html.A(row["model"], href=link(model=row["model"]))),
        ("Started", when(run.start, filters)),
        ("Ended", when(row["end_time"], filters) if row["end_time"] else "not known"),
        ("Recorded", when(row["ingested_at"], filters)),
        ("Brought by", _brought(run, filters)),
        *_trace(row["attributes"]),
    ]
    listed = [part for name, value in pairs for part in (html.Dt(name), html.Dd(value))]
    return _card("Origin", "run-origin", [html.Dl(listed)], f"Times in {filters.tz}")


def _trace(attributes: Row) -> list[tuple[str, Any]]:
    """What leads back to the spans, wherever they are looked at."""
    trace = attributes.get("trace_id")
    return [("Trace", html.Code(trace))] if isinstance(trace, str) else []


def _brought(run: Run, filters: Filters) -> Any:
    found = run.brought_by
    if found is None:
        return "not known"
    started = instant(found["started_at"], filters, seconds=False)
    import_id, source = found["import_id"], found["source"]
    what = f"{source} ({started}, {words.count(found['inserted'], 'run')})"
    others = html.A("its runs", href=runs_of(import_id, filters.tz))
    return [html.A(what, href=f"/data?import={import_id}"), " · ", others]


def _card(title: str, name: str, parts: list[Any], said: Any = "", *, wide: bool = False) -> Component:
    return html.Section(
        [html.H2(title, id=f"title-{name}"), html.P(said, className="quiet") if said else None, *parts],
        id=name,
        className=f"card chart run-card{' wide' if wide else ''}",
        **attrs(aria_labelledby=f"title-{name}"),
    )


# ---- no run ---------------------------------------------------------------------------------------------


def unknown(run_id: str) -> Component:
    return _gone(
        "There is no run with this id",
        [
            html.P(["Nothing was ever recorded under ", html.Code(run_id[:600]), "."]),
            html.P("It may have been mistyped, or taken back with its import."),
        ],
        "404",
    )


def dropped(run: Run, filters: Filters) -> Component:
    return _gone(
        "This run is no longer kept",
        [
            html.P([html.Code(run.run_id), f" started on {instant(run.start, filters)} ({filters.tz})."]),
            html.P(
                "Its record was dropped when its retention ended. It still counts in all totals and charts."
            ),
        ],
        "410",
    )


def _gone(title: str, parts: list[Component], code: str) -> Component:
    way = html.A("To the runs", href="/runs", className="btn btn-primary")
    return html.Section(
        [html.H2(title), *parts, html.Div(way, className="state-actions")],
        className="card state state-nothing",
        role="status",
        **attrs(data_state=code),
    )
