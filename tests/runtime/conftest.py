"""Starts the real program for a test, and clears away what a failed test left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.processes import ROOT, Program, Start, clean_environment, free_port, lives


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that other accounts can pass; pytest's own are closed, and closed again by each new pytest."""
    folder = Path(tempfile.mkdtemp(prefix="fixer-metrics-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def tmp_path(open_folder: Path) -> Path:
    """pytest's, in the open."""
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts ``python -m dashboard ARGUMENTS`` (or ``command``) in an empty folder, on a free port."""
    programs: list[Program] = []
    home = tmp_path / "working-folder"
    home.mkdir()
    home.chmod(0o777)

    def run(*arguments: str, command: list[str] | None = None, **options: Any) -> Program:
        settings = {str(name): str(value) for name, value in options.pop("settings", {}).items()}
        python = options.pop("python", sys.executable)
        port = int(settings.get("PORT", free_port()))
        output = tmp_path / f"output-{len(programs)}"
        environment = clean_environment() | {"PORT": str(port), "PYTHONPATH": str(ROOT)} | settings
        with output.open("wb") as file:
            process = subprocess.Popen(
                command or [python, "-m", "dashboard", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                **({"cwd": home} | options),
            )
        programs.append(Program(process, output, port))
        return programs[-1]

    yield run
    for program in programs:
        if program.process.poll() is None:
            program.remember()
            program.end()
        for process in program.seen.values():
            if lives(process):
                process.kill()


@pytest.fixture(scope="session")
def unprivileged() -> dict[str, Any]:
    """Arguments of ``start`` that make the program run as an ordinary user."""
    if os.geteuid() != 0:
        return {}
    who = {"user": "nobody", "extra_groups": []}
    packages = sysconfig.get_path("purelib")
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, system):  # the one in use may lie in root's closed folder
        settings = {"PYTHONPATH": f"{ROOT}:{packages}"}
        try:
            subprocess.run([python, "-c", "import click"], check=True, cwd="/", env=settings, **who)  # type: ignore[call-overload]
        except (OSError, subprocess.CalledProcessError):
            continue
        return {"python": python, "settings": settings, **who}
    pytest.skip("no Python here that an ordinary user can run")
