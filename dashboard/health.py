"""Roof: /healthz (the process answers) and /readyz (the database does, and has this code's schema)."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from queries import migrate
from queries.errors import first_line

log = logging.getLogger(__name__)


def blueprint(engine: Engine) -> Blueprint:
    health = Blueprint("health", __name__)
    head = migrate.head()

    @health.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @health.get("/readyz")
    def readyz() -> tuple[dict[str, Any], int]:
        return readiness(engine, head)

    return health


def readiness(engine: Engine, head: str) -> tuple[dict[str, Any], int]:
    """The answer of /readyz and its status: 200, or 503 with a reason that names no secret."""
    try:
        revision = migrate.current(engine)
    except SQLAlchemyError as error:
        log.warning("not ready: %s", first_line(error))
        return _unready("database", "The database does not answer."), 503
    if revision != head:
        message = f"The schema is at revision {revision or 'none'}, not {head}: run `fixer-metrics migrate`."
        return _unready("schema", message), 503
    return {"status": "ok", "schema": revision}, 200


def _unready(reason: str, message: str) -> dict[str, Any]:
    return {"status": "unready", "reason": reason, "message": message}
