"""Roof: the application for WSGI servers; the only module that builds one at import."""

from __future__ import annotations

import atexit
from dataclasses import replace

from flask import Flask

from dashboard import telemetry
from dashboard.access.checks import check
from dashboard.app import create_app
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
    return create_app(settings).server


try:
    server = _build()
except UserError as error:
    raise SystemExit(f"fixer-metrics: {error}") from error
