"""Data health: what each panel of the page asks, and how it is drawn."""

from __future__ import annotations

from functools import partial

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel, filled
from layouts import data_health, ids, imports_table, worker_table
from layouts.links import runs_href
from layouts.options import Options
from queries import health, workers
from queries.calendar import DAY, quarter_floor
from queries.filters import Filters, parse
from queries.health import CLOCKS, LACKING
from queries.list_prices import compared
from queries.retention import kept
from queries.store import Query, Store
from queries.tally import tally

_TOTALS = ("runs", "unknowns", *LACKING)
_ALL_DATA = "All data; the filters do not count here"


def panels(store: Store, options: Options) -> list[Panel]:
    answers = {
        ids.FRESH: _freshness,
        ids.ROLLUPS: _rollups,
        ids.LACKING: _lacking,
        ids.CLOCKS: _clocks,
        ids.COSTS: _costs,
        ids.LIST_PRICES: _list_prices,
        ids.IMPORTS: _imports,
        ids.WORKER: _worker,
    }
    return [Panel(name, answer, ids.body(name), (ids.subtitle(name),)) for name, answer in answers.items()]


def _freshness(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    found = health.freshness(store)
    return filled(ids.FRESH, data_health.freshness(found, filters.now, filters.tz), _ALL_DATA)


def _rollups(asked: Asked, store: Store) -> Answer:
    read(asked, store)
    return filled(ids.ROLLUPS, data_health.rollups(health.rollups(store)), _ALL_DATA)


def _lacking(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    row = store.fetch(Query(_TOTALS, filters)).iloc[0]
    totals = {name: float(row[name]) for name in _TOTALS}
    unknown = runs_href(filters, status="unknown")
    table = data_health.lacking(totals, partial(_kind, filters), unknown)
    return filled(ids.LACKING, table, f"{totals['runs']:,.0f} runs, {filters.describe()}")


def _clocks(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    filters = kept(store, filters)
    found = tally(store, filters, *CLOCKS)
    future = health.future_runs(store, filters)
    table = data_health.clocks(found, future, partial(_kind, filters), _ahead(filters))
    return filled(ids.CLOCKS, table, filters.describe())


def _ahead(filters: Filters) -> str:
    """The runs of all data that start in the future."""
    every = parse({"tz": filters.tz}, now=filters.now)
    start = quarter_floor(filters.now)
    return runs_href(every, start, start + 366 * DAY, kind="future")


def _costs(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    models = health.model_costs(store, filters)
    words = f"{filters.describe()}, {data_health.costs_words(models)}"
    return filled(ids.COSTS, data_health.costs(models, filters), words)


def _list_prices(asked: Asked, store: Store) -> Answer:
    filters = kept(store, read(asked, store))
    models = compared(store, filters)
    words = f"{filters.describe()}, {data_health.list_prices_words(models)}"
    return filled(ids.LIST_PRICES, data_health.list_prices(models, filters), words)


def _imports(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    found = health.imports(store)
    number = health.freshness(store).imports
    words = imports_table.subtitle(len(found), number)
    return filled(ids.IMPORTS, imports_table.table(found, filters.tz), words)


def _worker(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    led, jobs = store.uncached(workers.is_led), store.uncached(workers.read_jobs)
    return filled(ids.WORKER, worker_table.body(led, jobs, filters.tz), worker_table.subtitle(led))


def _kind(filters: Filters, name: str) -> str:
    return runs_href(filters, kind=name)
