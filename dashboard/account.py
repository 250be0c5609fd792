"""Roof: the account of the embedded PostgreSQL when we are root, for it refuses to run as root."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dashboard.folders import user_name
from queries.errors import UserError

ACCOUNT = "fixer-metrics"
_MACOS_ACCOUNT = "_postgres"  # every macOS has it
_WAY_OUT = "Run this as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own."


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server's processes run as; ``uid`` is our own for ordinary users."""

    uid: int
    gid: int

    def process_options(self) -> dict[str, object]:
        """What subprocess needs to run something as this account."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(folder: Path, say: Callable[[str], None]) -> Account:
    """Ourselves; for root the owner of ``folder`` where that is not root, else a system account."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    owner = folder.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    entry = _system_account(say)
    return Account(entry.pw_uid, entry.pw_gid)


def _system_account(say: Callable[[str], None]) -> pwd.struct_passwd:
    for name in (ACCOUNT, _MACOS_ACCOUNT):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not useradd:
        raise UserError(f"PostgreSQL refuses to run as root, and no account can be made for it. {_WAY_OUT}")
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command = [useradd, *options, "--shell", "/usr/sbin/nologin", ACCOUNT]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        reason = made.stderr.strip() or "useradd failed"
        raise UserError(f"PostgreSQL refuses to run as root, and it got no account: {reason}. {_WAY_OUT}")
    say(f"made the system account {ACCOUNT}, for PostgreSQL refuses to run as root")
    return pwd.getpwnam(ACCOUNT)


def let_through(path: Path, account: Account, say: Callable[[str], None]) -> None:
    """Lets ``account`` pass the folders above ``path``, and nothing more, where they are closed to it.

    The usual case is a project in /root, which is closed to everybody else. An entry for this one account
    in the folder's access list opens it to nobody else, as chmod would.
    """
    if account.uid == os.geteuid():
        return
    for folder in reversed(path.resolve().parents):
        if not _may_pass(folder, account):
            _grant_passage(folder, account)
            say(f"let the account {user_name(account.uid)} pass through {folder}")


def _may_pass(folder: Path, account: Account) -> bool:
    # Asked by trying, so that groups and access lists count: `test -x` as that account.
    check = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)],
        cwd="/",
        check=False,
        **account.process_options(),  # type: ignore[call-overload]
    )
    return check.returncode == 0


# The kernel's form of a POSIX access list: a version, then (tag, permissions, id) sorted by tag.
_ACL = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_OWNER, _USER, _GROUP, _NAMED_GROUP, _MASK, _OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NOBODY = 0xFFFFFFFF
_PASS = 1


def _grant_passage(folder: Path, account: Account) -> None:
    try:
        os.setxattr(folder, _ACL, with_passage(_access_list(folder), account.uid))
    except (OSError, AttributeError) as error:  # macOS has no such call
        raise UserError(
            f"PostgreSQL refuses to run as root, and its account cannot pass through {folder}. "
            f"Open it with: chmod o+x {folder}, or move the project elsewhere. {_WAY_OUT}"
        ) from error


def _access_list(folder: Path) -> list[tuple[int, int, int]]:
    try:
        packed = os.getxattr(folder, _ACL)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        mode = folder.stat().st_mode
        bits = {_OWNER: mode >> 6 & 7, _GROUP: mode >> 3 & 7, _OTHERS: mode & 7}
        return [(tag, permissions, _NOBODY) for tag, permissions in bits.items()]
    return list(_ENTRY.iter_unpack(packed[len(_VERSION) :]))


def with_passage(entries: list[tuple[int, int, int]], uid: int) -> bytes:
    """The access list with passage for ``uid`` added, as the kernel wants it."""
    known = {(tag, who): permissions for tag, permissions, who in entries}
    known[_USER, uid] = known.get((_USER, uid), 0) | _PASS
    # The mask bounds named users and groups; without one the group's own permissions are its start.
    mask = known.get((_MASK, _NOBODY), known[_GROUP, _NOBODY])
    known[_MASK, _NOBODY] = mask | _PASS
    packed = (_ENTRY.pack(tag, permissions, who) for (tag, who), permissions in sorted(known.items()))
    return _VERSION + b"".join(packed)
