"""Roof: POST /v1/traces: spans of OpenTelemetry by OTLP over HTTP, answered as its specification says."""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime

from flask import Blueprint, Request, Response, request
from psycopg import Error as DriverError
from psycopg import OperationalError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from dashboard import otlp_answers as answers
from dashboard.api.bodies import read_body
from dashboard.api.intake import limits, sender
from dashboard.api.problems import CODES, HEADERS, RETRY_SECONDS
from dashboard.api.writing import check_sender
from dashboard.places import NoPlaceError, Places
from ingest.otlp import decode
from ingest.otlp.stored import LONGEST_TRACE, Kept
from ingest.otlp.traces import SpanKeeper
from queries.errors import QueryError
from queries.outage import is_outage

log = logging.getLogger(__name__)

PREFIX = "/v1"
AT_ONCE = 3  # as with the WEB_THREADS that there are by default
_CLOSED = "their trace was closed: no span had come for too long, or its run was taken back"
_OTHERS = ("logs", "metrics", "profiles")


def blueprint(engine: Engine, keeper: SpanKeeper, at_once: int = AT_ONCE) -> Blueprint:
    """``engine`` may write. ``at_once``: requests that are worked on; others are told to come again."""
    otlp = Blueprint("otlp", __name__)
    places = Places(at_once)

    @otlp.post(f"{PREFIX}/traces")
    def traces() -> Response:
        who = sender(engine, request, "otlp")
        check_sender(request)
        body = _body(request)
        with places.taken():  # not before: who sends slowly takes nobody's place
            coming = decode.spans_of(body, request.mimetype, datetime.now(UTC))
            kept = keeper.keep(coming.spans, who)
        rejected, message = _told(coming, kept)
        return answers.accepted(request.mimetype, rejected, message)

    for signal in _OTHERS:
        otlp.add_url_rule(f"{PREFIX}/{signal}", signal, _only_traces, methods=["POST"])
    otlp.register_error_handler(Exception, _answer_to)
    return otlp


def _only_traces() -> Response:
    message = "Fixer Metrics takes traces alone: set OTEL_LOGS_EXPORTER=none and OTEL_METRICS_EXPORTER=none."
    return answers.refused(request.mimetype, 404, message)


def _body(asked: Request) -> bytes:
    if asked.mimetype not in (decode.PROTOBUF, decode.JSON):
        raise _RefusedError(415, f"Content-Type must be {decode.PROTOBUF} or {decode.JSON}")
    return read_body(asked, limits().most_bytes)


def _told(coming: decode.Request, kept: Kept) -> tuple[int, str]:
    """How many spans were rejected, and why; a message without rejections is a warning."""
    if kept.late:
        coming.rejected[_CLOSED] += kept.late
    if kept.surplus:
        coming.rejected[f"their trace has more than {LONGEST_TRACE:,} spans"] += kept.surplus
    problems = [f"a run cannot be recorded: {problem}" for problem in kept.problems[:5]]
    return coming.rejected.total(), "; ".join(filter(None, (coming.message(), *problems)))


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _answer_to(error: Exception) -> Response:
    """The one place where an exception becomes an answer."""
    status, message, headers = _meaning(error)
    return answers.refused(request.mimetype, status, message, headers)


def _meaning(error: Exception) -> tuple[int, str, dict[str, str]]:
    match error:
        case QueryError():
            told = f"{error.message} Allowed: {error.allowed}" if error.allowed else error.message
            return CODES.get(error.code, 400), told, HEADERS.get(error.code, {})
        case _RefusedError():
            return error.status, str(error), {}
        case NoPlaceError():
            return 429, str(error), {"Retry-After": str(error.seconds)}
        case decode.UndecodableError():
            return 400, str(error), {}
        case HTTPException():
            return error.code or 400, error.description or error.name, {}
    return _of_database(error) or _internal(error)


def _of_database(error: Exception) -> tuple[int, str, dict[str, str]] | None:
    if not isinstance(error, SQLAlchemyError | DriverError):
        return None
    if is_outage(error) or isinstance(error, OperationalError):
        log.warning("the database is away: %s", error)
        again = {"Retry-After": str(RETRY_SECONDS)}
        return 503, "The database does not answer right now; send it again.", again
    return None


def _internal(error: Exception) -> tuple[int, str, dict[str, str]]:
    reference = secrets.token_hex(4)
    log.error("%s: %s %r", reference, request.method, request.path, exc_info=error)
    return 500, f"Something broke on our side. The server's log has it under {reference}.", {}
