"""What a difference says in words, and never more than it says. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

from queries.compare import Comparison, Difference
from queries.metrics import METRIC, Metric
from queries.stats import LEAST, Interval
from queries.units import short

MOST = 1_000_000  # more runs than this are no plan


def verdict(one: Difference, looked_at: int) -> str:
    """``looked_at``: how many differences were judged together."""
    return _WORDS[one.verdict](one, looked_at)


def amount(metric: Metric, value: float) -> str:
    """The size of a difference: ``3.1 points``, ``$0.012``, ``1m 20s``."""
    size = abs(value)
    if metric.unit == "percent":
        return f"{_two_digits(size * 100, 1)} points"
    if metric.unit in ("number", "tokens") and 0 < size < 1:
        return _two_digits(size, 0)
    return str(short(size, metric.unit))


def _two_digits(value: float, least: int) -> str:
    """At least ``least`` decimals, and as many as two digits that say something take; at most six."""
    decimals = least if value >= 1 or value == 0 else max(least, 1 - math.floor(math.log10(value)))
    return f"{value:.{min(decimals, 6)}f}"


def signed(metric: Metric, value: float) -> str:
    """``+3.1 points``, ``−$0.012``."""
    text = amount(metric, value)
    return text if value == 0 else f"{'+' if value > 0 else '−'}{text}"


def leader(one: Difference) -> str:
    """The side that is better, or higher where neither direction is."""
    higher = "A" if one.size > 0 else "B"
    if METRIC[one.metric].better == "down":
        return "B" if higher == "A" else "A"
    return higher


def better(one: Difference) -> bool | None:
    """Whether A is; None where nothing can be told, or where neither direction is better."""
    if one.verdict != "apart" or METRIC[one.metric].better is None:
        return None
    return leader(one) == "A"


def _by(one: Difference) -> str:
    """``by 3.1 points (95 %: 1.0 to 5.2 points)``, from the side that leads."""
    metric, interval = METRIC[one.metric], one.interval
    assert interval is not None
    low, high = interval if one.size > 0 else Interval(-interval.high, -interval.low)
    return f"by {amount(metric, one.size)} (95 %: {_between(metric, low, high)})"


def _between(metric: Metric, low: float, high: float) -> str:
    """Both ends in one unit where they have it: ``1.0 to 5.2``."""
    first, last = (("−" if end < 0 else "") + amount(metric, end) for end in (low, high))
    return f"{first.removesuffix(' points')} to {last.removesuffix(' points')}"


def _is(one: Difference) -> str:
    return "better" if METRIC[one.metric].better else "higher"


def _apart(one: Difference, _looked_at: int) -> str:
    return f"{leader(one)} is {_is(one)} {_by(one)}"


def _maybe(one: Difference, looked_at: int) -> str:
    return (
        f"{leader(one)} looks {_is(one)} {_by(one)}, but among {looked_at} differences "
        "one like this can be chance"
    )


def _open(one: Difference, _looked_at: int) -> str:
    start = "No difference can be told yet"
    if not math.isfinite(one.more):
        return "No difference seen"
    if one.more > MOST:
        return f"{start}; one of this size would take over {MOST:,} more runs each"
    more = _rounded(one.more)
    return f"{start}; about {more:,} more run{'s' if more > 1 else ''} each would show one of this size"


def _rounded(value: float) -> int:
    """Two digits: it is no more than a plan."""
    whole = max(1, math.ceil(value))
    step = 10 ** max(0, len(str(whole)) - 2)
    return math.ceil(whole / step) * step


def _few(one: Difference, _looked_at: int) -> str:
    if min(one.runs) < LEAST:
        return f"Too few runs: {_few_on(one)}, {LEAST} each are needed"
    return "Too few runs for so rare a value"


def _few_on(one: Difference) -> str:
    sides = [f"{name} rests on {n:,}" for name, n in zip("AB", one.runs, strict=True) if n < LEAST]
    return " and ".join(sides)


def _none(one: Difference, _looked_at: int) -> str:
    lacking = [name for name, value in (("A", one.a), ("B", one.b)) if math.isnan(value)]
    return f"No value on {'either side' if len(lacking) > 1 else f'side {lacking[0]}'}"


def _total(one: Difference, _looked_at: int) -> str:
    return "Equal" if one.size == 0 else "Counted: no chance in it"


_WORDS: dict[str, Callable[[Difference, int], str]] = {
    "apart": _apart,
    "maybe": _maybe,
    "open": _open,
    "same": lambda one, looked_at: "No difference, and no spread in either",
    "few": _few,
    "none": _none,
    "total": _total,
    "unread": lambda one, looked_at: "No interval: too few of the single runs could be read",
}


def summary(found: Comparison) -> str:
    """One sentence over all: where the sides differ beyond chance."""
    apart = [one for one in found.differences if one.verdict == "apart"]
    if not apart:
        return f"Of {found.looked_at} differences that can be judged, none stands out from chance."
    leads = {
        side: [METRIC[one.metric].label for one in apart if better(one) is (side == "A")] for side in "AB"
    }
    parts = [f"{side} is better in {_listed(names)}" for side, names in leads.items() if names]
    return "; ".join(parts) + "." if parts else "They differ, but in nothing that is better or worse."


def _listed(names: list[str]) -> str:
    lower = [
        name if name[:3] == "LLM" or name[1:3].isdigit() else name[0].lower() + name[1:] for name in names
    ]
    return " and ".join(filter(None, (", ".join(lower[:-1]), lower[-1])))
