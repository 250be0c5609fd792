"""Where records come from: files, folders and standard input as streams of bytes, unpacked on the way."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ingest.session_files import lead
from queries.errors import UserError

KNOWN = (".jsonl", ".ndjson", ".json", ".csv", ".traj")
REJECTS_SUFFIX = ".rejected.jsonl"
CHUNK = 2**20

_GZIP = b"\x1f\x8b"
_OTHER_PACKERS = {b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


class SourceError(UserError):
    """A source that cannot be read, or not to its end; what came before is imported all the same."""


@dataclass
class Source:
    """One file, or standard input where ``path`` is None. ``position`` counts bytes as stored."""

    name: str
    path: Path | None
    size: int | None = None
    position: int = 0
    form: str | None = None  # where it is known beforehand: jsonl, json or csv

    def beside(self, path: Path) -> Source:
        """Another file that belongs to this one."""
        return Source(str(path), path)

    def chunks(self) -> Iterator[bytes]:
        """The content, unpacked, in pieces of at most a few CHUNKs."""
        try:
            yield from self._unpacked()
        except (OSError, zlib.error) as error:
            raise SourceError(f"{self.name} cannot be read further: {error}") from error

    def _unpacked(self) -> Iterator[bytes]:
        raw = self._stored()
        first = next(raw, b"")
        for magic, packer in _OTHER_PACKERS.items():
            if first.startswith(magic):
                raise SourceError(f"{self.name} is packed with {packer}; only gzip is unpacked here")
        if first.startswith(_GZIP):
            yield from gunzip(self.name, first, raw)
        else:
            yield first
            yield from raw

    def _stored(self) -> Iterator[bytes]:
        if self.path is None:
            yield from self._pieces(sys.stdin.buffer)
        else:
            with self.path.open("rb") as file:
                yield from self._pieces(file)

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        # read1 gives what a pipe holds now: its writer may be slow.
        while piece := file.read1(CHUNK):  # type: ignore[attr-defined]
            self.position += len(piece)
            yield piece


def gunzip(name: str, first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    """Unpacks members one after the other, never more than a CHUNK at once."""
    inflater = zlib.decompressobj(31)
    for data in _chain(first, rest):
        while True:
            if inflater.eof:
                data = data.lstrip(b"\0")  # some writers pad
                if not data:
                    break
                inflater = zlib.decompressobj(31)
            piece = inflater.decompress(data, CHUNK)
            if piece:
                yield piece
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if not data and len(piece) < CHUNK:
                break
    if not inflater.eof:
        raise SourceError(f"{name} is cut short: its gzip data ends in the middle. What came before is read")


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def find(paths: Iterable[str]) -> list[Source]:
    """The sources that the paths mean; UserError names the first that cannot be read."""
    found = [source for path in paths for source in _expand(path)]
    if sum(source.path is None for source in found) > 1:
        raise UserError("'-' (standard input) can be read only once")
    return _folded(found)


def _folded(found: list[Source]) -> list[Source]:
    """A file that is a part of another one stands for it, and that one is read once."""
    sources: list[Source] = []
    given = {source.path for source in found}
    brought: set[Path] = set()
    for source in found:
        whole = lead(source.path) if source.path else None
        if whole is None or whole == source.path:
            sources.append(source)
        elif whole not in given and whole not in brought:
            brought.add(whole)
            sources.append(_file(whole))
    return sources


def _expand(path: str) -> list[Source]:
    if path == "-":
        return [Source("standard input", None)]
    given = Path(path)
    if not given.exists():
        raise UserError(f"{path} does not exist; a file, a folder or - (standard input) may stand here")
    if not given.is_dir():
        return [_file(given)]
    files = sorted(file for file in given.rglob("*") if file.is_file() and is_importable(file.name))
    if not files:
        raise UserError(f"{path} has no file to import; looked for {', '.join(KNOWN)}, plain or with .gz")
    return [_file(file) for file in files]


def is_importable(name: str) -> bool:
    """Whether a file in a folder is one to import, by its name. Rejected rows want mending first."""
    plain = name.lower().removesuffix(".gz")
    return plain.endswith(KNOWN) and not plain.endswith(REJECTS_SUFFIX) and not name.startswith(".")


def _file(path: Path) -> Source:
    if not os.access(path, os.R_OK):
        raise UserError(f"{path} cannot be read: permission denied")
    return Source(str(path), path, path.stat().st_size if path.is_file() else None)
