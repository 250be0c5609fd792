"""Which files make up one Claude Code session: its log, and a log for each of its subagents.

Subagents write beside it (``agent-ID.jsonl``, which names the session in its lines) or, in newer
versions, in a folder of the session: ``SESSION/subagents/agent-ID.jsonl``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import orjson

SUBAGENTS = "subagents"
_FIRST_LINE = 2**20
_LONGEST_ID = 200  # bytes: with its ending it is a file's name
_TICK = 2 * 10**9
_FOLDERS = 1_000
_listed: dict[Path, tuple[int, Mapping[str, Sequence[Path]]]] = {}


def companions(log: Path) -> list[Path]:
    """The files of the subagents of a session's log."""
    if is_subagent(log):
        return [path for path in _siblings(log) if path != log]
    nested = sorted((log.parent / log.stem / SUBAGENTS).rglob("agent-*.jsonl"))
    return [*nested, *_agents(log.parent).get(log.stem, [])]


def lead(path: Path) -> Path:
    """The file a session is read from: its log, else the first of its subagents; else ``path`` itself."""
    if not is_subagent(path):
        return path
    log = _log(path)
    if log and log.is_file():
        return log
    return next(iter(_siblings(path)), path)


def is_subagent(path: Path) -> bool:
    return path.name.startswith("agent-") and path.suffix == ".jsonl"


def _log(path: Path) -> Path | None:
    for folder in path.parents:
        if folder.name == SUBAGENTS:
            return folder.parent.with_name(f"{folder.parent.name}.jsonl")
    session = _session(path)
    return path.with_name(f"{session}.jsonl") if session else None


def _siblings(path: Path) -> Sequence[Path]:
    """The subagents of the same session as this one, itself included."""
    return _agents(path.parent).get(_session(path) or "", [])


def _agents(folder: Path) -> Mapping[str, Sequence[Path]]:
    """The subagents' files of a folder by session; each of its logs asks, and they may be thousands."""
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:  # it is gone since it was listed
        return {}
    known = _listed.get(folder)
    if known and known[0] == changed:
        return known[1]
    files = sorted(folder.glob("agent-*.jsonl"))
    found: dict[str, list[Path]] = {}
    for path in files:
        if session := _session(path):
            found.setdefault(session, []).append(path)
    # Another file may come within the same tick of the folder's clock, and a first line a little later.
    if time.time_ns() - changed > _TICK and sum(map(len, found.values())) == len(files):
        if len(_listed) >= _FOLDERS:
            _listed.clear()
        _listed[folder] = (changed, found)
    return found


def _session(path: Path) -> str | None:
    try:
        return _first_session(path)
    except (OSError, LookupError):
        return None


@lru_cache(maxsize=100_000)
def _first_session(path: Path) -> str:
    """The session that the first line names, which never changes. A line that is not there yet raises."""
    with path.open("rb") as file:
        line = file.readline(_FIRST_LINE)
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise LookupError from None
    session = record.get("sessionId") if isinstance(record, dict) else None
    if not isinstance(session, str) or "/" in session or "\0" in session:
        raise LookupError
    if len(session.encode()) > _LONGEST_ID:
        raise LookupError
    return session
