"""What headless Claude Code prints (``claude -p --output-format json`` or ``stream-json``): results.

A result has no time of its own; a stream has, in some of its messages. Several results of one session
are its turns: what was spent is their running total, how long they took is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.formats.claude_code import AGENT
from ingest.formats.claude_transcript import Transcript
from ingest.formats.fields import NAME_CHARS, amount, count, folder_name, known, table, tables, text
from ingest.formats.kind import Origin, of_a_log
from ingest.formats.usage import Spending, Usage, anthropic, apart
from ingest.lines import Broken, Item, Record
from ingest.structures import ENTRY_CHARS
from ingest.values import ERROR_CHARS

_SIZE = 1_000


def read(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    sessions: dict[object, _Session] = {}
    for line, record, size in items:
        if isinstance(record, Broken):
            yield line, of_a_log(record), size
            continue
        name = text(record.get("session_id"), NAME_CHARS)
        # Without a name, each result is a session of its own.
        session = sessions.setdefault(
            name or (line if record.get("type") == "result" else None), _Session(name, line)
        )
        session.take(line, record)
    for session in sessions.values():
        if session.has_happened:
            yield session.first_line, session.run(), _SIZE


class _Session:
    def __init__(self, name: str | None, first_line: int) -> None:
        self.first_line = first_line
        self._name = name
        self._transcript = Transcript()
        self._begun: Record = {}
        self._result: Record | None = None
        self._durations: list[float | None] = []

    @property
    def has_happened(self) -> bool:
        return self._result is not None or self._transcript.has_happened

    def take(self, line: int, record: Record) -> None:
        self._transcript.at(record.get("timestamp"))
        kind = record.get("type")
        if kind == "system" and record.get("subtype") == "init":
            self._begun = record
        elif kind == "assistant":
            self._answered(line, record)
        elif kind == "result":
            self._result = record
            self._durations.append(amount(record.get("duration_ms")))

    def _answered(self, line: int, record: Record) -> None:
        message = table(record.get("message"))
        aside = record.get("parent_tool_use_id") is not None
        if record.get("error") or record.get("isApiErrorMessage") is True:
            self._transcript.api_error(message, aside=aside)
        else:
            self._transcript.answer(message, line, aside=aside)

    def run(self) -> Record:
        begun, result = self._begun, self._result or {}
        cwd = text(begun.get("cwd"), ENTRY_CHARS)
        return {
            "invocation_id": self._name or text(result.get("uuid"), NAME_CHARS),
            "agent": AGENT,
            **self._times(),
            **known(model=text(begun.get("model"))),
            **self._spent().fields(self._transcript.start),
            **self._work(result),
            **_outcome(self._result, self._transcript),
            **known(
                agent_version=text(begun.get("claude_code_version")),
                repository=folder_name(cwd),
                cwd=cwd,
                num_turns=count(result.get("num_turns")),
                duration_api_ms=amount(result.get("duration_api_ms")),
                result_subtype=text(result.get("subtype")),
            ),
        }

    def _times(self) -> dict[str, object]:
        """How long the results say it took; where there is none, from the first to the last message."""
        if not self._durations:
            return self._transcript.times()
        whole = None if None in self._durations else sum(filter(None, self._durations))
        return known(start_time=self._transcript.start, duration_ms=whole)

    def _spent(self) -> Spending:
        if self._result is None:
            return self._transcript.spent()
        told = amount(self._result.get("total_cost_usd"))
        return by_model(table(self._result.get("modelUsage")), told) or self._whole(self._result, told)

    def _whole(self, result: Record, told: float | None) -> Spending:
        """Without figures by model, all is the work of the one that gave most of it."""
        spending = Spending(told)
        model = next(iter(self._transcript.spent().models()), None) or text(self._begun.get("model"))
        spending.add(model, anthropic(table(result.get("usage"))))
        return spending

    def _work(self, result: Record) -> dict[str, object]:
        if self._transcript.answers:
            return self._transcript.work()
        return known(llm_call_count=count(result.get("num_turns")))


def by_model(usage: Mapping[str, object], told: float | None) -> Spending | None:
    """``modelUsage``, which has the subagents' answers, too; ``told``: what all of it has cost."""
    spent = {text(model): _camel(table(each)) for model, each in usage.items()}
    if all(each.is_empty for each in spent.values()):
        return None
    spending = Spending(told)
    for model, each in spent.items():
        spending.add(model, each)
    return spending


def _camel(usage: Mapping[str, object]) -> Usage:
    read, write = count(usage.get("cacheReadInputTokens")), count(usage.get("cacheCreationInputTokens"))
    return apart(
        count(usage.get("inputTokens")), read, write, count(usage.get("outputTokens")), usage.get("costUSD")
    )


def _outcome(result: Record | None, transcript: Transcript) -> dict[str, object]:
    if result is None:
        error = transcript.last_error
        return {} if error is None else {"status": "error", "error_message": error}
    subtype = text(result.get("subtype"))
    if subtype == "success" and result.get("is_error") is not True:
        return {"status": "success"}
    if subtype is None and result.get("is_error") is None:
        return {}
    return {"status": "error", "error_message": _message(result, subtype)}


def _message(result: Record, subtype: str | None) -> str:
    """What went wrong: the list of errors, the text that stands for the result, else the kind of result."""
    errors = result.get("errors")
    listed = [text(error, ERROR_CHARS) for error in errors] if isinstance(errors, list) else []
    listed += [text(error.get("message"), ERROR_CHARS) for error in tables(errors)]
    said = "\n".join(filter(None, listed)) or text(result.get("result"), ERROR_CHARS)
    if said and subtype and subtype != "success":
        return f"{subtype}: {said}"
    return said or subtype or "error"
