"""From a question about facets to a statement. Builds statements, runs none.

A question with one facet that is rolled up reads days that lie whole in one bucket, hours for the rest,
and raw rows for hours that are cut by an edge or out of date. Any other reads raw rows: exact, and slower.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from queries.calendar import DAY, HOUR
from queries.conditions import of_facets
from queries.errors import DroppedError
from queries.facets import ATTRIBUTE, RolledUp, Source, is_facet, source
from queries.measures import MEASURES, SKETCHES
from queries.sketch import bin_sql
from queries.statements import SUMS, Part

Statement = tuple[str, dict[str, object]]

_ORIGIN = "TIMESTAMPTZ '2000-01-01 00:00:00+00'"
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_PLAIN = Source("", "''", "0::bigint", "true")
# Beyond this share of the hours, one pass over the raw rows is quicker than many small ones.
_MOSTLY_RAW = 0.3


def statement(part: Part, rolled: RolledUp) -> Statement:
    """SQL and parameters: rows as queries.statements gives them; sums by tool with ``calls`` besides."""
    facet = _facet_of(part, rolled)
    plan = _plan(part, rolled, facet) if facet else None
    if facet is None or plan is None:
        _check(part.edges[0], rolled.raw_from, _SINGLE)
        return _raw(part)
    if plan.raw:
        _check(plan.raw[0][0], rolled.raw_from, _SINGLE)
    _check(
        part.edges[0],
        rolled.complete.get(facet),
        f"{facet.removeprefix(ATTRIBUTE)!r} is not known so far back",
    )
    return _mixed(part, facet, plan)


_SINGLE = "This combination of filters and edges is told from single runs, which are not kept so far back"


def _check(start: datetime, since: datetime | None, message: str) -> None:
    """Never a number that is silently too small."""
    if since is not None and start < since:
        raise DroppedError(message, since)


def known_since(facet: str, rolled: RolledUp) -> datetime | None:
    """Since when all runs are known by the facet; None: since ever."""
    return rolled.complete.get(facet) if facet in rolled.hours else rolled.raw_from


def _facet_of(part: Part, rolled: RolledUp) -> str | None:
    """The one facet that the question is about, if its rollups can answer it."""
    filters = dict(part.facets)
    asked = {*filters, *([part.by] if is_facet(part.by) else [])}
    if len(asked) != 1 or part.agent or part.agent_version or part.by in ("agent", "agent_version"):
        return None
    facet = str(next(iter(asked)))
    wanted = filters.get(facet, ())
    if facet == "tool" and wanted and (len(wanted) > 1 or part.by == "tool" or "" in wanted):
        return None  # a run with two of the tools would count twice
    return facet if facet in rolled.hours else None


@dataclass(frozen=True)
class _Plan:
    """``days``: whether day rows are read, but those in ``bad_days``, whose hours are. ``raw``: merged
    spans of hours that are read from the raw rows; ``raw_hours``: the same, hour by hour."""

    days: bool
    hours: bool
    bad_days: list[datetime]
    raw_hours: list[datetime]
    raw: list[tuple[datetime, datetime]]


def _plan(part: Part, rolled: RolledUp, facet: str) -> _Plan | None:
    """None where it comes down to the raw rows."""
    start, end = part.edges[0], part.edges[-1]
    dirty = {hour for hour in rolled.dirty if start - HOUR < hour < end}
    cut = {floor(edge, HOUR) for edge in part.edges if edge != floor(edge, HOUR)}
    raw_hours = dirty | cut
    touched = range_of(floor(start, DAY), end, DAY)
    straddled = {floor(edge, DAY) for edge in part.edges if edge != floor(edge, DAY)}
    bad_days = straddled | {floor(hour, DAY) for hour in raw_hours}
    days = len(bad_days) <= len(touched) / 2
    if not rolled.hours[facet]:
        if not days:
            return None
        raw_hours = {hour for day in bad_days for hour in range_of(day, day + DAY, HOUR)}
        raw_hours = {hour for hour in raw_hours if start - HOUR < hour < end}
    if len(raw_hours) * HOUR > max(_MOSTLY_RAW * (end - start), 3 * HOUR):
        return None
    listed = sorted(raw_hours)
    return _Plan(days, rolled.hours[facet], sorted(bad_days), listed, _spans(listed, start, end))


def floor(instant: datetime, width: timedelta) -> datetime:
    """The UTC hour or day that holds ``instant``."""
    instant = instant.astimezone(UTC)
    return instant - (instant - _FIRST) % width


def range_of(first: datetime, end: datetime, step: timedelta) -> list[datetime]:
    return [first + n * step for n in range(max(0, -((first - end) // step)))]


def _spans(hours: list[datetime], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    spans: list[tuple[datetime, datetime]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1] = (spans[-1][0], hour + HOUR)
        else:
            spans.append((hour, hour + HOUR))
    return [(max(low, start), min(high, end)) for low, high in spans]


def _mixed(part: Part, facet: str, plan: _Plan) -> Statement:
    asked = dict(part.facets).get(facet)
    values: dict[str, object] = {"facet": facet, "start": part.edges[0], "end": part.edges[-1]}
    values |= {"edges": list(part.edges), "value": list(asked or ()), "bad_days": plan.bad_days}
    values |= {"raw_hours": plan.raw_hours}
    values |= {"lows": [low for low, _ in plan.raw], "highs": [high for _, high in plan.raw]}
    narrowing = _narrowing(part, values)
    if part.shown:
        values["shown"] = list(part.shown)
    narrowed = [*narrowing, *(["value = ANY(%(value)s)"] if asked else []), *_listed(part, "value")]
    pieces = []
    if plan.days:
        pieces.append(
            _tier(
                "facet_day", part, [*narrowed, "bucket NOT IN (SELECT unnest(%(bad_days)s::timestamptz[]))"]
            )
        )
    if plan.hours:
        hours = ["bucket NOT IN (SELECT unnest(%(raw_hours)s::timestamptz[]))"]
        if plan.days:
            day = f"date_bin('1 day', bucket, {_ORIGIN})"
            hours.append(f"{day} IN (SELECT unnest(%(bad_days)s::timestamptz[]))")
        pieces.append(_tier("facet_hour", part, [*narrowed, *hours]))
    if plan.raw:
        pieces.append(_raw_spans(part, facet, narrowing, bool(asked)))
    group, names = _group(part, "bucket", "value")
    totals = [f"sum({m}) AS {m}" for m in _measures(part)]
    if part.what != SUMS:
        totals = [f"string_agg({part.what}, ''::bytea) AS sketch"]
    sql = f"SELECT {', '.join(names + totals)} FROM ({' UNION ALL '.join(pieces)}) AS rows GROUP BY {group}"
    return sql, values


def _narrowing(part: Part, values: dict[str, object]) -> list[str]:
    found = []
    for name in ("status", "model"):
        if names := getattr(part, name):
            found.append(f"{name} = ANY(%({name})s)")
            values[name] = list(names)
    return found


def _measures(part: Part) -> list[str]:
    return [*(m.name for m in MEASURES), *(["calls"] if part.by == "tool" else [])]


def _columns(part: Part) -> list[str]:
    return _measures(part) if part.what == SUMS else [part.what]


def _tier(table: str, part: Part, conditions: list[str]) -> str:
    within = ["facet = %(facet)s", "bucket >= %(start)s", "bucket < %(end)s", *conditions]
    columns = ", ".join(["bucket", "value", "model", "status", *_columns(part)])
    return f"SELECT {columns} FROM {table} WHERE {' AND '.join(within)}"


def _raw_spans(part: Part, facet: str, narrowing: list[str], asked: bool) -> str:
    of = source(facet)
    conditions = [of.where, *(f"r.{condition}" for condition in narrowing)]
    if asked:
        conditions.append(f"{of.value} = ANY(%(value)s)")
    conditions += _listed(part, of.value)
    # One look into the index per span, whatever the planner thinks of the bounds; OFFSET 0 keeps it so.
    runs = (
        "unnest(%(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS span(low, high) CROSS JOIN LATERAL "
        "(SELECT * FROM agent_execution WHERE start_time >= span.low AND start_time < span.high "
        f"AND start_time >= %(start)s AND start_time < %(end)s OFFSET 0) AS r {of.join}"
    )
    quarter = f"date_bin('15 minutes', r.start_time, {_ORIGIN})"
    return (
        f"SELECT {quarter}, {of.value}, r.model, r.status, {', '.join(_of_runs(part, of))} "
        f"FROM {runs} WHERE {' AND '.join(conditions)} GROUP BY 1, 2, 3, 4"
    )


def _of_runs(part: Part, of: Source) -> list[str]:
    """What a group of raw rows adds up to, in the order of _columns."""
    if part.what != SUMS:
        return [sketch_of_runs(SKETCHES[part.what])]
    calls = [f"coalesce(sum({of.calls}), 0)::bigint"] if part.by == "tool" else []
    return [*(m.aggregate for m in MEASURES), *calls]


def sketch_of_runs(column: str) -> str:
    """SQL aggregate: the sketch of a column of the raw rows, a pair for each run."""
    pair = f"int2send(({bin_sql(f'r.{column}')})::int2) || int4send(1)"
    return f"coalesce(string_agg({pair}, ''::bytea) FILTER (WHERE r.{column} IS NOT NULL), ''::bytea)"


def _group(part: Part, bucket: str, value: str) -> tuple[str, list[str]]:
    """(GROUP BY positions, leading columns): bucket, key, and status for sums, as statement() names them."""
    whole = len(part.edges) == 2
    columns = ["1 AS i" if whole else f"width_bucket({bucket}, %(edges)s::timestamptz[]) AS i"]
    if part.by:
        columns.append(f"{_key(part, value if is_facet(part.by) else part.by)} AS key")
    if part.what == SUMS:
        columns.append("status")
    return ", ".join(str(n + 1) for n in range(len(columns))), columns


def _key(part: Part, value: str) -> str:
    return f"CASE WHEN {value} = ANY(%(shown)s) THEN {value} END" if part.shown else value


def _listed(part: Part, value: str) -> list[str]:
    """Of tools only those that are shown: a run can have several of the others, which must not add up."""
    return [f"{value} = ANY(%(shown)s)"] if part.shown and part.by == "tool" else []


_BY_RAW = {
    "model": "r.model",
    "agent": "r.agent",
    "agent_version": "coalesce(r.agent_version, '')",
    "status": "r.status",
}


def _raw(part: Part) -> Statement:
    of = source(part.by) if part.by and is_facet(part.by) else _PLAIN
    values: dict[str, object] = {
        "start": part.edges[0],
        "end": part.edges[-1],
        "edges": list(part.edges),
    }
    conditions = ["r.start_time >= %(start)s", "r.start_time < %(end)s", of.where]
    for name in ("status", "model", "agent", "agent_version"):
        if names := getattr(part, name):
            conditions.append(f"{_BY_RAW[name]} = ANY(%({name})s)")
            values[name] = list(names)
    more, found = of_facets(part.facets)
    key = _key(part, of.value if is_facet(part.by) else _BY_RAW.get(part.by or "", ""))
    if part.shown:
        values["shown"] = list(part.shown)
        conditions += _listed(part, of.value)
    whole = len(part.edges) == 2
    columns = ["1 AS i" if whole else "width_bucket(r.start_time, %(edges)s::timestamptz[]) AS i"]
    columns += [f"{key} AS key"] if part.by else []
    columns += ["r.status AS status"] if part.what == SUMS else []
    group = ", ".join(str(n + 1) for n in range(len(columns)))
    named = zip(_of_runs(part, of), _columns(part) if part.what == SUMS else ["sketch"], strict=True)
    columns += [f"{expression} AS {name}" for expression, name in named]
    sql = (
        f"SELECT {', '.join(columns)} FROM agent_execution AS r {of.join} "
        f"WHERE {' AND '.join([*conditions, *more])} GROUP BY {group}"
    )
    return sql, values | found
