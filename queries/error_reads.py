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
from queries.facets import ERROR_HITS, KEPT, SEPARATOR, Kept, kept_of
from queries.filters import Filters
from queries.frames import Query, part_of
from queries.statements import SUMS
from queries.store import Store

Rows = list[tuple[Any, ...]]

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
        inner, found = facet_statements.statement(part, _kept(connection))
        sql = (
            f"SELECT {', '.join([*keys, *sums])} FROM ({inner}) AS q "
            f"WHERE {' AND '.join(conditions)} GROUP BY {group}"
        )
        rows = connection.exec_driver_sql(sql, found | values)
        return [tuple(float(v) if i >= len(keys) else v for i, v in enumerate(row)) for row in rows]

    return store.cached(f"errors {part.key()} {keys} {values}", read)


def _kept(connection: Connection) -> Kept:
    return kept_of(tuple(connection.exec_driver_sql(KEPT).one()))


@dataclass(frozen=True)
class Seen:
    """The first and the last run of a group in all data; of the last one its message and id."""

    first: datetime
    last: datetime
    message: str | None
    invocation_id: str


def seen(store: Store, filters: Filters, by: str, names: Sequence[str]) -> dict[str, Seen]:
    """When the runs of each group of ``names`` were first and last seen, whatever the period."""
    start, end = _EVER
    ours: dict[str, Any] = {_PLACES[by][0]: ()}
    beyond = replace(filters, start=start, end=end, **ours)
    condition, values = where(beyond)

    def read(connection: Connection) -> dict[str, Seen]:
        spans = _spans(connection, filters, by, names)
        found: dict[str, Seen] = {}
        # Without a message there is no value in the index, so these runs are asked for in other words.
        for nothing in (False, True):
            some = [name for name in names if (name == "") is nothing]
            lows, highs = ([spans[name][side] for name in some] for side in (0, 1))
            rows = connection.exec_driver_sql(
                _seen_sql(by, condition, nothing), values | {"names": some, "lows": lows, "highs": highs}
            )
            found |= {row[0]: Seen(*row[1:]) for row in rows}
        return found

    asked = [filters.statuses, filters.model, filters.agent, filters.version, beyond.facets]
    return store.cached(f"errors seen {by} {asked} {list(names)}", read)


def _seen_sql(by: str, condition: str, nothing: bool) -> str:
    same = f"r.{by} IS NULL" if nothing else f"r.{by} = v.name"
    runs = f"FROM agent_execution r WHERE {condition} AND {same}"
    return (
        "SELECT v.name, f.start_time, l.start_time, l.error_message, l.invocation_id "
        "FROM unnest(%(names)s::text[], %(lows)s::timestamptz[], %(highs)s::timestamptz[]) "
        "AS v(name, low, high) CROSS JOIN LATERAL "
        f"(SELECT r.start_time {runs} AND r.start_time >= v.low ORDER BY r.start_time LIMIT 1) AS f "
        "CROSS JOIN LATERAL (SELECT r.start_time, r.error_message, r.invocation_id "
        f"{runs} AND r.start_time < v.high ORDER BY r.start_time DESC LIMIT 1) AS l"
    )


def _spans(
    connection: Connection, filters: Filters, by: str, names: Sequence[str]
) -> dict[str, tuple[datetime, datetime]]:
    """Where to begin to look for the first and the last run of each group: at the rows of its rollup and
    the hours that are out of date, so that not all history is looked through."""
    kept = _kept(connection)
    if by not in kept.hours:
        return dict.fromkeys(names, _EVER)
    table, width = ("facet_hour", HOUR) if kept.hours[by] else ("facet_day", DAY)
    models = "AND model = ANY(%(models)s)" if filters.model else ""
    rows = f"FROM {table} WHERE facet = %(facet)s AND value = v.name {models}"
    sql = (
        f"SELECT v.name, (SELECT min(bucket) {rows}), (SELECT max(bucket) {rows}) "
        "FROM unnest(%(names)s::text[]) AS v(name)"
    )
    values = {"facet": by, "names": list(names), "models": list(filters.model)}
    spans = {}
    for name, low, high in connection.exec_driver_sql(sql, values):
        lows = [low, *kept.dirty[:1]] if low else list(kept.dirty[:1])
        highs = [high + width, *(hour + HOUR for hour in kept.dirty[-1:])] if high else []
        spans[name] = (min(lows, default=_EVER[0]), max(highs, default=_EVER[1]))
    return spans
