"""The page of one alert rule: its form, whose state is the URL, and when it would have fired."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from alerts import words
from alerts.drafts import KEYS
from alerts.rules import LONGEST_NAME, WATCHABLE
from layouts import ids
from layouts.attrs import attrs
from layouts.chart_card import card_head, plot
from layouts.fields import Input

FORM_KEYS = tuple(KEYS.values())
_FIRST = ("failure_rate", "success_rate", "runs", "errors", "cost_usd", "cost_per_run", "cost_per_success",
          "p95_duration_ms", "avg_duration_ms", "cache_hit_rate")  # fmt: skip
_COMPARISONS = {
    "": "is above", "below": "is below", "rises": "rises by more than", "falls": "falls by more than",
    "unusual": "is unusual, beyond (standard deviations)",
    "budget": "of the month is above this % of the budget",
}  # fmt: skip
_WINDOWS = {
    "15m": "15 minutes", "30m": "30 minutes", "": "1 hour", "3h": "3 hours", "6h": "6 hours",
    "24h": "24 hours",
    "1d": "1 day of the calendar", "7d": "7 days of the calendar", "30d": "30 days of the calendar",
}  # fmt: skip
_HOLDS = {
    "": "at once",
    "15m": "15 minutes",
    "30m": "30 minutes",
    "1h": "1 hour",
    "3h": "3 hours",
    "1d": "1 day",
}
_AGAIN = {"": "only once", "1h": "every hour", "4h": "every 4 hours", "24h": "every day", "7d": "every week"}
_UNITS = {"": "as the metric has it", "percent": "percent", "points": "points"}
_BASES = {"": "what is spent so far", "foreseen": "what is foreseen by the end of the month"}
_AGAINST = {
    "": "the period before",
    "day": "the same time a day before",
    "week": "the same time a week before",
}


def content() -> list[Component]:
    return [
        dcc.Store(id=ids.answer(ids.ALERT_CHOICES)),
        dcc.Store(id=ids.answer(ids.ALERT_PREVIEW)),
        html.Div(
            [
                html.A("Alerts", href="/alerts", className="crumb"),
                html.H1("Alert rule", className="page-title"),
            ],
            className="span-12 crumbs",
        ),
        _card(),
        _preview(),
    ]


def _card() -> Component:
    return html.Section(
        [
            html.Form(
                [*_condition(), *_timing(), *_telling(), _actions()], id=ids.ALERT_FORM, noValidate=True
            ),
            html.Div(id=ids.body(ids.ALERT_CHOICES), hidden=True),
        ],
        id=ids.chart_card(ids.ALERT_CHOICES),
        className="card chart span-4 alert-card",
        **attrs(aria_label="The rule"),
    )


def _condition() -> list[Component]:
    return [
        _field("name", "Name", _input("name", maxlength=str(LONGEST_NAME), placeholder="Agents fail")),
        _field("metric", "Watch", _metrics()),
        _pair(
            _field("comparison", "Alert when it", _select("comparison", _COMPARISONS)),
            _field("threshold", "Threshold", _input("threshold", inputmode="decimal", placeholder="20")),
        ),
        html.P("\u00a0", id=ids.ALERT_UNIT, className="field-help"),
        _field("basis", "Of the month counts", _select("basis", _BASES)),
        _pair(
            _field("window", "Over", _select("window", _WINDOWS)),
            _field("against", "A change is against", _select("against", _AGAINST)),
        ),
        _field(
            "filters",
            "Only runs with",
            html.Div(
                [
                    _input("filters", placeholder="all runs, or model=gpt-4&agent=fixer"),
                    html.Button("Take the filters above", type="button", id="take-filters",
                                className="btn btn-outline-secondary btn-sm"),
                ],
                className="with-button",
            ),
        ),
    ]  # fmt: skip


def _timing() -> list[Component]:
    more = [
        _pair(
            _field("resolve", "It is over at",
                   _input("resolve", inputmode="decimal", placeholder="the threshold")),
            _field("clear", "and stays so for", _select("clear", _HOLDS)),
        ),
        _pair(
            _field("unit", "A change is in", _select("unit", _UNITS)),
            _field("zone", "Time zone", _input("zone", placeholder="that of this page")),
        ),
    ]  # fmt: skip
    no_data = {"" if key == "keep" else key: text for key, text in words.NO_DATA.items()}
    return [
        _pair(
            _field("hold", "After it was so for", _select("hold", _HOLDS)),
            _field(
                "minRuns", "With at least (runs)", _input("minRuns", inputmode="numeric", placeholder="10")
            ),
        ),
        _field("noData", "Without enough runs", _select("noData", no_data)),
        html.Details([html.Summary("More"), *more], className="more-fields"),
    ]


def _telling() -> list[Component]:
    severities = {"": "warning", "critical": "critical", "info": "info"}
    return [
        _pair(
            _field("severity", "Severity", _select("severity", severities)),
            _field("renotify", "Tell it", _select("renotify", _AGAIN)),
        ),
        html.Fieldset(
            [
                html.Legend("Who is told"),
                html.Div(id=ids.ALERT_TO, className="checks"),
                _complaint("channels"),
            ],
            className="alert-field",
        ),
        _field("enabled", "State", _select("enabled", {"": "on", "no": "off: looked at by nobody"})),
    ]


def _actions() -> Component:
    return html.Div(
        [
            html.Button("Save", type="submit", className="btn btn-primary", **attrs(data_edits="")),
            html.A("Cancel", href="/alerts", className="btn btn-outline-secondary"),
            html.Span(id=ids.ALERT_SAVED, role="status", className="quiet"),
            html.Span(hidden=True, className="quiet", **attrs(data_looks_note="")),
        ],
        className="form-actions",
    )


def _preview() -> Component:
    name = ids.ALERT_PREVIEW
    return html.Section(
        [
            card_head(name, "When it would have fired", "", menu=False),
            html.Div(id=ids.SAID, className="told", role="status"),
            html.Div(id=ids.warnings(name), className="warnings", role="status"),
            html.Div(plot(name), id=ids.plot(name), className="plot"),
            html.Div(id=ids.legend(name), className="legend", role="group",
                     **attrs(aria_label="Legend of the preview")),
            html.Div(id=ids.body(name), className="table-wrap"),
        ],
        id=ids.chart_card(name),
        className="card chart span-8",
        **attrs(aria_labelledby=ids.title(name)),
    )  # fmt: skip


def _metrics() -> Component:
    first = [record for name in _FIRST for record in WATCHABLE if record.name == name]
    rest = [record for record in WATCHABLE if record.name not in _FIRST]
    groups = [
        html.Optgroup(
            [
                html.Option(
                    r.label, value="" if r.name == "failure_rate" else r.name, **attrs(data_unit=r.unit)
                )
                for r in records
            ],
            label=label,
        )
        for label, records in (("Often watched", first), ("Others", rest))
    ]
    return html.Select(
        groups, id="alert-metric", className="form-select form-select-sm", **attrs(data_set="metric")
    )


def _select(key: str, options: dict[str, str]) -> Component:
    return html.Select(
        [html.Option(text, value=value) for value, text in options.items()],
        id=f"alert-{key}",
        className="form-select form-select-sm",
        **attrs(data_set=key),
    )


def _input(key: str, **more: str) -> Component:
    return Input(id=f"alert-{key}", type="text", autoComplete="off", className="form-control form-control-sm",
                 **attrs(data_set=key), **more)  # fmt: skip


def _field(key: str, label: str, control: Component) -> Component:
    return html.Div(
        [html.Label(label, htmlFor=f"alert-{key}"), control, _complaint(key)],
        className="alert-field",
    )


def _complaint(key: str) -> Component:
    """assets/alerts.js says here what is wrong with the field."""
    return html.P(id=f"complaint-{key}", className="complaint", role="alert", hidden=True)


def _pair(*fields: Component) -> Component:
    return html.Div(list(fields), className="field-pair")
