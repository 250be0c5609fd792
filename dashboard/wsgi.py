"""Roof: the application for WSGI servers; the only module that builds one at import."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask

from dashboard import telemetry
from dashboard.access.checks import check
from dashboard.access.gate import is_own
from dashboard.app import create_app, parts_of
from dashboard.config import Settings
from dashboard.database import bring_up_to_date
from dashboard.embedded import attach
from queries.engine import make_engine
from queries.errors import UserError


def _build() -> Flask:
    settings = Settings.load()
    check(settings)
    if settings.database_url is None:
        embedded = attach(settings.data)
        atexit.register(embedded.close)
        engine = make_engine(embedded.url, pool_size=1, statement_timeout_ms=0)
        bring_up_to_date(engine, settings.attributes)
        engine.dispose()
        settings = replace(settings, database_url=embedded.url)
    telemetry.share(settings.data)
    made = create_app(settings).server
    made.wsgi_app = _keeping_house(made)
    return made


def _keeping_house(made: Flask) -> Callable[..., Any]:
    """gunicorn's workers begin with it as they start, if it has our configuration; with another one, and in
    other servers, a process begins with its first request: only then it is sure to be one that answers."""
    application, parts = made.wsgi_app, parts_of(made)

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        if not is_own(environ):
            parts.start_housekeeping()
        return application(environ, start_response)

    return answer


# gunicorn's word for a worker that cannot start: on any other it starts the next one, for ever.
_CANNOT_START = 3

try:
    server = _build()
except UserError as error:
    print(f"fixer-metrics: {error}", file=sys.stderr, flush=True)
    raise SystemExit(_CANNOT_START) from error
