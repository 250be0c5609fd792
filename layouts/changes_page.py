"""What changed between two periods, and why: the frame of the page; callbacks.changes fills it."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.chart_card import card_head, plot
from layouts.dimensions import FIXED
from layouts.states import skeleton
from queries.changes import DEFAULT_BY, DEFAULT_METRIC, EXPLAINED
from queries.metrics import METRIC, Metric

# The metrics of the cards first; the rest below.
_FIRST = (
    "runs", "success_rate", "cost_usd", "cost_per_success", "failed_cost_usd", "avg_duration_ms",
    "p95_duration_ms", "total_tokens", "cache_hit_rate", "llm_calls_per_run", "tool_calls_per_run",
    "files_modified_per_run",
)  # fmt: skip


def content() -> list[Component]:
    return [
        *(dcc.Store(id=ids.answer(panel)) for panel in (ids.CHANGES, ids.CHANGED_BY, ids.MARKED)),
        html.H1("What changed", className="visually-hidden"),
        _controls(),
        _card(),
        _section(ids.CHANGED_BY, "Where it shows most", span="span-12"),
        _section(ids.MARKED, "Versions and markers", span="span-12"),
    ]


def _controls() -> Component:
    return html.Div(
        [
            _field("Metric", "metric", _metrics()),
            _field("Broken down by", "by", _dimensions()),
            html.Div(id=ids.AGAINST, className="against"),
        ],
        className="span-12 page-controls",
    )


def _field(label: str, parameter: str, options: list[Component]) -> Component:
    look = "form-select form-select-sm"
    control = html.Select(options, id=f"changes-{parameter}", className=look, **attrs(data_set=parameter))
    return html.Label([html.Span(label), control], className="labelled")


def _metrics() -> list[Component]:
    first = [METRIC[name] for name in _FIRST]
    rest = [record for record in EXPLAINED if record.name not in _FIRST]
    return [_group("On the cards", first), _group("Others", rest)]


def _group(label: str, records: list[Metric]) -> Component:
    options = [
        html.Option(record.label, value="" if record.name == DEFAULT_METRIC else record.name)
        for record in records
    ]
    return html.Optgroup(options, label=label)


def _dimensions() -> list[Component]:
    """The attributes are filled in by the server, which knows the settings."""
    fixed = [html.Option(d.one.capitalize(), value="" if d.key == DEFAULT_BY else d.key) for d in FIXED]
    return [html.Optgroup(fixed, label="Runs"), html.Optgroup(id=ids.ATTRIBUTES, label="Attributes")]


def _card() -> Component:
    name = ids.CHANGES
    return html.Section(
        [
            card_head(name, "What changed", "", menu=False),
            html.Div(id=ids.SENTENCE, className="told", role="status"),
            html.Div(id=ids.warnings(name), className="warnings", role="status"),
            html.Div(plot(name), id=ids.plot(name), className="plot steps"),
            html.Div(id=ids.legend(name), hidden=True),
            html.Div(id=ids.body(name), className="table-wrap"),
        ],
        id=ids.chart_card(name),
        className="card chart span-12",
        **attrs(aria_labelledby=ids.title(name)),
    )


def _section(name: str, title: str, *, span: str) -> Component:
    return html.Section(
        [
            card_head(name, title, "", menu=False),
            html.Div(skeleton("table"), id=ids.body(name), className="table-wrap"),
        ],
        id=ids.chart_card(name),
        className=f"card chart {span}",
        **attrs(aria_labelledby=ids.title(name)),
    )
