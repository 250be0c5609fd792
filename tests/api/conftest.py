"""A small Flask application with the API on a real database, at a fixed moment."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_caching.backends import NullCache
from sqlalchemy import Engine

from alerts.guard import Allowed
from alerts.outbox import Post
from dashboard.api import blueprint
from dashboard.api.problems import CODES
from dashboard.api.unusual import SIGMA
from dashboard.upkeep import EXTENSION, Upkeep
from dashboard.watching import EXTENSION as WATCH
from dashboard.watching import Watch
from ingest.write import Writer
from queries.cache import AnswerCache
from queries.store import Store

NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)  # a Monday

Json = dict[str, Any]


class Asking:
    """The JSON of answers: ``ask("summary?range=7d")`` a good one, ``ask.refused(...)`` the error in a bad one."""

    def __init__(self, store: Store, engine: Engine, now: datetime = NOW) -> None:
        app = Flask(__name__)
        app.config[SIGMA] = 2.0
        app.register_blueprint(blueprint(store, engine, clock=lambda: now))
        folder = Path(tempfile.mkdtemp(prefix="fixer-metrics-test-"))
        app.extensions[EXTENSION] = Upkeep(engine.url.render_as_string(hide_password=False), folder)
        app.extensions[WATCH] = Watch(
            engine, store, Post("a secret of tests", Allowed()), "http://fixer.test"
        )
        # A page that, like Dash's, answers every path there is.
        app.add_url_rule("/<path:path>", "page", lambda path: "<html>the page</html>")
        self.app, self.store, self.now = app, store, now
        self.client: FlaskClient = app.test_client()

    def __call__(self, what: str) -> Json:
        return self._json(what, 200)

    def refused(self, what: str, status: int = 400) -> Json:
        body = self._json(what, status)
        assert body.keys() == {"error"}
        error: Json = body["error"]
        assert error.keys() - {"reference"} == {"code", "parameter", "message", "allowed"}
        assert error["message"]
        assert CODES[error["code"]] == status
        return error

    def _json(self, what: str, status: int) -> Json:
        response = self.client.get(what if what.startswith("/") else f"/api/metrics/{what}")
        assert response.status_code == status, response.text
        assert response.mimetype == "application/json"
        return dict(response.json or {})


@pytest.fixture(scope="session")
def asking() -> Callable[..., Asking]:
    """The API on a database of one's own, or at a moment of one's own."""

    def make(engine: Engine, now: datetime = NOW) -> Asking:
        return Asking(Store(engine, AnswerCache(NullCache(), flight=None, seconds=60)), engine, now)

    return make


@pytest.fixture
def ask(store: Store, engine: Engine) -> Asking:
    return Asking(store, engine)


@pytest.fixture
def client(ask: Asking) -> FlaskClient:
    return ask.client


@pytest.fixture
def put(engine: Engine) -> Callable[..., None]:
    def write(*rows: tuple[Any, ...]) -> None:
        with Writer(engine) as writer:
            result = writer.write(list(rows))
        assert result.inserted == len(rows), result

    return write
