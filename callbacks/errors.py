"""Errors: what each panel of the page asks, and how it is drawn."""

from __future__ import annotations

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from layouts import error_table, ids, states
from layouts.markup import markup
from layouts.options import Options
from queries.error_groups import MOST, SHOWN, error_groups
from queries.errors import QueryError
from queries.store import Store


def panels(store: Store, options: Options) -> list[Panel]:
    return [Panel(ids.ERRORS, _groups, ids.body(ids.ERRORS), (ids.subtitle(ids.ERRORS),))]


def _groups(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    sort = asked.get("sort") or error_table.DEFAULT_SORT
    limit = MOST if asked.get("show") == "all" else SHOWN
    try:
        found = error_groups(store, filters, asked.get("by") or "template", sort=sort, limit=limit)
    except QueryError as error:
        return _html(states.bad_request([(error.message, error.allowed)]), "")
    return _html(error_table.body(found, filters, sort), error_table.subtitle(found, filters))


def _html(body: object, subtitle: str) -> Answer:
    return {
        "html": {ids.body(ids.ERRORS): markup(body), ids.subtitle(ids.ERRORS): markup(subtitle)},
        "figure": None,
    }
