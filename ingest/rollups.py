"""The SQL of rollup rows, shared by all that write, take back, check or rebuild them."""

from __future__ import annotations

import re

from queries.measures import DIMENSIONS, MEASURES, SKETCHES
from queries.schema import SHAPES, TIERS
from queries.sketch import bin_sql, normalise_sql

KEY = ("bucket", *DIMENSIONS)
SUMS = tuple(measure.name for measure in MEASURES)
COLUMNS = (*KEY, *SUMS, *SKETCHES)

# Longer sketches have their bins added up when they are folded: at 300 folding takes a third more time,
# at 600 readers of hours fetch a fifth more bytes.
SKETCH_BYTES = 480

_ORIGIN = "TIMESTAMPTZ '2000-01-01 00:00:00+00'"
_WIDTHS = {"quarter": "15 minutes", "hour": "1 hour", "day": "1 day"}


def bucket(tier: str, instant: str) -> str:
    """SQL for the UTC quarter hour, hour or day that holds ``instant``, whatever the session's zone."""
    return f"date_bin('{_WIDTHS[tier]}', {instant}, {_ORIGIN})"


_KEY_OF_RUN = {
    "bucket": bucket("quarter", "r.start_time"),
    "agent": "r.agent",
    "agent_version": "coalesce(r.agent_version, '')",
    "model": "r.model",
    "status": "r.status",
}


def _needed() -> tuple[str, ...]:
    expressions = [*_KEY_OF_RUN.values(), *(m.aggregate for m in MEASURES)]
    expressions += [f"r.{column}" for column in SKETCHES.values()]
    return tuple(sorted(set(re.findall(r"\br\.(\w+)", " ".join(expressions)))))


# The columns of a run that its rollup rows are made of: what the write statement must return.
NEEDED = _needed()


def _sketch(column: str, sign: int) -> str:
    # Six bytes a run and no second grouping: bins are added up when a sketch is folded.
    pair = f"int2send(({bin_sql(f'r.{column}')})::int2) || int4send({sign})"
    return f"coalesce(string_agg({pair}, ''::bytea) FILTER (WHERE r.{column} IS NOT NULL), ''::bytea)"


def runs_between(first: str, last: str) -> str:
    """The runs that start from ``first`` on and before ``last``, as a source for of_runs."""
    columns = ", ".join(NEEDED)
    return f"(SELECT {columns} FROM agent_execution WHERE start_time >= {first} AND start_time < {last})"


def of_runs(source: str, sign: int = 1) -> str:
    """SELECT of quarter-hour rollup rows (COLUMNS) of the runs in ``source``; ``sign`` -1 takes them away."""
    minus = "-" if sign < 0 else ""
    columns = [f"{expression} AS {name}" for name, expression in _KEY_OF_RUN.items()]
    columns += [f"{minus}({measure.aggregate}) AS {measure.name}" for measure in MEASURES]
    columns += [f"{_sketch(column, sign)} AS {name}" for name, column in SKETCHES.items()]
    keys = ", ".join(str(position + 1) for position in range(len(KEY)))
    return f"SELECT {', '.join(columns)} FROM {source} r GROUP BY {keys}"


def bounded(sketch: str) -> str:
    """SQL for ``sketch``, its bins added up where it is longer than SKETCH_BYTES."""
    return f"CASE WHEN length({sketch}) > {SKETCH_BYTES} THEN {normalise_sql(sketch)} ELSE {sketch} END"


_ADDED_UP = [f"sum(s.{m.name})::{'numeric' if m.money else 'bigint'} AS {m.name}" for m in MEASURES]
_JOINED = {name: f"string_agg(s.{name}, ''::bytea)" for name in SKETCHES}


def _coarser(source: str, tier: str, shape: str, columns: list[str]) -> str:
    dimensions = SHAPES[shape]
    key = [f"{bucket(tier, 's.bucket')} AS bucket", *(f"s.{name}" for name in dimensions)]
    positions = ", ".join(str(position + 1) for position in range(len(key)))
    return f"SELECT {', '.join(key + columns)} FROM {source} s GROUP BY {positions}"


def coarser(source: str, tier: str, shape: str) -> str:
    """SELECT of the rollup rows of ``tier`` and ``shape`` that the finer rows in ``source`` add up to."""
    merged = [f"{bounded(sketch)} AS {name}" for name, sketch in _JOINED.items()]
    return _coarser(source, tier, shape, _ADDED_UP + merged)


def coarser_sums(source: str, tier: str, shape: str) -> str:
    return _coarser(source, tier, shape, _ADDED_UP)


def coarser_sketches(source: str, tier: str, shape: str) -> str:
    """As they come, each bin as often as it comes."""
    return _coarser(source, tier, shape, [f"{sketch} AS {name}" for name, sketch in _JOINED.items()])


def cascade(source: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(shape, tier) -> (name, SELECT) of every tier, each made of the finer one that is made already.

    ``source`` names rows with COLUMNS; later selects name earlier ones, finest first.
    """
    made: dict[tuple[str, str], tuple[str, str]] = {}
    finer = source
    for shape in SHAPES:
        # The twin by status is made of the full key's quarter hours.
        finer = source if shape == "rollup" else "rollup_quarter_rows"
        for tier in TIERS:
            name = f"{shape}_{tier}_rows"
            made[shape, tier] = (name, coarser(finer, tier, shape))
            finer = name
    return made
