"""Claude Code's session logs (``~/.claude/projects/*/SESSION.jsonl``): each session is one run.

A log says neither how a run ended nor what it cost: its status is unknown, unless the API refused the
last answer, and its cost is estimated. A log may hold lines of other sessions: one that was resumed
under another id brings its history along.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ingest.formats.claude_transcript import Transcript
from ingest.formats.fields import NAME_CHARS, folder_name, known, table, text
from ingest.formats.kind import Origin, of_a_log
from ingest.lines import Broken, Item, Record
from ingest.session_files import companions, is_subagent
from ingest.structures import ENTRY_CHARS

AGENT = "claude-code"
_SIZE = 1_000


def read(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    log = _Log(origin.path)
    for line, record, size in _all(items, origin):
        if isinstance(record, Broken):
            yield line, of_a_log(record), size
        else:
            log.take(line, record)
    for first_line, run in log.runs():
        yield first_line, run, _SIZE


def _all(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    """The lines of the log, then those of its subagents, whose broken ones say where they are."""
    yield from items
    if origin.path is None:
        return
    for path in companions(origin.path):
        for line, record, size in origin.beside(path):
            if isinstance(record, Broken):
                record = Broken(record.code, f"(in {path.name}, line {line:,}) {record.reason}")
            yield line, record, size


class _Log:
    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._last = path.stem if path else None
        self._sessions: dict[str | None, _Session] = {}

    def take(self, line: int, record: Record) -> None:
        # A copy of what another session says of itself.
        if "forkedFrom" in record and isinstance(record["forkedFrom"], dict):
            return
        name = text(record.get("sessionId"), NAME_CHARS)
        if name is None and record.get("type") not in ("user", "assistant"):
            return
        # A message that does not say whose it is goes on with what was before it.
        name = self._last = name or self._last
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = _Session(name, line)
        session.take(line, record)

    def runs(self) -> Iterator[tuple[int, Record]]:
        for name, session in self._sessions.items():
            if session.transcript.has_happened and not self._told_elsewhere(name):
                yield session.first_line, session.run()

    def _told_elsewhere(self, name: str | None) -> bool:
        """Whether a session that this log has the history of has a log of its own beside it."""
        path = self._path
        if path is None or name is None or path.stem == name or is_subagent(path):
            return False
        return "/" not in name and os.path.isfile(path.with_name(f"{name}.jsonl"))


class _Session:
    def __init__(self, name: str | None, first_line: int) -> None:
        self.first_line = first_line
        self.transcript = Transcript()
        self._name = name
        self._said: dict[str, str] = {}
        self._subagents: set[str] = set()

    def take(self, line: int, record: Record) -> None:
        self.transcript.at(record.get("timestamp"))
        for name in ("version", "cwd", "gitBranch", "entrypoint"):
            if value := text(record.get(name), ENTRY_CHARS):
                # The newest version and branch; the folder where it began.
                self._said[name] = self._said.get(name, value) if name == "cwd" else value
        if agent := text(record.get("agentId")):
            self._subagents.add(agent)
        if record.get("type") == "assistant":
            self._answered(line, record)

    def _answered(self, line: int, record: Record) -> None:
        message = table(record.get("message"))
        aside = record.get("isSidechain") is True
        if record.get("isApiErrorMessage") is True:
            self.transcript.api_error(message, aside=aside)
            return
        spare_id = record.get("requestId") or record.get("uuid")
        spare_id = spare_id if isinstance(spare_id, str) else line
        self.transcript.answer(message, spare_id, cost=record.get("costUSD"), aside=aside)

    def run(self) -> Record:
        transcript, said = self.transcript, self._said
        return {
            "invocation_id": self._name,
            "agent": AGENT,
            **transcript.times(),
            **transcript.spent().fields(transcript.start),
            **transcript.work(),
            **_outcome(transcript),
            **known(
                agent_version=text(said.get("version")),
                repository=folder_name(said.get("cwd")),
                cwd=said.get("cwd"),
                git_branch=said.get("gitBranch"),
                entrypoint=said.get("entrypoint"),
                subagents=len(self._subagents) or None,
                api_errors=transcript.api_errors or None,
            ),
        }


def _outcome(transcript: Transcript) -> dict[str, object]:
    if transcript.last_error is None:
        return {}
    return {"status": "error", "error_message": transcript.last_error}


def is_index(value: object) -> bool:
    """Whether these are the entries of an index of sessions."""
    return isinstance(value, list) and all(isinstance(each, dict) and "sessionId" in each for each in value)


def ignore(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    """What stands among the logs and holds no run: an index of sessions, the description of a subagent."""
    for _ in items:
        pass
    yield from ()
