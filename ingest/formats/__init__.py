"""The formats that agents write themselves, each known by its content; anything else is read as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from ingest.formats import (
    claude_batch,
    claude_code,
    claude_headless,
    codex,
    langfuse,
    sweagent,
)
from ingest.formats.kind import Format, Origin
from ingest.lines import Broken, Item

__all__ = ["FORMATS", "Format", "Origin", "known_format", "runs"]

_CODEX_KINDS = ("session_meta", "turn_context", "response_item", "event_msg", "compacted")
_CLAUDE_KINDS = (
    "queue-operation",
    "custom-title",
    "ai-title",
    "last-prompt",
    "agent-name",
    "mode",
    "pr-link",
    "permission-mode",
    "user",
    "assistant",
    "system",
)
_STREAM_KINDS = ("system", "assistant", "user", "result", "stream_event", "rate_limit_event")
_OBSERVATIONS = (
    "SPAN",
    "GENERATION",
    "EVENT",
    "AGENT",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EVALUATOR",
    "EMBEDDING",
    "GUARDRAIL",
)

FORMATS: tuple[Format, ...] = (
    Format(
        "Claude Code session log",
        (
            {"type": str, "sessionId": str, "parentUuid": object},
            {"type": _CLAUDE_KINDS, "sessionId": str},
            {"type": ("user", "assistant"), "message": dict, "uuid": str},
            {"type": ("summary",), "summary": str, "leafUuid": str},
            {"type": ("file-history-snapshot",), "snapshot": dict},
        ),
        claude_code.read,
    ),
    Format(
        "Claude Code headless result",
        ({"type": _STREAM_KINDS, "session_id": str}, {"type": ("result",), "subtype": str, "usage": dict}),
        claude_headless.read,
    ),
    Format("Claude Code benchmark batch", ({"tasks": list, "claude_version": str},), claude_batch.read),
    Format(
        "Codex rollout",
        (
            {"type": _CODEX_KINDS, "payload": dict},
            {"id": str, "timestamp": str, "instructions": object},
            {"record_type": ("state",)},
        ),
        codex.read,
    ),
    Format("SWE-agent trajectory", ({"trajectory": list, "info": dict},), sweagent.read),
    Format(
        "Langfuse trace",
        (
            {"trace": dict, "observations": list},
            {"observations": list, "timestamp": str, "projectId": str},
            {"observations": list, "timestamp": str, "htmlPath": str},
            {"traceId": str, "type": _OBSERVATIONS, "startTime": object},
            {"id": str, "timestamp": str, "bookmarked": object, "tags": object},
            {"meta": dict, "data": langfuse.is_page},
        ),
        langfuse.read,
    ),
    Format(
        "Claude Code's notes beside its logs",
        (
            {"version": int, "entries": list, "originalPath": object},
            {"version": int, "entries": claude_code.is_index},
            {"agentType": str, "description": str},
        ),
        claude_code.ignore,
    ),
)

# A format shows in the first records; a log may begin with lines that are broken or of a new kind.
_LOOKED_AT = 20


def runs(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    """The runs of a file: as its format is read, else its records as they are."""
    begun = list(islice(items, _LOOKED_AT))
    known = known_format(begun)
    again = chain(begun, items)
    return known.read(again, origin) if known else again


def known_format(begun: Iterable[Item]) -> Format | None:
    """The format of a file that begins so."""
    for _, record, _ in islice(begun, _LOOKED_AT):
        if not isinstance(record, Broken):
            for known in FORMATS:
                if known.has(record):
                    return known
    return None
