"""Roof: everything that can go wrong in the API, as one shape of JSON: code, parameter, message, allowed."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

import orjson
from flask import Response, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from queries.errors import QueryError
from queries.outage import is_outage

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
_CANCELLED, _NO_TABLE = "57014", "42P01"  # SQLSTATEs: by the statement timeout; no such table

BEARER = 'Bearer realm="Fixer Metrics"'

# Of what is written.
OF_BODIES = (
    "bad_body",
    "unknown_field",
    "missing_field",
    "bad_field",
    "bad_replace",
    "bad_input_excludes_cache",
)

# Every code an answer may carry, with its status. Those of a parameter are 400.
CODES = {
    "unknown_parameter": 400,
    "repeated_parameter": 400,
    "empty_parameter": 400,
    "missing_parameter": 400,
    "conflicting_parameters": 400,
    "too_many_parameters": 400,
    "bad_encoding": 400,
    "bad_range": 400,
    "bad_date": 400,
    "bad_grain": 400,
    "bad_granularity": 400,
    "too_many_points": 400,
    "bad_status": 400,
    "bad_model": 400,
    "bad_agent": 400,
    "bad_version": 400,
    "bad_category": 400,
    "bad_error": 400,
    "bad_tool": 400,
    "bad_attribute": 400,
    "too_many_attributes": 400,
    "too_many_names": 400,
    "unknown_zone": 400,
    "bad_compare": 400,
    "unknown_metric": 400,
    "bad_metrics": 400,
    "bad_metric": 400,
    "bad_against": 400,
    "bad_by": 400,
    "bad_a": 400,
    "bad_b": 400,
    "bad_adjust": 400,
    "bad_band": 400,
    "bad_limit": 400,
    "bad_kind": 400,
    "bad_cursor": 400,
    "bad_sort": 400,
    "bad_search": 400,
    "bad_q": 400,
    "bad_min_duration": 400,
    "bad_max_duration": 400,
    "bad_min_cost": 400,
    "bad_max_cost": 400,
    "bad_outlier": 400,
    "bad_import": 400,
    "bad_request": 400,
    "runs_dropped": 400,
    **dict.fromkeys(OF_BODIES, 400),
    "token_needed": 401,
    "token_unknown": 401,
    "login_needed": 401,
    "cross_origin": 403,
    "role_too_low": 403,
    "proxy_refused": 403,
    "address_refused": 403,
    "host_refused": 403,
    "not_found": 404,
    "run_not_found": 404,
    "run_dropped": 410,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "too_many_runs": 413,
    "conflict": 409,
    "not_json": 415,
    "bad_packing": 415,
    "internal_error": 500,
    "database_away": 503,
    "schema_missing": 503,
    "query_timeout": 504,
}

# What some answers must say in their headers, too (RFC 6750).
HEADERS = {
    "token_needed": {"WWW-Authenticate": BEARER},
    "login_needed": {"WWW-Authenticate": BEARER},
    "token_unknown": {"WWW-Authenticate": f'{BEARER}, error="invalid_token"'},
    "role_too_low": {"WWW-Authenticate": f'{BEARER}, error="insufficient_scope"'},
}


@dataclass(frozen=True)
class Problem:
    """``reference`` finds an internal error in the server's log."""

    code: str
    message: str
    allowed: str | None = None
    parameter: str | None = None
    reference: str | None = None

    def response(self, headers: dict[str, str] | None = None) -> Response:
        error = {
            "code": self.code,
            "parameter": self.parameter,
            "message": self.message,
            "allowed": self.allowed,
        }
        if self.reference:
            error["reference"] = self.reference
        return Response(
            orjson.dumps({"error": error}),
            CODES.get(self.code, 400),
            {"Cache-Control": "no-store", **HEADERS.get(self.code, {}), **(headers or {})},
            mimetype="application/json",
        )


def answer_to(error: Exception) -> Response:
    """The one place where an exception becomes an answer."""
    if isinstance(error, QueryError):
        parameter = error.parameter or None
        return Problem(error.code, error.message, error.allowed or None, parameter).response()
    if isinstance(error, RequestEntityTooLarge):
        return Problem("body_too_large", "The body is larger than may be sent here.").response()
    if isinstance(error, HTTPException):
        return Problem("bad_request", error.description or error.name).response()
    return _of_database(error) or _internal(error)


def _of_database(error: Exception) -> Response | None:
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if state == _CANCELLED:
        message = "The database did not answer this question in the time it is given."
        return Problem("query_timeout", message, "a shorter range, fewer metrics, or no filters").response()
    if state == _NO_TABLE:
        log.error("the database has no schema: %s", error)
        message = "The database has no schema yet; `fixer-metrics migrate` makes it."
    elif is_outage(error):
        log.warning("the database is away: %s", error)
        message = "The database does not answer right now; try again."
    else:
        return None
    code = "schema_missing" if state == _NO_TABLE else "database_away"
    return Problem(code, message).response({"Retry-After": str(RETRY_SECONDS)})


def _internal(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("%s: %s %r", reference, request.method, request.path, exc_info=error)
    message = f"Something broke on our side. The server's log has it under {reference}."
    return Problem("internal_error", message, reference=reference).response()
