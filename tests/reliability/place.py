"""Where faults are made: a database of its own, the real programs on it, and ways to kill them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, text

from dashboard.embedded import Embedded, attach
from ingest.verify import verify
from queries.engine import make_engine
from queries.migrate import upgrade
from tests.runtime.processes import ROOT, Program, clean_environment, free_port

RUNS = text("SELECT (SELECT count(*) FROM agent_execution), (SELECT sum(runs) FROM status_day), "
            "(SELECT sum(runs) FROM rollup_delta)")  # fmt: skip


@dataclass
class Place:
    """An embedded PostgreSQL on ``folder``, as safe against a crash as any, and the programs started on it."""

    folder: Path
    embedded: Embedded
    engine: Engine
    programs: list[Program] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.embedded.url

    def start(self, *arguments: str, **settings: object) -> Program:
        """``fixer-metrics ARGUMENTS`` on this database."""
        port = free_port()
        output = self.folder / f"output-{len(self.programs)}"
        environment = clean_environment() | {"DATABASE_URL": self.url, "PORT": str(port)}
        environment |= {"PYTHONPATH": str(ROOT), "FIXER_METRICS_DATA": str(self.folder / "programs")}
        environment |= {name: str(value) for name, value in settings.items()}
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "dashboard", *arguments],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.programs.append(Program(process, output, port))
        return self.programs[-1]

    def kill_postgres(self) -> None:
        """kill -9 of the server and all its processes at once, as a power cut does it."""
        server = psutil.Process(self.postmaster())
        for process in [server, *server.children(recursive=True)]:
            with_patience(process.kill)
        psutil.wait_procs([server], timeout=10)

    def postmaster(self) -> int:
        """The process of PostgreSQL that all its others belong to."""
        return int((self.folder / "postgresql" / "files" / "postmaster.pid").read_text().split()[0])

    def restart_postgres(self) -> float:
        """Seconds until it answers again; its log is replayed first."""
        began = time.perf_counter()
        self.embedded.close()
        self.embedded = attach(self.folder)
        self.engine.dispose()
        return time.perf_counter() - began

    def runs(self) -> tuple[int, int]:
        """(raw rows, what the rollups count)"""
        with self.engine.connect() as connection:
            raw, folded, waiting = connection.execute(RUNS).one()
        return int(raw), int(folded or 0) + int(waiting or 0)

    def ids(self) -> set[str]:
        with self.engine.connect() as connection:
            return set(connection.execute(text("SELECT invocation_id FROM agent_execution")).scalars())

    def differences(self) -> int:
        """What `fixer-metrics verify` would find."""
        return len(verify(self.engine))


def with_patience(kill: Callable[[], Any]) -> None:
    with suppress(psutil.NoSuchProcess):
        kill()


@contextmanager
def open_place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="fixer-metrics-fault-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        embedded = attach(folder)
        engine = make_engine(embedded.url, statement_timeout_ms=0)
        upgrade(engine)
        place = Place(folder, embedded, engine)
        try:
            yield place
        finally:
            for program in place.programs:
                _end(program)
            engine.dispose()
            place.embedded.close()


def _end(program: Program) -> None:
    if program.process.poll() is None:
        program.remember()
        program.end()
    for process in program.seen.values():
        with_patience(process.kill)


def kill(program: Program) -> None:
    """kill -9 of one process, without a word to its children."""
    os.kill(program.process.pid, signal.SIGKILL)
    program.process.wait(10)
