"""The command line: help worth reading, and each command on a real database."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from dashboard.cli import main
from ingest.in_flight import announce
from ingest.in_flight import row as in_flight_row
from ingest.record import Canon
from queries.schema import sums
from tests.runtime.processes import PATIENCE, Start

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.processes

COMMANDS = [
    *("serve", "worker", "demo", "dev"),
    *("import", "watch", "imports", "undo", "in-flight", "seed"),
    *("user", "token"),
    *("alerts", "digest"),
    *("migrate", "verify", "rebuild", "sql"),
    "config",
]


def test_help_lists_every_command_with_what_it_is_for() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    assert list(main.commands) == COMMANDS
    for name, command in main.commands.items():
        assert command.short_help, name
        assert f"{name:<{max(map(len, COMMANDS))}}  {command.short_help}" in said
        assert "..." not in (command.short_help or "")


def test_help_groups_the_commands_as_the_readme_does() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    headings = ["Serving:", "Runs:", "People and programs:", "Alerts:", "The database:", "Settings:"]
    assert [line for line in said.splitlines() if line in headings] == headings
    table = README.read_text().partition("### Commands")[2].partition("\n#")[0]
    for heading, commands in main.groups.items():
        row = next(line for line in table.splitlines() if line.startswith(f"| {heading.lower()} |"))
        told = re.findall(r"`([\w-]+)", row)
        assert list(dict.fromkeys(told)) == [command.name for command in commands]


def test_runs_in_flight_are_listed_and_given_up(start: Start, database_url: str, engine: Engine) -> None:
    now = datetime.now(UTC)
    for name, hours in (("a\x1b[31m", 5), ("b", 4), ("c", 3), ("d", 0)):
        record = {"invocation_id": name, "start_time": (now - timedelta(hours=hours)).isoformat()}
        announce(engine, [in_flight_row(record, Canon(), now)])

    def said(*words: str) -> tuple[int, str]:
        program = start("in-flight", *words, settings={"DATABASE_URL": database_url})
        return program.process.wait(PATIENCE), program.said

    code, listed = said("list")
    assert code == 0
    assert "\x1b" not in listed
    assert [line.split()[0] for line in listed.splitlines()[1:5]] == ["a?[31m", "b", "c", "d"]
    assert "4 in flight, 3 overdue" in listed
    assert said("give-up", "c") == (0, "  1 given up\n")
    code, told = said("give-up", "c", "d")
    assert (code, "1 given up" in told, "Not in flight: c." in told) == (1, True, True)
    assert said("give-up")[0] == 1
    assert said("give-up", "--overdue") == (0, "  2 given up\n")
    assert said("list") == (0, "  nothing is in flight\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_and_all_its_options(name: str) -> None:
    command = main.commands[name]
    said = CliRunner().invoke(main, [name, "--help"]).output
    assert command.help
    assert command.help.splitlines()[0][:60] in said
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, option.name
            assert option.opts[0] in said


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Runs a command in this process, which is much the same and much faster; gives what it said."""
    handlers = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGHUP)}

    def invoke(*arguments: str, code: int = 0) -> str:
        ended = CliRunner().invoke(main, list(arguments))
        assert ended.exit_code == code, (ended.output, ended.exception)
        return ended.output

    yield invoke
    for sign, handler in handlers.items():
        signal.signal(sign, handler)


def test_the_commands_in_the_order_of_a_first_day(
    run: Callable[..., str], server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a database of DATABASE_URL that nobody migrated yet."""
    url = server.replace("/postgres?", "/first_day?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE first_day")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    assert "was empty" in run("migrate")
    assert "as it was" in run("migrate")
    assert "400 runs added" in run("seed", "--runs", "400", "--days", "10")
    runs = tmp_path / "runs.jsonl"
    rows = [
        {"invocation_id": "one", "start_time": "2026-11-01T10:00:00Z", "model": "m", "status": "success"},
        {"invocation_id": "two", "model": "m", "status": "success"},
    ]
    runs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    rejects = tmp_path / "rejects.jsonl"
    assert "no_start_time" in run("import", str(runs), "--rejects", str(rejects), code=1)
    assert json.loads(rejects.read_text())["_rejected"]["line"] == 2
    assert "already there" in run("import", str(runs), "--start-time", "2026-11-02T00:00Z")
    assert "agree" in run("verify")
    with psycopg.connect(url) as connection:
        counted = connection.execute("SELECT count(*) FROM agent_execution").fetchone()
        connection.execute(f"TRUNCATE {', '.join(table.name for table in sums.values())}")  # type: ignore[arg-type]
    assert counted == (402,)
    assert "fixer-metrics rebuild" in run("verify", code=1)
    run("rebuild")
    assert "agree" in run("verify")


def test_config_tells_value_and_source_and_no_secret(
    run: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://fixer:hush@db.example:5432/runs")
    monkeypatch.setenv("SECRET_KEY", "hush-hush-hush-hush")
    (tmp_path / ".env").write_text("WEB_THREADS=7\nFIXER_METRICS_TYPO=1\n")
    said = run("config")
    assert "hush" not in said
    lines = {line.split()[0]: line for line in said.splitlines()}
    assert "postgresql://fixer:***@db.example:5432/runs" in lines["DATABASE_URL"]
    assert lines["DATABASE_URL"].endswith("environment")
    assert lines["WEB_THREADS"].split() == ["WEB_THREADS", "7", ".env"]
    assert lines["PORT"].endswith("default")
    assert "FIXER_METRICS_TYPO (from .env) is no setting" in said


def test_psql_is_opened_on_the_database_in_use(start: Start, database_url: str) -> None:
    program = start("sql", "-tAc", "SELECT current_database()", settings={"DATABASE_URL": database_url})
    assert program.process.wait(PATIENCE) == 0, program.said
    assert f"/{program.said.strip()}?" in database_url
    failing = start("sql", "-c", "SELECT nonsense", settings={"DATABASE_URL": database_url})
    assert failing.process.wait(PATIENCE) == 1


def test_a_token_goes_to_standard_output_alone(
    run: Callable[..., str], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert "no tokens" in run("token", "list")
    made = CliRunner().invoke(main, ["token", "create", "nightly", "--role", "editor"])
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert secret.startswith("fxm_")
    assert secret not in made.stderr
    listed = run("token", "list")
    assert secret not in listed
    assert listed.splitlines()[1].split()[:2] == ["nightly", "editor"]
    assert listed.splitlines()[1].endswith("never      in use")
    assert "already" in run("token", "create", "nightly", code=1)
    assert "refused" in run("token", "revoke", "nightly")
    assert "revoked" in run("token", "list").splitlines()[1]
    assert "No token 'nightly'" in run("token", "revoke", "nightly", code=1)


def test_an_import_is_listed_and_undone(
    run: Callable[..., str], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert "nothing has brought runs" in run("imports")
    hostile = tmp_path / "a\x1b[2J.jsonl"
    lines = [json.dumps({"invocation_id": str(n), "start_time": f"2026-11-0{n}T10:00Z"}) for n in (1, 2, 3)]
    hostile.write_text("\n".join(lines))
    run("import", str(hostile))
    listed = run("imports")
    assert "\x1b" not in listed
    assert listed.splitlines()[1].split()[-6:] == ["3", "3", "0", "0", "0", "done"]
    assert "would lose 3 runs" in run("undo", "1", "--dry-run")
    assert "3 runs taken back" in run("undo", "1")
    assert run("imports").splitlines()[1].endswith("3 taken back")
    assert "no import 7" in run("undo", "7", code=1)
    assert "agree" in run("verify")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM agent_execution").fetchone() == (0,)
