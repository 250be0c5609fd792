"""Why a number changed: an exact split of the change between two periods over the members of a dimension.

Pure: rational numbers in, rational numbers out, so the effects add up to the change to the last digit.

A **sum** is made of members with ``n`` runs at ``r`` each; the change of a member's ``n * r`` is
split by averages over both periods (Bennet's symmetric decomposition, nested once for the share of a
member in all runs, ``n = N * s``; a bar is the mean of both periods, d the change):

    volume = dN * s_bar * r_bar      there were more runs in all
    mix    = N_bar * ds * r_bar      more of them were this member's
    rate   = n_bar * dr              each of its runs amounts to more

``volume + mix = dn * r_bar``, so its sign is that of the member's own runs, and a member's effects add up
to its own change. A **ratio** is the mean of members' rates ``r`` with weights ``w`` (Kitagawa's split of
a difference between two rates); ``R`` is the ratio of all:

    mix    = dw * (r_bar - R_bar)    members above the average took a larger share
    rate   = w_bar * dr              its own rate moved

T. L. Bennet, "The Theory of Measurement of Changes in Cost of Living", JRSS 83 (1920), 455-462.
E. M. Kitagawa, "Components of a Difference Between Two Rates", JASA 50 (1955), 1168-1194.

Chosen because nothing is left over (splits at old weights leave an interaction that somebody has to
assign), no period is the base (swapping them only turns every sign), and a manager can check it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

ZERO = Fraction(0)
EFFECTS = ("volume", "mix", "rate")
State = Literal["", "new", "gone", "unsplit"]
_MANY, _UNIT = 1000, 10**40


class Amount(NamedTuple):
    """``value``: what is added up (a numerator); ``weight``: what it is spread over (runs that have it, or
    a denominator)."""

    value: Fraction = ZERO
    weight: Fraction = ZERO

    @property
    def rate(self) -> Fraction | None:
        return self.value / self.weight if self.weight else None


@dataclass(frozen=True)
class Contribution:
    """What one member adds to the change.

    ``state``: ``new`` or ``gone`` where it has nothing in one of the periods: its only rate counts for
    both, so it has no rate effect. ``unsplit``: it has a value and nothing to spread it over (cost, and no
    success): all of its effect stands as rate.
    """

    name: str
    before: Amount
    after: Amount
    volume: Fraction
    mix: Fraction
    rate: Fraction
    state: State = ""

    @property
    def total(self) -> Fraction:
        return self.volume + self.mix + self.rate


@dataclass(frozen=True)
class Decomposition:
    """``before`` and ``after``: the value of all members together. Biggest contributions first."""

    before: Fraction
    after: Fraction
    items: tuple[Contribution, ...]

    @property
    def change(self) -> Fraction:
        return self.after - self.before

    def of(self, name: str) -> Contribution:
        """What the member ``name`` adds."""
        nothing = Contribution(name, Amount(), Amount(), ZERO, ZERO, ZERO)
        return next((item for item in self.items if item.name == name), nothing)

    def effect(self, name: str) -> Fraction:
        """``volume``, ``mix`` or ``rate`` of all members together."""
        return together(self.items)[EFFECTS.index(name)]


def together(items: Sequence[Contribution]) -> tuple[Fraction, Fraction, Fraction]:
    """Volume, mix and rate of members together; they add up to the members' totals to the last digit.

    The sum of thousands of rationals has a denominator of thousands of digits, and takes as many seconds. Of
    so many, volume and rate are cut at the 40th place, and mix makes up for it.
    """
    if len(items) <= _MANY:
        volume, mix, rate = (sum((getattr(item, name) for item in items), ZERO) for name in EFFECTS)
        return volume, mix, rate
    volume, rate = (_cut(getattr(item, name) for item in items) for name in ("volume", "rate"))
    # A member's total has a denominator that all have in common.
    return volume, sum((item.total for item in items), ZERO) - volume - rate, rate


def _cut(parts: Iterable[Fraction]) -> Fraction:
    return Fraction(sum(part.numerator * _UNIT // part.denominator for part in parts), _UNIT)


Amounts = Mapping[str, Amount]


def decompose_sum(before: Amounts, after: Amounts) -> Decomposition:
    """The change of a total; a member that is missing from a period has nothing there."""
    pairs = _pairs(before, after)
    totals = _weights(pairs)
    items = [_of_sum(name, old, new, totals) for name, old, new in pairs]
    return Decomposition(
        sum((old.value for _, old, _ in pairs), ZERO),
        sum((new.value for *_, new in pairs), ZERO),
        _ranked(items),
    )


def decompose_ratio(before: Amounts, after: Amounts) -> Decomposition | None:
    """The change of sum(value) / sum(weight); None where one of the periods has no ratio."""
    pairs = _pairs(before, after)
    totals = _weights(pairs)
    if not all(totals):
        return None
    old_ratio = sum((old.value for _, old, _ in pairs), ZERO) / totals[0]
    new_ratio = sum((new.value for *_, new in pairs), ZERO) / totals[1]
    average = (old_ratio + new_ratio) / 2
    items = [_of_ratio(name, old, new, totals, average) for name, old, new in pairs]
    return Decomposition(old_ratio, new_ratio, _ranked(items))


def _pairs(before: Amounts, after: Amounts) -> list[tuple[str, Amount, Amount]]:
    nothing = Amount()
    names = sorted(before.keys() | after.keys())
    return [(name, before.get(name, nothing), after.get(name, nothing)) for name in names]


def _weights(pairs: Sequence[tuple[str, Amount, Amount]]) -> tuple[Fraction, Fraction]:
    return sum((old.weight for _, old, _ in pairs), ZERO), sum((new.weight for *_, new in pairs), ZERO)


def _of_sum(name: str, old: Amount, new: Amount, totals: tuple[Fraction, Fraction]) -> Contribution:
    state, rates = _rates(old, new)
    if rates is None:
        return Contribution(name, old, new, ZERO, ZERO, new.value - old.value, state)
    middle = (rates[0] + rates[1]) / 2
    shares = _shares(old, new, totals)
    volume = (totals[1] - totals[0]) * (shares[0] + shares[1]) / 2 * middle
    mix = (new.weight - old.weight) * middle - volume
    rate = (rates[1] - rates[0]) * (old.weight + new.weight) / 2
    return Contribution(name, old, new, volume, mix, rate, state)


def _of_ratio(
    name: str, old: Amount, new: Amount, totals: tuple[Fraction, Fraction], average: Fraction
) -> Contribution:
    state, rates = _rates(old, new)
    shares = _shares(old, new, totals)
    moved = shares[1] - shares[0]
    if rates is None:
        own = new.value / totals[1] - old.value / totals[0] - moved * average
        return Contribution(name, old, new, ZERO, ZERO, own, state)
    mix = moved * ((rates[0] + rates[1]) / 2 - average)
    rate = (shares[0] + shares[1]) / 2 * (rates[1] - rates[0])
    return Contribution(name, old, new, ZERO, mix, rate, state)


def _rates(old: Amount, new: Amount) -> tuple[State, tuple[Fraction, Fraction] | None]:
    """The rates of both periods, one standing in for the other where there is only one; None where a
    value has nothing to be spread over."""
    if (old.value and not old.weight) or (new.value and not new.weight):
        return "unsplit", None
    was, now = old.rate, new.rate
    if was is None or now is None:
        only = now if was is None else was
        state: State = "" if only is None else "new" if was is None else "gone"
        return state, (only or ZERO, only or ZERO)
    return "", (was, now)


def _shares(old: Amount, new: Amount, totals: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    """Of the weight of all; a period without any has the shares of the other, so that nothing has moved."""
    was = old.weight / totals[0] if totals[0] else None
    now = new.weight / totals[1] if totals[1] else None
    only = was if now is None else now
    return (only if was is None else was) or ZERO, only or ZERO


def _ranked(items: Sequence[Contribution]) -> tuple[Contribution, ...]:
    return tuple(sorted(items, key=lambda item: (-abs(item.total), item.name)))


def stands_out(split: Decomposition, ratio: bool, most: int = 3) -> Fraction:
    """How much of the change the ``most`` members account for that differ most from moving in step.

    In step means in proportion to a member's size (its part of the value or, of a ratio, of the weight,
    both periods together). Few members are looked at, so that a dimension with many small ones does not
    win by their noise.
    """
    size = [_size(item, ratio) for item in split.items]
    whole = sum(size, ZERO)
    if not whole:
        return ZERO
    odd = (
        abs(item.total - split.change * part / whole) for item, part in zip(split.items, size, strict=True)
    )
    return sum(sorted(odd, reverse=True)[:most], ZERO)


def _size(item: Contribution, ratio: bool) -> Fraction:
    return item.before.weight + item.after.weight if ratio else abs(item.before.value) + abs(item.after.value)
