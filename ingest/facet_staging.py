"""The runs whose facets are made, worked out once: each facet adds the same measures up in another way.

Reading attributes out of JSON, telling what is known and finding the bins of sketches again for every facet
took two thirds of a refresh. Builds statements, runs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.rollups import bounded, bucket
from queries.facets import source
from queries.measures import MEASURES, SKETCHES
from queries.sketch import bin_sql

_TABLE = "facet_runs"
_TOOL = "tool"  # the one facet of which a run has several values


@dataclass(frozen=True)
class Staging:
    """``facets``: in the order of their columns."""

    facets: tuple[str, ...]
    drop: str = f"DROP TABLE {_TABLE}"

    @property
    def analyze(self) -> str:
        """Without figures the planner sorts the runs, tool by tool, on the disk."""
        return f"ANALYZE {_TABLE} ({', '.join(['hour', 'model', 'status', *self._columns().values()])})"

    def create(self, where: str) -> str:
        """A temporary table of the runs ``where`` says: their hour, values of facets and measures."""
        columns = [f"{bucket('hour', 'r.start_time')} AS hour", "r.model", "r.status", "r.tools_used"]
        columns += [
            f"CASE WHEN {of.where} THEN {of.value} END AS {name}"
            for facet, name in self._columns().items()
            for of in [source(facet)]
        ]
        columns += [f"{m.value} AS {m.name}" for m in MEASURES]
        columns += [f"{_pair(f'r.{column}')} AS {name}" for name, column in SKETCHES.items()]
        return (
            f"CREATE TEMPORARY TABLE {_TABLE} ON COMMIT DROP AS SELECT {', '.join(columns)} "
            f"FROM agent_execution AS r WHERE {where}"
        )

    def hours(self, facet: str) -> str:
        """SELECT of the rows of a facet by the hour, in the order of ingest.facets.COLUMNS."""
        of = source(facet)
        value, join, where = of.value, of.join, "true"
        if facet != _TOOL:
            value = self._columns()[facet]
            where = f"{value} IS NOT NULL"
        values = [
            f"'{facet.replace(chr(39), chr(39) * 2).replace('%', '%%')}'",
            "hour",
            value,
            "model",
            "status",
        ]
        values += [f"coalesce(sum({of.calls}), 0)::bigint"]
        values += [f"coalesce(sum({m.name}), 0)::{'numeric' if m.money else 'bigint'}" for m in MEASURES]
        values += [bounded(f"coalesce(string_agg({name}, ''::bytea), ''::bytea)") for name in SKETCHES]
        return f"SELECT {', '.join(values)} FROM {_TABLE} AS r {join} WHERE {where} GROUP BY 2, 3, 4, 5"

    def _columns(self) -> dict[str, str]:
        return {facet: f"value{number}" for number, facet in enumerate(self.facets) if facet != _TOOL}


def staging(facets: Sequence[str]) -> Staging:
    return Staging(tuple(facets))


def _pair(column: str) -> str:
    """The sketch of a single run; null where it has no value."""
    return f"CASE WHEN {column} IS NOT NULL THEN int2send(({bin_sql(column)})::int2) || int4send(1) END"
