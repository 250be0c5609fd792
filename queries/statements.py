"""From a question to a statement over tiers and delta. Builds statements, runs none.

Every read is ``tier UNION ALL rollup_delta`` in one statement, so it is right whether or not the
compaction has run. Charts read the coarsest tier that has all their edges; a whole period is cut into
days for its body and finer tiers for its ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, psycopg

from queries import schema
from queries.calendar import coarsest_tier, segments
from queries.facets import is_facet
from queries.measures import MEASURES

SUMS = "sums"


@dataclass(frozen=True)
class Part:
    """One statement's worth of a question, free of metrics: the unit that is cached.

    ``what``: ``sums`` (all measures, by status) or the name of a sketch. ``edges``: the buckets' edges
    (UTC); just two for a whole period. ``by``: a dimension, a facet or None. Filters: empty means all;
    ``facets``: (facet, its values) pairs. ``shown``: members of ``by`` that are told apart; all others
    become one, None (of tools, which overlap, they are left out). Empty: all are told apart. ``only``: of
    sums just these measures; empty for all.
    """

    what: str
    edges: tuple[datetime, ...]
    by: str | None
    status: tuple[str, ...]
    model: tuple[str, ...]
    agent: tuple[str, ...]
    agent_version: tuple[str, ...]
    facets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    shown: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def of_facets(self) -> bool:
        """Whether queries.facet_statements answers it."""
        return bool(self.facets) or is_facet(self.by)

    @property
    def shape(self) -> str:
        """The twin by status alone serves wherever no other dimension is asked for."""
        narrowed = self.model or self.agent or self.agent_version
        return "rollup" if narrowed or self.by not in (None, "status") else "status"

    def key(self) -> str:
        """What the cache knows it by: everything that decides the answer but the data."""
        instants = ",".join(str(int(edge.timestamp()) // 900) for edge in self.edges)
        names = [self.status, self.model, self.agent, self.agent_version, self.facets, self.shown, self.only]
        return repr((self.what, instants, self.by, names))


@dataclass(frozen=True)
class _Form:
    """What of a part decides the text of its statement; the rest are parameters."""

    what: str
    by: str | None
    shape: str
    tiers: tuple[str, ...]
    whole: bool
    narrowed: tuple[str, ...]
    some: bool  # whether only some members are told apart


def statement(part: Part) -> tuple[str, dict[str, object]]:
    """SQL and its parameters. Rows ``i`` (bucket from 1), ``key`` (where ``by`` is given), then

    - for sums: ``status`` and every measure, added up;
    - for a sketch: ``sketch``, all sketches concatenated.
    """
    start, end = part.edges[0], part.edges[-1]
    whole = len(part.edges) == 2
    pieces = segments(start, end) if whole else [(coarsest_tier(part.edges), start, end)]
    narrowed = tuple(name for name in _NARROWING if getattr(part, name))
    form = _Form(
        part.what, part.by, part.shape, tuple(tier for tier, *_ in pieces), whole, narrowed, bool(part.shown)
    )
    values: dict[str, object] = {name: list(getattr(part, name)) for name in narrowed}
    values |= {"shown": list(part.shown)} if part.shown else {}
    for number, (_, low, high) in enumerate([*pieces, ("delta", start, end)]):
        values |= {f"low{number}": low, f"high{number}": high}
    return _text(form), values if whole else {**values, "edges": list(part.edges)}


_NARROWING = ("status", "model", "agent", "agent_version")


@lru_cache(maxsize=512)
def _text(form: _Form) -> str:
    """The statement as text: making and compiling the Select costs more than most of its runs."""
    return str(_select(form).compile(dialect=psycopg.dialect()))


def _select(form: _Form) -> Select:
    tables = schema.sums if form.what == SUMS else schema.sketches
    sources = [*(tables[form.shape, tier] for tier in form.tiers), schema.rollup_delta]
    rows = union_all(*(_rows(form, table, n) for n, table in enumerate(sources))).subquery("rows")
    group: list[ColumnElement] = [_bucket_number(form, rows.c.bucket).label("i")]
    if form.by:
        group.append(_key(form, rows.c[form.by]).label("key"))
    if form.what == SUMS:
        group.append(rows.c.status.label("status"))
        values = [func.sum(rows.c[m.name]).label(m.name) for m in MEASURES]
    else:
        empty = text("''::bytea")
        values = [func.string_agg(rows.c[form.what], empty).label("sketch")]
    # By position: PostgreSQL would see two different expressions where the edges are bound twice.
    return select(*group, *values).group_by(*(text(str(n + 1)) for n in range(len(group))))


def _key(form: _Form, column: ColumnElement) -> ColumnElement:
    if not form.some:
        return column
    return case((column == func.any(bindparam("shown", type_=ARRAY(Text))), column))


def _bucket_number(form: _Form, bucket: ColumnElement) -> ColumnElement[int]:
    if form.whole:
        return literal_column("1", Integer)
    return func.width_bucket(bucket, bindparam("edges", type_=ARRAY(schema.INSTANT)))


def _rows(form: _Form, table: Table, number: int) -> Select:
    columns = [table.c.bucket]
    if form.by:
        columns.append(table.c[form.by])
    if form.what == SUMS:
        columns += [table.c.status] if form.by != "status" else []
        columns += [table.c[m.name] for m in MEASURES]
    else:
        columns.append(table.c[form.what])
    low, high = (bindparam(f"{side}{number}", type_=schema.INSTANT) for side in ("low", "high"))
    narrowed = [table.c[name] == func.any(bindparam(name, type_=ARRAY(Text))) for name in form.narrowed]
    return select(*columns).where(table.c.bucket >= low, table.c.bucket < high, *narrowed)


# What the data version is made of. Read in the transaction that reads the data.
_VERSION = (
    "identity || ':' || extract(epoch FROM pg_postmaster_start_time()) || ':' || "
    "folded + (SELECT count(*) FROM rollup_delta)"
)
# Changes with each announcement, and when runs in flight are forgotten. They are few, and no counter is kept
# of them: it would be one row that all agents who announce at once wait for.
_FLYING = "(SELECT count(*) || ':' || coalesce(sum(extract(epoch FROM heard_at)), 0) FROM run_in_flight)"
VERSION = text(f"SELECT {_VERSION} FROM data_state")
FLYING = text(f"SELECT {_FLYING}")
PULSE = text(f"SELECT {_VERSION}, {_FLYING} FROM data_state")


def names(dimension: str) -> Select:
    """(name, runs) of every value of a dimension, most runs first, from the day tier and the delta."""
    day, delta = schema.sums["rollup", "day"], schema.rollup_delta
    rows = union_all(
        *(select(table.c[dimension].label("name"), table.c.runs) for table in (day, delta))
    ).subquery("rows")
    runs = func.sum(rows.c.runs)
    return (
        select(rows.c.name, runs.label("runs"))
        .group_by(rows.c.name)
        .having(runs > 0)
        .order_by(runs.desc(), rows.c.name)
    )


# First and last quarter hour with runs: the day first, then the quarter hours of just that day.
EXTENT = text(
    """
    WITH days AS (
        SELECT date_trunc('day', bucket) AS day FROM (
            SELECT bucket, runs FROM status_day UNION ALL SELECT bucket, runs FROM rollup_delta
        ) AS rows GROUP BY 1 HAVING sum(runs) > 0
    ), ends AS (SELECT unnest(ARRAY[min(day), max(day)]) AS day FROM days),
    quarters AS (
        SELECT rows.bucket FROM ends JOIN LATERAL (
            SELECT bucket, runs FROM status_quarter
            WHERE bucket >= ends.day AND bucket < ends.day + interval '1 day'
            UNION ALL SELECT bucket, runs FROM rollup_delta
            WHERE bucket >= ends.day AND bucket < ends.day + interval '1 day'
        ) AS rows ON true GROUP BY 1 HAVING sum(rows.runs) > 0
    )
    SELECT min(bucket), max(bucket) FROM quarters
    """
)


def newest_start(since: datetime) -> Select:
    """The newest start of a run; ``since`` bounds it to the newest partitions."""
    start = schema.agent_execution.c.start_time
    return select(func.max(start)).where(start >= since)
