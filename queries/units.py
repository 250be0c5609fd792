"""Bottom layer: how a value of a unit is written. One place for cards, tables, tooltips and axes."""

from __future__ import annotations

import math
from dataclasses import dataclass

NOT_KNOWN = "–"  # an en dash: not known, never 0


@dataclass(frozen=True)
class Text:
    """A value as read on a card: ``value`` large, ``unit`` small after it."""

    value: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value}\u202f{self.unit}" if self.unit else self.value


def missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def short(value: float | None, unit: str) -> Text:
    """As on a card: ``21,482``, ``398 M``, ``$0.139``, ``46.2 s``, ``1m 37s``, ``90.8 %``."""
    if missing(value):
        return Text(NOT_KNOWN)
    return _SHORT[unit](float(value))  # type: ignore[arg-type]


def exact(value: float | None, unit: str) -> str:
    """As on hover: every digit that is meaningful, with thousands separators and the unit."""
    if missing(value):
        return "not known"
    return _EXACT[unit](float(value))  # type: ignore[arg-type]


def _count(value: float) -> Text:
    if abs(value) < 100_000:
        return Text(f"{value:,.0f}")
    return _scaled(value)


def _scaled(value: float) -> Text:
    for limit, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit * 0.9995:
            return Text(_three(value / limit), suffix)
    return Text(_three(value))


def _three(value: float) -> str:
    """Three significant digits below a thousand: 398, 46.2, 7.21; whole numbers keep no zeros."""
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: float) -> Text:
    return _scaled(value) if abs(value) >= 10_000 else Text(_three(value))


def _usd(value: float) -> Text:
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size >= 999_950:
        scaled = _scaled(size)
        return Text(f"{sign}${scaled.value}", scaled.unit)
    if size >= 1000:
        return Text(f"{sign}${size:,.0f}")
    if size >= 1 or size == 0:
        return Text(f"{sign}${size:,.2f}")
    if size < 0.000_000_5:
        return Text("<$0.000001")  # a cost that small and negative does not occur
    digits = max(2, 2 - math.floor(math.log10(size)))
    return Text(f"{sign}${size:.{digits}f}")


def _duration(milliseconds: float) -> Text:
    sign, seconds = ("-" if milliseconds < 0 else ""), abs(milliseconds) / 1000
    if seconds < 0.9995:
        return Text(f"{sign}{_three(seconds * 1000)}", "ms")
    if seconds < 59.95:
        return Text(f"{sign}{_three(seconds)}", "s")
    whole = round(seconds)
    if whole < 3600:
        return Text(f"{sign}{whole // 60}m {whole % 60:02d}s")
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return Text(f"{sign}{minutes // 60}h {minutes % 60:02d}m")
    return Text(f"{sign}{minutes // 1440:,}d {minutes % 1440 // 60:02d}h")


def _percent(share: float) -> Text:
    value = share * 100
    # 99.97 % must not read as 100 %, nor 0.02 % as 0 %: rounding would hide that some runs differ.
    if 99.95 <= value < 100 or 0 < value < 0.05:
        return Text(f"{value:.2f}" if 0.005 <= value < 99.995 else ("<0.01" if value < 1 else ">99.99"), "%")
    return Text(f"{value:.1f}", "%")


_SHORT = {
    "count": _count,
    "tokens": _number,
    "number": _number,
    "usd": _usd,
    "ms": _duration,
    "percent": _percent,
}
_EXACT = {
    "count": lambda v: f"{v:,.0f}",
    "tokens": lambda v: f"{v:,.0f} tokens" if v == int(v) else f"{v:,.2f} tokens",
    "number": lambda v: f"{v:,.4f}".rstrip("0").rstrip("."),
    "usd": lambda v: ("-" if v < 0 else "") + "$" + _plain(abs(v)),
    "ms": lambda v: f"{v:,.3f}".rstrip("0").rstrip(".") + " ms",
    "percent": lambda v: f"{v * 100:.3f} %",
}


def _plain(value: float) -> str:
    text = f"{value:,.9f}".rstrip("0")
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits:0<2}"
