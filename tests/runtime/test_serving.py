"""demo and serve as processes: they answer, they end, and they leave nothing behind, however they end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine, text

from dashboard.embedded import attach
from dashboard.folders import FolderLock
from ingest.compact import FOLD_AT, waiting
from ingest.write import Writer
from queries.engine import make_engine
from queries.workers import is_led
from tests.runtime.processes import PATIENCE, ROOT, Program, Start, free_port, lives, wait_until

pytestmark = pytest.mark.processes


def nothing_left(program: Program, data: Path) -> None:
    """No process, no socket, no pid file, and nobody holds a lock."""
    wait_until(lambda: not program.left(), f"still there: {program.left()}")
    assert not (data / "postgresql" / "files" / "postmaster.pid").exists()
    assert not list((data / "postgresql").glob(".s.PGSQL*"))
    for folder in (data, data / "postgresql"):
        lock = FolderLock(folder)
        assert lock.hold_at_once()
        lock.close()


def led(engine: Engine) -> bool:
    with engine.connect() as connection:
        return is_led(connection)


@pytest.fixture(scope="module")
def data(open_folder: Path) -> Path:
    """One data folder for the module: what one test leaves must not trouble the next."""
    return open_folder / "data"


def test_demo_makes_everything_answers_and_ends_with_sigterm(start: Start, data: Path) -> None:
    program = start("demo", settings={"FIXER_METRICS_DATA": data})
    program.wait_ready()
    status, page = program.get("/")
    assert status == 200
    assert b"Fixer Metrics" in page
    assert program.get("/readyz")[0] == 200
    assert "25,000 runs over 200 days" in program.said
    assert f"ready: {program.address}" in program.said
    # Somebody else's command attaches to the running server and leaves it running.
    count = start(
        "sql", "-tAc", "SELECT count(*) FROM agent_execution", settings={"FIXER_METRICS_DATA": data}
    )
    assert count.process.wait(PATIENCE) == 0
    assert count.said.strip() == "25000"
    # A worker keeps the data in order, and ends with the rest.
    with attach(data) as embedded:
        engine = make_engine(embedded.url)
        wait_until(lambda: led(engine), "a worker leads")
        engine.dispose()
    program.remember()
    assert program.get("/readyz")[0] == 200
    assert program.end(signal.SIGTERM) == 0
    nothing_left(program, data)


def test_a_kill_9_does_not_prevent_the_next_start_on_the_same_port(start: Start, data: Path) -> None:
    killed = start("demo", settings={"FIXER_METRICS_DATA": data})
    killed.wait_ready()
    killed.end(signal.SIGKILL)
    again = start("demo", settings={"FIXER_METRICS_DATA": data, "PORT": killed.port})
    again.wait_ready()
    assert "making demo data" not in again.said
    assert again.get("/")[0] == 200
    again.seen |= killed.seen  # the server that the killed one started is now the other's to end
    assert again.end(signal.SIGINT) in (0, 130)
    nothing_left(again, data)


def test_it_starts_after_everything_was_killed_postgresql_too(start: Start, data: Path) -> None:
    killed = start("demo", settings={"FIXER_METRICS_DATA": data})
    killed.wait_ready()
    for process in killed.seen.values():
        if lives(process):
            process.kill()
    wait_until(lambda: not killed.left(), "all killed")
    again = start("demo", settings={"FIXER_METRICS_DATA": data, "PORT": killed.port})
    again.wait_ready()
    assert again.get("/readyz")[0] == 200
    assert again.end() == 0
    nothing_left(again, data)


def test_it_ends_with_the_process_that_called_it(start: Start, data: Path) -> None:
    # As make does: a parent that waits. kill -9 gives it no chance to pass the end on.
    command = [sys.executable, "-m", "dashboard", "demo", "--end-with-parent"]
    script = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    parent = start(command=[sys.executable, "-c", script, *command], settings={"FIXER_METRICS_DATA": data})
    parent.wait_ready()
    parent.end(signal.SIGKILL)
    nothing_left(parent, data)


def test_ctrl_c_while_it_prepares_leaves_nothing(start: Start, tmp_path: Path) -> None:
    program = start("demo", settings={"FIXER_METRICS_DATA": tmp_path / "new"})
    program.wait_for("making demo data")
    program.remember()
    os.killpg(program.process.pid, signal.SIGINT)  # as a terminal does: to all of them
    assert program.process.wait(PATIENCE) == 130
    nothing_left(program, tmp_path / "new")


def test_the_last_of_several_users_stops_the_server(start: Start, data: Path) -> None:
    settings = {"FIXER_METRICS_DATA": data}
    sessions = [start("sql", "-c", f"SELECT pg_sleep({n})", settings=settings) for n in (0.5, 1, 1.5)]
    wait_until(lambda: (data / "postgresql/files/postmaster.pid").exists(), "a server")
    postmaster = psutil.Process(int((data / "postgresql/files/postmaster.pid").read_text().split()[0]))
    for session in sessions[:-1]:
        assert session.process.wait(PATIENCE) == 0, session.said
    assert sessions[-1].process.wait(PATIENCE) == 0, sessions[-1].said
    wait_until(lambda: not lives(postmaster), "the server to be stopped")


def test_serve_starts_while_the_database_is_away_and_is_ready_when_it_is_there(
    start: Start, open_folder: Path, data: Path
) -> None:
    """The database of another data folder, reached like any other server by DATABASE_URL."""
    with attach(data) as embedded:
        url = embedded.url
    program = start("serve", settings={"DATABASE_URL": url, "FIXER_METRICS_DATA": open_folder / "caches"})
    program.wait_for("not ready: The database does not answer.")
    assert program.get("/")[0] == 200
    with attach(data):
        program.wait_ready()
        assert program.get("/readyz")[0] == 200
    assert program.end() == 0


def test_dev_answers_and_ends_with_its_reloader(start: Start, data: Path) -> None:
    program = start("dev", settings={"FIXER_METRICS_DATA": data})
    program.wait_answers("/readyz")
    program.remember()
    assert program.get("/")[0] == 200
    program.end()
    nothing_left(program, data)


def test_it_works_as_an_ordinary_user(start: Start, tmp_path: Path, unprivileged: dict[str, Any]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    settings = unprivileged.get("settings", {}) | {"FIXER_METRICS_DATA": data}
    program = start("migrate", **unprivileged | {"settings": settings})
    assert program.process.wait(PATIENCE) == 0, program.said
    assert "was empty" in program.said
    assert (data / "postgresql").owner() == unprivileged.get("user", data.owner())


def test_gunicorn_without_our_configuration_ends_where_it_cannot_start(start: Start) -> None:
    """Once, and with one sentence; not a worker after the other for ever."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{free_port()}",
        "dashboard.wsgi:server",
    ]
    program = start(command=command, cwd=ROOT, settings={"DATABASE_URL": "mysql://127.0.0.1/x"})
    assert program.process.wait(PATIENCE) != 0
    assert program.said.count("fixer-metrics: DATABASE_URL") == 1
    assert program.said.count("Booting worker") == 1
    assert "Traceback" not in program.said.partition("Worker failed to boot")[0]


