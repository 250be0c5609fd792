"""The split of a change: a hand-computed example, the laws it must keep, and members that come and go."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from queries.decompose import (
    EFFECTS,
    ZERO,
    Amount,
    Contribution,
    decompose_ratio,
    decompose_sum,
    stands_out,
    together,
)

# Two models, cost and runs:
#            before                 after
#   cheap    10 runs, $ 10 ($1)     10 runs, $ 10 ($1)
#   dear     10 runs, $ 30 ($3)     30 runs, $120 ($4)
#   all      20 runs, $ 40 ($2)     40 runs, $130 ($3.25)
BEFORE = {"cheap": Amount(Fraction(10), Fraction(10)), "dear": Amount(Fraction(30), Fraction(10))}
AFTER = {"cheap": Amount(Fraction(10), Fraction(10)), "dear": Amount(Fraction(120), Fraction(30))}


def effects(item: Contribution) -> tuple[float, float, float]:
    return float(item.volume), float(item.mix), float(item.rate)


def test_a_sum_by_hand() -> None:
    found = decompose_sum(BEFORE, AFTER)
    assert (found.before, found.after, found.change) == (40, 130, 90)
    dear, cheap = found.items  # the biggest contribution first
    # dear: share 10/20 -> 30/40, mean 0.625; rate 3 -> 4, mean 3.5; runs 10 -> 30, mean 20
    #   volume 20 * 0.625 * 3.5 = 43.75; mix 30 * 0.25 * 3.5 = 26.25; rate 20 * 1 = 20
    assert effects(dear) == (43.75, 26.25, 20.0)
    # cheap: share 10/20 -> 10/40, mean 0.375: volume 20 * 0.375 * 1 = 7.5; mix 30 * -0.25 * 1 = -7.5
    assert effects(cheap) == (7.5, -7.5, 0.0)
    assert [float(found.effect(name)) for name in EFFECTS] == [51.25, 18.75, 20.0]


def test_a_ratio_by_hand() -> None:
    found = decompose_ratio(BEFORE, AFTER)
    assert found is not None
    assert (found.before, found.after) == (2, Fraction("3.25"))
    dear, cheap = found.items
    # the ratio of all: 2 -> 3.25, mean 2.625
    # dear: mix 0.25 * (3.5 - 2.625) = 0.21875; rate 0.625 * 1 = 0.625
    assert effects(dear) == (0.0, 0.21875, 0.625)
    # cheap: mix -0.25 * (1 - 2.625) = 0.40625
    assert effects(cheap) == (0.0, 0.40625, 0.0)


def test_members_that_are_new_or_gone_have_no_rate_effect() -> None:
    before = {"old": Amount(Fraction(10), Fraction(5))}
    after = {"new": Amount(Fraction(30), Fraction(10))}
    found = decompose_sum(before, after)
    assert [(item.name, item.state, float(item.total), float(item.rate)) for item in found.items] == [
        ("new", "new", 30.0, 0.0),
        ("old", "gone", -10.0, 0.0),
    ]


def test_from_nothing_all_is_volume() -> None:
    found = decompose_sum({}, AFTER)
    assert (found.before, found.change) == (0, 130)
    assert [float(found.effect(name)) for name in EFFECTS] == [130.0, 0.0, 0.0]


def test_a_value_that_nothing_spreads_over_stands_as_rate() -> None:
    # cost per success: model b spends $4 and has no success, in neither period
    before = {"a": Amount(Fraction(6), Fraction(3)), "b": Amount(Fraction(4), Fraction(0))}
    after = {"a": Amount(Fraction(6), Fraction(3)), "b": Amount(Fraction(10), Fraction(0))}
    found = decompose_ratio(before, after)
    assert found is not None
    assert (found.before, found.after) == (Fraction(10, 3), Fraction(16, 3))
    b, a = found.items
    assert (b.name, b.state, b.rate, b.mix) == ("b", "unsplit", 2, 0)
    assert a.total == 0


def test_no_ratio_no_decomposition() -> None:
    assert decompose_ratio({}, AFTER) is None
    assert decompose_ratio({"a": Amount(Fraction(1), Fraction(0))}, AFTER) is None


_NUMBER = st.integers(0, 10**12).map(lambda n: Fraction(n, 10**9))
_AMOUNT = st.one_of(
    st.just(Amount()),
    st.builds(Amount, _NUMBER, st.integers(1, 10**6).map(Fraction)),
    st.builds(Amount, _NUMBER, st.just(Fraction(0))),
)
_AMOUNTS = st.dictionaries(st.sampled_from("abcdefg"), _AMOUNT, max_size=7)


def value(amounts: dict[str, Amount]) -> Fraction:
    return sum((amount.value for amount in amounts.values()), Fraction(0))


def weight(amounts: dict[str, Amount]) -> Fraction:
    return sum((amount.weight for amount in amounts.values()), Fraction(0))


@given(_AMOUNTS, _AMOUNTS)
def test_effects_of_a_sum_add_up_exactly(before: dict[str, Amount], after: dict[str, Amount]) -> None:
    found = decompose_sum(before, after)
    assert sum(found.effect(name) for name in EFFECTS) == value(after) - value(before) == found.change
    for item in found.items:  # and each member's to its own change
        assert item.total == item.after.value - item.before.value
        if item.state != "unsplit":  # "because more of its runs" is only said where there were more
            moved = item.after.weight - item.before.weight
            assert (item.volume + item.mix) * moved >= 0


@given(_AMOUNTS, _AMOUNTS)
def test_effects_of_a_ratio_add_up_exactly(before: dict[str, Amount], after: dict[str, Amount]) -> None:
    found = decompose_ratio(before, after)
    if found is None:
        assert not weight(before) or not weight(after)
        return
    change = value(after) / weight(after) - value(before) / weight(before)
    assert sum(found.effect(name) for name in EFFECTS) == change == found.change
    assert found.effect("volume") == 0


@given(_AMOUNTS, _AMOUNTS)
def test_swapping_the_periods_turns_every_sign(before: dict[str, Amount], after: dict[str, Amount]) -> None:
    for decompose in (decompose_sum, decompose_ratio):
        there, back = decompose(before, after), decompose(after, before)
        assert (there is None) == (back is None)
        if there is not None and back is not None:
            turned = {item.name: (-item.volume, -item.mix, -item.rate) for item in back.items}
            assert {item.name: (item.volume, item.mix, item.rate) for item in there.items} == turned


@given(_AMOUNTS)
def test_nothing_changed_nothing_to_explain(amounts: dict[str, Amount]) -> None:
    for decompose in (decompose_sum, decompose_ratio):
        found = decompose(amounts, amounts)
        if found is not None:
            assert all((item.volume, item.mix, item.rate) == (0, 0, 0) for item in found.items)


@given(_AMOUNTS, st.integers(2, 9))
def test_growth_in_proportion_is_volume_alone(amounts: dict[str, Amount], times: int) -> None:
    spread = {name: amount for name, amount in amounts.items() if amount.weight}
    grown = {name: Amount(a.value * times, a.weight * times) for name, a in spread.items()}
    found = decompose_sum(spread, grown)
    assert (found.effect("volume"), found.effect("mix"), found.effect("rate")) == (found.change, 0, 0)


def test_what_stands_out_is_what_does_not_move_in_step() -> None:
    # all members twice as much: nothing stands out
    twice = {name: Amount(a.value * 2, a.weight * 2) for name, a in BEFORE.items()}
    assert stands_out(decompose_sum(BEFORE, twice), ratio=False) == 0
    # 40 -> 130: sizes 20 and 150 of 170, in step they would move by 90 * 20/170 and 90 * 150/170
    odd = Fraction(90 * 20, 170)
    assert stands_out(decompose_sum(BEFORE, AFTER), ratio=False) == 2 * odd


def test_thousands_of_members_add_up_to_the_last_digit() -> None:
    """Their weights are amounts of money, no two alike: the exact sum of their effects has thousands of digits."""
    amounts = [
        {
            f"t{n}": Amount(Fraction(n * step % 9973, 1000), Fraction(10**9 + n * n * step, 10**9))
            for n in range(1500)
        }
        for step in (7, 11)
    ]
    for found in (decompose_ratio(*amounts), decompose_sum(*amounts)):
        assert found is not None
        volume, mix, rate = together(found.items)
        assert volume + mix + rate == found.change
        exact = sum((item.rate for item in found.items), ZERO)
        assert abs(rate - exact) < Fraction(1, 10**30)
        assert rate != exact
        assert [found.effect(name) for name in EFFECTS] == [volume, mix, rate]
