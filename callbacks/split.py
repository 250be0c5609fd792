"""How the time charts of the overview are split: read from the URL, its members chosen, drawn."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from layouts import ids, split_bar
from layouts.charts import ChartKind
from layouts.charts.series import Chart
from layouts.charts.split import CUTS, LOOKS, STACKED, STATS, TOP, Cut, View, cut, split
from layouts.dimensions import ATTRIBUTE, FIXED, Dimension, dimension
from layouts.markup import markup
from layouts.options import Options
from layouts.theme import NAMED, STATUS, member_colours
from queries.errors import QueryError
from queries.filters import Filters
from queries.measures import STATUSES
from queries.store import Query, Store


@dataclass(frozen=True)
class Choice:
    """``look``: stacked or multiples; ``stat``: what durations are told by."""

    dimension: Dimension
    look: str
    stat: str


def chosen(asked: Asked) -> Choice | None:
    """What the URL asks for; None: the charts are not split. QueryError for what there is not."""
    key = asked.get("split") or ""
    look, stat = asked.get("as") or STACKED, asked.get("stat") or "average"
    _one_of("as", look, LOOKS)
    _one_of("stat", stat, tuple(STATS))
    found = dimension(key)
    if key and found is None:
        _one_of("split", key, (*(fixed.key for fixed in FIXED), f"{ATTRIBUTE}NAME"))
    return Choice(found, look, stat) if found else None


def problems(asked: Asked) -> list[QueryError]:
    """What is wrong with it, for the banner."""
    try:
        chosen(asked)
    except QueryError as error:
        return [error]
    return []


def _one_of(parameter: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        said = f"{parameter} {value[:80]!r} is not known"
        raise QueryError(f"bad_{parameter}", parameter, said, ", ".join(allowed))


def drawn(kind: ChartKind, whole: pd.DataFrame, filters: Filters, choice: Choice, store: Store) -> Chart:
    """``whole``: the frame of the chart that is not split."""
    how = cut(kind.name, choice.stat)
    found = choice.dimension
    leading = store.leaders(found.by, TOP, filters)
    members = _ordered(found, leading.by[how.ranked])
    if not members:
        return kind.draw(whole, filters)
    (frame,) = store.fetch_many(Query(how.metrics, filters, found.by, filters.grain, members))
    shown: tuple[str | None, ...] = tuple(frame[found.by].iloc[: len(members) + 1].tolist())
    shown = (*members, *([None] if None in shown else []))
    view = View(found, shown, leading.total, _colours(found, filters, store), choice.look)
    return split(kind.name, how, whole, frame, filters, view)


def _ordered(found: Dimension, names: tuple[str, ...]) -> tuple[str, ...]:
    """Most first; statuses as everywhere."""
    return tuple(s for s in STATUSES if s in names) if found.key == "status" else names


def _colours(found: Dimension, filters: Filters, store: Store) -> dict[str, str]:
    """Of every member that any chart shows, so that each has one on all of them."""
    if found.key == "status":
        return dict(STATUS)
    first = list(store.leaders(found.by, len(NAMED)).by["runs"])
    leading = store.leaders(found.by, TOP, filters).by
    return member_colours(first, [leading[how.ranked] for how in _cuts()])


def _cuts() -> list[Cut]:
    return list(CUTS.values())


def panel(options: Options) -> Panel:
    """The controls over the charts: they show what the URL says."""

    def answer(asked: Asked, store: Store) -> Answer:
        read(asked, store)  # no controls where no numbers are shown
        choice = chosen(asked)
        key = choice.dimension.key if choice else ""
        look, stat = (choice.look, choice.stat) if choice else (STACKED, "average")
        return {"html": {ids.SPLIT: markup(split_bar.bar(key, look, stat, options.attributes))}}

    return Panel(ids.SPLIT, answer, ids.SPLIT)
