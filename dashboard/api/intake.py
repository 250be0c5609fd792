"""Roof: runs through the API: one, an array, or one a line; from whoever may send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Request, current_app
from sqlalchemy import Engine

from dashboard import tokens
from dashboard.api.answers import Body
from dashboard.api.bodies import read_body
from dashboard.api.parameters import Parameter
from dashboard.api.questions import Question, read
from dashboard.api.shapes import COUNT, MAYBE_COUNT, TEXT, Schema, array, object_, ref
from dashboard.api.writing import Writing
from ingest.columns import FIELDS, RecordOptions
from ingest.errors import reader
from ingest.posts import Received, Sender, TooManyRunsError, receive
from ingest.record import Canon
from queries.errors import QueryError

_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
LIMITS = "fixer_metrics_intake"  # where the application keeps its Limits
ASSEMBLER = "fixer_metrics_assembler"  # what completes a run with the spans of its trace
AUTHENTICATED = "fixer_metrics_authenticated"  # whether a way to authenticate is configured


@dataclass(frozen=True)
class Limits:
    """What one request may bring, and whose rules tell the category of an error."""

    most_bytes: int = 16 * 2**20
    most_runs: int = 10_000
    error_rules: Path | None = None


def limits() -> Limits:
    found: Limits = current_app.config.get(LIMITS) or Limits()
    return found


def sender(engine: Engine, request: Request, door: str) -> Sender:
    """Who sends; a QueryError where they may not."""
    configured = bool(current_app.config.get(AUTHENTICATED))
    token = tokens.admit(engine, request.headers.get("Authorization"), configured=configured)
    return Sender(door, token.name, str(token.token_id)) if token else Sender(door, "without a token", "0")


def _post_runs(engine: Engine, request: Request) -> tuple[Body, int]:
    who = sender(engine, request, "api")
    now, most = datetime.now(UTC), limits()
    asked = _asked(request, now)
    body = read_body(request, most.most_bytes)
    if not body.strip():
        raise QueryError("bad_body", "", "The body is empty.", "a run, an array of runs, or one run a line")
    canon = _canon(most.error_rules, asked.asked(APART.name) == "true")
    replace = asked.asked(REPLACE.name) == "true"
    try:
        received = receive(
            engine,
            body,
            canon,
            who,
            now=now,
            most_runs=most.most_runs,
            replace=replace,
            assembler=current_app.config.get(ASSEMBLER),
            lines=request.mimetype in _LINES,
        )
    except TooManyRunsError as error:
        allowed = f"at most {most.most_runs:,} runs; send them in parts"
        raise QueryError("too_many_runs", "", str(error), allowed) from None
    return _told(received), _status(received)


def _status(received: Received) -> int:
    """A program that looks at the status alone must notice when nothing of what it sends enters."""
    return 422 if received.read and len(received.rejections) == received.read else 200


def _told(received: Received) -> Body:
    return {
        "read": received.read,
        "inserted": received.inserted,
        "replaced": received.replaced,
        "alreadyThere": received.already_there,
        "differing": received.differing,
        "announced": received.announced,
        "rejected": len(received.rejections),
        "differingIds": received.differing_ids,
        "rejections": [_sayable(asdict(rejection)) for rejection in received.rejections],
        "importId": received.import_id,
    }


def _sayable(rejection: Mapping[str, Any]) -> Body:
    """As JSON can carry it: no half surrogate pairs, no numbers beyond its own."""
    return {name: _plain(value) for name, value in rejection.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if value is None or isinstance(value, bool):
        return value
    return value if isinstance(value, int) and abs(value) < 2**53 else str(value)


def _asked(request: Request, now: datetime) -> Question:
    given = request.query_string
    return read(given, PARAMETERS, path=request.path, series=False, now=now, extent=lambda: None)


@lru_cache(maxsize=4)
def _canon(rules: Path | None, input_excludes_cache: bool) -> Canon:
    return Canon(RecordOptions(errors=reader(rules), input_excludes_cache=input_excludes_cache))


def _yes_or_no(name: str, help: str) -> Parameter:
    return Parameter(name, help, "true or false", {"type": "string", "enum": ["true", "false"]}, "false")


REPLACE = _yes_or_no(
    "replace", "Whether a run that is known, and comes changed, takes the place of what is stored."
)
APART = _yes_or_no(
    "input_excludes_cache", "Whether input tokens come without cache reads and writes, as Anthropic counts."
)
PARAMETERS = (REPLACE, APART)

WRITINGS = (
    Writing(
        "POST",
        "/api/runs",
        "post_runs",
        "Takes runs in",
        "One run, an array of runs, or one run a line (NDJSON), plain or with gzip. Fields are named as "
        "`fixer-metrics import` understands them. A run that is known is skipped, so that anything may be "
        'sent again; `replace=true`, or `"replace": true` in a run, lets it take the place of what is there. '
        "Good runs are kept whatever the others are: `rejections` names each that is not, by its place in "
        'the request, counted from 0. A run with `"status": "running"` is announced: it is shown as in '
        "flight, and counts nowhere, until it is sent again with its end.",
        "Received",
        None,
        take=_post_runs,
        body={
            "application/json": {"schema": {"description": "a run, or an array of runs"}},
            "application/x-ndjson": {"schema": {"description": "one run a line"}},
        },
        parameters=PARAMETERS,
        statuses=(401, 413, 415, 422),
    ),
)


def schemas() -> dict[str, Schema]:
    rejection = {
        "index": COUNT,
        "field": TEXT | {"description": f"one of {', '.join(FIELDS)}, or record"},
        "value": {"type": ["string", "integer", "boolean", "null"]},
        "code": TEXT,
        "reason": TEXT,
    }
    counts = ("read", "inserted", "replaced", "alreadyThere", "differing", "announced", "rejected")
    more = {"differingIds": array(TEXT), "rejections": array(ref("Rejection")), "importId": MAYBE_COUNT}
    return {
        "Received": object_(dict.fromkeys(counts, COUNT) | more),
        "Rejection": object_(rejection),
    }
