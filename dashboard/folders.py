"""Roof: the data folder, and locks on folders that leave no file behind."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import secrets
import tempfile
from pathlib import Path

from queries.errors import UserError


def make_folder(folder: Path, mode: int = 0o755) -> Path:
    """``folder``, made where it is missing; UserError with what to do where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise UserError(_unwritable(folder, error)) from error


def _unwritable(folder: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"There is no space left for {folder}. Free some, or set FIXER_METRICS_DATA to another folder."
    if isinstance(error, NotADirectoryError | FileExistsError):
        return f"{folder} is no folder. Remove it, or set FIXER_METRICS_DATA to a folder."
    there = next((place for place in (folder, *folder.parents) if os.path.exists(place)), folder)
    return (
        f"The folder {folder} cannot be written ({error.strerror}): {there} belongs to {_owner(there)}, "
        f"and this is {user_name(os.geteuid())}. "
        "Set FIXER_METRICS_DATA to a folder of your own, or change the owner of this one."
    )


def _owner(path: Path) -> str:
    try:
        return user_name(path.stat().st_uid)
    except OSError:
        return "somebody else"


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # containers run under users that nobody wrote down
        return f"user {uid}"


class FolderLock:
    """A lock on a folder itself: the kernel frees it with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def share(self) -> None:
        self._lock(fcntl.LOCK_SH)

    def hold(self) -> None:
        self._lock(fcntl.LOCK_EX)

    def hold_at_once(self) -> bool:
        """Whether nobody else has it; waits for nobody."""
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Frees it for all processes that inherited it; closing alone would leave it with them."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        self.release()
        os.close(self._handle)

    def __enter__(self) -> FolderLock:
        self.hold()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lock(self, how: int) -> None:
        try:
            fcntl.flock(self._handle, how)
        except BlockingIOError:
            raise
        except OSError as error:
            raise UserError(
                f"{self._folder} cannot be locked ({error.strerror}); it may be on a network drive. "
                "Set FIXER_METRICS_DATA to a folder on a disk of this machine."
            ) from error


def kept_secret(data: Path) -> str:
    """The secret key of this data folder, made the first time."""
    path = make_folder(data) / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text().strip()
        if kept:
            return kept
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    secret = secrets.token_urlsafe(32)
    with os.fdopen(handle, "w") as file:
        file.write(secret)
    return secret
