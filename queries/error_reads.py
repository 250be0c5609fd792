"""What the errors page reads: rollups of errors put together by group, and when each was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from queries import facet_statements
from queries.calendar import DAY, HOUR
from queries.conditions import where
from queries.facets import ERROR_HITS, SEPARATOR, RolledUp
from queries.filters import Filters
from queries.frames import Query, part_of
from queries.reads import rolled_up_facets
from queries.schema import RAW_FROM
from queries.statements import SUMS
from queries.store import Store

Rows = list[tuple[Any, ...]]
Times = tuple[str, datetime, datetime]  # group, first, last
Spans = dict[str, tuple[datetime, datetime, datetime, datetime]]

# What a group is: dimension -> the filter that names its groups, and its place in the value of ERROR_HITS.
_PLACES = {"error_category": ("category", 1), "error_template": ("error", 2)}
_MODEL, _VERSION = 3, 4
_EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


def by_bucket(store: Store, filters: Filters, by: str, grain: str | None) -> Rows:
    """(bucket from 1, group, runs, their cost, how many of them have one) of the runs of ``filters``."""
    crossed = _crossed(filters, by)
    facet = ERROR_HITS if crossed else by
    name = _part(_PLACES[by][1]) if crossed else "key"
    sums = ["sum(runs)::bigint", "sum(cost_usd)", "sum(cost_known)::bigint"]
    return _read(store, filters, facet, grain, ["i", name], sums)


def by_hit(store: Store, filters: Filters, by: str) -> Rows:
    """(group, category, model, version, runs) of the whole period."""
    parts = [_part(_PLACES[by][1]), _part(1), _part(_MODEL), _part(_VERSION)]
    return _read(store, filters, ERROR_HITS, None, parts, ["sum(runs)::bigint"])


def _crossed(filters: Filters, by: str) -> bool:
    """Whether a filter of errors is not about the groups themselves: rollups of one facet cannot tell."""
    return any(getattr(filters, name) for other, (name, _) in _PLACES.items() if other != by)


def _part(place: int) -> str:
    return f"split_part(key, chr({ord(SEPARATOR)}), {place})"


def _read(
    store: Store, filters: Filters, facet: str, grain: str | None, keys: Sequence[str], sums: Sequence[str]
) -> Rows:
    conditions, values = ["runs > 0"], {}
    if facet == ERROR_HITS:
        for name, place in _PLACES.values():
            if names := getattr(filters, name):
                conditions.append(f"{_part(place)} = ANY(%(e_{name})s)")
                values[f"e_{name}"] = list(names)
        filters = replace(filters, category=(), error=())
    part = part_of(Query((), filters, facet, grain), SUMS)
    group = ", ".join(str(number + 1) for number in range(len(keys)))

    def read(connection: Connection) -> Rows:
        inner, found = facet_statements.statement(part, rolled_up_facets(connection))
        sql = (
            f"SELECT {', '.join([*keys, *sums])} FROM ({inner}) AS q "
            f"WHERE {' AND '.join(conditions)} GROUP BY {group}"
        )
        rows = connection.exec_driver_sql(sql, found | values)
        return [tuple(float(v) if i >= len(keys) else v for i, v in enumerate(row)) for row in rows]

    return store.cached(f"errors {part.key()} {keys} {values}", read)


@dataclass(frozen=True)
class Seen:
    """The first and the last run of a group in all data; of the last one its message and id."""

    first: datetime
    last: datetime
    message: str | None
    invocation_id: str | None


def seen(store: Store, filters: Filters, by: str, names: Sequence[str]) -> dict[str, Seen]:
    """When the runs of each group of ``names`` were first and last seen, whatever the period."""
    start, end = _EVER
    ours: dict[str, Any] = {_PLACES[by][0]: ()}
    beyond = replace(filters, start=start, end=end, **ours)
    condition, values = where(beyond)

    def read(connection: Connection) -> dict[str, Seen]:
        rolled = rolled_up_facets(connection)
        spans: Spans = {}
        # What the rollups know, they know by status and model, and by nothing else.
        if by in rolled.hours and not (filters.agent or filters.version or beyond.facets):
            spans = _known_spans(connection, filters, by, names, rolled)
            times = _in_spans(connection, by, condition, values, spans)
            times += _in_dirty(connection, by, condition, values, names, rolled)
        else:
            times = _anywhere(connection, by, condition, values, names)
        firsts: dict[str, datetime] = {}
        lasts: dict[str, datetime] = {}
        for name, first, last in times:
            firsts[name] = min(first, firsts.get(name, first))
            lasts[name] = max(last, lasts.get(name, last))
        told = _rows_at(connection, by, condition, values, lasts)
        # Nothing is told of a last run that retention has dropped.
        return {name: Seen(firsts[name], lasts[name], *told.get(name, (None, None))) for name in firsts}

    asked = [filters.statuses, filters.model, filters.agent, filters.version, beyond.facets]
    return store.cached(f"errors seen {by} {asked} {list(names)}", read)


def _same(by: str, nothing: bool) -> str:
    # Without a message there is no value in the index, so these runs are asked for in other words.
    return f"r.{by} IS NULL" if nothing else f"r.{by} = v.name"


def _known_spans(
    connection: Connection, filters: Filters, by: str, names: Sequence[str], rolled: RolledUp
) -> Spans:
    """Group -> the hours (days, where hours are not rolled up) of its first and of its last run, out of those
    that are not out of date."""
    table, width = ("facet_hour", HOUR) if rolled.hours[by] else ("facet_day", DAY)
    dirty = sorted({facet_statements.floor(hour, width) for hour in rolled.dirty})
    conditions = ["facet = %(facet)s", "value = v.name", "bucket <> ALL(%(dirty)s::timestamptz[])"]
    conditions += ["status = ANY(%(statuses)s)", *(["model = ANY(%(models)s)"] if filters.model else [])]
    rows = f"FROM {table} WHERE {' AND '.join(conditions)}"
    sql = (
        f"SELECT v.name, (SELECT min(bucket) {rows}), (SELECT max(bucket) {rows}) "
        "FROM unnest(%(names)s::text[]) AS v(name)"
    )
    values = {"facet": by, "names": list(names), "models": list(filters.model), "dirty": dirty}
    found = connection.exec_driver_sql(sql, values | {"statuses": list(filters.statuses)})
    return {name: (low, low + width, high, high + width) for name, low, high in found if low}


def _in_spans(
    connection: Connection, by: str, condition: str, values: dict[str, Any], spans: Spans
) -> list[Times]:
    """Where retention has dropped the runs, to the hour (the day, where hours are not rolled up)."""
    found: list[Times] = []
    for nothing in (False, True):
        some = [name for name in spans if (name == "") is nothing]
        runs = f"FROM agent_execution r WHERE {condition} AND {_same(by, nothing)}"
        sql = (
            "SELECT v.name, "
            f"coalesce((SELECT min(r.start_time) {runs} AND r.start_time >= v.a AND r.start_time < v.b), "
            f"CASE WHEN v.a < {RAW_FROM} THEN v.a END), "
            f"coalesce((SELECT max(r.start_time) {runs} AND r.start_time >= v.c AND r.start_time < v.d), "
            f"CASE WHEN v.c < {RAW_FROM} THEN v.c END) "
            "FROM unnest(%(names)s::text[], %(a)s::timestamptz[], %(b)s::timestamptz[], "
            "%(c)s::timestamptz[], %(d)s::timestamptz[]) AS v(name, a, b, c, d)"
        )
        ends = {key: [spans[name][place] for name in some] for place, key in enumerate("abcd")}
        rows = connection.exec_driver_sql(sql, values | {"names": some} | ends)
        found += [(row[0], row[1], row[2]) for row in rows if row[1]]
    return found


def _in_dirty(
    connection: Connection,
    by: str,
    condition: str,
    values: dict[str, Any],
    names: Sequence[str],
    rolled: RolledUp,
) -> list[Times]:
    """Of hours (days, where hours are not rolled up) that are out of date, from the raw rows in one pass."""
    width = HOUR if rolled.hours[by] else DAY
    spans = sorted({facet_statements.floor(hour, width) for hour in rolled.dirty})
    sql = (
        f"SELECT coalesce(r.{by}, ''), min(r.start_time), max(r.start_time) "
        "FROM unnest(%(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS span(low, high) "
        "CROSS JOIN LATERAL (SELECT * FROM agent_execution "
        "WHERE start_time >= span.low AND start_time < span.high OFFSET 0) AS r "
        f"WHERE {condition} AND coalesce(r.{by}, '') = ANY(%(names)s) GROUP BY 1"
    )
    ends = {"lows": spans, "highs": [low + width for low in spans], "names": list(names)}
    return [(row[0], row[1], row[2]) for row in connection.exec_driver_sql(sql, values | ends)]


def _anywhere(
    connection: Connection, by: str, condition: str, values: dict[str, Any], names: Sequence[str]
) -> list[Times]:
    """From all raw rows."""
    sql = (
        f"SELECT coalesce(r.{by}, ''), min(r.start_time), max(r.start_time) FROM agent_execution r "
        f"WHERE {condition} AND coalesce(r.{by}, '') = ANY(%(names)s) GROUP BY 1"
    )
    found = connection.exec_driver_sql(sql, values | {"names": list(names)})
    return [(row[0], row[1], row[2]) for row in found]


def _rows_at(
    connection: Connection, by: str, condition: str, values: dict[str, Any], lasts: dict[str, datetime]
) -> dict[str, tuple[str | None, str]]:
    """Message and id of the last run of each group."""
    sql = (
        "SELECT v.name, l.error_message, l.invocation_id "
        "FROM unnest(%(names)s::text[], %(lasts)s::timestamptz[]) AS v(name, last) CROSS JOIN LATERAL "
        "(SELECT r.error_message, r.invocation_id FROM agent_execution r WHERE r.start_time = v.last "
        f"AND {condition} AND coalesce(r.{by}, '') = v.name ORDER BY r.invocation_id LIMIT 1) AS l"
    )
    found = connection.exec_driver_sql(sql, values | {"names": list(lasts), "lasts": list(lasts.values())})
    return {row[0]: (row[1], row[2]) for row in found}
