"""How durations and costs are distributed: of all runs on the overview, of A and B on the compare page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from layouts import words
from layouts.charts.histogram import SIDES, histogram, overlay
from layouts.charts.series import Chart, Legend, blank
from layouts.links import runs_href
from layouts.theme import KIND
from layouts.warnings import Totals, warnings
from queries.filters import Filters
from queries.sketch import ACCURACY
from queries.stats import Histogram
from queries.store import Store

# chart -> (its sketch, unit, subject of its warnings, what /runs calls it)
_OF: dict[str, tuple[str, str, str, str]] = {
    "duration_histogram": ("duration_sketch", "ms", "duration", "duration"),
    "cost_histogram": ("cost_sketch", "usd", "cost", "cost"),
    "compare_duration": ("duration_sketch", "ms", "duration", "duration"),
    "compare_cost": ("cost_sketch", "usd", "cost", "cost"),
}
_NOBODY = {"ms": "No run with a known duration", "usd": "No run with a known cost"}
METRICS = ("runs", "runs_without_duration", "runs_without_cost", "cost_usd", "estimated_cost_usd")


def of_runs(store: Store, filters: Filters, chart: str) -> Histogram | None:
    """The distribution that ``chart`` is of; None where no run knows its value."""
    bins = store.bins(filters, _OF[chart][0]).get(None)
    return Histogram(*bins, ACCURACY) if bins else None


def alone(chart: str, found: Histogram | None, filters: Filters, totals: Totals) -> Chart:
    """Bars; each opens the runs that it stands for. ``totals``: METRICS over the period."""
    _, unit, subject, name = _OF[chart]
    cautions = [c for c in warnings(subject, filters, totals) if "p99" not in c.text]
    subtitle = words.subtitle(chart, filters)
    if found is None:
        loud = [caution for caution in cautions if caution.loud]
        return Chart(blank(chart, _NOBODY[unit]), subtitle, loud)
    figure = histogram(chart, found, unit, KIND[name], _NOBODY[unit])
    meta = figure["layout"]["meta"]
    if "bounds" in meta:
        meta["links"] = [_runs(filters, name, *ends) for ends in meta.pop("bounds")]
    return Chart(figure, subtitle, cautions)


def against(
    chart: str,
    sides: Sequence[Histogram | None],
    names: Sequence[str],
    filters: Filters,
    each: Sequence[Filters],
) -> Chart:
    """Two outlines, each step the way to its runs. ``names``: of A and B, for the legend; ``each``: their
    filters."""
    _, unit, _, name = _OF[chart]
    figure = overlay(chart, sides, names, unit, _NOBODY[unit])
    meta = figure["layout"]["meta"]
    if "bounds" in meta:
        bounds = meta.pop("bounds")
        meta["sides"] = [[_runs(own, name, *ends) for ends in bounds] for own in each]
    legend = [Legend(name, colour, "line") for name, colour in zip(names, SIDES, strict=True)]
    return Chart(figure, words.subtitle(chart, filters), legend=legend)


def nothing(chart: str, filters: Filters) -> Chart:
    return Chart(blank(chart, "Nothing to compare"), words.subtitle(chart, filters))


def _runs(filters: Filters, name: str, low: float, high: float) -> str:
    """Above ``low`` and at most ``high``, in the digits that values are stored in: both ends are then
    included, as /runs wants them."""
    step, unit = (Decimal("0.001"), "ms") if name == "duration" else (Decimal("1e-9"), "")
    first = Decimal(low).quantize(step, ROUND_FLOOR) + step if high else Decimal(0)
    ends: dict[str, Any] = {
        f"min_{name}": f"{_written(first)}{unit}",
        f"max_{name}": f"{_written(Decimal(high).quantize(step, ROUND_FLOOR))}{unit}",
    }
    return runs_href(filters, **ends)


def _written(value: Decimal) -> str:
    return f"{value.normalize():f}"
