"""How a number moved against the previous period, in words and in the colour of better or worse."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from queries.metrics import Metric
from queries.units import Text, missing, short

_WORDS = {True: "better", False: "worse"}


def change(metric: Metric, now: float, before: float) -> list[Component]:
    """``+11.6 % worse from $2,436``; a dash without a previous value, ``new`` after zero."""
    if missing(now) or missing(before):
        return [html.Span("–", className="same", title="No value to compare with in the previous period")]
    text = difference(metric, now, before)
    good = _better(metric, now, before) if text[:1] in "+−" else None
    said: list[Component] = [html.B(text, className={True: "better", False: "worse", None: "same"}[good])]
    if good is not None:
        said.append(html.Span(_WORDS[good], className=_WORDS[good]))
    said.append(html.Span(f"from {short(before, metric.unit)}", className="from"))
    return said


def difference(metric: Metric, now: float, before: float) -> str:
    """In percent of what was, or in points; never a percentage of zero."""
    if now == before:
        return "unchanged"
    if metric.change == "points":
        return _signed((now - before) * 100, "pt")
    if before == 0:
        return "new"
    return _signed((now - before) / abs(before) * 100, "%")


def _signed(value: float, unit: str) -> str:
    sign = "+" if value > 0 else "−"
    size = abs(value)
    digits = 0 if size >= 999.5 else 1
    if size >= 99_999.5:
        return str(Text(f"{sign}>99,999", unit))
    if size < 0.05:
        return str(Text("under 0.1", unit))
    return str(Text(f"{sign}{size:,.{digits}f}", unit))


def _better(metric: Metric, now: float, before: float) -> bool | None:
    if metric.better is None or now == before:
        return None
    return (now > before) is (metric.better == "up")
