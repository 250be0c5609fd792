"""Rollouts of the Codex CLI (``~/.codex/sessions/**/rollout-*.jsonl``): each session is one run.

Tokens are told as running totals, so the last one holds even where lines are missing or stand twice.
Input holds what was read from the cache, output the reasoning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import orjson

from ingest.formats.fields import NAME_CHARS, count, folder_name, known, moment, paths, table, text
from ingest.formats.kind import Origin, of_a_log
from ingest.formats.usage import Spending, Usage
from ingest.lines import Broken, Item, Record
from ingest.structures import ENTRY_CHARS
from ingest.values import ERROR_CHARS

AGENT = "codex"
_SIZE = 1_000
_CALLS = {
    "function_call": None,
    "custom_tool_call": None,
    "local_shell_call": "local_shell",
    "web_search_call": "web_search",
    "tool_search_call": "tool_search",
    "image_generation_call": "image_generation",
}
_PATCHED = re.compile(r"^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+?)[ \t\r]*$", re.MULTILINE)


def read(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    rollout = _Rollout()
    for line, record, size in items:
        if isinstance(record, Broken):
            yield line, of_a_log(record), size
        else:
            rollout.take(record)
    if rollout.has_happened:
        yield 1, rollout.run(), _SIZE


class _Rollout:
    def __init__(self) -> None:
        self._meta: Record = {}
        self._start: datetime | None = None
        self._end: datetime | None = None
        self._tokens = _Totals()
        self._model: str | None = None
        self._cwd: str | None = None
        self._tools: dict[object, str] = {}
        self._files: dict[str, None] = {}
        self._turns: set[str] = set()
        self._error: str | None = None

    @property
    def has_happened(self) -> bool:
        return bool(self._turns or self._tools or self._tokens.any or self._error or self._model)

    def take(self, record: Record) -> None:
        kind, payload = _opened(record)
        for said in (record.get("timestamp"), payload.get("timestamp") if kind == "session_meta" else None):
            self._at(moment(said))
        if kind == "session_meta":
            # A fork begins with its own, and then brings along that of the session it comes from.
            self._meta = self._meta or payload
        elif kind == "turn_context":
            self._turn(payload)
        elif kind == "event_msg":
            self._event(payload)
        elif kind == "response_item":
            self._item(payload)

    def _at(self, when: datetime | None) -> None:
        if when is not None:
            self._start = when if self._start is None else min(self._start, when)
            self._end = when if self._end is None else max(self._end, when)

    def _turn(self, payload: Record) -> None:
        self._model = text(payload.get("model")) or self._model
        self._cwd = self._cwd or text(payload.get("cwd"), ENTRY_CHARS)
        self._turns.add(text(payload.get("turn_id")) or str(len(self._turns)))

    def _event(self, payload: Record) -> None:
        kind = payload.get("type")
        if kind == "token_count":
            self._tokens.take(self._model, table(payload.get("info")))
        elif kind == "error":
            self._error = text(payload.get("message"), ERROR_CHARS) or "error"
        elif kind in ("task_started", "task_complete", "agent_message"):
            self._error = None  # it went on after it
        elif kind == "patch_apply_end":
            self._changed(*table(payload.get("changes")))

    def _item(self, payload: Record) -> None:
        kind = text(payload.get("type"))
        if kind not in _CALLS:
            return
        name = text(payload.get("name")) or _CALLS[kind] or "unknown"
        identity = payload.get("call_id") or payload.get("id")
        self._tools[identity if isinstance(identity, str) else len(self._tools)] = name
        self._changed(*_patched(payload))

    def _changed(self, *files: object) -> None:
        for name in files:
            if path := text(name, ENTRY_CHARS):
                self._files[path] = None

    def run(self) -> Record:
        meta = self._meta
        git = table(meta.get("git"))
        cwd = text(meta.get("cwd"), ENTRY_CHARS) or self._cwd
        return {
            "agent": AGENT,
            **known(start_time=self._start, end_time=self._end, model=self._model),
            **self._tokens.spending().fields(self._start),
            "tool_call_count": len(self._tools),
            "tools_used": dict(Counter(self._tools.values())),
            "files_modified": paths(self._files),
            **({"status": "error", "error_message": self._error} if self._error else {}),
            **known(
                invocation_id=text(meta.get("id"), NAME_CHARS) or text(meta.get("session_id"), NAME_CHARS),
                agent_version=text(meta.get("cli_version")),
                llm_call_count=self._tokens.calls,
                repository=_repository(text(git.get("repository_url"), ENTRY_CHARS)) or folder_name(cwd),
                cwd=cwd,
                git_branch=text(git.get("branch")),
                git_commit=text(git.get("commit_hash")),
                originator=text(meta.get("originator")),
                model_provider=text(meta.get("model_provider")),
                turns=len(self._turns) or None,
            ),
        }


class _Totals:
    """Running totals, each given to the model at work when it grew."""

    def __init__(self) -> None:
        self._seen = Usage()
        self._spending = Spending()
        self._last_sum = 0
        self._grown = 0
        self._calls = 0

    @property
    def any(self) -> bool:
        return self._calls > 0

    def take(self, model: str | None, info: Record) -> None:
        whole = table(info.get("total_token_usage"))
        if not whole:
            return
        now = _usage(whole)
        if now == self._seen:
            return  # told again, with other rate limits
        step = _step(self._seen, now)
        self._seen = now
        self._calls += 1
        self._spending.add(model, step)
        self._grown += (step.input or 0) + (step.output or 0)
        last = _usage(table(info.get("last_token_usage")))
        self._last_sum += (last.input or 0) + (last.output or 0)

    @property
    def calls(self) -> int | None:
        """Not known where lines are missing, which shows: what they say of the last call is not the total."""
        return self._calls if self._calls and self._last_sum >= self._grown else None

    def spending(self) -> Spending:
        return self._spending


def _usage(said: Mapping[str, object]) -> Usage:
    every, cached = count(said.get("input_tokens")), count(said.get("cached_input_tokens"))
    if every is not None and cached is not None:
        cached = min(cached, every)
    return Usage(every, cached, None, count(said.get("output_tokens")))


def _step(before: Usage, now: Usage) -> Usage:
    """What came in between; where a total has fallen, counting has begun anew."""
    if (now.input or 0) < (before.input or 0) or (now.output or 0) < (before.output or 0):
        before = Usage()
    cached = _less(now.cache_read, before.cache_read)
    every = _less(now.input, before.input)
    if cached is not None and every is not None:
        cached = min(cached, every)
    return Usage(every, cached, None, _less(now.output, before.output))


def _less(now: int | None, before: int | None) -> int | None:
    return None if now is None else max(0, now - (before or 0))


def _opened(record: Record) -> tuple[str, Record]:
    """Kind and content of a line; those of early 2025 stand bare, the first one being the session's."""
    kind, payload = record.get("type"), record.get("payload")
    if isinstance(payload, dict):
        return str(kind), payload
    if kind is None and "id" in record:
        return "session_meta", record
    return "response_item", record


def _patched(call: Record) -> list[str]:
    """The files that a patch names, handed to a tool of its own or to a shell."""
    given = call.get("input") or call.get("arguments")
    if not isinstance(given, str) or "*** Begin Patch" not in given:
        return []
    if call.get("type") == "function_call":
        given = _unpacked(given)
    return _PATCHED.findall(given)


def _unpacked(arguments: str) -> str:
    """The texts of a call's arguments, which are JSON."""
    try:
        said = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    found: list[str] = []
    for value in said.values() if isinstance(said, dict) else ():
        found += [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]
    return "\n".join(found)


def _repository(url: str | None) -> str | None:
    """``org/name`` of a repository's address."""
    found = re.search(r"[:/]([^/:]+/[^/]+?)(?:\.git)?/?$", url) if url else None
    return text(found[1]) if found else None
