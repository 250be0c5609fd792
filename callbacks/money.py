"""Money: what each panel of the page asks, and how it is drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel, chart_panel
from layouts import ids, spend, waste
from layouts.charts.budget import budget
from layouts.charts.series import Chart
from layouts.links import runs_href, within
from layouts.markup import markup
from layouts.options import Options
from queries import budget as budgets
from queries.filters import Filters
from queries.kinds import many_calls, top_edge
from queries.measures import FAILED
from queries.retention import kept
from queries.savings import savings
from queries.store import Query, Store
from queries.tally import Tally, tally, unchanged
from queries.units import short


def panels(store: Store, options: Options) -> list[Panel]:
    return [
        chart_panel(ids.BUDGET, partial(_budget, options)),
        Panel(ids.SPEND, partial(_spend, options), ids.body(ids.SPEND), (ids.subtitle(ids.SPEND),)),
        Panel(
            ids.WASTE, _waste, waste.FAILED.body, (waste.TOP.body, waste.SAVED.body, ids.subtitle(ids.WASTE))
        ),
        Panel(ids.WASTE_FILES, _files, waste.NO_CHANGE.body),
        Panel(ids.WASTE_RAW, _raw, waste.MANY_CALLS.body),
        Panel(ids.SAVINGS, _savings, ids.body(ids.SAVINGS), (ids.subtitle(ids.SAVINGS),)),
    ]


def _budget(options: Options, asked: Asked, store: Store) -> Chart:
    return budget(budgets.spend(store, read(asked, store), options.budget))


def _spend(options: Options, asked: Asked, store: Store) -> Answer:
    found = budgets.spend(store, read(asked, store), options.budget)
    words = f"{found.month.days[0]:%B %Y}, all runs: the filters do not count here"
    return _html({ids.body(ids.SPEND): spend.figures(found), ids.subtitle(ids.SPEND): words})


def _waste(asked: Asked, store: Store) -> Answer:
    """What the rollups and an index tell at once."""
    filters = read(asked, store)
    totals = _totals(store, filters)
    cached = savings(store, filters)
    return _html(
        {
            waste.FAILED.body: _failed(filters, totals),
            waste.TOP.body: _top(store, filters, totals),
            waste.SAVED.body: waste.saved(cached, runs_href(filters, kind="cached")),
            ids.subtitle(ids.WASTE): waste.scope(filters, totals["runs"]),
        }
    )


def _totals(store: Store, filters: Filters) -> dict[str, float]:
    row = store.fetch(Query(waste.TOTALS, filters)).iloc[0]
    return {name: float(row[name]) for name in waste.TOTALS}


def _failed(filters: Filters, totals: dict[str, float]) -> list:
    statuses = within(filters, FAILED)
    if statuses is None:
        return waste.nothing("No failed run passes the status filter")
    cost = totals["failed_cost_usd"]
    found = Tally("failed", int(totals["failed"]), None if math.isnan(cost) else cost)
    return waste.body(found, totals, runs_href(filters, status=statuses))


def _top(store: Store, filters: Filters, totals: dict[str, float]) -> list:
    edge = top_edge(store, filters)
    if edge is None:
        return waste.nothing("Fewer than a hundred runs with a known cost, or the hundredth cost nothing")
    found = tally(store, filters, "top")["top"]
    note = f"each at least {short(float(edge), 'usd')}"
    return waste.body(found, totals, runs_href(filters, kind="top", sort="-cost"), note)


def _files(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    note = waste.no_change_note(_silent(store, filters))
    found = unchanged(store, filters)
    return _html({waste.NO_CHANGE.body: _kind(waste.NO_CHANGE, found, store, filters, note)})


def _raw(asked: Asked, store: Store) -> Answer:
    """What is read run by run, apart from the rest, which need not wait for it."""
    filters = kept(store, read(asked, store))
    note = waste.many_calls_note(many_calls(store, filters))
    found = tally(store, filters, "many_calls")["many_calls"]
    return _html({waste.MANY_CALLS.body: _kind(waste.MANY_CALLS, found, store, filters, note)})


def _kind(card: waste.Card, found: Tally, store: Store, filters: Filters, note: str) -> list:
    return waste.body(found, _totals(store, filters), runs_href(filters, kind=card.name), note)


def _silent(store: Store, filters: Filters) -> float:
    """Successes that report no files."""
    if filters.statuses and "success" not in filters.statuses:
        return 0.0
    successes = replace(filters, status=("success",))
    return float(store.fetch(Query(("runs_without_files",), successes))["runs_without_files"].iloc[0])


def _savings(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    found = savings(store, filters)
    words = f"{filters.describe()}, {waste.savings_words(found)}"
    return _html(
        {ids.body(ids.SAVINGS): waste.savings_table(found, filters), ids.subtitle(ids.SAVINGS): words}
    )


def _html(places: dict[str, object]) -> Answer:
    return {"html": {place: markup(part) for place, part in places.items()}}
