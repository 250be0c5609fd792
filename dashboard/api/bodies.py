"""Roof: the body of a request that brings runs: read and unpacked, and never more of it than is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from ingest.sources import SourceError, gunzip
from queries.errors import QueryError

_CHUNK = 2**16
# Each member of gzip data copies what is left of its piece: a million empty ones of one large piece would
# take a quarter of an hour.
_PACKED = 2**14
_GZIP = b"\x1f\x8b"
_PLAIN = ("", "identity")
# So much more is read, and dropped, before hanging up: a client reads no answer while it still sends.
_DROPPED = 2**26


def read_body(request: Request, most: int) -> bytes:
    """The body, of at most ``most`` bytes as sent and unpacked; gzip is known by its header or its first
    bytes. A QueryError says what is wrong with it."""
    packing = request.headers.get("Content-Encoding", "").strip().lower()
    if packing not in (*_PLAIN, "gzip", "x-gzip"):
        raise QueryError("bad_packing", "", f"Content-Encoding is {packing[:40]!r}", "gzip, or none")
    sent = _sent(request, most)
    if packing in _PLAIN and not sent.startswith(_GZIP):
        return sent
    return _unpacked(sent, most)


def _sent(request: Request, most: int) -> bytes:
    request.max_content_length = most + _DROPPED
    pieces, size = [], 0
    try:
        while piece := request.stream.read(_CHUNK):
            size += len(piece)
            if size <= most:
                pieces.append(piece)
    except RequestEntityTooLarge:
        raise _too_large(most) from None
    if size > most:
        raise _too_large(most)
    return b"".join(pieces)


def _unpacked(sent: bytes, most: int) -> bytes:
    pieces, size = [], 0
    for piece in _inflated(sent):
        size += len(piece)
        # A small body may unpack to a thousand times its size: it is given up here, not afterwards.
        if size > most:
            raise _too_large(most)
        pieces.append(piece)
    return b"".join(pieces)


def _inflated(sent: bytes) -> Iterator[bytes]:
    try:
        yield from gunzip("the body", b"", (sent[at : at + _PACKED] for at in range(0, len(sent), _PACKED)))
    except SourceError:
        raise QueryError(
            "bad_body", "", "The gzip data of the body end in the middle.", "all of them"
        ) from None
    except OSError:
        raise
    except Exception as error:  # zlib.error is of no family of its own
        raise QueryError("bad_body", "", f"The body is no gzip: {error}", "gzip, or none") from None


def _too_large(most: int) -> QueryError:
    size = f"{most / 2**20:g} MB"
    return QueryError(
        "body_too_large",
        "",
        f"The body is larger than {size}.",
        f"at most {size}, unpacked; send it in parts",
    )
