"""Old answers go, and nothing else does."""

import os
import time
from pathlib import Path

from dashboard.housekeeping import forget_old_answers


def test_only_old_answers_are_forgotten(tmp_path: Path) -> None:
    for name, age in (("old", 3700), ("new", 10)):
        (tmp_path / name).write_text("answer")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    assert forget_old_answers(tmp_path) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["new"]


def test_a_cache_that_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    assert forget_old_answers(tmp_path / "none") == 0
