"""Rounding that keeps the sums a reader can check."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from queries.rounding import largest_remainder, nearest, table

ONE = Fraction(1)


def test_what_is_lost_goes_to_the_largest_remainders() -> None:
    thirds = [Fraction(10, 3)] * 3  # 3.33 each, 10 together
    assert largest_remainder(thirds, ONE) == [4, 3, 3]
    assert largest_remainder([Fraction("2.6"), Fraction("2.3"), Fraction("-0.9")], ONE) == [3, 2, -1]
    assert largest_remainder([Fraction("1.5"), Fraction("1.5")], ONE, total=2) == [1, 1]


def test_nearest_does_not_mind_the_sign() -> None:
    assert [nearest(Fraction(n, 2), ONE) for n in (-3, -1, 0, 1, 3)] == [-2, -1, 0, 1, 2]
    assert nearest(Fraction("412.335"), Fraction("0.01")) == 41234


def test_a_table_adds_up_both_ways() -> None:
    rows = [
        [Fraction("43.75"), Fraction("26.25"), Fraction(20)],
        [Fraction("7.5"), Fraction("-7.5"), Fraction(0)],
    ]
    shown = table(rows, ONE)
    assert [sum(row) for row in shown] == [90, 0]
    columns = [sum(column) for column in zip(*shown, strict=True)]  # of 51.25, 18.75 and 20
    assert columns == [51, 19, 20]


_CELL = st.integers(-(10**6), 10**6).map(lambda n: Fraction(n, 997))
_ROWS = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(_CELL, min_size=n, max_size=n), min_size=1, max_size=9)
)


@given(_ROWS, st.integers(-1, 1))
def test_any_table_adds_up_to_its_total_and_stays_near(rows: list[list[Fraction]], off: int) -> None:
    total = nearest(sum((sum(row, Fraction(0)) for row in rows), Fraction(0)), ONE) + off
    shown = table(rows, ONE, total)
    sums = [sum(row, Fraction(0)) for row in rows]
    columns = [sum(column, Fraction(0)) for column in zip(*rows, strict=True)]
    assert [sum(row) for row in shown] == largest_remainder(sums, ONE, total)
    assert [sum(column) for column in zip(*shown, strict=True)] == largest_remainder(columns, ONE, total)
    assert sum(map(sum, shown)) == total
    if off == 0:
        for exact, cells in zip(rows, shown, strict=True):
            assert all(abs(cell - value) < 3 for cell, value in zip(cells, exact, strict=True))
