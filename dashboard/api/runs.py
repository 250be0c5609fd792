"""Roof: runs themselves through the API: a page of them, and one."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from dashboard.api.answers import Answer, Body, head
from dashboard.api.questions import Question
from queries import retention, run, runs
from queries.errors import QueryError
from queries.run_query import RunQuery
from queries.run_record import record
from queries.store import Store


def listed(store: Store, question: Question) -> Answer:
    query = query_of(store, question)
    with store.together():
        page = runs.page(store, query, limit=question.limit, after=question.cursor)
        total = runs.total(store, query)
        body = head(store, question, page.version) | {
            "total": total.number,
            "more": total.more,
            "items": [record(row) for row in page.rows],
            "next": page.next,
            "nextUrl": _next_url(question, query, page.next),
        }
    return Answer(page.version, body)


def one(store: Store, question: Question) -> Answer:
    with store.together():
        version, found = store.version(), run.find(store, question.run_id)
    if found is None:
        message = f"No run was ever recorded under {question.run_id[:200]!r}."
        raise QueryError("run_not_found", "run_id", message, "the id of a run")
    if found.row is None:
        message = f"The record of {question.run_id[:200]!r} was dropped when its retention ended."
        raise QueryError("run_dropped", "run_id", message, "a run that is still kept")
    return Answer(version, record(found.row))


def query_of(store: Store, question: Question) -> RunQuery:
    """Of the part of the period whose single runs are kept."""
    assert question.runs, "only of endpoints that take parameters.OF_RUNS"
    return replace(question.runs, filters=retention.kept(store, question.runs.filters))


def frozen(query: RunQuery) -> str:
    """The query string of these very runs: with the period as instants, for what must not move on past
    midnight."""
    own = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.parameters().items())
    return "&".join(filter(None, (query.filters.frozen_search(), own)))


def _next_url(question: Question, query: RunQuery, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return f"{question.path}{frozen(query)}&limit={question.limit}&cursor={cursor}"


def narrowing(query: RunQuery) -> Body:
    """What narrows and orders the runs beyond the filters, as asked and in words."""
    return {"asked": query.parameters(), "words": query.describe(), "sort": query.sort}
