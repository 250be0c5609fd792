"""The wheel holds everything the program reads at run time, and nothing that is only for us."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.runtime.processes import ROOT


def test_the_wheel_is_complete(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    packages = ("dashboard", "callbacks", "layouts", "alerts", "queries", "ingest", "seed", "fixer_client")
    for package in packages:
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*") if path.is_file()}
        assert {name for name in files if "__pycache__" not in name} <= held
    assets = {path.relative_to(ROOT).as_posix() for path in (ROOT / "assets").rglob("*") if path.is_file()}
    assert {f"dashboard/{name}" for name in assets} <= held
    assert {name.split("/")[0] for name in held if ".dist-info" not in name} == set(packages)
