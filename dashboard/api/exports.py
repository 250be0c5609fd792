"""Roof: all runs of a view as a file, streamed from one state of the data; a sidecar describes it."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import time, timedelta
from itertools import chain
from urllib.parse import quote

from flask import Response, request

from dashboard.api.answers import Answer, Body, head, opaque
from dashboard.api.questions import Question
from dashboard.api.runs import frozen, narrowing, query_of
from dashboard.export_formats import FORMATS, Row, kinds_of_fields
from queries import runs
from queries.calendar import local
from queries.filters import Filters
from queries.run_query import RunQuery
from queries.store import Store

log = logging.getLogger(__name__)

Sender = Callable[[Store, Question], Response]
BATCH = 1_000
_LONGEST_NAME = 120
_NOTES = {
    "csv": "UTF-8, fields separated by commas, texts in quotes, not known empty. A text that begins with "
    "= + - @, a tab or a line end has an apostrophe in front of it; numbers are as they are.",
    "jsonl": "A JSON object a line, as an item of /api/metrics/runs.",
    "parquet": "Row groups, zstd. toolsUsed and attributes are JSON as text.",
}


def send(store: Store, question: Question) -> Response:
    """The file. What goes wrong before its first row is an error like any other; what goes wrong later
    breaks the connection, so that nobody takes the part for the whole."""
    query, form = query_of(store, question), FORMATS[question.format]
    expected = _expected(store, query)
    with ExitStack() as opened:
        version, connection = opened.enter_context(store.apart())
        batches = runs.stream(connection, store, query, BATCH)
        first = next(batches, [])
        number = expected[1] if expected[0] == version else None
        whole = _whole(chain([first], batches), number)
        said = {"filters": frozen(query), "words": query.in_words(), "dataVersion": opaque(version)}
        response = Response(form.write(whole, said), mimetype=form.mimetype)
        response.call_on_close(opened.pop_all().close)
    response.headers.update(_headers(question, query, version, number))
    return response


def meta(store: Store, question: Question) -> Answer:
    query = query_of(store, question)
    with store.together():
        version, total = store.version(), runs.total(store, query)
        body: Body = head(store, question, version) | {
            "file": file_name(query, question.format),
            "url": _address(question, query, ""),
            "narrowing": narrowing(query),
            "total": total.number,
            "more": total.more,
            "note": _NOTES[question.format],
            "fields": [
                {"name": name, "type": kind} for name, kind in kinds_of_fields(question.format).items()
            ],
        }
    return Answer(version, body)


def _expected(store: Store, query: RunQuery) -> tuple[str, int | None]:
    """The number of rows that the file must have, where the rollups know it, and for which data."""
    with store.together():
        version = store.version()
        return version, None if query.narrowed else runs.total(store, query).number


def _whole(batches: Iterator[list[Row]], expected: int | None) -> Iterator[list[Row]]:
    """The batches; an error at their end where they are not as many as there must be."""
    number = 0
    try:
        for rows in batches:
            number += len(rows)
            yield rows
    except Exception:
        log.exception("an export broke off after %s runs", f"{number:,}")
        raise
    if expected is not None and number != expected:
        raise RuntimeError(f"an export has {number:,} runs, the rollups count {expected:,}: run verify")


def _headers(question: Question, query: RunQuery, version: str, number: int | None) -> dict[str, str]:
    name = file_name(query, question.format)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    said = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Link": f'<{_address(question, query, ".meta.json")}>; rel="describedby"; type="application/json"',
        "X-Fixer-Metrics-Filters": frozen(query),
        "X-Fixer-Metrics-Data-Version": opaque(version),
        "Cache-Control": "no-store",
        # A proxy that keeps it until it is whole would need room for all of it.
        "X-Accel-Buffering": "no",
    }
    return said if number is None else said | {"X-Fixer-Metrics-Rows": str(number)}


def _address(question: Question, query: RunQuery, ending: str) -> str:
    return f"{request.script_root}/api/export/runs.{question.format}{ending}{frozen(query)}"


def _days(asked: Filters) -> str:
    """The days, both included; with the time where they are not whole."""
    first, after = local(asked.start, asked.tz), local(asked.end, asked.tz)
    if first.time() == after.time() == time():
        return f"{first:%Y-%m-%d}_to_{after - timedelta(days=1):%Y-%m-%d}"
    return f"{first:%Y-%m-%dT%H%M}_to_{after:%Y-%m-%dT%H%M}"


def file_name(query: RunQuery, ending: str) -> str:
    """``runs_2026-10-25_to_2026-11-23_failed-runs-model-gpt-4.csv``: what is in it, short enough to be a
    file's name anywhere."""
    asked = query.filters
    narrowed = ", ".join(filter(None, (asked.describe_filters(), query.describe())))
    said = re.sub(r"[^\w.]+", "-", narrowed.replace("$", "")).strip("-.").lower()
    if len(said) > _LONGEST_NAME:
        said = f"{said[:_LONGEST_NAME]}-{hashlib.sha256(narrowed.encode()).hexdigest()[:8]}"
    return f"{'_'.join(filter(None, ('runs', _days(query.filters), said)))}.{ending}"
