"""Runs themselves, from raw rows: pages by keyset, their number, the run before and after, all in a stream.

A walk over runs sorted by a value has two legs: the runs whose value is known, by the index (value,
start_time), then those without it, newest first. So what is not known comes last either way, no leg ever
sorts more than the runs of one value, and a page begins where the one before ended (never OFFSET).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from queries import kinds
from queries.conditions import where
from queries.outliers import outlier_condition
from queries.run_places import Place, Row, place_of, read_place, write_place
from queries.run_query import RunQuery
from queries.schema import CONTENT_COLUMNS
from queries.store import Query, Store

COLUMNS = tuple(str(name) for name in CONTENT_COLUMNS)
COUNTED = 10_000  # runs that no rollup knows the number of are counted up to here
FEW_IDS = 1_000  # so many runs are looked up one by one; more ids are a range of the index
Condition = tuple[str, dict[str, Any]]  # SQL over agent_execution r, and its parameters
_KINDS = {"duration_ms": "numeric", "cost_usd": "numeric"}

# What narrows runs by more than their own columns: parameter -> its condition. Others add theirs here.
CONDITIONS: dict[str, Callable[[Store, RunQuery], Condition]] = {
    "outlier": lambda store, query: outlier_condition(store, query.filters, query.outlier),
    "kind": lambda store, query: kinds.condition(query.kind, store, query.filters),
    "import_id": lambda _store, query: ("r.import_id = %(import_id)s", {"import_id": query.import_id}),
}


@dataclass(frozen=True)
class RunPage:
    """Runs as dicts of COLUMNS in the order asked for; ``next`` asks for the page after, None at the end.

    ``version``: of the data that the page was read from."""

    rows: list[Row]
    next: str | None
    version: str


@dataclass(frozen=True)
class Total:
    """``number`` of runs; ``more``: there are more than that, and they were not counted."""

    number: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Leg:
    """``known``: over the runs that have the value, or those that have not; None where all have (start)."""

    column: str
    known: bool | None
    descending: bool

    def order(self) -> str:
        way = "DESC" if self.descending else "ASC"
        names = dict.fromkeys((self.column, "start_time", "invocation_id"))
        return ", ".join(f"r.{name} {way}" for name in names)

    def condition(self, place: Place | None) -> Condition:
        parts = [] if self.known is None else [f"r.{self.column} IS {'NOT ' if self.known else ''}NULL"]
        values: dict[str, Any] = {}
        if place is not None:
            sign = "<" if self.descending else ">"
            names, marks = "r.start_time, r.invocation_id", "%(place_start)s, %(place_id)s"
            values = {"place_start": place.start, "place_id": place.run_id}
            if self.known:
                # Of the column's own kind, or the index would not serve.
                mark = f"CAST(%(place_value)s AS {_KINDS.get(self.column, 'bigint')})"
                names, marks = f"r.{self.column}, {names}", f"{mark}, {marks}"
                values["place_value"] = place.value
            parts.append(f"({names}) {sign} ({marks})")
        return " AND ".join(parts), values


def _legs(query: RunQuery, *, backwards: bool = False) -> list[_Leg]:
    down = query.descending is not backwards
    if query.column == "start_time":
        return [_Leg(query.column, None, down)]
    legs = [_Leg(query.column, True, down), _Leg(query.column, False, not backwards)]
    return legs[::-1] if backwards else legs


def page(store: Store, query: RunQuery, *, limit: int = 50, after: str | None = None) -> RunPage:
    """QueryError ``bad_cursor`` for an ``after`` that was not given for this order."""
    place = read_place(after, query.sort)
    with store.together():
        version = store.version()
        key = f"runs {query.key()} {limit} {place}"
        also = _also(store, query)
        rows: list[Row] = store.cached(key, lambda c: _walk(c, query, also, place, limit + 1))
    more = len(rows) > limit
    rows = rows[:limit]
    return RunPage(rows, write_place(rows[-1], query.sort) if more else None, version)


def page_before(store: Store, query: RunQuery, first: Row, limit: int) -> str | None:
    """What asks for the page that ends before ``first``: '' for the very first page, None where there is
    no run before."""
    place, also = place_of(first, query.sort), _also(store, query)

    def look(connection: Connection) -> str | None:
        rows = _walk(connection, query, also, place, limit + 1, backwards=True)
        if not rows:
            return None
        return write_place(rows[-1], query.sort) if len(rows) > limit else ""

    return store.cached(f"before {query.key()} {limit} {place}", look)


def neighbours(store: Store, query: RunQuery, row: Row) -> tuple[Row | None, Row | None]:
    """The runs before and after ``row`` in the order and among the runs asked for."""
    place, also = place_of(row, query.sort), _also(store, query)

    def look(connection: Connection) -> list[list[Row]]:
        return [_walk(connection, query, also, place, 1, backwards=back) for back in (True, False)]

    before, after = store.cached(f"neighbours {query.key()} {place}", look)
    return (before[0] if before else None, after[0] if after else None)


def found_by(store: Store, query: RunQuery) -> str:
    """What the text is taken for: ``id``, ``words``, or '' where there is none."""
    if not query.text:
        return ""
    return store.cached(f"sought {query.text!r}", lambda c: search_kind(c, query.text))


def total(store: Store, query: RunQuery) -> Total:
    """From the rollups, where only the filters narrow; otherwise counted, up to COUNTED."""
    if not query.narrowed:
        return Total(int(store.fetch(Query(("runs",), query.filters))["runs"].iloc[0]))
    also = _also(store, query)
    counted: int = store.cached(f"count {query.key()}", lambda c: _count(c, query, also))
    return Total(min(counted, COUNTED), counted > COUNTED)


def stream(connection: Connection, store: Store, query: RunQuery, batch: int) -> Iterator[list[Row]]:
    """All runs asked for, ``batch`` at a time, through a cursor on the server: in constant memory."""
    conditions = _conditions(connection, query, _also(store, query))
    streaming = connection.execution_options(stream_results=True, max_row_buffer=batch)
    for leg in _legs(query):
        sql, values = _statement(leg, conditions, None, None)
        with streaming.exec_driver_sql(sql, values) as result:
            for rows in result.mappings().partitions(batch):
                yield [dict(row) for row in rows]


def _walk(
    connection: Connection,
    query: RunQuery,
    also: list[Condition],
    place: Place | None,
    limit: int,
    *,
    backwards: bool = False,
) -> list[Row]:
    conditions = _conditions(connection, query, also)
    rows: list[Row] = []
    for leg in _legs(query, backwards=backwards):
        here = place is None or leg.known is None or leg.known is (place.value is not None)
        if not here:
            continue
        sql, values = _statement(leg, conditions, place, limit - len(rows))
        rows += [dict(row) for row in connection.exec_driver_sql(sql, values).mappings()]
        place = None  # the next leg is walked from its beginning
        if len(rows) >= limit:
            break
    return rows


def _statement(leg: _Leg, conditions: Condition, place: Place | None, limit: int | None) -> Condition:
    own, values = leg.condition(place)
    narrowing = " AND ".join(filter(None, (conditions[0], own)))
    columns = ", ".join(f"r.{name}" for name in COLUMNS)
    most = "" if limit is None else f" LIMIT {limit:d}"
    sql = f"SELECT {columns} FROM agent_execution r WHERE {narrowing} ORDER BY {leg.order()}{most}"
    return sql, conditions[1] | values


def _count(connection: Connection, query: RunQuery, also: list[Condition]) -> int:
    narrowing, values = _conditions(connection, query, also)
    rows = f"SELECT FROM agent_execution r WHERE {narrowing} LIMIT {COUNTED + 1}"
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM ({rows}) AS counted", values).scalar_one())


# ---- what narrows ---------------------------------------------------------------------------------------


def _also(store: Store, query: RunQuery) -> list[Condition]:
    """Conditions that ask the store themselves: found before the store is asked for the runs, for whoever
    computes an answer of its cache must not wait for another."""
    return [CONDITIONS[name](store, query) for name in CONDITIONS if getattr(query, name)]


def _conditions(connection: Connection, query: RunQuery, also: list[Condition]) -> Condition:
    narrowing = [where(query.filters), *also]
    for column, asked in (("duration_ms", query.duration), ("cost_usd", query.cost)):
        for sign, name, end in ((">=", "low", asked.low), ("<=", "high", asked.high)):
            if end is not None:
                mark = f"{name}_{column}"
                narrowing.append((f"r.{column} {sign} CAST(%({mark})s AS numeric)", {mark: end}))
    if query.text:
        narrowing.append(_matching(connection, query))
    values = {name: value for _, given in narrowing for name, value in given.items()}
    return " AND ".join(sql for sql, _ in narrowing), values


_BEGINS = "invocation_id >= %(id_low)s AND invocation_id < %(id_high)s"


def search_kind(connection: Connection, wanted: str) -> str:
    """``id`` where any run's id begins with the text, else ``words``: of its error. Quotes ask for words."""
    if wanted.startswith('"'):
        return "words"
    low, high = _prefix(wanted)
    found = f"SELECT EXISTS (SELECT FROM execution_key WHERE {_BEGINS})"
    values = {"id_low": low, "id_high": high}
    return "id" if connection.exec_driver_sql(found, values).scalar_one() else "words"


