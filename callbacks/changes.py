"""What changed: what each panel of the page asks, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from alerts.history import episodes_within
from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from layouts import changes_parts, changes_table, ids, states
from layouts import markers as drawn
from layouts.dimensions import Dimension, dimension, offered
from layouts.explained import explained
from layouts.markup import markup
from layouts.options import Options
from queries.changes import (
    DEFAULT_BY,
    DEFAULT_METRIC,
    OVERLAPPING,
    Change,
    Periods,
    change,
    defines,
    explainable,
    odd,
    periods,
)
from queries.errors import QueryError
from queries.filters import Filters
from queries.markers import markers
from queries.metrics import Metric
from queries.store import Store

_PLACES = (
    ids.SENTENCE,
    ids.subtitle(ids.CHANGES),
    ids.warnings(ids.CHANGES),
    ids.legend(ids.CHANGES),
    ids.body(ids.CHANGES),
    ids.AGAINST,
)


@dataclass(frozen=True)
class Question:
    """What the URL asks of the page; ``periods`` None where there is nothing to compare with."""

    filters: Filters
    metric: Metric
    by: Dimension
    against: str
    periods: Periods | None


def panels(store: Store, options: Options) -> list[Panel]:
    return [
        Panel(
            ids.CHANGES, lambda asked, store: _changes(asked, store, options), *_places(_PLACES), chart=True
        ),
        Panel(
            ids.CHANGED_BY,
            lambda asked, store: _dimensions(asked, store, options),
            *_places((ids.body(ids.CHANGED_BY), ids.subtitle(ids.CHANGED_BY))),
        ),
        Panel(ids.MARKED, _marked, *_places((ids.body(ids.MARKED), ids.subtitle(ids.MARKED)))),
        Panel(ids.MARKERS, _markers, ids.MARKERS),
    ]


def _places(places: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return places[0], places[1:]


def question(asked: Asked, store: Store) -> Question:
    """QueryError for a bad value of the page's own parameters, and for one of the filters'."""
    filters = read(asked, store)
    by = dimension(asked.get("by") or DEFAULT_BY)
    if by is None:
        allowed = ", ".join(d.key for d in offered(())) + ", attr.NAME"
        raise QueryError("bad_by", "by", f"{asked['by'][:80]!r} is not a dimension", allowed)
    against = asked.get("against") or ""
    compared = periods(filters, against, store.extent)
    return Question(filters, explainable(asked.get("metric") or DEFAULT_METRIC), by, against, compared)


def _asked(asked: Asked, store: Store) -> Question | QueryError:
    """The question, or what is wrong with the page's own part of it: that is said in its place."""
    read(asked, store)  # of the filters' errors the banner tells
    try:
        return question(asked, store)
    except QueryError as error:
        return error


def _changes(asked: Asked, store: Store, options: Options) -> Answer:
    attributes = {ids.ATTRIBUTES: markup(changes_parts.attribute_options(options.attributes))}
    found = _asked(asked, store)
    blank = dict.fromkeys(_PLACES, "") | attributes
    if isinstance(found, QueryError):
        state = states.bad_request([(found.message, found.allowed)])
        return _nothing(blank | {ids.SENTENCE: markup(state)})
    if found.periods is None:
        told = changes_parts.nothing_before()
        return _nothing(
            blank
            | {ids.SENTENCE: markup(told), ids.AGAINST: markup(changes_parts.against(None, found.filters))}
        )
    parts = changes_parts.drawn(change(store, found.metric, found.by.by, found.periods), found.by)
    html = {
        ids.SENTENCE: parts.sentence,
        ids.subtitle(ids.CHANGES): parts.subtitle,
        ids.warnings(ids.CHANGES): parts.warnings,
        ids.body(ids.CHANGES): parts.table,
        ids.AGAINST: changes_parts.against(found.periods, found.filters, chosen=bool(found.against)),
    }
    return {"html": blank | {place: markup(part) for place, part in html.items()}, "figure": parts.figure}


def _nothing(html: dict[str, str]) -> Answer:
    return {"html": html, "figure": changes_parts.no_picture()}


def _dimensions(asked: Asked, store: Store, options: Options) -> Answer:
    found = _asked(asked, store)
    body, subtitle = ids.body(ids.CHANGED_BY), ids.subtitle(ids.CHANGED_BY)
    if isinstance(found, QueryError) or found.periods is None:
        return {"html": {body: "", subtitle: ""}}
    if found.metric.kind == "percentile":
        return {"html": {body: markup(changes_parts.no_dimensions(found.metric)), subtitle: ""}}
    # Thousands of values take seconds to read, and none of them is what a change is about.
    wide = {facet for facet, by_the_hour in store.facets().items() if not by_the_hour}
    compared = [by for by in offered(options.attributes) if by.by not in OVERLAPPING]
    rows = [
        row
        for by in compared
        if by.by not in wide and (row := _shown(change(store, found.metric, by.by, found.periods), by))
    ]
    rows.sort(key=lambda row: (row.defining, -row.odd))
    left_out = [by for by in compared if by.by in wide]
    table = (
        changes_table.dimensions(rows, left_out, found.filters, found.against)
        if rows
        else changes_parts.nothing_split()
    )
    told = changes_parts.subtitle(found.periods, found.metric)
    return {"html": {body: markup(table), subtitle: markup(told)}}


def _shown(found: Change, by: Dimension) -> changes_table.Shown | None:
    """None where no run has a value of the dimension: it splits nothing."""
    figures = explained(found)
    if figures is None or set(found.members) <= {""}:
        return None
    return changes_table.Shown(by, figures, odd(found), defines(found.metric, by.by))


def _marked(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    listed = [drawn.form(filters), drawn.listed(markers(store, filters), filters)]
    return {
        "html": {
            ids.body(ids.MARKED): markup(listed),
            ids.subtitle(ids.MARKED): markup(drawn.subtitle(filters)),
        }
    }


def _markers(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    fired = store.uncached(partial(episodes_within, start=filters.start, end=filters.end))
    carried = drawn.carried(markers(store, filters), filters, fired)
    return {"html": {ids.MARKERS: markup(carried)}}
