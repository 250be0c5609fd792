"""Shared fixtures: a real PostgreSQL server per test process, a fresh migrated database per test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from dashboard.embedded import attach
from queries.cache import AnswerCache
from queries.engine import make_engine
from queries.migrate import upgrade
from queries.schema import CONTENT_COLUMNS
from queries.store import Store


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of an embedded PostgreSQL of this test process, without a database name at its end."""
    root = Path(tempfile.mkdtemp(prefix="fixer-metrics-test-"))
    root.chmod(0o755)
    with attach(root) as embedded:
        url = make_url(embedded.url).set(drivername="postgresql", database="postgres")
        address = url.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            # Test data may be lost in a crash; tests should not wait for the disk.
            for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
        yield address
    shutil.rmtree(root, ignore_errors=True)


def named(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?")


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a migrated, empty database that each test's own is copied from."""
    name = "template_migrated"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    engine = make_engine(named(server, name))
    upgrade(engine)
    engine.dispose()
    return name


@contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield named(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """The address of a fresh, migrated, empty database."""
    with fresh_database(server, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_engine(server: str, template: str) -> Iterator[Engine]:
    """An engine on a fresh database that the tests of a module share."""
    with fresh_database(server, template) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


class NoCache:
    """Every question is asked again: what is tested is the answer, not the memory of it."""

    def get(self, key: str) -> None:
        return None

    def set(self, key: str, value: Any, timeout: int | None = None) -> None:
        return None


def uncached(engine: Engine) -> Store:
    return Store(engine, AnswerCache(NoCache(), flight=None, seconds=60))


@pytest.fixture
def store(engine: Engine) -> Store:
    return uncached(engine)


@pytest.fixture(scope="module")
def module_store(module_engine: Engine) -> Store:
    return uncached(module_engine)


@pytest.fixture(scope="session")
def run() -> Callable[..., tuple[Any, ...]]:
    """Makes a row in CONTENT_COLUMNS order; what is not given is a plain success without measures."""
    number = itertools.count(1)

    def make(start_time: str | datetime = "2026-11-20T10:00+00:00", **fields: Any) -> tuple[Any, ...]:
        moment = datetime.fromisoformat(start_time) if isinstance(start_time, str) else start_time
        row: dict[str, Any] = dict.fromkeys(CONTENT_COLUMNS)
        row |= {"invocation_id": f"run-{next(number)}", "agent": "fixer", "model": "gpt-4"}
        row |= {"status": "success", "start_time": moment.astimezone(UTC), "attributes": "{}"}
        assert fields.keys() <= row.keys(), fields.keys() - row.keys()
        return tuple((row | fields).values())

    return make
