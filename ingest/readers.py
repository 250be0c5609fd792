"""Tells a source's format by its content, and gives its records with their line numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import orjson

from ingest import formats
from ingest.elements import json_elements
from ingest.formats import Origin
from ingest.lines import Broken, Item, csv_rows, json_lines, second_reading
from ingest.sources import CHUNK, Source, SourceError

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CELL_END = re.compile(r"[,;\t]")
# A document that is one object is read whole, and may be longer than a record among others.
DOCUMENT_BYTES = 2**26
_NEXT_OBJECT = b"\n{"

_NONE: Mapping[str, str] = MappingProxyType({})


def read(source: Source, known: Callable[[str], bool], statuses: Mapping[str, str] = _NONE) -> Iterator[Item]:
    """The records of a source; SourceError where it cannot be read, or not to its end.

    ``known`` tells which column names say something of a run: a CSV must have one. ``statuses``: what
    the user says a format's words for the outcome mean.
    """

    def beside(path: Path) -> Iterator[Item]:
        return json_lines(source.beside(path).chunks())

    return formats.runs(_records(source, known), Origin(source.path, statuses, beside))


def _records(source: Source, known: Callable[[str], bool]) -> Iterator[Item]:
    chunks = source.chunks()
    head = _head(chunks)
    if head.startswith(_UTF16_MARKS):
        raise SourceError(f"{source.name} is written in UTF-16; write it in UTF-8")
    head = head.removeprefix(_UTF8_MARK)
    if not head.strip():
        yield from _blank(chunks)
        return
    stream = _prepend(head, chunks)
    form = source.form or sniff(head, source.name, known)
    if form == "csv":
        yield from csv_rows(source.name, stream, known)
    elif _is_document(head, form):
        yield from _document(stream)
    else:
        yield from (json_lines if form == "jsonl" else json_elements)(stream)


def _head(chunks: Iterator[bytes]) -> bytes:
    """Enough of the beginning to judge the format: two lines, or a CHUNK."""
    head = b""
    for chunk in chunks:
        head += chunk
        if head.strip().count(b"\n") > 1 or len(head) >= CHUNK:
            break
    return head


def _blank(chunks: Iterator[bytes]) -> Iterator[Item]:
    """Nothing but blanks so far: whatever follows them is read as JSONL."""
    yield from json_lines(chunks)


def _prepend(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _is_document(head: bytes, form: str) -> bool:
    """Whether an object begins that goes on over several lines, or over the first CHUNK."""
    if form == "jsonl":
        return len(head) >= CHUNK and b"\n" not in head.strip()
    return head.lstrip().startswith(b"{")


def _document(stream: Iterator[bytes]) -> Iterator[Item]:
    """The one object of a file that holds no more; where there are several, each of them.

    Each begins a line. A broken one is looked through for others only then: what is inside is none.
    """
    pieces: list[bytes] = []
    for chunk in stream:
        pieces.append(chunk)
        if sum(map(len, pieces)) > DOCUMENT_BYTES:
            yield from _too_long(b"".join(pieces), stream)
            return
    text = b"".join(pieces)
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        record = None if _NEXT_OBJECT in text.strip() else second_reading(text)
    if isinstance(record, Broken) or (type(record) is dict and "_rejected" not in record):
        yield 1, record, len(text)
    else:
        yield from json_elements(iter([text]))


def _too_long(text: bytes, stream: Iterator[bytes]) -> Iterator[Item]:
    """A file of many objects is read one by one, however long it is; one of a single object is not."""
    if _NEXT_OBJECT in text.strip():
        yield from json_elements(_prepend(text, stream))
    else:
        reason = f"is one document of more than {DOCUMENT_BYTES:,} bytes; longer ones are not read"
        yield 1, Broken("too_long", reason), DOCUMENT_BYTES


def sniff(head: bytes, name: str, known: Callable[[str], bool]) -> str:
    """``jsonl``, ``json`` (an array, or objects over several lines) or ``csv``."""
    text = head.lstrip()
    if text.startswith(b"["):
        return "json"
    lines = [line.strip() for line in text.split(b"\n") if line.strip()]
    if any(line.startswith(b"{") for line in lines[:2]):
        return "jsonl" if _is_one_a_line(lines) else "json"
    if any(known(cell) for cell in _CELL_END.split(lines[0].decode(errors="replace"))):
        return "csv"
    # No header, so the name may say it: a first line that is broken is then one rejected row.
    return "jsonl" if name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")) else "csv"


def _is_one_a_line(lines: list[bytes]) -> bool:
    """Whether each line is an object, and none goes on over several."""
    if len(lines) == 1 or lines[1].startswith(b"{"):
        return True
    try:
        return isinstance(orjson.loads(lines[0]), dict)
    except orjson.JSONDecodeError:
        return False
