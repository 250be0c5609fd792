"""What a user can mend is told in a sentence: what is wrong with which value, and what to do."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.processes import PATIENCE, Program, Start, free_port

pytestmark = pytest.mark.processes


def complaint(program: Program) -> str:
    """What it said when it gave up."""
    assert program.process.wait(PATIENCE) == 1, program.said
    assert "Traceback" not in program.said
    return program.said


def test_a_port_in_use(start: Start, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = complaint(start("demo", settings={"PORT": port, "FIXER_METRICS_DATA": tmp_path / "data"}))
    assert f"Port {port} is in use" in said
    assert f"PORT={port + 1} make demo" in said
    assert not (tmp_path / "data").exists()  # told before anything was made


def test_a_host_that_is_not_ours(start: Start) -> None:
    assert "HOST=192.0.2.1 is no address of this machine" in complaint(
        start("demo", settings={"HOST": "192.0.2.1"})
    )


def test_an_unwritable_folder(start: Start, tmp_path: Path, unprivileged: dict[str, Any]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    settings = unprivileged.get("settings", {}) | {"FIXER_METRICS_DATA": closed / "data"}
    said = complaint(start("demo", **unprivileged | {"settings": settings}))
    assert f"The folder {closed / 'data'} cannot be written" in said
    assert "Set FIXER_METRICS_DATA" in said


def test_a_file_where_the_folder_should_be(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()
    assert f"{file} is no folder" in complaint(start("migrate", settings={"FIXER_METRICS_DATA": file}))


def test_a_database_that_nobody_serves(start: Start) -> None:
    url = f"postgresql://fixer:hush@127.0.0.1:{free_port()}/runs"
    said = complaint(start("demo", settings={"DATABASE_URL": url}))
    assert f"The database {url.replace('hush', '***')} (DATABASE_URL, from environment)" in said
    assert "Start that server, or correct host and port" in said
    assert "hush" not in said


def test_a_database_that_does_not_exist(start: Start, database_url: str) -> None:
    url = database_url.replace("/test_", "/missing_")
    assert "Create it (createdb)" in complaint(start("migrate", settings={"DATABASE_URL": url}))


def test_a_schema_that_is_newer_than_the_code(start: Start, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url}
    newer = start("sql", "-c", "UPDATE alembic_version SET version_num = 'tomorrow'", settings=settings)
    assert newer.process.wait(PATIENCE) == 0, newer.said
    assert "a newer Fixer Metrics made it" in complaint(start("migrate", settings=settings))


def test_a_redis_that_nobody_serves(start: Start, tmp_path: Path) -> None:
    settings = {
        "REDIS_URL": f"redis://:hush@127.0.0.1:{free_port()}/0",
        "FIXER_METRICS_DATA": tmp_path / "data",
    }
    said = complaint(start("demo", settings=settings))
    assert "The Redis redis://:***@127.0.0.1" in said
    assert "leave REDIS_URL empty" in said
    assert "hush" not in said


def test_a_wrong_setting(start: Start) -> None:
    said = complaint(start("config", settings={"WEB_THREADS": "many"}))
    assert "WEB_THREADS=many (from the environment) is not allowed: it must be a number from 1 to 64." in said


def test_a_data_folder_of_another_postgresql(start: Start, tmp_path: Path) -> None:
    files = tmp_path / "data" / "postgresql" / "files"
    files.mkdir(parents=True)
    (files / "PG_VERSION").write_text("12\n")
    said = complaint(start("migrate", settings={"FIXER_METRICS_DATA": tmp_path / "data"}))
    assert "was made by PostgreSQL 12" in said
