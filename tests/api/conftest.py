"""A small Flask application with the API on a real database, at a fixed moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.api import blueprint
from ingest.write import Writer
from queries.store import Store

NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)  # a Monday

Json = dict[str, Any]


def application(store: Store) -> Flask:
    """With a page that, like Dash's, answers every path there is."""
    app = Flask(__name__)
    app.register_blueprint(blueprint(store, clock=lambda: NOW))
    app.add_url_rule("/<path:path>", "page", lambda path: "<html>the page</html>")
    return app


@pytest.fixture
def client(store: Store) -> FlaskClient:
    return application(store).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Callable[[str], Json]:
    """The JSON of a good answer: ``ask("summary?range=7d")``."""

    def get(what: str) -> Json:
        response = client.get(f"/api/metrics/{what}")
        assert response.status_code == 200, response.text
        assert response.mimetype == "application/json"
        return dict(response.json or {})

    return get


@pytest.fixture
def put(engine: Engine) -> Callable[..., None]:
    def write(*rows: tuple[Any, ...]) -> None:
        with Writer(engine) as writer:
            writer.write(list(rows))

    return write
