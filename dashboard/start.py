"""Roof: ``/`` without a query string leads to the start view, before anything is drawn or asked."""

from __future__ import annotations

from flask import Flask, redirect, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from layouts.pages import start_url
from queries.views import start_view


def begin_at_start_view(server: Flask, engine: Engine) -> None:
    """A redirect leaves no entry in the browser's history, so Back works; `/?start=none` is the overview."""

    @server.before_request
    def begin() -> Response | None:
        if request.path != "/" or request.query_string or request.method not in ("GET", "HEAD"):
            return None
        url = _start(engine)
        return redirect(request.script_root + url) if url else None


def _start(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return start_url(start_view(connection))
    except SQLAlchemyError:  # away, or without a schema: the page itself says so
        return None
