"""One step for all figures of a breakdown, so that what is shown adds up: whole multiples, written alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

MINUS = "−"


@dataclass(frozen=True)
class Tally:
    """Figures are multiples of ``step`` (in the metric's own unit), written in units of ``scale`` with
    ``digits`` decimals, after ``sign`` and before ``unit``; ``moved`` is the unit of a change."""

    scale: Fraction
    digits: int
    sign: str = ""
    unit: str = ""
    moved: str = ""

    @property
    def step(self) -> Fraction:
        return self.scale / 10**self.digits

    def number(self, count: int) -> float:
        """``count`` steps in units of ``scale``: what a chart draws."""
        return float(Decimal(count).scaleb(-self.digits))

    def text(self, count: int) -> str:
        """A value: ``$412``, ``91.20 %``."""
        return self._write(count, self.unit, MINUS if count < 0 else "")

    def change(self, count: int) -> str:
        """A change, always with its sign: ``+$260``, ``−0.91 pt``."""
        return self._write(count, self.moved or self.unit, MINUS if count < 0 else "+" if count else "")

    def size(self, count: int) -> str:
        """A change without its sign, where words say which way."""
        return self._write(count, self.moved or self.unit, "")

    def _write(self, count: int, unit: str, sign: str) -> str:
        number = f"{Decimal(abs(count)).scaleb(-self.digits):,.{self.digits}f}"
        return f"{sign}{self.sign}{number}{chr(0x202F) + unit if unit else ''}"


def tally(unit: str, change: Fraction, *values: Fraction) -> Tally:
    """The step for a change of this size between ``values``: three digits of the change, as far as the unit
    has them."""
    largest = float(max(map(abs, values), default=Fraction(0)))
    size = float(abs(change)) or largest
    if unit == "count":
        return Tally(Fraction(1), 0)
    if unit == "usd":
        return Tally(Fraction(1), 0 if size >= 100 else 2 if size >= 1 else _digits(size, 9), "$")
    if unit == "percent":
        return Tally(Fraction(1, 100), min(max(_digits(size * 100, 4), 1), 4), unit="%", moved="pt")
    if unit == "ms":
        scale, name = _of_time(largest)
        return Tally(Fraction(scale), _digits(size / scale, 3), unit=name)
    return _of_numbers(unit, size, largest)


def _of_numbers(unit: str, size: float, largest: float) -> Tally:
    """Tokens and plain numbers: 398.2 M where that keeps the change apart, else all digits."""
    for scale, suffix in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if scale * 10 <= largest < scale * 100_000 and _digits(size / scale, 9) <= 3:
            return Tally(Fraction(scale), _digits(size / scale, 9), unit=suffix)
    return Tally(Fraction(1), _digits(size, 6 if unit == "number" else 2))


def _of_time(largest: float) -> tuple[int, str]:
    """Milliseconds in one unit for all: seconds up to two minutes, minutes up to two hours."""
    for most, scale, name in ((1000, 1, "ms"), (120_000, 1000, "s"), (7_200_000, 60_000, "min")):
        if largest < most:
            return scale, name
    return 3_600_000, "h"


def _digits(size: float, most: int) -> int:
    """Decimals that show three digits of ``size``."""
    if size <= 0:
        return 0
    return min(max(2 - math.floor(math.log10(size)), 0), most)
