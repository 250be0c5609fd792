"""The only place that executes: a Query in, a DataFrame out, cached by question and data version."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, Select

from queries import statements
from queries.cache import AnswerCache
from queries.calendar import buckets, edges
from queries.errors import QueryError
from queries.evaluate import Groups, evaluate
from queries.filters import Filters
from queries.measures import MEASURES, SKETCHES, STATUSES
from queries.metrics import Metric, metric
from queries.sketch import quantiles
from queries.statements import SUMS, Part

# Every percentile that a metric may ask for is computed at once, so that they share one cached answer.
SHARES = (0.5, 0.9, 0.95, 0.99)
DIMENSIONS = ("model", "agent", "agent_version", "status")


@dataclass(frozen=True)
class Query:
    """Some metrics over the runs that ``filters`` let through, by a dimension and by time or neither."""

    metrics: tuple[str, ...]
    filters: Filters
    by: str | None = None
    grain: str | None = None


@dataclass(frozen=True)
class RunPage:
    """Runs as dicts of their columns, newest first; ``next`` asks for the page after, None at the end.

    ``version``: of the data that the page was read from."""

    rows: list[dict[str, Any]]
    next: str | None
    version: str


class Store:
    """Answers queries from ``engine``; ``cache`` keeps the answers of each data version."""

    def __init__(self, engine: Engine, cache: AnswerCache) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._cache = cache

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
            return snapshot.version, [_frame(query, snapshot.part) for query in queries]

    def version(self) -> str:
        """Changes exactly with each commit of data, and with the database itself."""
        with self._snapshot() as snapshot:
            return snapshot.version

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
        _check_dimension(dimension)
        with self._snapshot() as snapshot:
            found: list[tuple[str, int]] = snapshot.cached(
                f"names {dimension}",
                lambda c: [(r.name, int(r.runs)) for r in c.execute(statements.names(dimension))],
            )
        return found

    def runs(self, filters: Filters, *, limit: int = 50, after: str | None = None) -> RunPage:
        """A page of runs, newest first; QueryError ``bad_cursor`` for an ``after`` we did not give."""
        statement = statements.runs(filters.start, filters.end, _wanted(filters), _cursor(after), limit + 1)
        with self._snapshot() as snapshot:
            rows = snapshot.rows(statement)
        more = len(rows) > limit
        rows = rows[:limit]
        return RunPage(rows, _token(rows[-1]) if more else None, snapshot.version)

    @contextmanager
    def _snapshot(self) -> Iterator[_Snapshot]:
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

    def rows(self, statement: Select) -> list[dict[str, Any]]:
        return [dict(row._mapping) for row in self._connection.execute(statement)]

    def part(self, part: Part) -> dict[str, list[Any]]:
        """The rows of a part as plain columns; sketches already turned into their quantiles."""
        answer: dict[str, list[Any]] = self.cached(part.key(), lambda c: _read(c, part))
        return answer


def _read(connection: Connection, part: Part) -> dict[str, list[Any]]:
    result = connection.execute(statements.statement(part))
    names = list(result.keys())
    columns = dict(zip(names, map(list, zip(*result.all(), strict=True)), strict=False))
    columns = columns or {name: [] for name in names}
    if part.what != SUMS:
        columns["quantiles"] = [quantiles(bytes(s), SHARES) for s in columns.pop("sketch")]
        return columns
    for measure in MEASURES:
        columns[measure.name] = [float(v) for v in columns[measure.name]]
    return columns


def _wanted(filters: Filters) -> dict[str, tuple[str, ...]]:
    return {
        "status": filters.statuses,
        "model": filters.model,
        "agent": filters.agent,
        "agent_version": filters.version,
    }


def _frame(query: Query, read: Callable[[Part], dict[str, list[Any]]]) -> pd.DataFrame:
    if query.by is not None:
        _check_dimension(query.by)
    filters, records = query.filters, [metric(name) for name in query.metrics]
    period = (filters.start, filters.end)
    limits = edges(*period, filters.tz, query.grain) if query.grain else list(period)
    if limits[0] >= limits[-1]:
        raise QueryError("bad_range", "range", "the period is empty", "a period that ends after it begins")

    def part(what: str) -> Part:
        return Part(what, tuple(limits), query.by, **_wanted(filters))

    sums = read(part(SUMS))
    members = _members(query.by, sums)
    columns, grid = _labels(query, limits, members)
    groups = Groups(sums, _positions(sums, query.by, members), grid)
    quantile = {
        name: _quantiles(read(part(name)), query.by, members, grid)
        for name in SKETCHES
        if any(record.sketch == name for record in records)
    }
    for record in records:
        columns[record.name] = _values(record, groups, quantile)
    frame = pd.DataFrame(columns)
    return _drop_future(frame, filters, sums, len(members)) if query.grain else frame


def _values(record: Metric, groups: Groups, quantile: dict[str, np.ndarray]) -> np.ndarray:
    if record.kind == "percentile":
        return quantile[record.sketch][:, SHARES.index(record.quantile)]
    values = evaluate(record, groups)
    # Money is kept to a billionth of a dollar: adding statuses up must not show as a tail of digits.
    return np.round(values, 9) if record.unit == "usd" and record.kind == "sum" else values


def _members(by: str | None, sums: dict[str, list[Any]]) -> list[Any]:
    """The values of the dimension, most runs first; all four statuses, always."""
    if by is None:
        return [None]
    if by == "status":
        return list(STATUSES)
    runs: dict[str, float] = {}
    for name, count in zip(sums["key"], sums["runs"], strict=True):
        runs[name] = runs.get(name, 0) + count
    return sorted((name for name, count in runs.items() if count > 0), key=lambda n: (-runs[n], n))


def _labels(query: Query, limits: list[datetime], members: list[Any]) -> tuple[dict[str, Any], int]:
    """The leading columns of the frame, bucket by bucket and member by member, and its length."""
    columns: dict[str, Any] = {}
    number = len(limits) - 1
    if query.grain:
        spans = buckets(limits, query.filters.tz)
        each = [span for span in spans for _ in members]
        columns["start"] = pd.Series([start for start, _ in each], dtype=object)
        columns["end"] = pd.Series([end for _, end in each], dtype=object)
        columns["partial"] = [query.filters.partial(start, end) for start, end in each]
    if query.by:
        columns[query.by] = members * number
    return columns, number * len(members)


def _positions(rows: dict[str, list[Any]], by: str | None, members: list[Any]) -> np.ndarray:
    """The row of the frame that each row of a part belongs to."""
    bucket = np.asarray(rows["i"], dtype=np.int64) - 1
    if by is None:
        return bucket
    place = {name: number for number, name in enumerate(members)}
    # A member without runs left (taken back) has no row of its own; its zero sums may go anywhere.
    member = np.asarray([place.get(name, 0) for name in rows["key"]], dtype=np.int64)
    return bucket * len(members) + member


def _quantiles(rows: dict[str, list[Any]], by: str | None, members: list[Any], grid: int) -> np.ndarray:
    values = np.full((grid, len(SHARES)), np.nan)
    gone = set() if by is None else set(rows["key"]) - set(members)
    kept = [n for n in range(len(rows["i"])) if by is None or rows["key"][n] not in gone]
    positions = _positions(rows, by, members)
    for n in kept:
        values[positions[n]] = rows["quantiles"][n]
    return values


def _drop_future(
    frame: pd.DataFrame, filters: Filters, sums: dict[str, list[Any]], members: int
) -> pd.DataFrame:
    """Without the buckets that have not begun: nothing has happened there, which is not zero.

    Runs whose clock is ahead keep theirs; the first bucket always stays.
    """
    last_with_runs = max((i for i, n in zip(sums["i"], sums["runs"], strict=True) if n > 0), default=1)
    begun = np.array([start <= filters.now for start in frame["start"]], dtype=bool)
    with_runs = np.arange(len(frame)) // max(1, members) < last_with_runs
    return frame[begun | with_runs].reset_index(drop=True)


def _check_dimension(name: str) -> None:
    if name not in DIMENSIONS:
        raise QueryError("bad_by", "by", f"{name!r} is not a dimension", ", ".join(DIMENSIONS))


def _token(row: dict[str, Any]) -> str:
    text = f"{row['start_time'].isoformat()}|{row['invocation_id']}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor(token: str | None) -> tuple[datetime, str] | None:
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        moment, bar, name = text.partition("|")
        instant = datetime.fromisoformat(moment)
        if not bar or instant.utcoffset() is None or "\x00" in name:
            raise ValueError(text)
    except (ValueError, binascii.Error):
        raise QueryError(
            "bad_cursor",
            "cursor",
            f"cursor {token[:80]!r} was not given by this API",
            "the value of `next` of the page before",
        ) from None
    return instant, name
