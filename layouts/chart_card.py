"""The card around every chart: title, which runs in words, hint, warnings, picture, legend, table."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.charts import Chart, ChartKind, Legend
from layouts.states import skeleton
from layouts.theme import GRAPH_CONFIG
from layouts.warnings import Warning

# Until the first answer: no axes, no grid, nothing that would be taken for data.
_BLANK: dict[str, Any] = {
    "data": [],
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    },
}


def chart_card(kind: ChartKind) -> Component:
    """The card with its skeleton. ``outputs`` fills it; assets/paint.js draws the picture and hides the
    skeleton, assets/legend.js and chart_table.js answer to legend and menu without the server."""
    name = kind.name
    return html.Section(
        [
            card_head(name, kind.title, kind.hint, menu=True),
            html.Div(id=ids.warnings(name), className="warnings", role="status"),
            html.Div(
                [
                    skeleton("ring" if name == "outcomes" else "chart"),
                    html.Div(
                        dcc.Graph(id=ids.graph(name), figure=_BLANK, config=GRAPH_CONFIG, clear_on_unhover=True),
                        className="picture",
                        role="img",
                        **{"aria-labelledby": f"{ids.title(name)} {ids.subtitle(name)}"},
                    ),
                    html.Div(id=ids.table(name), className="data-table", tabIndex=0, hidden=True,
                             role="region", **{"aria-labelledby": ids.title(name)}),
                ],
                id=ids.plot(name),
                className="plot",
            ),
            html.Div(id=ids.legend(name), className="legend", role="group", **{"aria-label": f"Legend of {kind.title}"}),
            dcc.Store(id=ids.figure_data(name)),
        ],
        id=ids.chart_card(name),
        className=f"card chart span-{kind.width}",
        **{"aria-labelledby": ids.title(name)},
    )  # fmt: skip


def outputs(chart: Chart) -> tuple[dict[str, Any], str, list[Component], list[Component]]:
    """What a chart's callback returns: figure data, subtitle, warnings, legend."""
    name = chart.figure["layout"]["meta"]["chart"]
    return chart.figure, chart.subtitle, warning_lines(chart.warnings), legend(name, chart.legend)


def card_head(name: str, title: str, hint: str, *, menu: bool) -> Component:
    return html.Div(
        [
            html.Div(
                [html.H3(title, id=ids.title(name)), html.P("\u00a0", id=ids.subtitle(name))],
                className="chart-words",
            ),
            html.Span(hint, className="hint") if hint else None,
            _menu(name, title) if menu else None,
        ],
        className="chart-head",
    )


def _menu(name: str, title: str) -> Component:
    return html.Details(
        [
            html.Summary(icon("three-dots"), **{"aria-label": f"More for {title}"}),
            html.Div(
                html.Button(
                    [icon("table"), html.Span("View as table")],
                    id=ids.table_toggle(name),
                    type="button",
                    **{"data-table-of": name, "aria-pressed": "false"},
                )
            ),
        ],
        className="menu",
    )


def warning_lines(found: list[Warning]) -> list[Component]:
    return [
        html.P([icon("exclamation-triangle"), html.Span(text)], className="warning" if loud else "warning quiet")
        for text, loud in found
    ]


def legend(chart: str, items: list[Legend]) -> list[Component]:
    """Buttons that show and hide their traces (assets/legend.js)."""
    return [
        html.Button(
            [
                html.I(className=f"key {item.shape}", style={"--key": _css(item.colour)}),
                html.Span(item.label),
                html.Span(item.note, className="note") if item.note else None,
            ],
            type="button",
            **{"data-chart": chart, "data-trace": item.label, "aria-pressed": "true"},
        )
        for item in items
    ]


def _css(colour: str) -> str:
    """A token as CSS: ``--success/0.3`` becomes a mix."""
    name, _, share = colour.partition("/")
    if not share:
        return f"var({name})"
    return f"color-mix(in srgb, var({name}) {float(share):.0%}, transparent)"


def icon(name: str) -> Component:
    return html.I(className=f"bi bi-{name}", **{"aria-hidden": "true"})
