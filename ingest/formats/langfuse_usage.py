"""Tokens and cost of one observation of Langfuse, whose names and conventions differ by who reported them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingest.formats.fields import amount, count, table, total
from ingest.formats.usage import Usage
from ingest.lines import Record

# Reported apart from the input, as Anthropic does; other names are told by the total.
_APART = ("cache_read_input_tokens", "cache_creation_input_tokens")


def spent(observation: Record) -> Usage:
    details = _details(observation)
    read = _sum(details, _is_read)
    write = _sum(details, _is_write)
    every, output = _input(details), _output(details)
    if every is not None and (_are_apart(details) or (read or 0) + (write or 0) > every):
        every += (read or 0) + (write or 0) + (_sum(details, _is_other_input) or 0)
        output = total(output, _sum(details, _is_other_output)) if _are_apart(details) else output
    parts = (None, None) if every is None else (read, write)
    return Usage(every, *parts, output, _cost(observation))


def _details(observation: Record) -> dict[str, int]:
    """The newer ``usageDetails``, the older ``usage``, or the columns of an exported table."""
    found = _counts(table(observation.get("usageDetails"))) or _counts(table(observation.get("usage")))
    if found:
        return found
    columns = {
        "input": ("inputUsage", "inputTokens", "promptTokens"),
        "output": ("outputUsage", "outputTokens", "completionTokens"),
        "total": ("totalUsage", "totalTokens"),
    }
    named = {part: _first(observation, names) for part, names in columns.items()}
    # Zeros in all three stand there for an observation without usage.
    return {part: value for part, value in named.items() if value is not None} if any(named.values()) else {}


def _counts(said: Mapping[str, object]) -> dict[str, int]:
    return {name: value for name, told in said.items() if (value := count(told)) is not None}


def _first(row: Record, names: Iterable[str]) -> int | None:
    return next((value for name in names if (value := count(row.get(name))) is not None), None)


def _input(details: Mapping[str, int]) -> int | None:
    return _first(details, ("input", "input_tokens", "prompt_tokens", "promptTokens"))


def _output(details: Mapping[str, int]) -> int | None:
    return _first(details, ("output", "output_tokens", "completion_tokens", "completionTokens"))


def _sum(details: Mapping[str, int], wanted: object) -> int | None:
    return total(*(value for name, value in details.items() if wanted(name)))  # type: ignore[operator]


def _is_read(name: str) -> bool:
    return "cache" in name and not _is_write(name)


def _is_write(name: str) -> bool:
    return "cache" in name and ("creation" in name or "write" in name)


def _is_other_input(name: str) -> bool:
    return name.startswith("input_") and name != "input_tokens" and "cache" not in name


def _is_other_output(name: str) -> bool:
    return name.startswith("output_") and name != "output_tokens"


def _are_apart(details: Mapping[str, int]) -> bool:
    """Whether the parts stand beside input and output: then all of them make the total."""
    every, output = _input(details) or 0, _output(details) or 0
    beside = sum(value for name, value in details.items() if _is_part(name))
    if "total" in details and beside:
        return details["total"] == every + output + beside
    return any(name in details for name in _APART)


def _is_part(name: str) -> bool:
    return "cache" in name or _is_other_input(name) or _is_other_output(name)


def _cost(observation: Record) -> float | None:
    """What Langfuse was told or worked out. A zero beside no details is its word for unknown."""
    details = table(observation.get("costDetails"))
    if (told := amount(details.get("total"))) is not None:
        return told
    parts = [value for part in details.values() if (value := amount(part)) is not None]
    if parts:
        return sum(parts)
    return amount(observation.get("totalCost") or observation.get("calculatedTotalCost")) or None
