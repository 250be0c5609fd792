"""Which members of a dimension lead: chosen by the database, however many there are. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Measures that members can lead by.
RANKED = ("runs", "cost_usd", "total_tokens", "llm_calls", "tool_calls")


@dataclass(frozen=True)
class Leaders:
    """``by``: measure -> the names with most of it, most first. ``total``: how many members have runs."""

    total: int
    by: dict[str, tuple[str, ...]]


def statement(sums: str, number: int) -> str:
    """From the statement of a sums part by a dimension to the first ``number`` members by each measure.

    Ties go to more runs, then by name, as in every frame."""
    totals = ", ".join(f"sum({name}) AS {name}" for name in RANKED)
    places = ", ".join(
        f'row_number() OVER (ORDER BY {name} DESC, runs DESC, key COLLATE "C") AS place_{name}'
        for name in RANKED
    )
    columns = ", ".join(f"place_{name}" for name in RANKED)
    return (
        f"WITH members AS (SELECT key, {totals} FROM ({sums}) AS parts GROUP BY key HAVING sum(runs) > 0), "
        f"ranked AS (SELECT key, count(*) OVER () AS total, {places} FROM members) "
        f"SELECT key, total, {columns} FROM ranked WHERE least({columns}) <= {int(number)}"
    )


def leaders(rows: list[Any], number: int) -> Leaders:
    """From the rows of the statement."""
    found = {}
    for name in RANKED:
        ordered = sorted(rows, key=lambda row, place=f"place_{name}": getattr(row, place))  # type: ignore[misc]
        found[name] = tuple(str(row.key) for row in ordered[:number])
    return Leaders(int(rows[0].total) if rows else 0, found)
