"""Roof: GET /api/metrics/unusual: what the strip of the overview tells, what its charts mark, the bands."""

from __future__ import annotations

import math

from flask import current_app

from dashboard.api.answers import Answer, Body, head
from dashboard.api.parameters import Parameter, words
from dashboard.api.questions import Question
from dashboard.api.shapes import (
    AMOUNT,
    COUNT,
    INSTANT,
    MAYBE_TEXT,
    TEXT,
    YES,
    Schema,
    array,
    object_,
    or_null,
    ref,
)
from layouts import unusual as drawn
from queries.calendar import local
from queries.filters import Filters
from queries.measures import STATUSES
from queries.metrics import METRIC
from queries.store import Store
from queries.surprises import Surprise, told
from queries.unusual import WATCHED, Flag, Unusual, unusual

SIGMA = "UNUSUAL_SIGMA"  # the setting, in Flask's config
BAND = Parameter(
    drawn.BAND, "1 answers the expected band of every bucket, too.", "0, 1",
    words(("0", "1")) | {"default": "0"}, "0",
)  # fmt: skip


def answer(store: Store, question: Question) -> Answer:
    filters, sigma = question.filters, current_app.config[SIGMA]
    with store.together():
        version, found = store.version(), unusual(store, filters, sigma)
        items = told(store, filters, found)
        body = head(store, question, version)
    body["range"]["grain"] = filters.grain
    body |= {
        "standardDeviations": sigma,
        "judged": found.judged,
        "items": [_item(one, filters) for one in items],
        "flags": [_flag(flag, filters) for flag in found.flags],
    }
    if question.asked(BAND.name) == "1":
        body["bands"] = [_band(metric, found, filters) for metric in found.bands]
    return Answer(version, body)


def _item(one: Surprise, filters: Filters) -> Body:
    return {
        "when": drawn.when(one, filters.grain),
        "words": drawn.told(one, filters.grain),
        "start": local(one.start, filters.tz),
        "end": local(one.end, filters.tz),
        "buckets": one.buckets,
        "statuses": one.statuses,
        "mostlyCategory": one.category or None,
        "mostlyModel": one.model or None,
        "peak": _flag(one.peak, filters),
        "runsUrl": drawn.runs(one.peak, one.start, one.end, filters),
    }


def _flag(flag: Flag, filters: Filters) -> Body:
    value, expected, low, high = (
        _number(flag.metric, part) for part in (flag.value, flag.expected, flag.low, flag.high)
    )
    return {
        "metric": flag.metric,
        "model": flag.model or None,
        "start": local(flag.start, filters.tz),
        "end": local(flag.end, filters.tz),
        "value": value,
        "expected": expected,
        "low": low,
        "high": high,
        "direction": "above" if flag.score > 0 else "below",
        "worse": flag.worse,
        "score": round(flag.score, 3),
        "listed": flag.listed,
        "runsUrl": drawn.runs(flag, flag.start, flag.end, filters),
    }


def _band(metric: str, found: Unusual, filters: Filters) -> Body:
    low, expected, high = ([_number(metric, value) for value in part] for part in found.bands[metric])
    starts = [local(start, filters.tz) for start in found.starts]
    return {"metric": metric, "starts": starts, "low": low, "expected": expected, "high": high}


def _number(metric: str, value: float) -> float | None:
    """Percents from 0 to 100. What is expected of a count is no whole number."""
    scale = 100 if METRIC[metric].unit == "percent" else 1
    return None if math.isnan(value) else round(value * scale, 9)


_METRIC = {"enum": [watched.metric for watched in WATCHED]}
_RUNS = TEXT | {"description": "the page with the runs that it is about"}


def schemas(shared: Schema) -> dict[str, Schema]:
    """``shared``: what every answer begins with."""
    body = {
        "standardDeviations": AMOUNT | {"description": "how far is unusual: a setting"},
        "judged": COUNT | {"description": "how many values were held against what came before"},
        "items": array(ref("Surprise")) | {"description": "the strip: the most surprising first"},
        "flags": array(ref("Flag")) | {"description": "all buckets beyond their band, oldest first"},
    }
    bands = array(ref("ExpectedBand")) | {"description": "with band=1"}
    return {
        "Unusual": object_(shared | body, {"bands": bands}),
        "Surprise": object_(_SURPRISE),
        "Flag": object_(_FLAG),
        "ExpectedBand": object_(_BAND),
    }


_SURPRISE = {
    "when": TEXT,
    "words": TEXT,
    "start": INSTANT,
    "end": INSTANT | {"description": "excluded"},
    "buckets": COUNT | {"description": "how many in a row"},
    "statuses": array({"enum": list(STATUSES)}) | {"description": "of the runs it is about; none: all"},
    "mostlyCategory": or_null(TEXT, "the error category of most of these runs, where there is one"),
    "mostlyModel": or_null(TEXT, "their model, where most have the same"),
    "peak": ref("Flag"),
    "runsUrl": _RUNS,
}
_FLAG = {
    "metric": _METRIC,
    "model": MAYBE_TEXT | {"description": "whose runs alone; null: of all that were asked for"},
    "start": INSTANT,
    "end": INSTANT | {"description": "excluded"},
    "value": AMOUNT,
    "expected": AMOUNT,
    "low": AMOUNT,
    "high": AMOUNT,
    "direction": {"enum": ["above", "below"]},
    "worse": {"type": ["boolean", "null"], "description": "null: neither direction is"},
    "score": AMOUNT | {"description": "in standard deviations; below what is expected: negative"},
    "listed": YES | {"description": "whether it is too surprising to be one of many looked at"},
    "runsUrl": _RUNS,
}
_EACH = array({"type": ["number", "null"]}) | {"description": "by bucket; null where nothing can be said"}
_BAND = {"metric": _METRIC, "starts": array(INSTANT), "low": _EACH, "expected": _EACH, "high": _EACH}
