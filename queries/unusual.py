"""Which buckets of a period are unusual: what the time charts show, held against what came before.

One query reads the period together with the weeks before it (HISTORY), another the outcomes model by
model, for what breaks one model is lost among the runs of all. queries.expect does the judging.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from queries.calendar import day_start, edges, local
from queries.expect import Expected, Kind, Observed, expect
from queries.filters import Filters
from queries.metrics import METRIC
from queries.store import Query, Store

# How many days before the period are looked at: each weekday eight times, each hour of a day 28 times.
HISTORY = {"hour": 28, "day": 56, "week": 26 * 7}
MOST_MODELS = 8  # whose outcomes are judged one by one: those with most runs
# Of what is listed, at most this share may be chance (Y. Benjamini and Y. Hochberg, "Controlling the false
# discovery rate", 1995): hundreds of values are looked at, and at two standard deviations one in twenty
# lies beyond its band by chance.
CHANCE_LISTED = 0.1

Group = Literal["outcome", "volume", "pace", "effort"]
Band = tuple[list[float], list[float], list[float]]


@dataclass(frozen=True)
class Watched:
    """A metric that is judged. ``less``: the metric that counts the runs it is not made of. ``group``: of
    those that move together, the most surprising speaks for all. ``volume``: it grows with the runs."""

    metric: str
    kind: Kind
    group: Group
    less: str = ""
    volume: bool = False


WATCHED = (
    Watched("runs", "count", "volume", volume=True),
    Watched("errors", "share", "outcome"),
    Watched("failures", "share", "outcome"),
    Watched("success_rate", "share", "outcome", less="unknowns"),
    Watched("avg_duration_ms", "size", "pace", less="runs_without_duration"),
    Watched("p95_duration_ms", "size", "pace", less="runs_without_duration"),
    Watched("total_tokens", "size", "volume", less="runs_without_total_tokens", volume=True),
    Watched("cost_usd", "size", "volume", less="runs_without_cost", volume=True),
    Watched("cost_per_run", "size", "effort", less="runs_without_cost"),
    Watched("llm_calls", "size", "volume", less="runs_without_llm_calls", volume=True),
    Watched("llm_calls_per_run", "size", "effort", less="runs_without_llm_calls"),
    Watched("tool_calls", "size", "volume", less="runs_without_tool_calls", volume=True),
    Watched("tool_calls_per_run", "size", "effort", less="runs_without_tool_calls"),
)
OF_A_MODEL = tuple(watched for watched in WATCHED if watched.metric in ("errors", "failures"))
_BY_METRIC = {watched.metric: watched for watched in WATCHED}


@dataclass(frozen=True)
class Flag:
    """A bucket beyond its band, of all runs or of those of a ``model``. ``score``: standard deviations above
    (negative: below) what is expected; ``listed``: too surprising to be one of many looked at."""

    metric: str
    model: str
    start: datetime
    end: datetime
    value: float
    expected: float
    low: float
    high: float
    score: float
    listed: bool

    @property
    def group(self) -> Group:
        return _BY_METRIC[self.metric].group

    @property
    def worse(self) -> bool | None:
        """Whether this is bad news; None where neither direction is."""
        better = METRIC[self.metric].better
        return None if better is None else (self.score > 0) == (better == "down")


@dataclass(frozen=True)
class Unusual:
    """``flags``: by time. ``starts``: of the buckets of the period; ``bands``: metric -> (low, expected,
    high) of each, NaN where nothing is said. ``judged``: how many values were held against a band."""

    starts: tuple[datetime, ...]
    flags: tuple[Flag, ...]
    bands: dict[str, Band]
    judged: int


def unusual(store: Store, filters: Filters, sigma: float) -> Unusual:
    """What lies beyond ``sigma`` standard deviations of its expectation, by the grain of the filters."""
    asked = queries(filters)
    frames = store.fetch_many(*asked)
    found: Unusual = store.cached(key(filters, sigma), lambda _connection: judge(frames, filters, sigma))
    return found


def queries(filters: Filters) -> tuple[Query, ...]:
    """What is asked: all that is watched; and outcomes by model, where these are not chosen already."""
    longer = _longer(filters)
    asked = [Query(_metrics(_watched(filters)), longer, grain=filters.grain)]
    if not (filters.status or len(filters.model) == 1):
        asked.append(Query(_metrics(OF_A_MODEL), longer, by="model", grain=filters.grain))
    return tuple(asked)


def key(filters: Filters, sigma: float) -> str:
    return repr(("unusual", sigma, filters.start, [query.key() for query in queries(filters)]))


def _longer(filters: Filters) -> Filters:
    """The same with the weeks before, from the beginning of a bucket."""
    day = local(filters.start, filters.tz).date() - timedelta(days=HISTORY[filters.grain])
    if filters.grain == "week":
        day -= timedelta(days=day.weekday())
    return replace(filters, start=day_start(day, filters.tz), compare="none")


def _watched(filters: Filters) -> tuple[Watched, ...]:
    # Where only some outcomes are let through, how often they occur says nothing.
    return tuple(w for w in WATCHED if not (filters.status and w.group == "outcome"))


def _metrics(watched: Sequence[Watched]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for w in watched for name in ("runs", w.metric, w.less) if name))


def judge(frames: Sequence[pd.DataFrame], filters: Filters, sigma: float) -> Unusual:
    """``frames``: the answers to ``queries``."""
    starts = frames[0]["start"].tolist()
    since = bisect_left(starts, filters.start)
    series = list(_series(frames, since, filters, sigma))
    scores = np.array([found.score for *_, found in series])
    listed = _more_than_chance(scores)
    flags = []
    for place, row in np.argwhere(np.abs(scores.T) > sigma).tolist():
        watched, model, frame, found = series[row]
        flags.append(_flag(watched.metric, model, frame, found, place, bool(listed[row, place])))
    bands = {w.metric: _band(found) for w, model, _, found in series if not model}
    return Unusual(tuple(starts[since:]), tuple(flags), bands, int(np.isfinite(scores).sum()))


def _series(
    frames: Sequence[pd.DataFrame], since: int, filters: Filters, sigma: float
) -> Iterator[tuple[Watched, str, pd.DataFrame, Expected]]:
    """Each watched series: its metric, its model ('' for all), its frame and what was to be expected, of
    the buckets ``since`` the period began."""
    whole, counted = frames[0], _counted(frames[0], filters)
    rhythms = _rhythms(whole["start"].tolist(), filters.grain)

    def expected(watched: Watched, frame: pd.DataFrame, counted: np.ndarray) -> Expected:
        return _turned(watched, _observed(watched, frame, counted, rhythms), filters.grain, sigma, since)

    for watched in _watched(filters):
        yield watched, "", whole.iloc[since:], expected(watched, whole, counted)
    for frame in frames[1:]:
        models = frame["model"].iloc[: frame["model"].nunique()].tolist()
        for model in models[:MOST_MODELS] if len(models) > 1 else []:
            part = frame[frame["model"] == model].reset_index(drop=True)
            began = counted & (part["runs"].to_numpy().cumsum() > 0)
            for watched in OF_A_MODEL:
                yield watched, model, part.iloc[since:], expected(watched, part, began)


def _counted(frame: pd.DataFrame, filters: Filters) -> np.ndarray:
    """Which buckets are complete, and lie after the first with runs: what is cut off, by the clock, by the
    period or by the beginning of the data, is compared with nothing."""
    if not len(frame):
        return np.zeros(0, dtype=bool)
    ends, runs = frame["end"].tolist(), frame["runs"].to_numpy()
    after = edges(ends[-1] - timedelta(days=8), ends[-1] + timedelta(days=8), filters.tz, filters.grain)
    whole = np.array([end <= filters.now for end in ends], dtype=bool)
    whole[-1] &= ends[-1] in after[1:-1]
    return whole & (np.arange(len(frame)) > (np.argmax(runs > 0) if (runs > 0).any() else len(frame)))


def _observed(
    watched: Watched, frame: pd.DataFrame, counted: np.ndarray, rhythms: Sequence[np.ndarray]
) -> Observed:
    runs = frame["runs"].to_numpy(dtype=float)
    known = runs - (frame[watched.less].to_numpy(dtype=float) if watched.less else 0.0)
    values = frame[watched.metric].to_numpy(dtype=float)
    if watched.kind == "share":
        # What is rare is judged: runs that failed, not those that succeeded.
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.nan_to_num(1 - values if watched.metric == "success_rate" else values / runs)
    return Observed(watched.kind, values, known, counted, watched.volume, rhythms)


def _turned(watched: Watched, series: Observed, grain: str, sigma: float, since: int) -> Expected:
    """What is expected in the unit of the metric."""
    found = expect(series, grain, sigma, since)
    if watched.metric == "success_rate":
        return Expected(1 - found.middle, 1 - found.high, 1 - found.low, -found.score)
    if watched.kind == "share":
        runs = series.runs[since:]
        return Expected(found.middle * runs, found.low * runs, found.high * runs, found.score)
    return found


def _rhythms(starts: Sequence[datetime], grain: str) -> Sequence[np.ndarray]:
    """The phases of each bucket, the finest first."""
    if grain == "week":
        return ()
    weekday = np.array([start.weekday() for start in starts], dtype=int)
    weekend = (weekday >= 5).astype(int)
    if grain == "day":
        return (weekday, weekend)
    hour = np.array([start.hour for start in starts], dtype=int)
    return (hour + 24 * weekend, hour)


def _more_than_chance(scores: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg: the most surprising, as far as chance makes few enough of them."""
    chances = np.where(np.isnan(scores), 1.0, 2 * special.ndtr(-np.abs(scores)))
    judged = int(np.isfinite(scores).sum())
    ordered = np.sort(chances, axis=None)[:judged]
    within = ordered <= CHANCE_LISTED * np.arange(1, judged + 1) / max(1, judged)
    return np.asarray(chances <= (ordered[within][-1] if within.any() else -1.0))


def _flag(metric: str, model: str, frame: pd.DataFrame, found: Expected, place: int, listed: bool) -> Flag:
    return Flag(
        metric=metric,
        model=model,
        start=frame["start"].iloc[place],
        end=frame["end"].iloc[place],
        value=float(frame[metric].iloc[place]),
        expected=float(found.middle[place]),
        low=float(found.low[place]),
        high=float(found.high[place]),
        score=float(found.score[place]),
        listed=listed,
    )


def _band(found: Expected) -> Band:
    return found.low.tolist(), found.middle.tolist(), found.high.tolist()
