"""Roof: a question to the body of its answer: frames of the store as plain data, nothing computed anew."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from dashboard.api.parameters import BY
from dashboard.api.questions import Question
from queries import retention, words
from queries.calendar import QUARTER, local
from queries.errors import did_you_mean
from queries.filters import Filters
from queries.metrics import METRIC, METRICS, Metric
from queries.names import NONE
from queries.store import Query, Store

Body = dict[str, Any]

# The seed document's field names, and the metrics that they are.
FIGURES = {
    "totalRuns": "runs",
    "successCount": "successes",
    "failureCount": "failed",
    "successRate": "success_rate",
    "avgDurationMs": "avg_duration_ms",
    "totalCostUsd": "cost_usd",
    "totalTokens": "total_tokens",
    "avgLlmCalls": "llm_calls_per_run",
    "avgToolCalls": "tool_calls_per_run",
}
POINT_FIGURES = {
    "count": "runs",
    "successCount": "successes",
    "failureCount": "failed",
    "avgDurationMs": "avg_duration_ms",
    "totalCostUsd": "cost_usd",
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "totalTokens": "total_tokens",
}


class Answer(NamedTuple):
    """``version``: of the data that the body was made of."""

    version: str
    body: Body


Answerer = Callable[[Store, Question], Answer]


def opaque(version: str) -> str:
    """The data version as shown: changes exactly when the data does, and tells nothing else."""
    return hashlib.sha256(version.encode()).hexdigest()[:16]


def summary(store: Store, question: Question) -> Answer:
    asked = question.filters
    before = asked.previous()
    periods = [asked, asked.elapsed(), before] if before else [asked]
    wanted = _wanted(FIGURES, question.metrics)
    version, frames = store.fetch_with_version(*(Query(wanted, period) for period in periods))
    figures = [_figures(frame, FIGURES, question.metrics)[0] for frame in frames]
    body = head(store, question, version) | figures[0] | {"elapsed": None, "previous": None}
    for name, period, values in zip(("elapsed", "previous"), periods[1:], figures[1:], strict=False):
        body[name] = {"range": range_(absolute(period))} | values
    return Answer(version, body)


def timeseries(store: Store, question: Question) -> Answer:
    asked = question.filters
    wanted = _wanted(POINT_FIGURES, question.metrics)
    with store.together():
        query, said = _series(store, question, wanted)
        version, (frame,) = store.fetch_with_version(query)
    figures = _figures(frame, POINT_FIGURES, question.metrics)
    spans = zip(frame["start"], frame["end"], frame["partial"].tolist(), strict=True)
    items = [
        {"date": start, "end": end, "partial": partial} | values
        for (start, end, partial), values in zip(spans, figures, strict=True)
    ]
    if query.by:
        items = [_named(name) | item for name, item in zip(frame[query.by].tolist(), items, strict=True)]
    body = head(store, question, version) | said | {"items": items}
    body["range"]["grain"] = asked.grain
    return Answer(version, body)


def _series(store: Store, question: Question, wanted: tuple[str, ...]) -> tuple[Query, Body]:
    """The query, and what the answer says of how it is split."""
    asked = question.filters
    if not question.by:
        return Query(wanted, asked, grain=asked.grain), {}
    dimension = BY.get(question.by, question.by)
    leading = store.leaders(dimension, question.limit, asked)
    members = leading.by["runs"]
    said = {"by": question.by, "shown": len(members), "total": leading.total}
    # Without members there is nothing to split.
    return Query(wanted, asked, dimension if members else None, asked.grain, members), said


def _named(name: str | None) -> Body:
    """``other``: all members that are not told apart."""
    return {"name": name or None, "other": name is None}


def breakdown(store: Store, question: Question) -> Answer:
    dimension = BY.get(question.by, question.by)
    wanted = _wanted(FIGURES, question.metrics)
    with store.together():
        leading = store.leaders(dimension, question.limit, question.filters)
        # All four statuses, always; of what may be many only those that are shown are added up.
        members = () if dimension == "status" else leading.by["runs"]
        version, (frame,) = store.fetch_with_version(
            Query(wanted, question.filters, dimension, members=members)
        )
    shown = frame.head(question.limit)
    total = len(frame) if dimension == "status" else leading.total
    figures = _figures(shown, FIGURES, question.metrics)
    items = [
        # A run without version has '' in the rollups; not known is null everywhere in the API.
        {"name": name or None} | values
        for name, values in zip(shown[dimension], figures, strict=True)
    ]
    body = head(store, question, version) | {"by": question.by, "shown": len(items), "total": total}
    return Answer(version, body | {"items": items})


def models(store: Store, question: Question) -> Answer:
    # The version first: should data come in between, the answer is newer than it says, never older.
    version, found, extent = store.version(), store.names("model"), store.extent()
    period = None
    if extent:
        period = {"start": extent[0], "end": extent[1] + QUARTER, "tz": question.filters.tz}
    body = {
        "range": period,
        "dataVersion": opaque(version),
        "models": [name for name, _ in found],
        "items": [{"model": name, "runs": runs} for name, runs in found],
    }
    return Answer(version, body)


def definitions() -> Body:
    return {"metrics": [definition(record) for record in METRICS]}


def definition(record: Metric) -> Body:
    def terms(some: Iterable[Any]) -> list[Body]:
        return [{"measure": t.measure, "statuses": t.statuses, "sign": t.sign} for t in some]

    return {
        "name": record.name,
        "label": record.label,
        "help": record.help,
        "kind": record.kind,
        "unit": record.unit,
        "better": record.better,
        "change": record.change,
        "additive": record.additive,
        "empty": record.empty,
        "numerator": terms(record.numerator),
        "denominator": terms(record.denominator),
        "quantile": record.quantile if record.kind == "percentile" else None,
    }


def _wanted(fields: dict[str, str], metrics: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in METRIC if name in metrics or name in fields.values())


def _figures(frame: pd.DataFrame, fields: dict[str, str], metrics: tuple[str, ...]) -> list[Body]:
    """Per row of the frame: the seed document's fields, then the metrics that were asked for."""
    names = list(_wanted(fields, metrics))
    # One array for all of them: taking columns out of a frame one by one costs more than what follows.
    values = frame[names].to_numpy(dtype=float).T.tolist()
    columns = {name: numbers(METRIC[name], column) for name, column in zip(names, values, strict=True)}
    return [
        {field: columns[name][row] for field, name in fields.items()}
        | {"metrics": {name: columns[name][row] for name in metrics}}
        for row in range(len(frame))
    ]


