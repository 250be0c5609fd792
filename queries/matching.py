"""Which members of a dimension have a text in their name: chosen by the database. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Matching:
    """``total``: how many match. ``names``: (name, runs) of those with most runs, most first."""

    total: int
    names: tuple[tuple[str, int], ...]


def statement(sums: str, number: int) -> str:
    """From the statement of a sums part by a dimension to the first ``number`` members whose names contain
    the parameter ``search``, whatever its capitals; ties by name, as in every frame."""
    return (
        f"WITH members AS (SELECT key, sum(runs) AS runs FROM ({sums}) AS parts "
        "GROUP BY key HAVING sum(runs) > 0) "
        "SELECT key, runs, count(*) OVER () AS total FROM members "
        "WHERE position(lower(%(search)s) IN lower(key)) > 0 "
        f'ORDER BY runs DESC, key COLLATE "C" LIMIT {int(number)}'
    )


def matching(rows: list[tuple[str, int, int]]) -> Matching:
    """From the rows of the statement."""
    total = int(rows[0][2]) if rows else 0
    return Matching(total, tuple((str(name), int(runs)) for name, runs, _total in rows))
