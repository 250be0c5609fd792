"""The runs: what the page asks, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dash.development.base_component import Component

from callbacks import in_flight
from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from layouts import ids, runs_parts, runs_table, states
from layouts.links import href
from layouts.markup import markup
from layouts.options import Options
from queries import outliers, retention, run, run_query, runs
from queries.errors import DroppedError, QueryError
from queries.filters import Filters
from queries.run_query import RunQuery
from queries.store import Store

PAGE = 50
PLACES = (ids.body(ids.RUNS), ids.subtitle(ids.RUNS), ids.RUNS_COUNT, ids.RUNS_MENUS, ids.RUNS_PAGES)
# On a live refresh the browser says how many runs its table told of (assets/filters.js).
SEEN = "seen"


def panels(store: Store, options: Options) -> list[Panel]:
    every = runs_table.columns(options.attributes)

    def answer(asked: Asked, store: Store) -> Answer:
        filters = read(asked, store)
        if asked.get(SEEN):
            return _came_in(asked, store, filters)
        try:
            query = run_query.parse(asked, filters)
            parts = _draw(asked, store, replace(query, filters=retention.kept(store, filters)), every)
        except DroppedError as error:
            raise error from None  # told in the table's place
        except QueryError as error:
            parts = (states.bad_request([(error.message, error.allowed)]), filters.describe(), "", "", "")
        html = dict(zip(PLACES, map(markup, parts), strict=True)) | {ids.RUNS_NEW: ""}
        return {"html": html, "figure": None}

    return [Panel(ids.RUNS, answer, PLACES[0], (*PLACES[1:], ids.RUNS_NEW)), in_flight.listed(options)]


def _came_in(asked: Asked, store: Store, filters: Filters) -> Answer:
    """Rows do not move under the reader: a live refresh only tells how many have come in since."""
    try:
        number = runs.total(store, run_query.parse(asked, retention.kept(store, filters))).number
    except QueryError:
        return {"html": {}, "figure": None}  # the table tells it already
    return {"html": {ids.RUNS_NEW: markup(runs_parts.came_in(number - int(asked[SEEN])))}, "figure": None}


def _draw(
    asked: Asked, store: Store, query: RunQuery, every: dict[str, runs_table.Column]
) -> tuple[object, ...]:
    shown = runs_table.chosen(asked.get("columns") or "", every)
    page = runs.page(store, query, limit=PAGE, after=asked.get("after"))
    number = runs.total(store, query)
    by = runs.found_by(store, query)
    before = runs.page_before(store, query, page.rows[0], PAGE) if page.rows else None
    link = linker(query.filters, asked)
    count = runs_parts.total(number.number, number.more)
    body: Component
    if page.rows:
        marks = outliers.marks(page.rows, outliers.thresholds(store, query.filters))
        rows = [row | {runs_table.UNUSUAL: found} for row, found in zip(page.rows, marks, strict=True)]
        body = runs_table.table(rows, shown, query.sort, query.filters, link)
    else:
        body = runs_parts.nothing(query, by, _elsewhere(store, query, link))
    menus = runs_parts.menus(
        every.values(), shown, "All runs of this view", exported(query), query.in_words()
    )
    return body, runs_parts.subtitle(query, by), count, menus, runs_parts.pages(before, page.next)


def linker(filters: Filters, asked: Asked) -> Callable[[str], str]:
    """The address of a run in the view that is asked for: its neighbours are those of the table."""
    kept: dict[str, Any] = {name: asked.get(name) or "" for name in run_query.PARAMETERS}
    return lambda run_id: href(f"/runs/{quote(run_id, safe=SAFE)}", filters, **kept)


SAFE = "-_.!~*'()"  # as the browser's encodeURIComponent


def exported(query: RunQuery) -> str:
    """The query string of exports: the very period of the page."""
    own = "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in query.parameters().items())
    return "&".join(filter(None, (query.filters.frozen_search(), own)))


def _elsewhere(store: Store, query: RunQuery, link: Callable[[str], str]) -> str | None:
    found = run.find(store, query.text) if query.text else None
    return link(query.text) if found else None
