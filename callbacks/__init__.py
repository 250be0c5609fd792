"""React: parse the URL, fetch, draw. No SQL. ``register`` wires a Dash app to a store."""

from __future__ import annotations

from dash import Dash

from callbacks import client, overview, standing, sync
from queries.store import Store


def register(app: Dash, store: Store) -> None:
    """Every callback of the page; nothing is registered at module level, so apps do not share them."""
    sync.register(app)
    client.register(app)
    standing.register(app, store)
    overview.register(app, store)
