"""The application under each way of knowing people, on a real database, and people who log in to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from dashboard.access import users
from dashboard.app import create_app, parts_of
from dashboard.config import Settings
from queries.engine import make_engine
from tests.conftest import fresh_database

PASSWORD = "many agents at work"
PEOPLE = {"vera": "viewer", "edith": "editor"}


@dataclass
class Site:
    """An application with a database of its own."""

    app: Dash
    engine: Engine

    def client(self, **environ: str) -> FlaskClient:
        """A browser that knows nothing yet; ``environ`` says where from (REMOTE_ADDR)."""
        client = self.app.server.test_client()
        client.environ_base |= environ
        return client

    def someone(self, name: str) -> FlaskClient:
        client = self.client()
        answer = log_in(client, name)
        assert answer.status_code == 303, answer.text
        return client


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, next: str = "/") -> TestResponse:
    return client.post("/login", data={"name": name, "password": password, "next": next})


@pytest.fixture(scope="module")
def make_site(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Site]]:
    with ExitStack() as after:

        def make(**values: Any) -> Site:
            url = after.enter_context(fresh_database(server, template))
            data: Path = tmp_path_factory.mktemp("data")
            values = {"database_url": url, "data": data, "secret_key": "of these tests alone"} | values
            settings = replace(Settings.load({}, data / "no.env"), **values)
            app = create_app(settings)
            engine = make_engine(url)
            after.callback(parts_of(app.server).close)
            after.callback(engine.dispose)
            return Site(app, engine)

        yield make


@pytest.fixture(scope="module")
def site(make_site: Callable[..., Site]) -> Site:
    """AUTH=users, with vera who looks and edith who edits."""
    site = make_site(auth="users")
    with site.engine.begin() as connection:
        for name, role in PEOPLE.items():
            users.add(connection, name, role, PASSWORD)
    return site
