"""Since when single runs are kept, and what to do with questions that reach further back.

Rollups know all that ever was; what is told from single runs (raw rows) must keep to those that are kept, and
say so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, text

from queries import words
from queries.errors import DroppedError
from queries.filters import Filters
from queries.store import Store

_RAW_FROM = text("SELECT raw_from FROM data_state")


def raw_from(store: Store) -> datetime | None:
    """None while retention has dropped nothing."""

    def read(connection: Connection) -> tuple[datetime | None]:
        return (connection.execute(_RAW_FROM).scalar_one(),)

    # In a tuple: the cache takes None for nothing kept.
    found: tuple[datetime | None] = store.cached("raw from", read)
    return found[0]


def reaches_back(store: Store, filters: Filters) -> datetime | None:
    """Since when single runs are kept, where the period begins before; else None."""
    kept = raw_from(store)
    return kept if kept is not None and filters.start < kept else None


def kept(store: Store, filters: Filters) -> Filters:
    """The part of the period whose single runs are kept, which its words then name; DroppedError for none."""
    begin = reaches_back(store, filters)
    if begin is None:
        return filters
    if filters.end <= begin:
        raise DroppedError("Single runs of this period are no longer kept", begin)
    return replace(filters, start=begin, range=words.instants(begin, filters.end))
