"""The KPI cards: twelve numbers, each with its change, what it rests on, and its recent course."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attrs import attrs
from layouts.changes import change
from layouts.charts.series import Series
from layouts.links import href, runs_href, within
from layouts.sparkline import sparkline
from layouts.theme import KIND, STATUS
from layouts.warnings import FEW, by_filter, of_all, rated
from queries.changes import DEFAULT_METRIC
from queries.filters import Filters
from queries.measures import FAILED, STATUSES
from queries.metrics import METRIC
from queries.units import exact, missing, short

Row = dict[str, float]


@dataclass(frozen=True)
class Card:
    """``note``: what else must be said under the number; ``subject``: whose filter warnings it shows;
    ``lacking``: the metric that counts the runs without a value; ``rests_on``: how many runs (or
    successes) the number rests on, where few would make it shaky; ``statuses``: of the runs behind it."""

    metric: str
    colour: str
    note: Callable[[Row], Iterator[str]]
    subject: str = ""
    lacking: str = ""
    rests_on: Callable[[Row], float] | None = None
    statuses: tuple[str, ...] = STATUSES


def _nothing(_row: Row) -> Iterator[str]:
    yield from ()


def _runs(row: Row) -> Iterator[str]:
    if row["unknowns"] > 0:
        yield f"{short(row['unknowns'], 'count')} with unknown outcome"


def _interval(row: Row) -> Iterator[str]:
    low, high = row["success_rate_low"], row["success_rate_high"]
    if not missing(low):
        # Half the width: the interval itself is not symmetric near 0 and 100 %, so it is in the help.
        yield f"± {(high - low) * 50:.1f}"


def _estimated(row: Row) -> Iterator[str]:
    part, whole = row["estimated_cost_usd"], row["cost_usd"]
    if not missing(part) and part > 0 and whole > 0:
        yield "all estimated" if part >= whole else f"{short(part / whole, 'percent')} estimated"


def _wasted(row: Row) -> Iterator[str]:
    if not missing(row["failed_cost_share"]):
        yield f"{short(row['failed_cost_share'], 'percent')} of the cost"
    yield from _estimated(row)


def _in_all(metric: str) -> Callable[[Row], Iterator[str]]:
    def note(row: Row) -> Iterator[str]:
        if not missing(row[metric]):
            yield f"{short(row[metric], METRIC[metric].unit)} in all"

    return note


def _tokens(row: Row) -> Iterator[str]:
    if not missing(row["tokens_per_run"]):
        yield f"{short(row['tokens_per_run'], 'tokens')} per run"


def _median(row: Row) -> Iterator[str]:
    if not missing(row["p50_duration_ms"]):
        yield f"median {short(row['p50_duration_ms'], 'ms')}"


def _successes(row: Row) -> float:
    return row["successes"]


def _timed(row: Row) -> float:
    return row["runs"] - row["runs_without_duration"]


# Most important first: two rows of six on a wide screen.
CARDS = (
    Card("runs", KIND["runs"], _runs),
    Card("success_rate", STATUS["success"], _interval, "success_rate", rests_on=rated),
    Card("cost_usd", KIND["cost"], _estimated, "cost", "runs_without_cost"),
    Card("cost_per_success", KIND["cost"], _estimated, "cost_per_success", "runs_without_cost", _successes),
    Card("failed_cost_usd", STATUS["error"], _wasted, "wasted", "runs_without_cost", statuses=FAILED),
    Card("avg_duration_ms", KIND["duration"], _median, "duration", "runs_without_duration", _timed),
    Card("p95_duration_ms", KIND["duration"], _nothing, "duration", "runs_without_duration", _timed),
    Card("total_tokens", KIND["tokens"], _tokens, "tokens", "runs_without_total_tokens"),
    Card("cache_hit_rate", KIND["tokens"], _nothing, "cache", "runs_without_cache_read"),
    Card("llm_calls_per_run", KIND["llm"], _in_all("llm_calls"), "llm_calls", "runs_without_llm_calls"),
    Card("tool_calls_per_run", KIND["tools"], _in_all("tool_calls"), "tool_calls", "runs_without_tool_calls"),
    Card("files_modified_per_run", KIND["files"], _in_all("files_modified"), "files", "runs_without_files"),
)
# What the callback fetches: SERIES per bucket of ``spark_grain`` for the sparklines, TOTALS in one row.
SERIES = tuple(card.metric for card in CARDS)
TOTALS = tuple(
    dict.fromkeys(
        [
            *SERIES, "successes", "unknowns", "success_rate_low", "success_rate_high",
            "estimated_cost_usd", "failed_cost_share", "p50_duration_ms", "tokens_per_run",
            "llm_calls", "tool_calls", "files_modified",
            *(card.lacking for card in CARDS if card.lacking),
        ]
    )
)  # fmt: skip


def spark_grain(filters: Filters) -> str:
    """A sparkline has room for some hundred steps: hours of up to two days, days of up to four months."""
    days = (filters.end - filters.start).total_seconds() / 86_400
    return "hour" if days <= 2 else "day" if days <= 120 else "week"


def strip(
    now: pd.DataFrame,
    elapsed: pd.DataFrame | None,
    before: pd.DataFrame | None,
    series: pd.DataFrame,
    filters: Filters,
) -> list[Component]:
    """All cards. ``now``: the whole period; ``elapsed`` and ``before``: it and the previous one up to
    the same point, None where nothing is compared; ``series``: by spark_grain. TOTALS, SERIES."""
    rows = [None if frame is None else _row(frame) for frame in (now, elapsed, before)]
    steps = Series(series, filters, spark_grain(filters))
    return [_card(card, rows[0] or {}, rows[1], rows[2], steps) for card in CARDS]


def _row(frame: pd.DataFrame) -> Row:
    return {name: float(value) for name, value in frame.iloc[0].items()}


def _card(card: Card, now: Row, elapsed: Row | None, before: Row | None, steps: Series) -> Component:
    record = METRIC[card.metric]
    value = short(now[card.metric], record.unit)
    told = change(record, elapsed[card.metric], before[card.metric]) if elapsed and before else []
    link = _link(card, now, steps.filters)
    number = html.Div(
        [value.value, html.Small(f"\u202f{value.unit}") if value.unit else None],
        id=ids.kpi_value(card.metric),
        className="kpi-value",
        title=exact(now[card.metric], record.unit),
    )
    return html.Section(
        [
            html.Div([html.H3(record.label), _help(card, now, steps.filters), link], className="kpi-head"),
            number,
            _why(card, told, steps.filters),
            html.Div([*_few(card, now), " · ".join(_notes(card, now))], className="kpi-note"),
            sparkline(steps.y(card.metric), set(steps.incomplete), card.colour),
        ],
        id=ids.kpi(card.metric),
        className="card kpi",
        **attrs(aria_label=record.label, **({"data_opens": "runs"} if link else {})),
    )


def _why(card: Card, told: list[Component], filters: Filters) -> Component:
    """The change, which leads to what it is made of."""
    if not told:
        return html.Div(className="kpi-change")
    metric = None if card.metric == DEFAULT_METRIC else card.metric
    about = attrs(aria_description=f"Why {METRIC[card.metric].label} changed")
    return html.A(told, href=href("/changes", filters, metric=metric), className="kpi-change", **about)


def _link(card: Card, now: Row, filters: Filters) -> Component | None:
    """To the runs behind the number; a click anywhere on the card follows it (assets/drill.js)."""
    statuses = within(filters, card.statuses)
    if not statuses or not now["runs"]:
        return None
    about = attrs(aria_label=f"The runs behind {METRIC[card.metric].label}")
    return html.A("runs", href=runs_href(filters, status=statuses), className="opens", **about)


def _few(card: Card, now: Row) -> Iterator[Component]:
    number = card.rests_on(now) if card.rests_on else 0
    if 0 < number < FEW:
        yield html.Span(f"few ({number:,.0f})", className="tag warn")


def _notes(card: Card, now: Row) -> Iterator[str]:
    yield from card.note(now)
    lacking = now.get(card.lacking, 0)
    if lacking > 0:
        yield f"{short(lacking, 'count')} unknown" if lacking < now["runs"] else "unknown for all runs"


def _help(card: Card, now: Row, filters: Filters) -> Component:
    """The popover: opens on hover and on focus, closes with Escape (assets/popover.js)."""
    record = METRIC[card.metric]
    caution = by_filter(card.subject, filters)
    name = ids.help_button(card.metric)
    text = [
        html.P(caution, className="caution") if caution else None,
        html.P(record.help),
        *(html.P(text) for text in _small_print(card, now)),
    ]
    return html.Span(
        [
            html.Button(
                html.Span("!" if caution else "?", **attrs(aria_hidden="true")),
                id=name,
                type="button",
                className="help caution" if caution else "help",
                **attrs(aria_label=f"About {record.label}", aria_describedby=f"{name}-text"),
            ),
            html.Div(text, id=f"{name}-text", role="tooltip", className="popover-text"),
        ],
        className="help-wrap",
    )


def _small_print(card: Card, now: Row) -> Iterator[str]:
    record, value = METRIC[card.metric], now[card.metric]
    if not missing(value):
        yield f"Exact value: {exact(value, record.unit)}."
    if card.metric == "success_rate" and not missing(now["success_rate_low"]):
        low, high = (short(now[f"success_rate_{end}"], "percent") for end in ("low", "high"))
        yield f"95 % interval: {low} to {high}."
    lacking, runs = now.get(card.lacking, 0), now["runs"]
    if lacking and runs and not math.isnan(lacking):
        yield f"Not known for {of_all(lacking, runs)}."