def test_gunicorn_without_our_configuration_serves_and_keeps_house(
    start: Start, database_url: str, engine: Engine, run: Callable[..., tuple[Any, ...]]
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "dashboard.wsgi:server"]
    many = text("INSERT INTO rollup_delta SELECT d.* FROM rollup_delta d, generate_series(1, :n)")
    with Writer(engine) as writer:
        writer.write([run()])
    with engine.begin() as connection:
        connection.execute(many, {"n": FOLD_AT})
    program = start(command=command, cwd=ROOT, settings={"DATABASE_URL": database_url, "PORT": port})
    program.wait_answers("/readyz")
    program.remember()
    assert program.get("/")[0] == 200
    wait_until(lambda: not waiting(engine, 1), "nothing waits to be folded")
    assert program.end() == 0


def test_gunicorn_serves_as_the_procfile_says(start: Start, database_url: str) -> None:
    command = [sys.executable, "-m", "gunicorn", "-c", "dashboard/gunicorn_conf.py", "dashboard.wsgi:server"]
    procfile = (Path(__file__).parents[2] / "Procfile").read_text()
    assert " ".join(command[2:]) in procfile
    program = start(command=command, cwd=Path(__file__).parents[2], settings={"DATABASE_URL": database_url})
    program.wait_answers("/readyz")
    program.remember()
    assert program.get("/")[0] == 200
    assert program.end() == 0
    wait_until(lambda: not program.left(), f"still there: {program.left()}")
