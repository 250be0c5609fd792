"""The overview: what each of its panels asks, and how that is drawn. One call per panel."""

from __future__ import annotations

import pandas as pd

from callbacks import in_flight, split
from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel, chart_panel
from layouts import cards, chart_card, charts, ids, tables
from layouts.charts import distributions
from layouts.charts.split import CUTS
from layouts.markup import markup
from layouts.options import Options
from queries.error_groups import of_failed
from queries.filters import Filters
from queries.store import Query, Store

Frames = list[pd.DataFrame]


def overview_queries(filters: Filters) -> dict[str, tuple[Query, ...]]:
    """Every query of the page, panel by panel. They share what the store caches: it knows no metrics,
    only sums and sketches of a period, so the charts come down to two statements."""
    return {
        ids.CARDS: _cards(filters),
        **{kind.name: _chart(kind, filters) for kind in charts.KINDS},
        ids.MODELS: (Query(tables.METRICS, filters, by="model"),),
    }


def _chart(kind: charts.ChartKind, filters: Filters) -> tuple[Query, ...]:
    grain = filters.grain if kind.series else None
    whole, failed = Query(kind.metrics, filters, grain=grain), of_failed(filters)
    if not kind.failed_by or failed is None:
        return (whole,)
    return whole, Query(("runs",), failed, by=kind.failed_by, grain=grain)


def _cards(filters: Filters) -> tuple[Query, ...]:
    """The sparklines, the period, and where something is compared its elapsed part and the one before."""
    series = Query(cards.SERIES, filters, grain=cards.spark_grain(filters))
    before = filters.previous()
    compared = (filters, filters.elapsed(), before) if before else (filters,)
    return (series, *(Query(cards.TOTALS, period) for period in compared))


def panels(store: Store, options: Options) -> list[Panel]:
    time_charts = (_chart_panel(kind) for kind in charts.KINDS)
    others = (_distribution_panel(name) for name in ids.DISTRIBUTIONS)
    return [
        _cards_panel(),
        in_flight.line(options),
        split.panel(options),
        *time_charts,
        *others,
        _models_panel(),
    ]


def _fetched(name: str, asked: Asked, store: Store) -> tuple[Frames, Filters]:
    filters = read(asked, store)
    return store.fetch_many(*overview_queries(filters)[name]), filters


def _cards_panel() -> Panel:
    def answer(asked: Asked, store: Store) -> Answer:
        frames, filters = _fetched(ids.CARDS, asked, store)
        series, now, elapsed, before = [*frames, None, None][:4]
        return {"html": {ids.CARDS: markup(cards.strip(now, elapsed, before, series, filters))}}

    return Panel(ids.CARDS, answer, ids.CARDS)


def _chart_panel(kind: charts.ChartKind) -> Panel:
    def draw(asked: Asked, store: Store) -> charts.Chart:
        frames, filters = _fetched(kind.name, asked, store)
        choice = split.chosen(asked)
        if choice is not None and kind.name in CUTS:
            return split.drawn(kind, frames[0], filters, choice, store)
        return kind.draw(frames[0], filters, *frames[1:])

    return chart_panel(kind.name, draw)


def _distribution_panel(name: str) -> Panel:
    def draw(asked: Asked, store: Store) -> charts.Chart:
        filters = read(asked, store)
        row = store.fetch(Query(distributions.METRICS, filters)).iloc[0]
        totals = {metric: float(row[metric]) for metric in distributions.METRICS}
        return distributions.alone(name, distributions.of_runs(store, filters, name), filters, totals)

    return chart_panel(name, draw)


def _models_panel() -> Panel:
    name = ids.MODELS
    places = (ids.body(name), ids.subtitle(name), ids.warnings(name))

    def answer(asked: Asked, store: Store) -> Answer:
        frames, filters = _fetched(name, asked, store)
        table = tables.models(frames[0], filters, [model for model, _ in store.names("model")])
        parts = map(markup, (table.body, table.subtitle, chart_card.warning_lines(table.warnings)))
        return {"html": dict(zip(places, parts, strict=True))}

    return Panel(name, answer, places[0], places[1:])
