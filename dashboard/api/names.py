"""Roof: what a filter can offer: the names of a dimension, most runs first, found by a part of them."""

from __future__ import annotations

from dashboard.api.answers import Answer, head
from dashboard.api.parameters import BREAK_DOWN_BY, BY, RUNS_LIMIT, VOCABULARY, Parameter, limited
from dashboard.api.questions import Question
from dashboard.api.shapes import COUNT, TEXT, Schema, array, object_, or_null, ref
from queries.facets import LONGEST_TEMPLATE
from queries.store import Store

_SEARCH = Parameter(
    "search", "Only names that contain this text, whatever its capitals.",
    f"1 to {LONGEST_TEMPLATE} characters",
    {"type": "string", "pattern": rf"^[^\x00]{{1,{LONGEST_TEMPLATE}}}$"}, "all names", "gpt",
)  # fmt: skip
_MOST = limited(50, RUNS_LIMIT, "The most names of the answer; those with fewest runs are cut.")
PARAMETERS = (BREAK_DOWN_BY, *VOCABULARY, _SEARCH, _MOST)


def answer(store: Store, question: Question) -> Answer:
    by = BY.get(question.by, question.by)
    with store.together():
        version = store.version()
        found = store.matching(by, question.asked("search"), question.limit, question.filters)
        body = head(store, question, version)
    # A run without one has '' in the rollups; not known is null everywhere in the API.
    items = [{"name": name or None, "runs": runs} for name, runs in found.names]
    return Answer(
        version, body | {"by": question.by, "shown": len(items), "total": found.total, "items": items}
    )


def schemas(shared: Schema) -> dict[str, Schema]:
    """``shared``: what every answer begins with."""
    name = {"name": or_null(TEXT, "null: not known"), "runs": COUNT}
    counted = {"by": TEXT, "shown": COUNT, "total": COUNT}
    return {"Names": object_(shared | counted | {"items": array(ref("Name"))}), "Name": object_(name)}
