"""Rounding that keeps sums: figures that add up exactly still do as they are shown. Pure.

Numbers are shown as whole multiples of a step. Rounding each alone breaks the sums a reader can check;
so what is lost goes to those with the largest remainders (Hamilton's method), in tables along rows and
columns at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor


def nearest(value: Fraction, step: Fraction) -> int:
    """The multiple of ``step`` that is nearest; halves away from zero, so that signs do not matter."""
    units = abs(value) / step
    whole = floor(units + Fraction(1, 2))
    return whole if value >= 0 else -whole


def largest_remainder(values: Sequence[Fraction], step: Fraction, total: int | None = None) -> list[int]:
    """Multiples of ``step`` that add up to ``total`` (the sum, rounded, where it is not given), each
    next to its value."""
    units = [value / step for value in values]
    shown = [floor(unit) for unit in units]
    wanted = nearest(sum(values, Fraction(0)), step) if total is None else total
    left = wanted - sum(shown)
    order = sorted(range(len(units)), key=lambda i: (shown[i] - units[i], i))
    for turn in range(abs(left)):
        if left > 0:
            shown[order[turn % len(order)]] += 1
        else:
            shown[order[-1 - turn % len(order)]] -= 1
    return shown


def table(rows: Sequence[Sequence[Fraction]], step: Fraction, total: int | None = None) -> list[list[int]]:
    """Multiples of ``step`` for every cell, so that rows and columns add up to the rounded sums of rows and
    columns, and these to ``total``."""
    if not rows:
        return []
    floors = [[floor(cell / step) for cell in row] for row in rows]
    by_row = largest_remainder([sum(row, Fraction(0)) for row in rows], step, total)
    by_column = largest_remainder(
        [sum(column, Fraction(0)) for column in zip(*rows, strict=True)], step, total
    )
    missing = [wanted - sum(row) for wanted, row in zip(by_row, floors, strict=True)]
    spare = [
        wanted - sum(column) for wanted, column in zip(by_column, zip(*floors, strict=True), strict=True)
    ]
    # Rows that miss most choose first; each gives to the columns with most left over.
    for i in sorted(range(len(rows)), key=lambda i: -abs(missing[i])):
        _hand_out(floors[i], missing[i], spare)
    _settle(floors[0], spare)
    return floors


def _hand_out(row: list[int], number: int, spare: list[int]) -> None:
    """``number`` units of ``spare`` go into ``row``, at most one more to each cell than to any other."""
    sign = 1 if number >= 0 else -1
    given = [0] * len(row)
    for _ in range(abs(number)):
        best = max(range(len(row)), key=lambda j: (sign * spare[j] > 0, -given[j], sign * spare[j]))
        row[best] += sign
        spare[best] -= sign
        given[best] += 1


def _settle(row: list[int], spare: list[int]) -> None:
    """Where a given total left columns with too much and too little, one row evens them out."""
    for j, number in enumerate(spare):
        row[j] += number
