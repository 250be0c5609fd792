"""Files that grow while they are watched: which there are, what is new in each, and what waits.

A file is known by its number on the disk, so that one that is moved aside (a rotated log) is read to its
end under its new name, and a new one under the old name from its start.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from ingest import formats
from ingest.lines import RECORD_BYTES, json_lines
from ingest.readers import sniff
from ingest.session_files import companions, lead
from ingest.sources import CHUNK, Source, is_importable

# A document that is still written to is no document yet.
SETTLED = 2.0  # seconds
_HEAD = 1_024
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Mark:
    """How far a file has been read: ``position`` and ``lines`` where it is followed line by line.

    ``signature``: what tells at a glance that it has changed. ``head``: what its beginning was, as far
    as it was read: with another one it is another file.
    """

    file_id: str
    signature: str
    position: int = 0
    lines: int = 0
    head: bytes = b""


@dataclass
class Part(Source):
    """The bytes from ``start`` to ``end`` of a file, whose next line is number ``lines`` + 1."""

    start: int = 0
    end: int = 0
    lines: int = 0

    def _stored(self) -> Iterator[bytes]:
        assert self.path
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.end - self.start
            while left > 0 and (piece := file.read(min(CHUNK, left))):
                left -= len(piece)
                self.position += len(piece)
                yield piece

    def beside(self, path: Path) -> Source:
        return Part(str(path), path, end=whole_lines(path))


@dataclass(frozen=True)
class Change:
    """What to read of a file (None: nothing yet), and how far it has been read then.

    ``replaces``: the file tells its runs anew and whole, so that they take the place of what is there.
    """

    source: Source | None
    mark: Mark | None
    replaces: bool = False


def scan(paths: Iterable[str]) -> set[Path]:
    """The files to watch; a path that is not there yet has none.

    Links to files are followed, and each file is there once, whatever names it has. Links to folders are
    not: they lead in circles, and to what nobody has named. One that is named itself is.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        for file in _below(path) if path.is_dir() else (path,):
            if file_id := _regular(file):
                other = found.get(file_id)
                found[file_id] = min(file, other, key=_rank) if other else file
    return {lead(path).absolute() for path in found.values()}


def _below(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if is_importable(name))


def _regular(path: Path) -> str:
    """The number on the disk of what is a file, or a link to one; nothing of all else."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return _id(status) if stat.S_ISREG(status.st_mode) else ""


def _rank(path: Path) -> tuple[bool, Path]:
    """A file's own name is better than that of a link to it, which may lead elsewhere tomorrow."""
    return path.is_symlink(), path.absolute()


def glance(path: Path) -> tuple[str, str] | None:
    """(number on the disk, signature with that of its companions); None where it is not there."""
    try:
        own = path.stat()
        parts = [each.stat() for each in companions(path)] if path.suffix == ".jsonl" else []
    except OSError:
        return None
    shown = [(each.st_ino, each.st_size, each.st_mtime_ns) for each in (own, *parts)]
    return _id(own), hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def is_same(path: Path, mark: Mark) -> bool:
    try:
        return _id(path.stat()) == mark.file_id
    except OSError:
        return False


def moved(path: Path, mark: Mark) -> Path | None:
    """Where the file of a mark is now, if it still is in its folder."""
    try:
        with os.scandir(path.parent) as entries:
            for entry in entries:
                if entry.is_file() and _id(entry.stat()) == mark.file_id:
                    return Path(entry.path)
    except OSError:
        return None
    return None


def _id(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"


def change(path: Path, known: Mark | None) -> Change:
    """What is new in a file since ``known``; OSError where it cannot be read."""
    seen = glance(path)
    if seen is None or (known and known.signature == seen[1]):
        return Change(None, known)
    kind = _kind(path)
    if kind == "document":
        settled = not 0 <= time.time() - path.stat().st_mtime <= SETTLED
        whole = Source(str(path), path, path.stat().st_size)
        return Change(whole, Mark(*seen), replaces=True) if settled else Change(None, known)
    if kind == "log":
        return Change(Part(str(path), path, end=whole_lines(path)), Mark(*seen), replaces=True)
    return _followed(path, known, Mark(*seen))


def _followed(path: Path, known: Mark | None, seen: Mark) -> Change:
    """The lines that have come, of a file of records."""
    before = known if known and _is_longer(path, known) else seen
    end = whole_lines(path, before.position)
    lines = before.lines + _count(path, before.position, end)
    mark = replace(seen, position=end, lines=lines, head=_head(path, end))
    if end == before.position:
        return Change(None, mark)
    part = Part(str(path), path, form="jsonl", start=before.position, end=end, lines=before.lines)
    return Change(part, mark)


def _is_longer(path: Path, known: Mark) -> bool:
    """Whether this is the file it was, perhaps with more at its end."""
    return path.stat().st_size >= known.position and _head(path, known.position) == known.head


def _head(path: Path, read: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(min(read, _HEAD))).digest()


def _kind(path: Path) -> str:
    """``records`` one a line, a ``log`` whose lines make runs together, or a ``document``."""
    with path.open("rb") as file:
        head = file.read(CHUNK)
    if head.startswith(_GZIP) or (head.strip() and sniff(head, path.name, lambda column: False) != "jsonl"):
        return "document"
    lines = head[: head.rfind(b"\n") + 1] or head
    if formats.known_format(json_lines(iter([lines]))):
        return "log"
    return "records"


def whole_lines(path: Path, start: int = 0) -> int:
    """Where the last whole line ends, not before ``start``; a record needs no line break at its end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        end = size
        while end > start:
            begin = max(start, end - CHUNK)
            file.seek(begin)
            found = file.read(end - begin).rfind(b"\n")
            if found >= 0:
                end = begin + found + 1
                break
            end = begin
        if not 0 < size - end <= RECORD_BYTES:
            return end
        file.seek(end)
        return size if _is_record(file.read(size - end)) else end


def _is_record(text: bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _count(path: Path, start: int, end: int) -> int:
    return sum(piece.count(b"\n") for piece in Part(str(path), path, start=start, end=end).chunks())
