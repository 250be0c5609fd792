"""Roof: GET /api/metrics/compare: what the compare page shows: values, differences, intervals, verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from dashboard.api.answers import Answer, Body, head, numbers, range_
from dashboard.api.questions import Question
from dashboard.api.shapes import AMOUNT, COUNT, TEXT, Schema, array, object_, or_null, ref
from layouts.compare_words import dimension_of
from queries.compare import Comparison, Difference, adjustable, compare, members
from queries.metrics import METRIC
from queries.pair import PERIOD, PREVIOUS, Side, pair
from queries.store import Store
from queries.verdicts import summary, verdict


def comparison(store: Store, question: Question) -> Answer:
    params = {name: question.asked(name) for name in ("a", "b")}
    adjust = adjustable(question.asked("adjust"))
    with store.together():
        version = store.version()
        asked = _params(question) | params | {"by": question.by}
        if "period=previous" in params.values() and not _has_previous(question):
            return Answer(version, _none(store, question, version, adjust))
        found = pair(asked, question.filters, members=members(store), extent=store.extent)
        body = head(store, question, version) | {"by": found.by, "adjust": adjust or None}
        if found.b is None:
            return Answer(version, body | {"a": None, "b": None, "summary": None, "items": []})
        result = compare(store, found.a.filters, found.b.filters, dimension_of(adjust))
    sides = {"a": _side(found.a, result.runs[0]), "b": _side(found.b, result.runs[1])}
    items = [_item(one, result) for one in result.differences]
    return Answer(version, body | sides | {"summary": summary(result), "items": items})


def _has_previous(question: Question) -> bool:
    return replace(question.filters, compare=PREVIOUS).previous() is not None


def _none(store: Store, question: Question, version: str, adjust: str) -> Body:
    none: Body = {"by": PERIOD, "adjust": adjust or None, "a": None, "b": None, "summary": None, "items": []}
    return head(store, question, version) | none


def _params(question: Question) -> dict[str, str]:
    return dict(parse_qsl(question.filters.to_search().removeprefix("?"), keep_blank_values=True))


def _side(side: Side, runs: int) -> Body:
    return {"search": side.search, "words": side.words, "runs": runs, "range": range_(side.filters)}


def _item(one: Difference, result: Comparison) -> Body:
    record = METRIC[one.metric]
    ends = [one.a, one.b, one.size, *(one.interval or (float("nan"), float("nan")))]
    scale = 100 if record.unit == "percent" else 1
    a, b = numbers(record, [one.a, one.b])
    size, low, high = (None if end != end else round(end * scale, 9) for end in ends[2:])
    return {
        "metric": one.metric, "a": a, "b": b, "difference": size, "low": low, "high": high,
        "runsA": one.runs[0], "runsB": one.runs[1], "method": one.method, "verdict": one.verdict,
        "words": verdict(one, result.looked_at),
    }  # fmt: skip


_SIDE = object_({"search": TEXT, "words": TEXT, "runs": COUNT, "range": ref("Range")})
_MAYBE: dict[str, Any] = or_null(AMOUNT)
_VERDICTS = ["apart", "maybe", "open", "same", "few", "none", "total", "unread"]


def schemas(head_: Schema) -> dict[str, Schema]:
    item = {"metric": TEXT, "a": _MAYBE, "b": _MAYBE, "difference": _MAYBE, "low": _MAYBE, "high": _MAYBE}
    item |= {"runsA": COUNT, "runsB": COUNT, "method": TEXT, "verdict": {"enum": _VERDICTS}, "words": TEXT}
    sides = {"a": or_null(ref("Side")), "b": or_null(ref("Side"))}
    told = {"by": TEXT, "adjust": or_null(TEXT), **sides, "summary": or_null(TEXT)}
    return {
        "Compared": object_(head_ | told | {"items": array(ref("Difference"))}),
        "Side": _SIDE,
        "Difference": object_(item),
    }
