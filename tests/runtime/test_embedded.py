"""The embedded PostgreSQL where it could go wrong: paths, leftovers, other users' folders, root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy.engine import make_url

from dashboard.account import Account, _access_list, let_through, with_passage
from dashboard.embedded import Embedded, attach
from dashboard.embedded_conf import configuration
from tests.runtime.processes import lives, wait_until


def ask(embedded: Embedded, question: str) -> str:
    url = make_url(embedded.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
    assert row
    return str(row[0])


@pytest.fixture(scope="module")
def prepared(open_folder: Path) -> Path:
    """A data folder whose server was set up once and stopped."""
    folder = open_folder / "prepared"
    with attach(folder):
        pass
    return folder


@pytest.fixture
def data(prepared: Path) -> Iterator[Path]:
    """The prepared folder; a test may move it, and must leave its server stopped."""
    home = prepared.stat().st_ino
    yield prepared
    if not prepared.exists():
        moved = next(path for path in prepared.parent.rglob("*") if path.stat().st_ino == home)
        moved.rename(prepared)
    assert not (prepared / "postgresql" / "files" / "postmaster.pid").exists()


def test_it_is_reached_by_its_owner_alone_and_set_for_analytics(data: Path) -> None:
    with attach(data) as embedded:
        assert ask(embedded, "SHOW listen_addresses") == ""
        assert ask(embedded, "SHOW unix_socket_permissions") == "0700"
        assert ask(embedded, "SHOW jit") == "off"
        assert ask(embedded, "SHOW server_encoding") == "UTF8"
        assert ask(embedded, "SELECT lower('ÄÖÜ')") == "äöü"
        assert ask(embedded, "SHOW TimeZone") == "UTC"
    assert stat.S_IMODE((data / "postgresql").stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket(data: Path, tmp_path: Path) -> None:
    long = tmp_path / ("a" * 60) / ("b" * 60) / 'it\'s "long"'
    long.parent.mkdir(parents=True)
    data.rename(long)
    with attach(long) as embedded:
        assert ask(embedded, "SELECT 1") == "1"
        folder = Path(str(make_url(embedded.url).query["host"]))
        assert not folder.is_relative_to(tmp_path)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_a_pid_file_whose_number_went_to_another_program(data: Path) -> None:
    """As after a crash in a container, where the same few numbers come again."""
    with attach(data) as embedded:
        assert ask(embedded, "SELECT 1") == "1"
        postmaster = psutil.Process(int((data / "postgresql/files/postmaster.pid").read_text().split()[0]))
        postmaster.kill()
        wait_until(lambda: not lives(postmaster), "the server is dead")
    pid_file = data / "postgresql" / "files" / "postmaster.pid"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        for left in (pid_file, data / "postgresql" / ".s.PGSQL.5432.lock"):
            left.write_text(f"{other.pid}\n{data}\n1\n5432\n\n\n1 1\nready\n")
        with attach(data) as embedded:
            assert ask(embedded, "SELECT 1") == "1"
        assert other.poll() is None  # it was left alone
        other.communicate()


def test_a_set_up_that_was_killed_half_way(tmp_path: Path) -> None:
    half = tmp_path / "data" / "postgresql" / "files.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with attach(tmp_path / "data") as embedded:
        assert ask(embedded, "SELECT 1") == "1"
    assert not half.exists()


def test_it_ends_even_where_its_connections_do_not(data: Path) -> None:
    embedded = attach(data)
    url = make_url(embedded.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as open_transaction:
        open_transaction.execute("SELECT 1")
        embedded.close()
        with pytest.raises(psycopg.OperationalError):
            open_transaction.execute("SELECT 1")


def test_a_forked_child_does_not_stop_its_parents_server(data: Path) -> None:
    with attach(data) as embedded:
        child = os.fork()
        if child == 0:
            embedded.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert ask(embedded, "SELECT 1") == "1"


def test_libpqs_variables_of_the_caller_change_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "6543", "PGDATA": "/nowhere", "PGHOST": "example.org"}.items():
        monkeypatch.setenv(name, value)
    with attach(data) as embedded:
        assert ask(embedded, "SHOW port") == "5432"


def test_quotes_in_the_path_are_written_as_postgresql_reads_them() -> None:
    assert "unix_socket_directories = '\"/it''s here\"'" in configuration(Path("/it's here"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_root_lets_one_account_pass_a_closed_folder_and_nobody_else(data: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    moved = closed / "data"
    data.rename(moved)
    with attach(moved) as embedded:
        assert ask(embedded, "SELECT current_user") == "postgres"
        owner = psutil.Process(
            int((moved / "postgresql/files/postmaster.pid").read_text().split()[0])
        ).username()
        assert owner != "root"
    assert closed.stat().st_mode & 0o007 == 0  # still closed to the world
    others = subprocess.run(["test", "-x", str(closed)], user="nobody", extra_groups=[], check=False)
    assert others.returncode != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_passage_is_added_to_an_access_list_that_is_there(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o750)
    said: list[str] = []
    games, daemon = (pwd.getpwnam(name) for name in ("games", "daemon"))
    for entry in (games, daemon, games):
        let_through(closed / "inside", Account(entry.pw_uid, entry.pw_gid), said.append)
    assert len([line for line in said if str(closed) in line]) == 2  # not again where it may pass already
    entries = {(tag, who): permissions for tag, permissions, who in _access_list(closed)}
    assert entries[0x02, games.pw_uid] == entries[0x02, daemon.pw_uid] == 1
    assert entries[0x20, 0xFFFFFFFF] == 0
    assert with_passage(_access_list(closed), games.pw_uid) == os.getxattr(closed, "system.posix_acl_access")


def test_two_data_folders_are_two_servers(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(data, other, symlinks=True)
    if os.geteuid() == 0:
        subprocess.run(
            ["chown", "-R", f"--reference={data}/postgresql", str(other / "postgresql")], check=True
        )
    with attach(data) as one, attach(other) as two:
        ask(one, "SELECT 1")
        assert ask(one, "SHOW data_directory") != ask(two, "SHOW data_directory")


def test_a_stopped_process_does_not_hold_the_others_up(data: Path) -> None:
    """Only the folder's lock is waited for, and that is held for the start alone."""
    script = (
        f"from dashboard.embedded import attach; from pathlib import Path; e = attach(Path({str(data)!r}))"
    )
    command = [sys.executable, "-c", f"{script}; print('attached', flush=True); input(); e.close()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"attached\n"
        other.send_signal(signal.SIGSTOP)
        with attach(data) as embedded:
            assert ask(embedded, "SELECT 1") == "1"
        assert (data / "postgresql/files/postmaster.pid").exists()  # the other one still uses it
        other.send_signal(signal.SIGCONT)
        other.communicate(b"\n")
    assert not (data / "postgresql/files/postmaster.pid").exists()
