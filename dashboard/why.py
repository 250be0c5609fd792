"""Roof: why a number differs between two periods, in the sentence of the changes page."""

from __future__ import annotations

from collections.abc import Iterator

from layouts.dimensions import Dimension, offered
from layouts.explained import Explained, explained
from layouts.told import sentence, without_split
from queries.changes import EXPLAINED, OVERLAPPING, Change, Periods, change, defines, odd
from queries.filters import Filters
from queries.metrics import Metric
from queries.store import Store


def why(store: Store, metric: Metric, after: Filters, before: Filters) -> str:
    """Split over the dimension where it shows most; '' where there is nothing to tell."""
    if metric not in EXPLAINED:
        return ""
    asked = Periods(before, after)
    with store.together():
        found = list(_splits(store, metric, asked))
        if not found:
            return without_split(change(store, metric, "model", asked))
    dimension, figures, _ = max(found, key=lambda one: one[2])
    return sentence(figures, dimension)


def _splits(store: Store, metric: Metric, asked: Periods) -> Iterator[tuple[Dimension, Explained, float]]:
    for dimension in offered(()):
        if dimension.by in OVERLAPPING or defines(metric, dimension.by):
            continue
        found = change(store, metric, dimension.by, asked)
        figures = explained(found)
        if figures is not None and _tells_apart(found):
            yield dimension, figures, odd(found)


def _tells_apart(found: Change) -> bool:
    return not set(found.members) <= {""}
