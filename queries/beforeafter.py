"""How numbers stood before an instant and after it, each with its 95 % interval. Pure: frames in.

- A share of runs: Wilson's score interval (queries.evaluate).
- A mean per run: the ratio of two sums over buckets, its spread by linearisation with every bucket as one
  cluster (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, chapters 6 and 9), Student's t. Runs of an hour
  resemble each other; to take each as an independent draw would promise too much.
- Runs a day: mean and Student's t over whole days.

The bucket in which the instant lies counts for neither side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from queries.evaluate import wilson

LEAST_BUCKETS = 5  # fewer tell nothing of the spread between buckets
LEAST_DAYS = 3


@dataclass(frozen=True)
class Figure:
    """``low`` and ``high`` are NaN where there is too little for an interval, all where there is no value."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Measure:
    """A number beside a chart: ``top`` / ``bottom`` of columns of the frame; ``way``: share, mean, daily."""

    metric: str
    way: str
    top: str
    bottom: str = ""


# What the frame (by hour or day) must hold.
COLUMNS = (
    "runs", "successes", "failed",
    "avg_duration_ms", "runs_without_duration", "cost_usd", "runs_without_cost",
    "total_tokens", "runs_without_total_tokens",
    "llm_calls", "runs_without_llm_calls", "tool_calls", "runs_without_tool_calls",
)  # fmt: skip
MEASURES = (
    Measure("runs", "daily", "runs"),
    Measure("success_rate", "share", "successes", "rated"),
    Measure("avg_duration_ms", "mean", "duration", "duration_known"),
    Measure("cost_per_run", "mean", "cost_usd", "cost_known"),
    Measure("tokens_per_run", "mean", "total_tokens", "total_tokens_known"),
    Measure("llm_calls_per_run", "mean", "llm_calls", "llm_calls_known"),
    Measure("tool_calls_per_run", "mean", "tool_calls", "tool_calls_known"),
)


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the two sums of every measure, 0 where nothing is known."""
    out = frame[["start", "end", *COLUMNS]].copy()
    out["rated"] = out["successes"] + out["failed"]
    for name in ("duration", "cost", "total_tokens", "llm_calls", "tool_calls"):
        out[f"{name}_known"] = out["runs"] - out[f"runs_without_{name}"]
    out["duration"] = out["avg_duration_ms"] * out["duration_known"]
    return out.fillna(0.0)


def figures(frame: pd.DataFrame, start: datetime, end: datetime) -> dict[str, Figure]:
    """Metric -> its figure over the whole buckets between two instants; ``frame`` is a prepared one."""
    inside = frame[(frame["start"] >= start) & (frame["end"] <= end)]
    return {measure.metric: _WAYS[measure.way](inside, measure) for measure in MEASURES}


def _share(frame: pd.DataFrame, measure: Measure) -> Figure:
    hits, trials = float(frame[measure.top].sum()), float(frame[measure.bottom].sum())
    if not trials:
        return Figure()
    low, high = (float(wilson(np.array([hits]), np.array([trials]), side)[0]) for side in (-1, 1))
    return Figure(hits / trials, low, high)


def _mean(frame: pd.DataFrame, measure: Measure) -> Figure:
    some = frame[frame[measure.bottom] > 0]
    top, bottom = (some[name].to_numpy(dtype=float) for name in (measure.top, measure.bottom))
    if not len(top):
        return Figure()
    value, number = float(top.sum() / bottom.sum()), len(top)
    if number < LEAST_BUCKETS:
        return Figure(value)
    residuals = top - value * bottom
    variance = number / (number - 1) * float(np.sum(residuals**2)) / float(bottom.sum()) ** 2
    reach = _t(number - 1) * math.sqrt(variance)
    return Figure(value, max(0.0, value - reach), value + reach)


def _daily(frame: pd.DataFrame, measure: Measure) -> Figure:
    """Over calendar days that lie inside as a whole: those cut off would look like quiet ones."""
    if not len(frame):
        return Figure()
    days = frame.groupby([start.date() for start in frame["start"]])[measure.top].sum()
    first, last = frame["start"].iloc[0], frame["end"].iloc[-1]
    days = days if (first.hour, first.minute) == (0, 0) else days.iloc[1:]
    days = days if (last.hour, last.minute) == (0, 0) else days.iloc[:-1]
    if not len(days):
        return Figure()
    value, number = float(days.mean()), len(days)
    if number < LEAST_DAYS:
        return Figure(value)
    reach = _t(number - 1) * float(days.std(ddof=1)) / math.sqrt(number)
    return Figure(value, max(0.0, value - reach), value + reach)


_WAYS = {"share": _share, "mean": _mean, "daily": _daily}


def _t(freedom: int) -> float:
    from scipy.special import stdtrit  # only where there is something to mark

    return float(stdtrit(freedom, 0.975))
