"""The table of runs: its columns, each a record, and its rows, each a link to the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs
from layouts.theme import STATUS
from queries import words
from queries.calendar import local
from queries.errors import QueryError, did_you_mean
from queries.filters import Filters
from queries.units import NOT_KNOWN, exact, short

Row = dict[str, Any]
Cell = Callable[[Row, Filters], Any]
ATTRIBUTE = "attr."
LONGEST = 300  # characters of an error's first line


@dataclass(frozen=True)
class Column:
    """``name`` in the URL; ``sort``: the order it stands for, '' for none. ``first``: the direction that
    is looked for first. ``kind`` says how it is set: number, words, text."""

    name: str
    label: str
    cell: Cell
    kind: str = "words"
    sort: str = ""
    about: str = ""
    default: bool = True


def instant(moment: datetime, filters: Filters, *, seconds: bool = True) -> str:
    """``20 Nov 14:32:05`` in the zone of the page; the year only where it is another."""
    there, now = local(moment, filters.tz), local(filters.now, filters.tz)
    clock = f"{there:%H:%M:%S}" if seconds else f"{there:%H:%M}"
    return f"{words.day(there, year=there.year != now.year)} {clock}"


def when(moment: datetime, filters: Filters) -> Component:
    exactly = local(moment, filters.tz).isoformat(sep=" ")
    return html.Time(instant(moment, filters), dateTime=moment.isoformat(), title=f"{exactly} ({filters.tz})")


def status(name: str) -> Component:
    dot = html.I(className="dot", style={"--dot": f"var({STATUS[name]})"}, **attrs(aria_hidden="true"))
    return html.Span([dot, name], className="status")


def _measure(column: str, unit: str, kind: str = "") -> Cell:
    """``kind``: what may be unusual about it (queries.outliers); marked where it is."""

    def cell(row: Row, _filters: Filters) -> Any:
        value = row[column]
        if value is None:
            return html.Span(NOT_KNOWN, className="unknown", title="not known")
        number = float(value)
        shown = html.Span(str(short(number, unit)), title=exact(number, unit))
        return [_HIGH, " ", shown] if kind in row.get(UNUSUAL, ()) else shown

    return cell


UNUSUAL = "unusual"  # in a row: the kinds in which it stands out
_HIGH = html.Small("high", className="high", title="Far above the other runs of its model in this period")


def _cost(row: Row, filters: Filters) -> Any:
    shown = _measure("cost_usd", "usd", "cost")(row, filters)
    if row["cost_source"] != "estimated":
        return shown
    mark = html.Small("est.", title="Estimated from tokens: the source reported no cost")
    return html.Span([mark, " ", *(shown if isinstance(shown, list) else [shown])], className="estimated")


def _text(column: str) -> Cell:
    def cell(row: Row, _filters: Filters) -> Any:
        value = row[column]
        return html.Span(
            value or NOT_KNOWN, className=None if value else "unknown", title=value or "not known"
        )

    return cell


def first_line(message: str | None) -> str:
    line = next(filter(str.strip, (message or "").splitlines()), "").strip()
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _error(row: Row, _filters: Filters) -> Any:
    line = first_line(row["error_message"])
    return html.Span(line, title=line) if line else None


def _attribute(name: str) -> Cell:
    def cell(row: Row, _filters: Filters) -> Any:
        value = (row["attributes"] or {}).get(name)
        if value is None:
            return html.Span(NOT_KNOWN, className="unknown", title="not known")
        return html.Span(str(value), title=str(value))

    return cell


def _category(row: Row, filters: Filters) -> Any:
    return _text("error_category")(row, filters) if row["error_category"] else None


_COLUMNS = (
    Column("start", "Start", lambda row, filters: when(row["start_time"], filters), sort="start"),
    Column("status", "Status", lambda row, _: status(row["status"])),
    Column("agent", "Agent", _text("agent")),
    Column("version", "Version", _text("agent_version")),
    Column("model", "Model", _text("model")),
    Column("duration", "Duration", _measure("duration_ms", "ms", "duration"), "number", "duration"),
    Column("cost", "Cost", _cost, "number", "cost"),
    Column("tokens", "Tokens", _measure("total_tokens", "tokens", "tokens"), "number", "tokens"),
    Column("llm_calls", "LLM", _measure("llm_call_count", "count"), "number", "llm_calls", "LLM calls"),
    Column("tool_calls", "Tools", _measure("tool_call_count", "count"), "number", "tool_calls", "Tool calls"),
    Column("files", "Files", _measure("files_modified_count", "count"), "number", about="Files modified"),
    Column("error", "Error", _error, "text", about="The first line of the error"),
    Column("category", "Category", _category, about="Category of the error", default=False),
    Column("id", "Id", _text("invocation_id"), "text", default=False),
    Column("input_tokens", "Input", _measure("input_tokens", "tokens"), "number", "", "Input tokens", False),
    Column(
        "output_tokens", "Output", _measure("output_tokens", "tokens"), "number", "", "Output tokens", False
    ),
)  # fmt: skip


def columns(attributes: tuple[str, ...]) -> dict[str, Column]:
    """All there are, by name; the attributes that the settings offer at the end."""
    named = [
        Column(f"{ATTRIBUTE}{name}", name.capitalize(), _attribute(name), default=False)
        for name in attributes
    ]
    return {column.name: column for column in (*_COLUMNS, *named)}


def chosen(asked: str, every: Mapping[str, Column]) -> list[Column]:
    """The columns that ``asked`` names, in their own order; the usual ones for ''. The start is always
    there: it is the link to the run."""
    names = set(filter(None, (name.strip() for name in asked.split(","))))
    for name in sorted(names - every.keys()):
        message = f"columns has {name[:80]!r}, which is no column.{did_you_mean(name, every)}"
        raise QueryError("bad_columns", "columns", message, ", ".join(every))
    return [
        column
        for column in every.values()
        if column.name == "start" or (column.name in names if names else column.default)
    ]


def table(
    rows: list[Row], shown: list[Column], sort: str, filters: Filters, link: Callable[[str], str]
) -> Component:
    """``link`` gives the address of the run with this id."""
    return html.Table(
        [
            html.Caption("Runs", className="visually-hidden"),
            html.Thead(html.Tr([_heading(column, sort) for column in shown])),
            html.Tbody([_row(row, shown, filters, link) for row in rows]),
        ],
        className="runs",
    )


def _heading(column: Column, sort: str) -> Component:
    known = {"className": f"c-{_css(column)} {column.kind}", "scope": "col", "title": column.about or None}
    if not column.sort:
        return html.Th(column.label, **known)
    here = sort.removeprefix("-") == column.sort
    down = sort.startswith("-")
    turned = column.sort if here and down else f"-{column.sort}"
    order = ("descending" if down else "ascending") if here else "none"
    arrow = html.I(className="sort", **attrs(aria_hidden="true"))
    request = f'{{"set": {{"sort": "{"" if turned == "-start" else turned}", "after": ""}}}}'
    button = html.Button([html.Span(column.label), arrow], type="button", **attrs(data_ask=request))
    return html.Th(button, **known, **attrs(aria_sort=order))


def _row(row: Row, shown: list[Column], filters: Filters, link: Callable[[str], str]) -> Component:
    cells = []
    for column in shown:
        content = column.cell(row, filters)
        if column.name == "start":
            name = f"Run {row['invocation_id']}, {row['status']}"
            content = html.A(content, href=link(row["invocation_id"]), **attrs(aria_description=name))
        cells.append(html.Td(content, className=f"c-{_css(column)} {column.kind}"))
    return html.Tr(cells, **attrs(data_run=row["invocation_id"]))


def _css(column: Column) -> str:
    return column.name.removeprefix(ATTRIBUTE) if not column.name.startswith(ATTRIBUTE) else "attribute"
