"""Client: a folder of batches that could not be sent; whichever process comes next sends them.

Two processes may send the same file at once: the server knows a run that comes twice.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from fixer_client.quiet import log

_SUFFIX = ".jsonl"
_PART = ".part"
_LEFT_BEHIND = 3600.0  # seconds after which nobody is still writing a part


def default_folder() -> Path:
    named = os.environ.get("FIXER_METRICS_SPOOL")
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "fixer-metrics" / "spool"


class Spool:
    """At most ``most_bytes`` of records; nothing in here raises."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def put(self, lines: Sequence[bytes]) -> bool:
        """Keeps a batch; False where there is no room or no way to write."""
        content = b"\n".join(lines) + b"\n"
        part = self._folder / f".{uuid.uuid4().hex}{_PART}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._tidy()
            if self._size() + len(content) > self._most_bytes:
                log.warning("the spool %s is full", self._folder)
                return False
            self._write(part, content)
            # By its time, so that the oldest goes first; whole, or not there.
            part.replace(self._folder / f"{time.time_ns():020}-{uuid.uuid4().hex[:8]}{_SUFFIX}")
        except OSError as error:
            log.warning("the spool %s cannot be written: %s", self._folder, error)
            with suppress(OSError):
                part.unlink()
            return False
        return True

    def _write(self, file: Path, content: bytes) -> None:
        # For its owner alone, whatever the folder lets: errors and names of agents are nobody else's.
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)

    def oldest(self, but: Collection[Path] = ()) -> Path | None:
        return next((file for file in self._files() if file not in but), None)

    def lines(self, file: Path) -> list[bytes] | None:
        """The records of a batch; none where another process was quicker, None where it cannot be read."""
        try:
            return [line for line in file.read_bytes().split(b"\n") if line.strip()]
        except FileNotFoundError:
            return []
        except OSError as error:
            log.warning("the spool's %s cannot be read: %s", file, error)
            return None

    def drop(self, file: Path) -> bool:
        """False where it stays, and would be sent again and again."""
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the spool's %s cannot be removed: %s", file, error)
            return False
        return True

    def _tidy(self) -> None:
        """Removes what processes that were killed while they wrote have left; they have told nobody of it."""
        for part in self._folder.glob(f".*{_PART}"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _LEFT_BEHIND:
                    part.unlink()

    def _files(self) -> list[Path]:
        try:
            return sorted(file for file in self._folder.iterdir() if file.suffix == _SUFFIX)
        except OSError:
            return []

    def _size(self) -> int:
        total = 0
        for file in self._files():
            with suppress(OSError):
                total += file.stat().st_size
        return total
