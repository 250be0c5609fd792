"""Rows that could not enter, in a file that can be mended and imported again.

One JSON object a line: the row's own fields, and ``_rejected`` with source, line, field, value and
reason, which an import ignores. A line that could not be read at all is kept in ``_rejected.text``, and
is read from there again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import BinaryIO

from ingest.lines import Broken, Record
from ingest.sources import KNOWN, REJECTS_SUFFIX, Source
from queries.errors import RecordError, UserError

_SHOWN_CHARS = 200
_TEXT_CHARS = 65_536


class Rejects:
    """Writes the file once there is something to write; counts the reasons."""

    def __init__(self, asked: Path | None, sources: list[Source]) -> None:
        self._asked = asked
        self._stem = _stem(sources)
        self._file: BinaryIO | None = None
        self.path: Path | None = None
        self.count = 0
        self.reasons: Counter[tuple[str, str]] = Counter()  # (field, code)
        self.examples: dict[tuple[str, str], str] = {}
        if asked:
            _check(asked)

    def add(self, source: str, line: int, record: Record | Broken, error: RecordError) -> None:
        kind = (error.field, error.code)
        self.count += 1
        self.reasons[kind] += 1
        if kind not in self.examples:
            self.examples[kind] = example(source, line, error)
        if self._file is None:
            self._file = self._open()
        note = {
            "source": source,
            "line": line,
            "field": error.field,
            "value": short(error.value),
            "code": error.code,
            "reason": error.reason,
        }
        self._file.write(_packed(note, record))

    def flush(self) -> None:
        if self._file:
            self._file.flush()

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _open(self) -> BinaryIO:
        """A file of a new name, also where several imports run at once."""
        if self._asked:
            self.path = self._asked
            return self._asked.open("xb")
        here = Path.cwd()
        folder = here if os.access(here, os.W_OK) else Path(tempfile.gettempdir())
        for number in count(1):
            self.path = folder / f"{self._stem}{f'-{number}' if number > 1 else ''}{REJECTS_SUFFIX}"
            try:
                return self.path.open("xb")
            except FileExistsError:
                continue
        raise AssertionError("unreachable")


def _stem(sources: list[Source]) -> str:
    if not sources or sources[0].path is None:
        return "stdin"
    name = sources[0].path.name.removesuffix(".gz").removesuffix(REJECTS_SUFFIX)
    return next((name.removesuffix(suffix) for suffix in KNOWN if name.endswith(suffix)), name)


def _check(path: Path) -> None:
    if path.exists():
        raise UserError(
            f"--rejects {path} exists already; name a new file, or mend and import that one first"
        )
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UserError(f"--rejects {path}: the folder {path.parent} is not there or cannot be written to")


def example(source: str, line: int, error: RecordError) -> str:
    value = short(error.value)
    shown = "" if value is None else f" {value!r}"
    return f"{error.field}{shown} {error.reason} ({source}, line {line:,})"


def short(value: object) -> object:
    """The value as it may be repeated: JSON as it is where it is short, else its beginning as text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}… ({len(text):,} characters)"


def _packed(note: dict[str, object], record: Record | Broken) -> bytes:
    fields: Mapping[str, object] = {}
    if isinstance(record, Broken):
        note |= _as_text(record)
    else:
        fields = {name: value for name, value in record.items() if name != "_rejected"}
    # Not orjson: it would write NaN as null, and the row would pass the next time.
    try:
        return (json.dumps({"_rejected": note, **fields}, ensure_ascii=False, default=str) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps({"_rejected": note, **fields}, default=str) + "\n").encode()
    except (RecursionError, ValueError):
        note["note"] = "its fields cannot be repeated here; see the source"
        return (json.dumps({"_rejected": note}, default=str) + "\n").encode()


def _as_text(broken: Broken) -> dict[str, object]:
    if broken.text is None:
        return {}
    if len(broken.text) > _TEXT_CHARS:
        return {"beginning": broken.text[:_TEXT_CHARS], "note": "too long to repeat; see the source"}
    if broken.columns is None:
        return {"text": broken.text}
    return {"text": broken.text, "columns": broken.columns, "delimiter": broken.delimiter}
