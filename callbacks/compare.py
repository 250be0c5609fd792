"""Two sets of runs: what each panel of the page asks, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel, chart_panel
from layouts import compare_controls, compare_table, compare_words, ids, states
from layouts.charts import Chart, distributions
from layouts.compare_notes import notes
from layouts.markup import markup
from layouts.options import Options
from queries.compare import adjustable, compare, members
from queries.errors import QueryError
from queries.pair import Pair, pair
from queries.store import Store

_PLACES = (ids.body(ids.COMPARED), ids.subtitle(ids.COMPARED), ids.warnings(ids.COMPARED), ids.SIDES)


def panels(store: Store, options: Options) -> list[Panel]:
    charts = [
        chart_panel(name, partial(_distributions, name)) for name in (ids.COMPARE_DURATION, ids.COMPARE_COST)
    ]
    table = Panel(
        ids.COMPARED, lambda asked, store: _compared(asked, store, options), _PLACES[0], _PLACES[1:]
    )
    return [table, *charts]


def question(asked: Asked, store: Store) -> tuple[Pair, str]:
    """A and B, and what to adjust for ('' for nothing); QueryError for a bad value of any of these."""
    common = read(asked, store)
    found = pair(asked, common, members=members(store), extent=store.extent)
    return found, adjustable(asked.get("adjust") or "")


def _compared(asked: Asked, store: Store, options: Options) -> Answer:
    read(asked, store)  # of the filters' errors the banner tells
    try:
        found, adjust = question(asked, store)
    except QueryError as error:
        state = states.bad_request([(error.message, error.allowed)])
        return _answer({ids.body(ids.COMPARED): state})
    parts: dict[str, object] = {
        ids.SIDES: compare_controls.controls(found, adjust, options.attributes),
        ids.subtitle(ids.COMPARED): compare_words.subtitle(found, adjust),
    }
    if found.b is None:
        return _answer(parts | {ids.body(ids.COMPARED): compare_words.nothing(found)})
    result = compare(store, found.a.filters, found.b.filters, compare_words.dimension_of(adjust))
    parts[ids.warnings(ids.COMPARED)] = compare_words.warnings(result, found.common, adjust)
    parts[ids.body(ids.COMPARED)] = [
        compare_table.told(result),
        *compare_table.table(result, found),
        notes(result),
    ]
    return _answer(parts)


def _answer(parts: Mapping[str, object]) -> Answer:
    return {"html": dict.fromkeys(_PLACES, "") | {place: markup(part) for place, part in parts.items()}}


def _distributions(name: str, asked: Asked, store: Store) -> Chart:
    common = read(asked, store)
    try:
        found, _ = question(asked, store)
    except QueryError:  # the table says which
        return distributions.nothing(name, common)
    if found.b is None:
        return distributions.nothing(name, common)
    sides = (found.a, found.b)
    bins = [distributions.of_runs(store, side.filters, name) for side in sides]
    names = [f"{letter}: {side.name}" for letter, side in zip("AB", sides, strict=True)]
    return distributions.against(name, bins, names, common, [side.filters for side in sides])
