"""The card around every chart: title, which runs in words, hint, warnings, picture, legend, table."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.charts import Chart, ChartKind, Legend
from layouts.states import skeleton
from layouts.theme import GRAPH_CONFIG
from layouts.warnings import Caution

_SHAPES = {"outcomes": "ring", "success_rate": "lines", "duration": "lines", "tokens": "area"}


def chart_card(kind: ChartKind) -> Component:
    """The card with its skeleton. ``outputs`` fills it; assets/paint.js draws the picture and hides the
    skeleton, assets/legend.js and chart_table.js answer to legend and menu without the server."""
    name = kind.name
    legend = attrs(aria_label=f"Legend of {kind.title}")
    return html.Section(
        [
            card_head(name, kind.title, kind.hint, menu=True),
            html.Div(id=ids.warnings(name), className="warnings", role="status"),
            html.Div(plot(name), id=ids.plot(name), className="plot"),
            html.Div(id=ids.legend(name), className="legend", role="group", **legend),
            dcc.Store(id=ids.answer(name)),
        ],
        id=ids.chart_card(name),
        className=f"card chart span-{kind.width}",
        **attrs(aria_labelledby=ids.title(name)),
    )


def plot(name: str) -> list[Component]:
    # No figure, and so nothing to draw, until there is one; without `responsive` a Graph cannot bear that.
    graph = dcc.Graph(
        id=ids.graph(name), figure=None, responsive=True, config=GRAPH_CONFIG, clear_on_unhover=True
    )
    described = attrs(aria_labelledby=f"{ids.title(name)} {ids.subtitle(name)}")
    table = attrs(aria_labelledby=ids.title(name))
    return [
        skeleton(_SHAPES.get(name, "bars")),
        html.Div(graph, className="picture", role="img", **described),
        html.Div(id=ids.table(name), className="data-table", role="region", tabIndex=0, hidden=True, **table),
    ]


def outputs(chart: Chart) -> tuple[dict[str, Any], str, list[Component], list[Component]]:
    """What a chart's callback returns: figure data, subtitle, warnings, legend."""
    name = chart.figure["layout"]["meta"]["chart"]
    return chart.figure, chart.subtitle, warning_lines(chart.warnings), legend(name, chart.legend)


def card_head(name: str, title: str, hint: str, *, menu: bool, csv: bool = False) -> Component:
    """``menu``: of a chart, which is also a table; ``csv``: of a table alone (assets/csv.js)."""
    return html.Div(
        [
            html.Div(
                [html.H3(title, id=ids.title(name)), html.P("\u00a0", id=ids.subtitle(name))],
                className="chart-words",
            ),
            html.Span(hint, className="hint") if hint else None,
            _menu(name, title, chart=menu) if menu or csv else None,
        ],
        className="chart-head",
    )


def _menu(name: str, title: str, *, chart: bool) -> Component:
    toggle = html.Button(
        [icon("table"), html.Span("View as table")],
        id=ids.table_toggle(name),
        type="button",
        **attrs(data_table_of=name, aria_pressed="false"),
    )
    entry = [icon("download"), html.Span("Download CSV")]
    download = html.Button(entry, type="button", **attrs(data_csv_of=name))
    head = html.Summary(icon("three-dots"), **attrs(aria_label=f"More for {title}"))
    band = _band_button() if name in ids.TIME_CHARTS else None
    return html.Details([head, html.Div([toggle if chart else None, band, download])], className="menu")


def _band_button() -> Component:
    """Shows what was to be expected on all time charts (assets/unusual.js)."""
    words = [html.I(className="band-key"), html.Span("Expected range")]
    return html.Button(words, type="button", **attrs(data_band="1", aria_pressed="false"))


def warning_lines(found: list[Caution]) -> list[Component]:
    """Loud ones above the picture, a line each; the quiet ones as one line at its foot (app.css)."""
    lines = [("warning", text) for text, loud in found if loud]
    quiet = " · ".join(text for text, loud in found if not loud)
    lines += [("warning quiet", quiet)] if quiet else []
    sign = icon("exclamation-triangle")
    return [html.P([sign, html.Span(text)], className=kind) for kind, text in lines]


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
            **attrs(data_chart=chart, data_trace=item.label, aria_pressed="true"),
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
    return html.I(className=f"bi bi-{name}", **attrs(aria_hidden="true"))
