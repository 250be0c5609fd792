"""The real program in processes of its own: started, talked to, ended, and what it left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds; the machine may be busy


def wait_until(happened: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not happened():
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain: {what}")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """A command under way; its output goes to a file that is shown when something fails."""

    process: subprocess.Popen[bytes]
    output: Path
    port: int
    seen: dict[int, psutil.Process] = field(default_factory=dict)

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, words: str) -> None:
        def happened() -> bool:
            if self.process.poll() is not None and words not in self.said:
                raise AssertionError(f"ended with {self.process.returncode} before {words!r}:\n{self.said}")
            return words in self.said

        wait_until(happened, f"{words!r} in\n{self.said}")

    def wait_ready(self) -> None:
        self.wait_for("ready: ")
        self.remember()

    def remember(self) -> None:
        """Writes down every process it has started by now."""
        me = psutil.Process(self.process.pid)
        self.seen |= {child.pid: child for child in [me, *me.children(recursive=True)]}

    def wait_answers(self, path: str) -> None:
        """For servers that do not say when they are ready."""

        def answers() -> bool:
            assert self.process.poll() is None, self.said
            try:
                return self.get(path)[0] == 200
            except OSError:
                return False

        wait_until(answers, f"{path} answers; it said:\n{self.said}")

    def get(self, path: str) -> tuple[int, bytes]:
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
            return answer.status, answer.read()

    def end(self, sign: int = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE)

    def left(self) -> list[str]:
        """The processes that are still there."""
        return [f"{p.pid} {p.name()}" for p in self.seen.values() if lives(p)]


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


Start = Callable[..., Program]


def clean_environment() -> dict[str, str]:
    """The environment without anything that is a setting of ours, or of make and libpq."""
    from dashboard.settings import SETTINGS

    ours = {setting.name for setting in SETTINGS}
    prefixes = ("FIXER_METRICS_", "PG", "MAKE", "WERKZEUG")
    return {n: v for n, v in os.environ.items() if n not in ours and not n.startswith(prefixes)}