def _matching(connection: Connection, query: RunQuery) -> Condition:
    if search_kind(connection, query.text) == "words":
        # As the index has it, or it would not serve.
        words = "to_tsvector('simple', r.error_message) @@ websearch_to_tsquery('simple', %(words)s)"
        return f"r.error_message IS NOT NULL AND {words}", {"words": query.text}
    low, high = _prefix(query.text)
    values = {"id_low": low, "id_high": high, "first": query.filters.start, "last": query.filters.end}
    sql = (
        f"SELECT invocation_id, start_time FROM execution_key WHERE {_BEGINS} "
        f"AND start_time >= %(first)s AND start_time < %(last)s LIMIT {FEW_IDS + 1}"
    )
    found = connection.exec_driver_sql(sql, values).all()
    if len(found) > FEW_IDS:
        return "r.invocation_id >= %(id_low)s AND r.invocation_id < %(id_high)s", {
            "id_low": low,
            "id_high": high,
        }
    ids, starts = [row.invocation_id for row in found], sorted({row.start_time for row in found})
    # The starts lead to the partitions and their index; the ids alone decide.
    return "r.start_time = ANY(%(starts)s) AND r.invocation_id = ANY(%(ids)s)", {"starts": starts, "ids": ids}


def _prefix(wanted: str) -> tuple[str, str]:
    """The bounds, in byte order (which is that of code points), of all that begins with the text."""
    last = ord(wanted[-1]) + 1
    follower = 0xE000 if last == 0xD800 else last  # no text has the surrogates between them
    return wanted, wanted[:-1] + chr(follower) if last <= 0x10FFFF else wanted + "\U0010ffff"
