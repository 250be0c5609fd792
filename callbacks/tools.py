"""Tools: what the panel of the page asks, and how it is drawn."""

from __future__ import annotations

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from layouts import ids
from layouts import tools as table
from layouts.cards import spark_grain
from layouts.chart_card import warning_lines
from layouts.markup import markup
from layouts.options import Options
from queries.filters import Filters
from queries.store import Query, Store
from queries.tools import tools


def panels(store: Store, options: Options) -> list[Panel]:
    name = ids.TOOLS
    places = (ids.body(name), ids.subtitle(name), ids.warnings(name))

    def answer(asked: Asked, store: Store) -> Answer:
        filters = read(asked, store)
        found = tools(store, filters)
        names = tuple(tool.name for tool in found.tools[: table.SHOWN])
        calls, incomplete = _calls(store, filters, names)
        body = table.table(found, calls, incomplete, filters)
        parts = (body, table.subtitle(found, filters), warning_lines(table.cautions(found)))
        return {"html": dict(zip(places, map(markup, parts), strict=True))}

    return [Panel(name, answer, places[0], places[1:])]


def _calls(store: Store, filters: Filters, names: tuple[str, ...]) -> tuple[dict[str, list[float]], set[int]]:
    """How often each tool was called over time, and which of the buckets are still filling."""
    if not names:
        return {}, set()
    frame = store.fetch(Query(("runs",), filters, "tool", spark_grain(filters), names))
    every = frame["calls"].tolist()
    filling = frame["partial"].tolist()[:: len(names)]
    calls = {name: every[place :: len(names)] for place, name in enumerate(names)}
    return calls, {i for i, partial in enumerate(filling) if partial}
