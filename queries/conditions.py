"""The runs that filters let through, as a condition on raw rows: one wording for every reader of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queries.facets import ATTRIBUTE, COST_TOLD, TOLD, attribute_sql
from queries.measures import FAILED

if TYPE_CHECKING:
    from queries.filters import Filters

Parameters = dict[str, object]
Narrowing = tuple[tuple[str, tuple[str, ...]], ...]

_FAILED = ", ".join(f"'{status}'" for status in FAILED)


def where(filters: Filters) -> tuple[str, Parameters]:
    """SQL over alias ``r`` of agent_execution and its parameters (psycopg's %(name)s, all ``w_...``) for
    exactly the runs of ``filters``. Always bounds the start, so that other months are left out."""
    conditions = ["r.start_time >= %(w_start)s", "r.start_time < %(w_end)s"]
    values: Parameters = {"w_start": filters.start, "w_end": filters.end}
    named = (
        ("r.status", "w_status", filters.statuses),
        ("r.model", "w_model", filters.model),
        ("r.agent", "w_agent", filters.agent),
        ("coalesce(r.agent_version, '')", "w_version", filters.version),
    )
    for column, parameter, names in named:
        if names:
            conditions.append(f"{column} = ANY(%({parameter})s)")
            values[parameter] = list(names)
    more, found = of_facets(filters.facets)
    return " AND ".join([*conditions, *more]), values | found


def of_facets(facets: Narrowing) -> tuple[list[str], Parameters]:
    """Conditions for runs with one of the values of each facet."""
    conditions: list[str] = []
    values: Parameters = {}
    for number, (facet, names) in enumerate(facets):
        parameter = f"w_facet{number}"
        conditions.append(_one(facet, parameter, "" in names))
        values[parameter] = [name for name in names if name or facet not in ("error_template", "tool")]
    return conditions, values


def _one(facet: str, parameter: str, none: bool) -> str:
    if facet == COST_TOLD:
        return f"({TOLD})"
    if facet == "tool":
        without = "coalesce(r.tools_used, '{}') = '{}' OR " if none else ""
        return f"({without}r.tools_used ?| %({parameter})s::text[])"
    if facet == "error_template":
        # Kept as a comparison of the column, which has an index.
        without = f"r.error_template IS NULL AND r.status IN ({_FAILED}) OR " if none else ""
        return f"({without}r.error_template = ANY(%({parameter})s))"
    column = "coalesce(r.error_category, '')" if facet == "error_category" else None
    return f"{column or attribute_sql(facet.removeprefix(ATTRIBUTE))} = ANY(%({parameter})s)"
