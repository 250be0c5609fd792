"""Round values on a logarithmic axis of durations or dollars, and how they are written; pure text."""

from __future__ import annotations

import math

MOST = 6
_SECOND, _MINUTE, _HOUR, _DAY = 1e3, 6e4, 3.6e6, 8.64e7
_UNITS = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (_SECOND, "s"), (1.0, "ms"))
_TENS, _THREES, _FIVES = (1, 10), (1, 3, 10, 30), (1, 2, 5, 10, 20, 30)
_CLOSE = (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45)
# How many of days, hours, minutes, seconds, milliseconds, from coarse to fine; the finest set that has few
# enough labels is taken.
_DURATIONS = (
    ((1,), (1,), (1,), (1,), (1,)),
    ((1, 10, 100), _TENS, _TENS, _TENS, (1, 10, 100)),
    (_THREES, (1, 3, 10), _THREES, _THREES, (*_THREES, 100, 300)),
    ((1, 2, 5, 10), (1, 2, 5, 12), _FIVES, _FIVES, (*_FIVES, 50, 100, 200, 500)),
    ((1, 2, 3, 5, 7), (1, 1.5, 2, 3, 4, 6, 8, 12), _CLOSE, _CLOSE, (*_CLOSE, 70, 100, 150, 200, 300, 500)),
)  # fmt: skip
_DOLLARS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7))


def labels(first: float, last: float, unit: str) -> list[tuple[float, str]]:
    """(value, text) of the labels between ``first`` and ``last``: at most MOST, at least one."""
    chosen: list[float] = []
    for values in _durations() if unit == "ms" else _dollars():
        inside = [value for value in values if first <= value <= last]
        if len(inside) <= MOST:
            chosen = inside or chosen
    middle = math.sqrt(first * last)
    return [(value, _text(value, unit)) for value in chosen or [float(f"{middle:.2g}")]]


def _durations() -> list[list[float]]:
    sizes = [size for size, _ in _UNITS]
    return [
        sorted(n * size for size, numbers in zip(sizes, level, strict=True) for n in numbers)
        for level in _DURATIONS
    ]


def _dollars() -> list[list[float]]:
    decades = range(-9, 10)
    every = [sorted(float(f"{n}e{power}") for power in decades for n in numbers) for numbers in _DOLLARS]
    return [every[0][::3], *every]


def _text(value: float, unit: str) -> str:
    """``10 s``, ``1 min``, ``$0.01``."""
    if unit == "usd":
        if value >= 0.1:
            return f"${value:,.2f}".removesuffix(".00")
        return f"${value:.10f}".rstrip("0")
    size, name = next((pair for pair in _UNITS if value >= pair[0]), _UNITS[-1])
    return f"{value / size:.3g}\u202f{name}"
