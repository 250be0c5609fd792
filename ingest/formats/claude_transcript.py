"""What one Claude Code session says in its messages: answers, tools and files, each counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from ingest.formats.fields import known, moment, paths, table, tables, text
from ingest.formats.usage import Spending, Usage, anthropic
from ingest.structures import ENTRY_CHARS
from ingest.values import ERROR_CHARS

Message = Mapping[str, object]

# Messages that Claude Code writes itself, without asking a model.
SYNTHETIC = "<synthetic>"
_WRITERS = ("Write", "Edit", "MultiEdit", "NotebookEdit")


class Transcript:
    """One answer of a model is written as several messages that repeat its id and usage; the last one is
    whole. ``spent`` of a run is over all its answers, those of subagents included."""

    def __init__(self) -> None:
        self.start: datetime | None = None
        self.end: datetime | None = None
        self.api_errors = 0
        self.last_error: str | None = None  # of the API, where no answer came after it
        self._answers: dict[object, tuple[str | None, Usage]] = {}
        self._tools: dict[object, str] = {}
        self._files: dict[str, None] = {}

    def at(self, time: object) -> None:
        when = moment(time)
        if when is None:
            return
        if self.start is None or when < self.start:
            self.start = when
        if self.end is None or when > self.end:
            self.end = when

    def answer(self, message: Message, spare_id: object, *, cost: object = None, aside: bool = False) -> None:
        """``spare_id``: where the message has none. ``aside``: a subagent's, which does not end the run."""
        model = text(message.get("model"))
        if model == SYNTHETIC:
            return
        if not aside:
            self.last_error = None
        identity = message.get("id")
        identity = identity if isinstance(identity, str) else spare_id
        self._answers[identity] = (model, anthropic(table(message.get("usage")), cost))
        for block in tables(message.get("content")):
            if block.get("type") == "tool_use":
                self._call(block)

    def api_error(self, message: Message, *, aside: bool = False) -> None:
        self.api_errors += 1
        if not aside:
            self.last_error = said(message) or "API error"

    def _call(self, block: Message) -> None:
        name = text(block.get("name")) or "unknown"
        identity = block.get("id")
        self._tools[identity if isinstance(identity, str) else len(self._tools)] = name
        if name in _WRITERS:
            given = table(block.get("input"))
            path = text(given.get("file_path") or given.get("notebook_path"), ENTRY_CHARS)
            if path:
                self._files[path] = None

    @property
    def answers(self) -> int:
        return len(self._answers)

    @property
    def has_happened(self) -> bool:
        """A prompt that nobody answered, or a list of summaries, is no run."""
        return bool(self._answers or self.api_errors)

    def spent(self) -> Spending:
        spending = Spending()
        for model, usage in self._answers.values():
            spending.add(model, usage)
        return spending

    def work(self) -> dict[str, object]:
        """What was done: calls, tools and files. A session without any has called none."""
        return {
            "llm_call_count": self.answers,
            "tool_call_count": len(self._tools),
            "tools_used": dict(Counter(self._tools.values())),
            "files_modified": paths(self._files),
        }

    def times(self) -> dict[str, object]:
        return known(start_time=self.start, end_time=self.end)


def said(message: Message) -> str | None:
    """The text of a message, whose content may be a text or a list of blocks."""
    content = message.get("content")
    if isinstance(content, str):
        return text(content, ERROR_CHARS)
    parts = (text(block.get("text"), ERROR_CHARS) for block in tables(content))
    return "\n".join(filter(None, parts)) or None
