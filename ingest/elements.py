"""Records from a JSON array, or objects one after another, in constant memory.

Not a parser: it finds where each object ends, and orjson reads it. So records have line numbers, and a
broken one costs only itself, which a streaming parser of the whole cannot offer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import orjson

from ingest.lines import RECORD_BYTES, TOO_LONG, Broken, Item, second_reading, unusual

_DEPTH = 250

_STRING = rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_FLAT = rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+"
_VALUE = rb":\s*+(?:\{" + _FLAT + rb"\}|\[" + _FLAT + rb"\])?+"
# A whole object with at most one more level inside, which most records are: one step of the engine.
_SIMPLE = re.compile(rb'\{(?:[^"{}\[\]:]++|' + _STRING + rb"|" + _VALUE + rb")*+\}", re.DOTALL)
_TOKEN = re.compile(_STRING + rb'|[{}\[\]"]', re.DOTALL)
_GAP = re.compile(rb"[\s,\[\]]*+")
_NEXT = re.compile(
    rb"\n[ \t\r]*,?[ \t]*(?=\{)"
)  # a line that begins an object: where to go on after a broken one
_STRAY = re.compile(rb"[^\n{]*+")


class _IncompleteError(Exception):
    """The object goes on after what is at hand."""


class _UnbalancedError(Exception):
    """No end can be found: a quote or a bracket is missing."""


def json_elements(chunks: Iterable[bytes]) -> Iterator[Item]:
    return _Elements(chunks).items()


class _Elements:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = b""
        self._start = 0
        self._line = 1
        self._ended = False

    def items(self) -> Iterator[Item]:
        while self._to_next():
            if self._buffer[self._start] != ord("{"):
                yield self._stray()
                continue
            try:
                end = self._end()
            except _IncompleteError:
                if self._more():
                    continue
                yield self._give_up("is cut short: the file ends in it, or a quote or bracket is missing")
            except _UnbalancedError:
                yield self._give_up("is not JSON: a quote or a bracket is missing")
            else:
                yield self._record(end)

    def _to_next(self) -> bool:
        """Moves to the next element; False at the end."""
        while True:
            gap = _GAP.match(self._buffer, self._start)
            assert gap  # it matches nothing, too
            self._advance(gap.end())
            if self._start < len(self._buffer):
                return True
            if not self._more():
                return False

    def _advance(self, to: int) -> None:
        self._line += self._buffer.count(b"\n", self._start, to)
        self._start = to

    def _more(self) -> bool:
        """Doubles what is at hand, so that a long element is not looked through too often."""
        rest = self._buffer[self._start :]
        if self._ended or len(rest) > RECORD_BYTES:
            return False
        pieces, size = [rest], 0
        while size <= len(rest):
            piece = next(self._chunks, None)
            if piece is None:
                self._ended = True
                break
            pieces.append(piece)
            size += len(piece)
        self._buffer, self._start = b"".join(pieces), 0
        return size > 0

    def _end(self) -> int:
        """Where the object ends, in the buffer."""
        if simple := _SIMPLE.match(self._buffer, self._start):
            return simple.end()
        depth = 0
        for token in _TOKEN.finditer(self._buffer, self._start):
            sign = token[0]
            if sign == b'"':  # a string that does not end on its line, or not within what is at hand
                onward = self._buffer.find(b"\n", token.end())
                raise _IncompleteError if onward < 0 else _UnbalancedError
            if sign in (b"{", b"["):
                self._expect_value(token.start(), depth)
                depth += 1
            elif sign in (b"}", b"]"):
                depth -= 1
            if depth == 0:
                return token.end()
        raise _IncompleteError

    def _expect_value(self, at: int, depth: int) -> None:
        """Refuses what cannot stand here, at once: looking for its end would go through the next records."""
        before = self._buffer[max(self._start, at - 100) : at].rstrip()[-1:]
        if depth > _DEPTH or (depth == 1 and before != b":"):
            raise _UnbalancedError

    def _record(self, end: int) -> Item:
        text, line = self._buffer[self._start : end], self._line
        try:
            record: object = orjson.loads(text)
        except orjson.JSONDecodeError:
            record = second_reading(text)
            if isinstance(record, Broken) and (onward := _NEXT.search(self._buffer, self._start, end)):
                end = onward.end()  # perhaps a quote is missing, and it has swallowed the next ones
                record = replace(record, text=_shown(self._buffer[self._start : end]))
        self._advance(end)
        if type(record) is dict and "_rejected" not in record:
            return line, record, len(text)
        return line, unusual(record, text), len(text)

    def _stray(self) -> Item:
        """Something between the objects that is none."""
        stray = _STRAY.match(self._buffer, self._start)
        # It may go on in the next piece, and a character may be cut in two.
        while stray and stray.end() == len(self._buffer) and self._more():
            stray = _STRAY.match(self._buffer, self._start)
        assert stray
        line, text = self._line, _shown(stray[0]).rstrip("]")
        self._advance(stray.end())
        return line, Broken("not_an_object", "is no object; a record is {...}", text), len(text)

    def _give_up(self, reason: str) -> Item:
        """Leaves a broken element and goes to the next line that begins one."""
        line = self._line
        rest = len(self._buffer) - self._start
        onward = _NEXT.search(self._buffer, self._start)
        text = self._buffer[self._start : onward.start() if onward else None]
        if onward:
            self._advance(onward.end())
        else:
            self._skip()
        if rest > RECORD_BYTES and not onward:
            return line, TOO_LONG, RECORD_BYTES
        return line, Broken("invalid_json", reason, _shown(text)), len(text)

    def _skip(self) -> None:
        """Drops everything to the next line that begins an element, without keeping it."""
        while True:
            onward = _NEXT.search(self._buffer, self._start)
            if onward:
                return self._advance(onward.end())
            keep = self._buffer.rfind(b"\n", self._start)
            if keep < 0 or len(self._buffer) - keep > 1_000:
                keep = len(self._buffer)
            self._advance(keep)
            piece = next(self._chunks, None)
            if piece is None:
                self._ended = True
                return self._advance(len(self._buffer))
            self._buffer, self._start = self._buffer[self._start :] + piece, 0


def _shown(text: bytes) -> str:
    """As it is kept for mending: without the comma that stood between it and the next."""
    return text.decode(errors="backslashreplace").rstrip(", \t\r\n")
