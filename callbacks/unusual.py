"""What is unusual in the period of the overview: asked by a panel of its own, which no chart waits for."""

from __future__ import annotations

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from layouts import ids
from layouts import unusual as drawn
from layouts.markup import markup
from layouts.options import Options
from queries.store import Store
from queries.surprises import told
from queries.unusual import unusual


def panels(store: Store, options: Options) -> list[Panel]:
    def answer(asked: Asked, store: Store) -> Answer:
        filters = read(asked, store)
        found = unusual(store, filters, options.sigma)
        band, split = asked.get(drawn.BAND) == "1", bool(asked.get("split"))
        surprises = told(store, filters, found)
        strip = drawn.strip(found, surprises, filters, options.sigma, band=band, split=split)
        return {"html": {ids.UNUSUAL: markup(strip)}}

    return [Panel(ids.UNUSUAL, answer, ids.UNUSUAL)]
