"""make, where something is missing: a sentence that says what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.processes import ROOT, clean_environment

pytestmark = pytest.mark.processes


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What make reads of a fresh clone."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | options.pop("environment", {})
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def interpreter(folder: Path, version: str, *, venv: bool) -> Path:
    """A program that answers the two questions make asks a Python; no such Python is installed here."""
    program = folder / f"python-{version}"
    answer = (
        'case "$2" in *version_info*) echo ' + version + " ;; *) exit " + ("0" if venv else "1") + " ;; esac"
    )
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.14"])
def test_a_python_of_another_age(clone: Path, version: str) -> None:
    python = interpreter(clone, version, venv=True)
    said = make(clone, "demo", f"PYTHON={python}")
    assert said.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed" in said.stderr
    assert f"{python} is {version}" in said.stderr
    assert "make demo PYTHON=" in said.stderr
    assert not (clone / ".venv").exists()


def test_a_python_without_venv(clone: Path) -> None:
    python = interpreter(clone, "3.12", venv=False)
    said = make(clone, "demo", f"PYTHON={python}")
    assert said.returncode != 0
    assert f"{python} comes without venv" in said.stderr
    assert "apt-get install python3.12-venv" in said.stderr


def test_a_python_that_is_not_there(clone: Path) -> None:
    said = make(clone, "demo", "PYTHON=/nowhere/python3")
    assert said.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed" in said.stderr


def test_no_python_at_all(clone: Path) -> None:
    tools = clone / "tools"
    tools.mkdir()
    for name in ("make", "sh", "rm", "touch"):
        (tools / name).symlink_to(shutil.which(name) or "/nowhere")
    said = make(clone, "demo", environment={"PATH": str(tools)})
    assert said.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed. Install one" in said.stderr


def test_a_folder_that_cannot_be_written(clone: Path, unprivileged: dict[str, Any]) -> None:
    clone.chmod(0o555)
    who = {name: value for name, value in unprivileged.items() if name in ("user", "extra_groups")}
    said = make(clone, "demo", **who)
    assert said.returncode != 0
    assert f"This folder cannot be written by you: {clone}" in said.stderr


def test_every_target_is_explained_by_help() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    listed = make(ROOT, "help").stdout
    for target in targets[1].split():
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE), target


def test_ci_runs_the_tests_as_the_readme_says_and_nothing_cleverer() -> None:
    lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line[:1] not in ("#", "")]
    assert lines == ["set -e", 'cd "$(dirname "$0")/.."', "exec make test"]


def test_what_the_tests_lack_is_said_where_it_cannot_be_installed(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "id").symlink_to(shutil.which("id") or "/nowhere")
    command = ["/bin/sh", str(ROOT / "tests" / "needs.sh")]
    said = subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "Chromium (or Google Chrome), chromedriver and redis-server" in said.stderr
