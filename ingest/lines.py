"""Records from text with one a line: JSONL and CSV, in constant memory, a broken one costing only itself."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from ingest.sources import SourceError

RECORD_BYTES = 2**24  # the longest record that is read

Record = Mapping[str, object]


@dataclass(frozen=True)
class Broken:
    """What should be a record and cannot be read as one.

    ``text`` is it as it stands in the source (None: too long to repeat), ``columns`` the header of the
    CSV it came from and ``delimiter`` what stands between its cells.
    """

    code: str
    reason: str
    text: str | None = None
    columns: tuple[str, ...] | None = None
    delimiter: str = ","


# Line number in the source, record, bytes.
Item = tuple[int, Record | Broken, int]

_DELIMITERS = (",", ";", "\t")
TOO_LONG = Broken("too_long", f"is longer than {RECORD_BYTES:,} bytes; records end with a line break")


def split(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """Each line without its end; None for one longer than RECORD_BYTES."""
    rest, skipping = b"", False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if skipping and whole:
            del whole[0]
            skipping = False
        yield from whole
        if skipping:
            rest = b""
        elif len(rest) > RECORD_BYTES:
            yield None
            rest, skipping = b"", True
    if rest:
        yield rest


def json_lines(chunks: Iterable[bytes]) -> Iterator[Item]:
    for number, line in enumerate(split(chunks), 1):
        if line is None:
            yield number, TOO_LONG, RECORD_BYTES
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            if not line.strip():
                continue
            record = second_reading(line)
        if type(record) is not dict or "_rejected" in record:
            record = unusual(record, line)
        yield number, record, len(line)


def second_reading(text: bytes) -> object:
    """What Python's own, laxer parser says: NaN and the like are then refused by field, with their reason."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 (byte {error.start + 1:,} of the record); write it in UTF-8"
        return Broken("invalid_utf8", reason, text.decode(errors="backslashreplace"))
    try:
        return json.loads(decoded)
    except RecursionError:
        return Broken("too_deep", "is nested too deeply", decoded)
    except json.JSONDecodeError as error:
        return Broken("invalid_json", f"is not JSON: {error.msg} at character {error.pos + 1:,}", decoded)
    except ValueError as error:  # a number of more than 4,300 digits
        return Broken("invalid_json", f"is not JSON: {error}", decoded)


def unusual(record: object, text: bytes) -> Record | Broken:
    """A record that is no object, or comes from a file of rejected rows."""
    if isinstance(record, Broken):
        return record
    if not isinstance(record, dict):
        shown = text.decode(errors="backslashreplace")
        return Broken("not_an_object", "is JSON, but no object; a record is {...}", shown)
    mended = {name: value for name, value in record.items() if name != "_rejected"}
    rejected = record.get("_rejected")
    if mended or not isinstance(rejected, dict) or not isinstance(rejected.get("text"), str):
        return mended
    return _reread(rejected["text"], rejected.get("columns"), rejected.get("delimiter", ","))


def _reread(text: str, columns: object, delimiter: object) -> Record | Broken:
    """A rejected line that is kept as text, perhaps mended there."""
    if isinstance(columns, list) and all(isinstance(name, str) for name in columns):
        header, between = tuple(columns), delimiter if delimiter in _DELIMITERS else ","
        items = [record for _, record, _ in _csv_records(_Feed(iter([text])), header, str(between))]
        return items[0] if len(items) == 1 else Broken("invalid_csv", "is not one row", text, header)
    line = text.encode(errors="surrogateescape")
    record = second_reading(line)
    return unusual(record, line) if not isinstance(record, dict) else record


class _Feed:
    """Lines for csv.reader, which can be taken back: a stray quote must not swallow the rows after it."""

    def __init__(self, lines: Iterator[str | None]) -> None:
        self._lines = lines
        self._back: deque[tuple[int, str | None]] = deque()
        self._count = 0
        self.taken: list[tuple[int, str | None]] = []
        self.size = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._back:
            number, line = self._back.popleft()
        else:
            line = next(self._lines)
            number = self._count = self._count + 1
        self.taken.append((number, line))
        if line is None:
            raise csv.Error(TOO_LONG.reason)
        self.size += len(line)
        if self.size > RECORD_BYTES:
            raise csv.Error("a quote is opened and not closed")
        return line

    def begin(self) -> None:
        self.taken = []
        self.size = 0

    def give_back_all_but_first(self) -> None:
        self._back.extendleft(reversed(self.taken[1:]))


def csv_rows(name: str, chunks: Iterable[bytes], known: Callable[[str], bool]) -> Iterator[Item]:
    """CSV as RFC 4180 says; the first row names the columns."""
    csv.field_size_limit(RECORD_BYTES)
    lines = map(_decoded, split(chunks))
    header = next(lines, None)
    delimiter = max(_DELIMITERS, key=(header or "").count)
    feed = _Feed(_again(header, lines))
    columns = _header(name, feed, delimiter, known)
    yield from _csv_records(feed, columns, delimiter)


def _again(first: str | None, rest: Iterator[str | None]) -> Iterator[str | None]:
    yield first
    yield from rest


def _decoded(line: bytes | None) -> str | None:
    if line is None:
        return None
    try:
        return line.decode() + "\n"
    except UnicodeDecodeError:
        return line.decode(errors="surrogateescape") + "\n"  # refused by field, with its reason


def _header(name: str, feed: _Feed, delimiter: str, known: Callable[[str], bool]) -> tuple[str, ...]:
    try:
        cells = next(csv.reader(feed, delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise SourceError(f"{name} is not CSV, JSONL or JSON: its first line {error}") from None
    columns = tuple(cell.strip() or f"column_{number}" for number, cell in enumerate(cells, 1))
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise SourceError(f"{name}: its header names {', '.join(twice)} more than once")
    if not any(map(known, columns)):
        shown = ", ".join(columns)[:200].encode(errors="backslashreplace").decode()
        raise SourceError(
            f"{name} is not JSONL or JSON, and as CSV its first line names no column of a run: {shown}. "
            "At least start_time is needed; --map FIELD=COLUMN says which column it is"
        )
    return columns


def _csv_records(feed: _Feed, columns: tuple[str, ...], delimiter: str) -> Iterator[Item]:
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    width = len(columns)
    while True:
        feed.begin()
        try:
            cells = next(reader)
            if len(cells) == width:
                yield feed.taken[0][0], dict(zip(columns, cells, strict=True)), feed.size
                continue
            if not cells:
                continue
            reason = f"has {len(cells)} cells where the header has {width}"
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"is not CSV: {error}"
        number, line = feed.taken[0]
        yield number, TOO_LONG if line is None else _not_csv(line, columns, delimiter, reason), feed.size
        feed.give_back_all_but_first()


def _not_csv(line: str, columns: tuple[str, ...], delimiter: str, reason: str) -> Broken:
    return Broken("invalid_csv", reason, line.rstrip("\r\n"), columns, delimiter)
