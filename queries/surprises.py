"""The few surprises of a period: what moves together told once, neighbours as a span, and what stands out.

A surprise is a flag that chance does not explain, with the flags around it that say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from queries.filters import Filters
from queries.measures import FAILED
from queries.store import Query, Store
from queries.unusual import Flag, Unusual

HEADED = 4  # of the most surprising it is looked up what most of their runs share
DOMINANT = 0.5  # a category or model with more than this share of what went wrong is named
# Metric -> the statuses of the runs that a worse value is about.
WENT_WRONG = {"errors": ("error",), "failures": ("failure",), "success_rate": FAILED}


@dataclass(frozen=True)
class Surprise:
    """``peak``: the most surprising of its flags. ``start``, ``end``: of the buckets in a row that lie
    beyond their bands in the same direction; ``buckets``: how many. ``statuses``: of the runs it is about;
    empty for all. ``category``, ``model``: that of most of these, where there is one."""

    peak: Flag
    start: datetime
    end: datetime
    buckets: int
    statuses: tuple[str, ...] = ()
    category: str = ""
    model: str = ""


def surprises(found: Unusual) -> list[Surprise]:
    """The most surprising first."""
    order = sorted((flag for flag in found.flags if flag.listed), key=lambda flag: -abs(flag.score))
    told: set[tuple[datetime, str, bool]] = set()
    result = []
    for peak in order:
        # What all runs show speaks for what those of a model do.
        if peak.model and any(
            not f.model and _topic(f) == _topic(peak) for f in order if f.start == peak.start
        ):
            continue
        if (peak.start, *_topic(peak)) in told:
            continue
        span = _row(peak, found)
        told |= {(start, *_topic(peak)) for start, _ in span}
        statuses = WENT_WRONG.get(peak.metric, ()) if peak.worse else ()
        result.append(Surprise(peak, span[0][0], span[-1][1], len(span), statuses, model=peak.model))
    return result


def _topic(flag: Flag) -> tuple[str, bool]:
    """Errors up and success down are the same news; so are more runs and more cost."""
    return flag.group, bool(flag.worse) if flag.group == "outcome" else flag.score > 0


def _row(peak: Flag, found: Unusual) -> list[tuple[datetime, datetime]]:
    """The bounds of the buckets in a row around the peak that are flagged for the same."""
    same = {f.start: f.end for f in found.flags if _topic(f) == _topic(peak) and f.model == peak.model}
    place = found.starts.index(peak.start)
    first = last = place
    while first and found.starts[first - 1] in same:
        first -= 1
    while last + 1 < len(found.starts) and found.starts[last + 1] in same:
        last += 1
    return [(start, same[start]) for start in found.starts[first : last + 1]]


def told(store: Store, filters: Filters, found: Unusual) -> list[Surprise]:
    """The surprises as every surface tells them: the first ones with what most of their runs share."""
    order = surprises(found)
    return [*explained(store, filters, order[:HEADED]), *order[HEADED:]]


def explained(store: Store, filters: Filters, those: Sequence[Surprise]) -> list[Surprise]:
    """The same, with the error category and the model that most of the failed runs share."""
    return [_explained(store, filters, one) if one.statuses else one for one in those]


def _explained(store: Store, filters: Filters, one: Surprise) -> Surprise:
    peak = one.peak
    period = replace(filters, start=peak.start, end=peak.end, status=one.statuses, compare="none")
    if one.model:
        period = replace(period, model=(one.model,))
    category = _dominant(store, period, "error_category")
    return replace(one, category=category, model=one.model or _dominant_model(store, filters, period))


def _dominant(store: Store, period: Filters, by: str) -> str:
    frame = store.fetch(Query(("runs",), period, by=by))
    if not len(frame) or frame["runs"].iloc[0] <= DOMINANT * frame["runs"].sum():
        return ""
    return str(frame[by].iloc[0])


def _dominant_model(store: Store, filters: Filters, period: Filters) -> str:
    """Not the model that most runs use anyway."""
    model = "" if len(filters.model) == 1 else _dominant(store, period, "model")
    usual = _dominant(store, replace(period, status=filters.status), "model")
    return "" if model == usual else model
