"""What every time chart needs of its frame: buckets, values, what is incomplete; the Chart it becomes.

Buckets travel as UTC instants, not as wall-clock times: where clocks are set back, two hours share one
wall-clock time and would be drawn on top of each other. assets/axis.js writes them in the zone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from layouts.marks import hover_only, moment, numbers
from layouts.theme import layout
from layouts.warnings import Caution, Totals, warnings
from layouts.words import subtitle
from queries.calendar import edges
from queries.filters import Filters
from queries.metrics import METRIC
from queries.words import instant

Runs = Mapping[str, Mapping[str, str] | None]  # trace name -> parameters
_AROUND = {"hour": timedelta(hours=3), "day": timedelta(days=2), "week": timedelta(days=8)}


class Legend(NamedTuple):
    """``label`` is also the name of the traces it shows and hides; ``note`` is read after it."""

    label: str
    colour: str
    shape: str = "square"  # or 'line'
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart card's changing parts; ``figure`` is unpainted (see layouts.theme)."""

    figure: dict[str, Any]
    subtitle: str
    warnings: list[Caution] = field(default_factory=list)
    legend: list[Legend] = field(default_factory=list)

    @classmethod
    def blank(cls, chart: str, text: str, filters: Filters, totals: Totals) -> Chart:
        """Nothing to draw: the picture says why, so only what a filter does needs saying beside it."""
        loud = [warning for warning in warnings(chart, filters, totals) if warning.loud]
        return cls(blank(chart, text), subtitle(chart, filters), loud)

    @property
    def table(self) -> list[dict[str, Any]]:
        """The columns of the table behind the chart: label, unit, values or the trace that has them."""
        columns: list[dict[str, Any]] = self.figure["layout"]["meta"]["columns"]
        return columns


@dataclass(frozen=True)
class Series:
    """The frame of a time chart, read bucket by bucket."""

    frame: pd.DataFrame
    filters: Filters
    grain: str = ""  # of the frame, where it is not the filters'

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def x(self) -> list[str]:
        """Where each bucket stands: its start; one that the range cuts off stands where it would begin,
        so that all are equally far apart."""
        starts = self.frame["start"].tolist()
        if len(starts) > 1:
            starts[0] = self._begins(starts[0])
        return [moment(start) for start in starts]

    def y(self, metric: str) -> list[float | int | None]:
        return numbers(self.frame[metric].tolist(), METRIC[metric].unit)

    @cached_property
    def totals(self) -> dict[str, float]:
        """The sum of each additive metric over all buckets; 0 where nothing is known."""
        names = [name for name in self.frame.columns if name in METRIC and METRIC[name].additive]
        sums = np.nansum(self.frame[names].to_numpy(dtype=float), axis=0)
        return dict(zip(names, sums.tolist(), strict=True))

    def known(self, *metrics: str) -> bool:
        """Whether any bucket with runs has a value of any of these: else there is nothing to draw."""
        with_runs = self.frame["runs"].to_numpy() > 0
        values = self.frame[list(metrics)].to_numpy(dtype=float)
        return bool((~np.isnan(values[with_runs])).any())

    @cached_property
    def incomplete(self) -> dict[int, str]:
        """Bucket -> why it does not count in full, in words."""
        return dict(self._incomplete())

    def _incomplete(self) -> Iterator[tuple[int, str]]:
        last = len(self) - 1
        starts, ends = self.frame["start"].tolist(), self.frame["end"].tolist()
        for i, still_filling in enumerate(self.frame["partial"]):
            if still_filling:
                now = self.filters.now.astimezone(starts[i].tzinfo)
                yield i, f"incomplete: still filling at {now:%H:%M}"
            elif i in (0, last) and self._cut(starts[i], ends[i]):
                yield i, "incomplete: cut off by the date range"

    def _cut(self, start: datetime, end: datetime) -> bool:
        whole = self._edges(start, end)
        return start not in whole or end not in whole

    def _begins(self, start: datetime) -> datetime:
        return max(edge for edge in self._edges(start, start) if edge <= start)

    def _edges(self, start: datetime, end: datetime) -> tuple[datetime, ...]:
        """Where whole buckets begin, from before ``start`` until after ``end``."""
        grain = self.grain or self.filters.grain
        around = _AROUND[grain]
        return edges(start - around, end + around, self.filters.tz, grain)[1:-1]

    def figure(
        self,
        chart: str,
        traces: list[dict[str, Any]],
        columns: list[dict[str, Any]],
        axes: dict[str, dict[str, Any]],
        runs: Runs | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """The figure dict: traces in the shared look, and in ``layout.meta`` what the browser needs to
        write axes, tooltips and the table (assets/paint.js, axis.js, tooltip.js, chart_table.js).

        ``runs``: what a click on the trace of this name narrows the runs of its bucket to; '' for the rest
        of the bucket, None for what has no runs of its own (assets/drill.js)."""
        meta = {
            "chart": chart,
            "x": self.x,
            "from": instant(self.frame["start"].iloc[0]),
            "end": instant(self.frame["end"].iloc[-1]),
            "grain": self.filters.grain,
            "tz": self.filters.tz,
            "incomplete": {str(i): why for i, why in self.incomplete.items()},
            "columns": columns,
            "axes": axes,
            "runs": runs or {},
        }
        pointer = hover_only(len(self), axes["y"].get("min", 0))
        return {"data": [*traces, pointer], "layout": layout(meta=meta, **more)}


def column(label: str, unit: str, values: list[Any], colour: str = "") -> dict[str, Any]:
    """One column of the table and one line of the tooltip; with the colour of its trace, if it has one."""
    return {"label": label, "unit": unit, "values": values} | ({"color": colour} if colour else {})


def drawn(label: str, unit: str, trace: int, colour: str) -> dict[str, Any]:
    """The same for values that a trace carries already."""
    return {"label": label, "unit": unit, "trace": trace, "color": colour}


def blank(chart: str, text: str) -> dict[str, Any]:
    """A figure without anything to draw, which says why in its middle."""
    hidden = {"visible": False, "fixedrange": True}
    note = {
        "text": text,
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "font": {"size": 13, "color": "--muted"},
    }
    meta = {"chart": chart, "columns": []}
    return {
        "data": [],
        "layout": layout(meta=meta, xaxis=hidden, yaxis=hidden, annotations=[note], dragmode=False),
    }


def share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
