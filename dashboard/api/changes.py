"""Roof: GET /api/metrics/changes: what the changes page shows, in numbers that add up as they stand."""

from __future__ import annotations

from fractions import Fraction

from dashboard.api.answers import Answer, Body, absolute, head, numbers, range_
from dashboard.api.questions import Question
from dashboard.api.shapes import AMOUNT, COUNT, TEXT, YES, Schema, array, object_, or_null, ref
from layouts import told
from layouts.dimensions import dimension
from layouts.explained import Explained, Line, explained
from layouts.tally import Tally
from queries.changes import (
    DEFAULT_BY,
    DEFAULT_METRIC,
    EXPLAINED,
    Change,
    Member,
    Periods,
    change,
    explainable,
    periods,
)
from queries.decompose import EFFECTS
from queries.errors import QueryError
from queries.metrics import Metric
from queries.store import Store

_DIGITS = 9


def changes(store: Store, question: Question) -> Answer:
    record = explainable(question.asked("metric", DEFAULT_METRIC))
    by = dimension(question.by or DEFAULT_BY)
    if by is None:
        raise QueryError("bad_by", "by", f"{question.by[:80]!r} is not a dimension", "")
    with store.together():
        version = store.version()
        compared = periods(question.filters, question.asked("against"), store.extent)
        body = head(store, question, version) | {"metric": record.name, "by": by.key}
        if compared is None:
            return Answer(version, body | _nothing())
        found = change(store, record, by.by, compared)
    figures = explained(found)
    sentence = told.sentence(figures, by) if figures else told.without_split(found)
    # A fixed step of a billionth: what is answered adds up as decimals, too.
    fine = explained(found, question.limit, Tally(Fraction(1, _scale(record)), _DIGITS))
    return Answer(
        version, body | _periods(compared) | {"sentence": sentence} | _figures(found, fine, question.limit)
    )


def _scale(record: Metric) -> int:
    """Percents are answered from 0 to 100."""
    return 100 if record.unit == "percent" else 1


def _nothing() -> Body:
    none = dict.fromkeys(("elapsed", "previous", "before", "after", "change", "effects", "others"))
    return none | {
        "sentence": "There is no previous period.",
        "split": False,
        "shown": 0,
        "total": 0,
        "items": [],
    }


def _periods(compared: Periods) -> Body:
    pairs = (("elapsed", compared.after), ("previous", compared.before))
    return {name: {"range": range_(absolute(period))} for name, period in pairs}


def _figures(found: Change, fine: Explained | None, limit: int) -> Body:
    if fine is None:
        before, after = (_value(found, side.value) for side in (found.whole.before, found.whole.after))
        members = found.ranked
        items = [_member(found, member) for member in members[:limit]]
        unsplit: Body = {"effects": None, "others": None, "total": len(members)}
        moved = None if before is None or after is None else round(after - before, _DIGITS)
    else:
        before, after, moved = (fine.tally.number(count) for count in (fine.before, fine.after, fine.moved))
        items = [_member(found, found.members.get(line.name), fine, line) for line in fine.lines]
        effects = {name: fine.tally.number(fine.effect(name)) for name in EFFECTS}
        others = _effects(fine, fine.others) if fine.others else None
        unsplit = {"effects": effects, "others": others, "total": fine.number}
    told = {"before": before, "after": after, "change": moved, "split": fine is not None}
    return told | unsplit | {"shown": len(items), "items": items}


def _value(found: Change, value: float) -> float | None:
    [answered] = numbers(found.metric, [value])
    return answered


def _member(
    found: Change, member: Member | None, fine: Explained | None = None, line: Line | None = None
) -> Body:
    assert member is not None
    effects: Body = dict.fromkeys((*EFFECTS, "change"))
    if fine and line:
        effects = _effects(fine, line)
    return {
        "name": member.name or None,
        "runsBefore": member.before.runs,
        "runsAfter": member.after.runs,
        "before": _value(found, member.before.value),
        "after": _value(found, member.after.value),
        **effects,
    }


def _effects(fine: Explained, line: Line) -> Body:
    number = fine.tally.number
    return {name: number(getattr(line, name)) for name in EFFECTS} | {"change": number(line.total)}


_MAYBE = {"type": ["number", "null"]}
_PERIOD = or_null(object_({"range": ref("Range")}), "null: there is nothing to compare with")
_MOVED = {
    name: _MAYBE | {"description": "null where the change is not split"} for name in (*EFFECTS, "change")
}


def schemas(shared: Schema) -> dict[str, Schema]:
    """``shared``: what every answer begins with."""
    body = {
        "metric": {"enum": [record.name for record in EXPLAINED]},
        "by": TEXT,
        "elapsed": _PERIOD,
        "previous": _PERIOD,
        "before": _MAYBE,
        "after": _MAYBE,
        "change": _MAYBE,
        "sentence": TEXT | {"description": "the change in words"},
        "split": YES | {"description": "whether the effects of the items add up to the change"},
        "effects": or_null(object_(dict.fromkeys(EFFECTS, AMOUNT))),
        "others": or_null(object_(_MOVED), "all that are not shown, together"),
        "shown": COUNT,
        "total": COUNT,
        "items": array(ref("Contribution")),
    }
    item = {
        "name": or_null(TEXT, "null: not known"),
        "runsBefore": COUNT,
        "runsAfter": COUNT,
        "before": _MAYBE,
        "after": _MAYBE,
        **_MOVED,
    }
    return {"Changes": object_(shared | body), "Contribution": object_(item)}
