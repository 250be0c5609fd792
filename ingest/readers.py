"""Tells a source's format by its content, and gives its records with their line numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import orjson

from ingest.elements import json_elements
from ingest.lines import Item, csv_rows, json_lines
from ingest.sources import CHUNK, Source, SourceError

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CELL_END = re.compile(r"[,;\t]")


def read(source: Source, known: Callable[[str], bool]) -> Iterator[Item]:
    """The records of a source; SourceError where it cannot be read, or not to its end.

    ``known`` tells which column names say something of a run: a CSV must have one.
    """
    chunks = source.chunks()
    head = _head(chunks)
    if head.startswith(_UTF16_MARKS):
        raise SourceError(f"{source.name} is written in UTF-16; write it in UTF-8")
    head = head.removeprefix(_UTF8_MARK)
    if not head.strip():
        yield from _blank(chunks)
        return
    stream = _prepend(head, chunks)
    form = sniff(head, source.name, known)
    if form == "csv":
        yield from csv_rows(source.name, stream, known)
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
