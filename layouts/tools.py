"""The tools side by side: how often each is called, and how runs fare with and without it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from layouts import links, words
from layouts.attrs import attrs
from layouts.changes import difference
from layouts.sparkline import sparkline
from layouts.theme import KIND
from layouts.warnings import FEW, Caution
from queries.filters import Filters
from queries.metrics import METRIC, Metric
from queries.tools import Difference, Fare, Tool, Tools
from queries.units import Text, exact, missing, short
from queries.words import filters as filters_in_words
from queries.words import period

SHOWN = 25  # the tools that most runs called; how many there are is said
CAUTION = (
    "A difference is not a cause: runs that call a tool differ in more than the tool. "
    "Harder tasks take more tools, and more time"
)


@dataclass(frozen=True)
class Contrast:
    """A column that tells runs with the tool from those without. ``change``: None where none is told."""

    metric: str
    label: str
    value: Callable[[Fare], float]
    change: Callable[[Tool], Difference] | None = None


_SHARE = "and their share of those that report which tools they used"
CONTRASTS = (
    Contrast("success_rate", "Success rate", lambda f: f.success_rate, lambda t: t.success_rate),
    Contrast("cost_per_run", "Cost per run", lambda f: f.cost_per_run, lambda t: t.cost_per_run),
    Contrast("avg_duration_ms", "Average duration", lambda f: f.avg_duration_ms, lambda t: t.avg_duration_ms),
    Contrast("p50_duration_ms", "p50", lambda f: f.quantile(0.5)),
    Contrast("p95_duration_ms", "p95", lambda f: f.quantile(0.95)),
)


def subtitle(found: Tools, filters: Filters) -> str:
    """``How often each is called, ... (failed runs), last 30 days, 2 tools in 9 runs that report theirs``."""
    scope = filters_in_words(filters)
    lead = f"How often each is called, and how runs fare with and without it{f' ({scope})' if scope else ''}"
    number = words.count(len(found.tools), "tool")
    if len(found.tools) > SHOWN:
        number = f"{SHOWN} of {number}, those that most runs called,"
    return f"{lead}, {period(filters)}, {number} in {words.count(found.reporting, 'run')} that report theirs"


def cautions(found: Tools) -> list[Caution]:
    said = [Caution(CAUTION, False)] if found.tools else []
    lacking = found.runs - found.reporting
    if lacking and found.reporting:
        do, are = ("does", "is") if lacking == 1 else ("do", "are")
        runs = f"{words.count(lacking, 'run')} ({short(lacking / found.runs, 'percent')})"
        said.append(Caution(f"{runs} {do} not say which tools were used and {are} left out", False))
    return said


def table(
    found: Tools, calls: Mapping[str, Sequence[float]], incomplete: Collection[int], filters: Filters
) -> Component:
    """``calls``: of each tool over time, for its sparkline."""
    if not found.tools:
        called = "No run that reports its tools called any"
        return html.P(called if found.reporting else "No run says which tools it used", className="quiet")
    most = max(tool.used.runs for tool in found.tools)
    rows = [_row(tool, calls.get(tool.name, ()), incomplete, filters, most) for tool in found.tools[:SHOWN]]
    return html.Table(
        [
            html.Caption("Tools, called by most runs first", className="visually-hidden"),
            html.Thead(html.Tr(_headers())),
            html.Tbody(rows),
        ],
        className="models tools",
        **attrs(data_sortable="tools"),
    )


def _headers() -> list[Component]:
    heads = [
        _header("tool", "Tool", "", "none"),
        _header("runs", "Runs", f"Runs that called the tool, {_SHARE}", "descending"),
        _header("calls", "Calls", "How often the tool was called"),
        _header("per_run", "Calls per run", "Calls / runs that called the tool"),
    ]
    for column in CONTRASTS:
        about = METRIC[column.metric].help
        heads.append(_header(column.metric, column.label, f"{about} With the tool; below, without it"))
    return [*heads, _header("trend", "Calls over time", "Sorts by the number of calls")]


def _header(key: str, label: str, about: str, sort: str = "none") -> Component:
    """A heading that sorts (assets/table_sort.js)."""
    arrow = html.I(className="sort", **attrs(aria_hidden="true"))
    button = html.Button([html.Span(label), arrow], type="button", title=about, **attrs(data_sort=key))
    return html.Th(button, scope="col", **attrs(aria_sort=sort))


def _row(
    tool: Tool, calls: Sequence[float], incomplete: Collection[int], filters: Filters, most: float
) -> Component:
    name = html.Th(_name(tool, filters), scope="row", **attrs(data_value=tool.name))
    share = str(short(tool.share, "percent"))
    cells = [
        _cell("Runs", tool.used.runs, "count", [_bar(tool.used.runs / most)], [f"{share} of runs"]),
        _cell("Calls", tool.calls, "count"),
        _cell("Calls per run", tool.calls_per_run, "number"),
        *(_contrast(column, tool) for column in CONTRASTS),
        html.Td(
            _course(tool, calls, incomplete, filters) if any(calls) else None,
            className="trend",
            **attrs(data_value=repr(tool.calls), data_label="Calls over time"),
        ),
    ]
    return html.Tr([name, *cells])


def _course(tool: Tool, calls: Sequence[float], incomplete: Collection[int], filters: Filters) -> Component:
    return sparkline(list(calls), incomplete, KIND["tools"], _href(tool, filters), _said(tool))


def _name(tool: Tool, filters: Filters) -> Component:
    link = _href(tool, filters)
    return html.A(tool.name, href=link, title=_said(tool)) if link else html.Span(tool.name)


def _href(tool: Tool, filters: Filters) -> str | None:
    """Its runs. Where other tools are filtered for there is no link: the filter lets through the runs that
    called any of its tools, and cannot name those that called two."""
    named = filters.tool in ((), (tool.name,))
    return links.runs_href(filters, tool=tool.name) if named else None


def _said(tool: Tool) -> str:
    return f"The {words.count(tool.used.runs, 'run')} that called {tool.name}"


def _cell(
    label: str,
    value: float,
    unit: str,
    after: Sequence[Component] = (),
    below: Sequence[Component | str] = (),
    title: str = "",
) -> Component:
    parts: list[Component | str] = [html.Span(str(short(value, unit)), className="figure"), *after]
    if below:
        parts.append(html.Small(list(below)))
    sorted_by = "" if missing(value) else repr(value)
    said = title or exact(value, unit)
    return html.Td(parts, title=said, **attrs(data_value=sorted_by, data_label=label))


def _bar(share: float) -> Component:
    fill = html.I(style={"width": f"{share:.1%}", "background": f"var({KIND['tools']})"}) if share else None
    return html.Span(fill, className="cell-bar", **attrs(aria_hidden="true"))


def _contrast(column: Contrast, tool: Tool) -> Component:
    """The value with the tool; below it the one without and what lies between, as far as that is known."""
    record = METRIC[column.metric]
    used, unused = column.value(tool.used), column.value(tool.unused)
    below: list[Component | str] = [html.Span(f"without {short(unused, record.unit)}")]
    if column.change is not None and not missing(used) and not missing(unused):
        below.append(_change(record, column.change(tool), used, unused))
    return _cell(column.label, used, record.unit, below=below, title=_title(column, tool, record))


def _title(column: Contrast, tool: Tool, record: Metric) -> str:
    used, unused = column.value(tool.used), column.value(tool.unused)
    text = f"{exact(used, record.unit)} with, {exact(unused, record.unit)} without"
    if column.metric != "success_rate":
        return text
    both = [(fare.interval, fare.rated) for fare in (tool.used, tool.unused)]
    ranges = [
        f"{short(found.low, 'percent')} to {short(found.high, 'percent')} of {words.count(n, 'run')}"
        for found, n in both if found
    ]  # fmt: skip
    return f"{text}; 95 % intervals {' and '.join(ranges)}"


def _change(record: Metric, found: Difference, used: float, unused: float) -> Component:
    """In colour only where the interval leaves no doubt which is better."""
    if found.interval is None:
        return html.Span("few runs", className="tag warn", title=f"Fewer than {FEW} on one side")
    low, high = found.interval
    sure = low > 0 or high < 0
    good = None if record.better is None or not sure else (found.value > 0) is (record.better == "up")
    text = difference(record, used, unused)
    between = f"{_amount(record, low)} to {_amount(record, high)}"
    return html.Span(
        [html.B(text if sure else "no clear difference"), html.Span(f"({between})", className="between")],
        className={True: "better", False: "worse", None: "same"}[good],
        title=f"95 % interval of the difference: {between}",
    )


def _amount(record: Metric, value: float) -> str:
    """A difference in the metric's own unit, with its sign."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    if record.unit == "percent":
        return str(Text(f"{sign}{abs(value) * 100:.1f}", "pt"))
    return f"{sign}{short(abs(value), record.unit)}"
