"""Where questions are answered: a Query in, a DataFrame out, cached by question and data version."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from queries import facet_statements, reads, statements
from queries.cache import AnswerCache
from queries.calendar import DAY
from queries.facet_statements import floor
from queries.facets import is_facet
from queries.filters import Filters
from queries.frames import DIMENSIONS, Columns, Query, check_dimension, frame, part_of
from queries.leaders import RANKED, Leaders
from queries.matching import Matching
from queries.recent import Recent
from queries.sketch import decode, values
from queries.statements import SUMS, Part

T = TypeVar("T")

__all__ = ["DIMENSIONS", "Query", "Store"]

# A page has a dozen frames of some hundred cells; these bound the memory to some 20 MB.
KEPT_FRAMES = 128
LARGEST_KEPT_FRAME = 20_000


class Store:
    """Answers queries from ``engine``; ``cache`` keeps the answers of each data version."""

    def __init__(self, engine: Engine, cache: AnswerCache) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._cache = cache
        self._frames = Recent(KEPT_FRAMES)
        self._joined = threading.local()

    def fetch(self, query: Query) -> pd.DataFrame:
        """One frame; see fetch_many."""
        return self.fetch_many(query)[0]

    def fetch_many(self, *queries: Query) -> list[pd.DataFrame]:
        """A frame per query, all of one snapshot of the data.

        Columns: ``start``, ``end`` (in the filters' zone) and ``partial`` where there is a grain; the
        dimension where there is a ``by``; then a float column per metric, NaN where it has no value.
        Every bucket of the period is there; a whole period without ``by`` is exactly one row.
        """
        return self.fetch_with_version(*queries)[1]

    def fetch_with_version(self, *queries: Query) -> tuple[str, list[pd.DataFrame]]:
        """The version of the data, and the frames that fetch_many makes of it."""
        with self._snapshot() as snapshot:
            return snapshot.version, [self._frame(query, snapshot) for query in queries]

    def _frame(self, query: Query, snapshot: _Snapshot) -> pd.DataFrame:
        key = (snapshot.version, query.key())
        found = self._frames.get(key)
        if found is None:
            found = frame(query, snapshot.part)
            if found.size <= LARGEST_KEPT_FRAME:
                self._frames.put(key, found)
        return found.copy(deep=False)  # copy on write: nobody can change what is kept

    def sums(self, filters: Filters, by: str | None = None) -> Columns:
        """The measures that metrics are made of, over the whole period: columns ``key`` (of ``by``),
        ``status`` and each measure; floats of exact numbers (queries.changes turns them back)."""
        with self._snapshot() as snapshot:
            return snapshot.part(part_of(Query((), filters, by), SUMS))

    def sums_of(self, query: Query) -> Columns:
        """The same as its frame is made of."""
        with self._snapshot() as snapshot:
            return snapshot.part(part_of(query, SUMS))

    def sums_within(
        self, filters: Filters, by: str, facet: tuple[str, str], edges: tuple[datetime, ...] = ()
    ) -> Columns:
        """The same of runs that have this value of a facet; by the buckets between ``edges``, where there
        are any: column ``i``, from 1."""
        part = part_of(Query((), filters, by), SUMS)
        facets = (*part.facets, (facet[0], (facet[1],)))
        with self._snapshot() as snapshot:
            return snapshot.part(replace(part, facets=facets, edges=edges or part.edges))

    def buckets(self, filters: Filters, edges: tuple[datetime, ...]) -> Columns:
        """The same by the buckets between ``edges`` (on the quarter-hour grid): column ``i``, from 1."""
        with self._snapshot() as snapshot:
            return snapshot.part(replace(part_of(Query((), filters), SUMS), edges=edges))

    def sketches(
        self, filters: Filters, edges: tuple[datetime, ...], sketch: str
    ) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Bucket between ``edges``, from 0 -> (bins, how many runs) of a sketched column."""
        part = replace(part_of(Query((), filters), sketch), edges=edges)
        with self._snapshot() as snapshot:
            rows = reads.rows(snapshot.connection, part)
        return {i - 1: decode(bytes(one)) for i, one in zip(rows["i"], rows["sketch"], strict=True)}

    def version(self) -> str:
        """Changes exactly with each commit of data, and with the database itself."""
        with self._snapshot() as snapshot:
            return snapshot.version

    def flying(self) -> str:
        """Changes with each run that is announced, or forgotten; such runs are no data."""
        return self.uncached(lambda connection: str(connection.execute(statements.FLYING).scalar_one()))

    def pulse(self) -> tuple[str, str]:
        """``version`` and ``flying``, by one statement: what open pages ask all the time."""
        with self._engine.connect() as connection:
            version, flying = connection.execute(statements.PULSE).one()
        return str(version), str(flying)

    def extent(self) -> tuple[datetime, datetime] | None:
        """The first and the last quarter hour (UTC) that have runs; None for an empty database."""
        with self._snapshot() as snapshot:
            first, last = snapshot.cached("extent", lambda c: tuple(c.execute(statements.EXTENT).one()))
        return (first, last) if first else None

    def freshness(self) -> datetime | None:
        """The start of the newest run; None for an empty database."""
        extent = self.extent()
        if extent is None:
            return None
        with self._snapshot() as snapshot:
            newest: datetime | None = snapshot.cached(
                "newest", lambda c: c.execute(statements.newest_start(extent[1])).scalar()
            )
        return newest

    def names(self, dimension: str) -> list[tuple[str, int]]:
        """(name, runs) of every value of ``dimension`` in the data, most runs first."""
        check_dimension(dimension)
        if is_facet(dimension):
            return self._facet_names(dimension)
        with self._snapshot() as snapshot:
            found: list[tuple[str, int]] = snapshot.cached(
                f"names {dimension}",
                lambda c: [(r.name, int(r.runs)) for r in c.execute(statements.names(dimension))],
            )
        return found

    def _facet_names(self, facet: str) -> list[tuple[str, int]]:
        part = self._ever(facet)
        if part is None:
            return []
        with self._snapshot() as snapshot:
            rows = snapshot.part(part)
        runs: dict[str, float] = {}
        for name, number in zip(rows["key"], rows["runs"], strict=True):
            runs[name] = runs.get(name, 0) + number
        return sorted(((n, int(r)) for n, r in runs.items() if r), key=lambda pair: (-pair[1], pair[0]))

    def _ever(self, by: str) -> Part | None:
        """All runs there are (that are known by the facet ``by``); None where there are none."""
        extent = self.extent()
        if extent is None:
            return None
        # Whole days, so that hardly anything but day rows is read.
        start, end = floor(extent[0], DAY), floor(extent[1], DAY) + DAY
        since = (
            facet_statements.known_since(by, self.uncached(reads.rolled_up_facets)) if is_facet(by) else None
        )
        start = max(start, since) if since else start
        return Part(SUMS, (start, end), by, (), (), (), ()) if start < end else None

    def leaders(self, by: str, number: int, filters: Filters | None = None) -> Leaders:
        """The ``number`` members of ``by`` that have most runs, cost and so on, among the runs of
        ``filters``; without, among all. However many members there are, few are read."""
        check_dimension(by)
        part = part_of(Query((), filters, by), SUMS) if filters else self._ever(by)
        if part is None:
            return Leaders(0, dict.fromkeys(RANKED, ()))
        with self._snapshot() as snapshot:
            key = f"leaders {number} {part.key()}"
            found: Leaders = snapshot.cached(key, lambda c: reads.leaders(c, part, number))
        return found

    def matching(self, by: str, search: str, number: int, filters: Filters) -> Matching:
        """The members of ``by`` with ``search`` in their names, the ``number`` of them with most runs."""
        part = part_of(Query((), filters, by), SUMS)
        key = f"matching {number} {search!r} {part.key()}"
        return self.cached(key, lambda c: reads.matching(c, part, search, number))

    def cached(self, key: str, compute: Callable[[Connection], T]) -> T:
        """What ``compute`` reads in the snapshot of this thread, kept for this version of the data.

        ``key`` holds everything that decides the answer but the data; the answer is plain data.
        """
        with self._snapshot() as snapshot:
            answer: T = snapshot.cached(key, compute)
        return answer

    def uncached(self, compute: Callable[[Connection], T]) -> T:
        """What ``compute`` reads in the snapshot of this thread."""
        with self._snapshot() as snapshot:
            return compute(snapshot.connection)

    def bins(
        self, filters: Filters, sketch: str, by: str | None = None
    ) -> dict[str | None, tuple[np.ndarray, np.ndarray]]:
        """The distribution of a sketched column per member of ``by`` (None without): (values ascending,
        how many runs); each value stands for all within 1 % of it. No members without runs."""
        query = Query((), filters, by)
        with self._snapshot() as snapshot:
            found = snapshot.cached(
                f"bins {part_of(query, sketch).key()}", lambda c: reads.bins(c, query, sketch)
            )
        return {key: (values(bins), counts) for key, (bins, counts) in found.items()}

    def facets(self) -> dict[str, bool]:
        """The facets that are rolled up; whether each is by the hour, too."""
        return self.uncached(reads.rolled_up_facets).hours

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that this thread asks inside is answered from one snapshot, with one look at the version."""
        with self._snapshot() as snapshot:
            outer, self._joined.snapshot = self._current(), snapshot
            try:
                yield
            finally:
                self._joined.snapshot = outer

    def _current(self) -> _Snapshot | None:
        found: _Snapshot | None = getattr(self._joined, "snapshot", None)
        return found

    @contextmanager
    def apart(self) -> Iterator[tuple[str, Connection]]:
        """The version of the data and a connection that stays with it, for what is read for longer than a
        thread stays with one question (an export)."""
        with self._engine.connect() as connection:
            yield str(connection.execute(statements.VERSION).scalar_one()), connection

    @contextmanager
    def _snapshot(self) -> Iterator[_Snapshot]:
        if (current := self._current()) is not None:
            yield current
            return
        with self._engine.connect() as connection:
            version = str(connection.execute(statements.VERSION).scalar_one())
            yield _Snapshot(connection, version, self._cache)


class _Snapshot:
    """One transaction: version and data read in it belong together."""

    def __init__(self, connection: Connection, version: str, cache: AnswerCache) -> None:
        self._connection = connection
        self._cache = cache
        self.version = version

    def cached(self, key: str, compute: Callable[[Connection], Any]) -> Any:
        return self._cache.get_or_compute(self.version, key, lambda: compute(self._connection))

    @property
    def connection(self) -> Connection:
        return self._connection

    def part(self, part: Part) -> Columns:
        """The rows of a part as plain columns; sketches already turned into their quantiles."""
        answer: Columns = self.cached(part.key(), lambda c: reads.part(c, part))
        return answer
