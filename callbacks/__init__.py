"""React: parse the URL, fetch, draw. No SQL. ``register`` wires a Dash app to a store."""

from __future__ import annotations

from dash import Dash

from callbacks import (
    alerts,
    changes,
    client,
    compare,
    data,
    errors,
    money,
    overview,
    panels,
    run,
    runs,
    standing,
    sync,
    tools,
    unusual,
)
from layouts.options import Options
from queries.store import Store

_TOPICS = (overview, runs, run, errors, tools, changes, compare, money, data, unusual, alerts)


def register(app: Dash, store: Store, options: Options) -> None:
    """Every callback of the pages; nothing is registered at module level, so apps do not share them."""
    sync.register(app)
    client.register(app)
    standing.register(app, store)
    for topic in _TOPICS:
        panels.register(app, store, topic.panels(store, options))
