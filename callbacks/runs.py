"""The runs: what each panel of the page asks, and how it is drawn."""

from __future__ import annotations

from callbacks.panels import Panel
from layouts.options import Options
from queries.store import Store


def panels(store: Store, options: Options) -> list[Panel]:
    return []
