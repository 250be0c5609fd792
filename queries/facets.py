"""Facets of runs (error category, error template, tool, an attribute) and their values as SQL. Pure.

A run has one value of each facet, '' where it has none; of ``tool`` it has as many as it called, and of
``error_template`` one only where it has a message or failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from queries.measures import FAILED
from queries.schema import RAW_FROM

ATTRIBUTE = "attr."  # attr.repository: the attribute called repository
FIXED = ("error_category", "error_template", "tool")
# Failed runs by category, template, model and version at once, for the errors page: what each error hits.
ERROR_HITS = "error_hits"
# 'yes' for runs that say which tools they used, be it none, for the tools page: those to compare with.
TOOLS_KNOWN = "tools_known"
# 'none' for runs that report to have changed no file, for the money page; the others are left out.
NO_FILES = "no_files"
# 'yes' for runs that report cost and tokens, which the data page holds against list prices.
COST_TOLD = "cost_told"
TOLD = "r.cost_source = 'reported' AND r.input_tokens IS NOT NULL AND r.output_tokens IS NOT NULL"
ROLLED_UP = (*FIXED, ERROR_HITS, TOOLS_KNOWN, NO_FILES, COST_TOLD)  # whatever the settings say
SEPARATOR = "\x1f"  # between the parts of such a value
HIT_CHARS = 100  # of model and version: all parts together must fit into an index
LONGEST_NAME = 100
LONGEST_VALUE = 200
LONGEST_TEMPLATE = 300

_FAILED = ", ".join(f"'{status}'" for status in FAILED)


def is_facet(dimension: str | None) -> bool:
    return dimension in ROLLED_UP or (dimension or "").startswith(ATTRIBUTE)


@dataclass(frozen=True)
class Source:
    """How runs (alias ``r``) become pairs of run and value: SQL to join, the value, the calls, which runs."""

    join: str
    value: str
    calls: str
    where: str


_TOOLS = (
    "CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(r.tools_used) = 'object' "
    "THEN r.tools_used END) AS t(name, times)"
)
_CALLS = "CASE WHEN jsonb_typeof(t.times) = 'number' THEN least(t.times::numeric, 1e12)::bigint ELSE 0 END"


def source(facet: str) -> Source:
    """``facet``'s values over raw rows; percent signs are doubled, as psycopg wants them."""
    if facet == "tool":
        return Source(_TOOLS, f"left(t.name, {LONGEST_VALUE})", _CALLS, "true")
    if facet == "error_template":
        some = f"(r.error_template IS NOT NULL OR r.status IN ({_FAILED}))"
        return Source("", "coalesce(r.error_template, '')", "0::bigint", some)
    if facet == TOOLS_KNOWN:
        known = "CASE WHEN jsonb_typeof(r.tools_used) = 'object' THEN 'yes' ELSE '' END"
        return Source("", known, "0::bigint", "true")
    if facet == NO_FILES:
        return Source("", "'none'", "0::bigint", "r.files_modified_count = 0")
    if facet == COST_TOLD:
        return Source("", "'yes'", "0::bigint", TOLD)
    if facet == "error_category":
        return Source("", "coalesce(r.error_category, '')", "0::bigint", "true")
    if facet == ERROR_HITS:
        parts = (
            "coalesce(r.error_category, '')",
            "coalesce(r.error_template, '')",
            f"left(r.model, {HIT_CHARS})",
            f"left(coalesce(r.agent_version, ''), {HIT_CHARS})",
        )
        joined = f"concat_ws(chr({ord(SEPARATOR)}), {', '.join(parts)})"
        return Source("", joined, "0::bigint", f"r.status IN ({_FAILED})")
    return Source("", attribute_sql(facet.removeprefix(ATTRIBUTE)), "0::bigint", "true")


def attribute_sql(name: str) -> str:
    """The value of an attribute as it is rolled up, filtered and shown: a text, cut where it is endless."""
    quoted = name.replace("'", "''").replace("%", "%%")
    return f"left(coalesce(r.attributes->>'{quoted}', ''), {LONGEST_VALUE})"


@dataclass(frozen=True)
class RolledUp:
    """What is rolled up in one snapshot: facet -> whether by the hour, too; and the hours out of date.

    ``raw_from``: since when raw rows are kept; ``complete``: facet -> since when it is known, where that is
    not since ever."""

    hours: dict[str, bool]
    dirty: tuple[datetime, ...]
    raw_from: datetime | None = None
    complete: dict[str, datetime] = field(default_factory=dict)


# One row: what is rolled up, and which hours must be read from the raw rows.
READ_ROLLED_UP = (
    "SELECT (SELECT array_agg(facet) FROM rollup_facet), "
    "(SELECT array_agg(facet) FROM rollup_facet WHERE hours), "
    f"(SELECT array_agg(DISTINCT hour) FROM facet_dirty WHERE hour >= {RAW_FROM}), "
    "(SELECT raw_from FROM data_state), "
    "(SELECT jsonb_object_agg(facet, extract(epoch FROM complete_from)) FROM rollup_facet "
    "WHERE complete_from IS NOT NULL)"
)


def rolled_up_of(row: tuple[Any, ...]) -> RolledUp:
    """Of a row of READ_ROLLED_UP."""
    every, with_hours, dirty, raw_from, complete = row
    return RolledUp(
        {facet: facet in (with_hours or ()) for facet in every or ()},
        tuple(sorted(dirty or ())),
        raw_from,
        {facet: datetime.fromtimestamp(since, UTC) for facet, since in (complete or {}).items()},
    )
