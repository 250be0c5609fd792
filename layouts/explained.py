"""A change as it is shown: every figure a whole number of steps, members cut to the biggest, sums kept."""

from __future__ import annotations

from dataclasses import dataclass

from layouts.tally import Tally, tally
from queries.changes import Change
from queries.decompose import EFFECTS, Contribution, together
from queries.rounding import nearest, table

SHOWN = 25  # members of the table; the rest is one row, and said so


@dataclass(frozen=True)
class Line:
    """One member, or all that are not shown (``item`` None): its effects in steps of the tally."""

    name: str
    volume: int
    mix: int
    rate: int
    item: Contribution | None = None

    @property
    def quantity(self) -> int:
        """Volume and mix together: what more or fewer of its own runs did."""
        return self.volume + self.mix

    @property
    def total(self) -> int:
        return self.volume + self.mix + self.rate


@dataclass(frozen=True)
class Explained:
    """``before + change == after`` in steps; the lines add up to the change, by row and by column."""

    change: Change
    tally: Tally
    before: int
    after: int
    lines: tuple[Line, ...]
    others: Line | None
    number: int  # how many members there are

    @property
    def moved(self) -> int:
        return self.after - self.before

    @property
    def every(self) -> tuple[Line, ...]:
        return (*self.lines, self.others) if self.others else self.lines

    def effect(self, name: str) -> int:
        return sum(getattr(line, name) for line in self.every)

    def top(self, number: int) -> tuple[list[Line], Line | None]:
        """The first ``number`` lines, and all others as one; a single other is shown itself."""
        if len(self.every) <= number + 1:
            return list(self.lines), self.others
        rest = self.every[number:]
        return list(self.lines[:number]), _line(
            "", [sum(getattr(line, name) for line in rest) for name in EFFECTS]
        )


def explained(change: Change, shown: int = SHOWN, steps: Tally | None = None) -> Explained | None:
    """None where the change is not split. ``steps``: chosen by the size of the change where not given."""
    split = change.split
    if split is None:
        return None
    steps = steps or tally(change.metric.unit, split.change, split.before, split.after)
    before, after = nearest(split.before, steps.step), nearest(split.after, steps.step)
    first, rest = split.items[:shown], split.items[shown:]
    if len(rest) == 1:
        first, rest = split.items, ()
    cells = [together([item]) for item in first] + ([together(rest)] if rest else [])
    rounded = table(cells, steps.step, after - before)
    lines = [_line(item.name, row, item) for item, row in zip(first, rounded, strict=False)]
    others = _line("", rounded[-1]) if rest else None
    return Explained(change, steps, before, after, tuple(lines), others, len(split.items))


def _line(name: str, effects: list[int], item: Contribution | None = None) -> Line:
    volume, mix, rate = effects
    return Line(name, volume, mix, rate, item)