def numbers(record: Metric, column: list[float]) -> list[int | float | None]:
    """Counts as whole numbers, percents from 0 to 100, all else to nine digits; not known as None."""
    whole = record.kind == "sum" and record.unit != "usd"
    scale = 100 if record.unit == "percent" else 1
    return [
        None if math.isnan(value) else int(value) if whole else round(value * scale, 9) for value in column
    ]


_KEYS = {"error_category": "category", "error_template": "error"}


def head(store: Store, question: Question, version: str) -> Body:
    asked = question.filters
    return {
        "range": range_(asked),
        "filters": {
            "status": asked.status,
            "model": asked.model,
            "agent": asked.agent,
            "version": [name or NONE for name in asked.version],
            **{_KEYS.get(facet, facet): [n or NONE for n in names] for facet, names in asked.facets},
            "words": asked.describe_filters(),
        },
        "dataVersion": opaque(version),
        "warnings": [
            *(
                warning
                for name in ("model", "agent", "version")
                for warning in _strangers(store, asked, name)
            ),
            *_not_kept(store, asked),
        ],
    }


def range_(asked: Filters) -> Body:
    """The period that is really covered, on the quarter-hour grid, as wall clock of its zone."""
    return {
        "asked": asked.range,
        "start": local(asked.start, asked.tz),
        "end": local(asked.end, asked.tz),
        "tz": asked.tz,
        "grain": None,
        "partial": asked.end > asked.now,
        "words": words.period(asked),
    }


def absolute(period: Filters) -> Filters:
    """The same period, no longer called by what it was derived from."""
    return replace(period, range=words.instants(period.start, period.end))


def _not_kept(store: Store, asked: Filters) -> list[Body]:
    kept = retention.reaches_back(store, asked)
    if kept is None:
        return []
    message = f"single runs are kept from {kept:%Y-%m-%d} on (UTC): what is told from them begins there"
    return [{"code": "runs_dropped", "parameter": "range", "message": message}]


def _strangers(store: Store, asked: Filters, parameter: str) -> list[Body]:
    """A warning for each name that no run in the data has: most likely it is misspelled."""
    names: tuple[str, ...] = getattr(asked, parameter)
    if not names:
        return []
    known = [name for name, _ in store.names(BY[parameter])]
    return [_stranger(parameter, name, known) for name in names if name not in known]


def _stranger(parameter: str, name: str, known: list[str]) -> Body:
    shown = repr(name) if name else NONE
    message = f"no run in the data has {parameter} {shown}.{did_you_mean(name, known)}"
    return {"code": "unknown_name", "parameter": parameter, "message": message}
