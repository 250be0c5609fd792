"""Roof: what the server writes down: lines for people or JSON for machines, each with its request's id."""

from __future__ import annotations

import logging
import logging.config
import re
import secrets
import time
from typing import Any

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")  # what proxies make; anything else could forge lines
_PROBES = ("/healthz", "/readyz", "/metrics")  # asked all day long
_TEXT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
_JSON = "%(levelname)s %(name)s %(message)s %(request_id)s %(process)d"

access = logging.getLogger("fixer_metrics.access")


class OfRequest(logging.Filter):
    """Puts ``request_id`` on every record; ``-`` outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id() or "-"
        return True


def configuration(level: str, form: str) -> dict[str, Any]:
    """For logging.config.dictConfig and for gunicorn: everything to standard error, in one form."""
    json = {
        "()": "pythonjsonlogger.orjson.OrjsonFormatter",
        "fmt": _JSON,
        "rename_fields": {"levelname": "level", "name": "logger"},
        "timestamp": True,
    }
    handler = {
        "class": "logging.StreamHandler",
        "stream": "ext://sys.stderr",
        "formatter": "lines",
        "filters": ["request"],
    }
    plain = {"level": level.upper(), "propagate": True, "handlers": []}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": OfRequest}},
        "formatters": {"lines": json if form == "json" else {"format": _TEXT}},
        "handlers": {"lines": handler},
        "root": {"level": level.upper(), "handlers": ["lines"]},
        "loggers": {"gunicorn.error": plain, "gunicorn.access": plain},
    }


def configure(level: str, form: str) -> None:
    """For processes of our own; gunicorn takes ``configuration`` itself."""
    logging.config.dictConfig(configuration(level, form))


def request_id() -> str | None:
    """The id of the request that is being answered; None outside of one."""
    return getattr(g, "request_id", None) if has_request_context() else None


def watch(server: Flask) -> None:
    """An id and a line for every request. Call it first: what refuses a request must find its id."""

    @server.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _ACCEPTED.fullmatch(given) else secrets.token_hex(8)
        g.request_began = time.perf_counter()

    @server.after_request
    def end(response: Response) -> Response:
        if "request_id" in g:
            response.headers[HEADER] = g.request_id
            level = logging.DEBUG if request.path in _PROBES else logging.INFO
            # The query string stays out: it may hold names of people.
            access.log(
                level,
                "%s %s %d",
                request.method,
                ascii(request.path)[1:-1],
                response.status_code,
                extra={
                    "status": response.status_code,
                    "milliseconds": round(1000 * (time.perf_counter() - g.request_began), 1),
                },
            )
        return response
