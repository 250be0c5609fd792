"""Values of files that other programs write: each is what it should be, or not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

import orjson

from ingest.structures import ENTRIES, ENTRY_CHARS
from ingest.times import instant
from ingest.values import DIMENSION_CHARS, TOKENS
from queries.errors import RecordError

# An id of at most so many characters fits where ids are stored.
NAME_CHARS = 120

_instant = instant("start_time")


def text(value: object, most: int = DIMENSION_CHARS) -> str | None:
    """A name, without what cannot be stored, cut where it is too long."""
    if not isinstance(value, str):
        return None
    clean = value.replace("\0", "").encode(errors="replace").decode().strip()
    return clean[:most] or None


def count(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= TOKENS else None


def amount(value: object) -> float | None:
    """Dollars or milliseconds; no NaN, for nothing can be said of it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 10**12 else None


def moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return _instant(value)  # type: ignore[return-value]
    except RecordError:
        return None


def table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def tables(value: object) -> Iterator[Mapping[str, object]]:
    """The objects of a list."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def total(*values: int | None) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def told_table(value: object) -> Mapping[str, object]:
    """A table that a source may also write as the JSON text of one; empty for anything else."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return table(value)


def folder_name(path: str | None) -> str | None:
    """The last part of a folder's path, which is the repository's name as a rule."""
    if path is None:
        return None
    return text((PureWindowsPath(path) if "\\" in path else PurePosixPath(path)).name)


def paths(found: Mapping[str, None]) -> list[str] | int:
    """The paths of modified files in order; their number where they are too many to be kept."""
    if len(found) > ENTRIES or any(len(path) > ENTRY_CHARS for path in found):
        return len(found)
    return sorted(found)


def known(**fields: object) -> dict[str, object]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None and value != {}}
