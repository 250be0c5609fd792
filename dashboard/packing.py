"""Roof: files for browsers, compressed well and once; Flask-Compress does it for the answers that change."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from typing import ClassVar

import brotli
from flask import Response, request

STATIC = ("/assets/", "/_dash-component-suites/")
_LEAST_BYTES = 500
_TEXTS = ("text/", "application/javascript", "application/json", "image/svg+xml")

# Levels that take a second for the largest file (at the start of the server, serving.warm), two for all,
# and save an eighth on the usual ones; the highest takes twice as long for another hundredth.
_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda data: brotli.compress(data, quality=10),
    "gzip": lambda data: gzip.compress(data, 9, mtime=0),
}


class Packer:
    """Packs each static file the first time it is asked for; called for every response."""

    # Of all applications of the process: they serve the same files.
    _packed: ClassVar[dict[tuple[str, str], tuple[str, bytes]]] = {}
    _lock = threading.Lock()

    def __call__(self, response: Response) -> Response:
        encoding = next((name for name in _PACKERS if request.accept_encodings.quality(name)), None)
        if encoding and _is_static_text(response):
            self._pack(response, encoding)
        return response

    def _pack(self, response: Response, encoding: str) -> None:
        etag = response.get_etag()[0] or ""
        key, version = (request.path, encoding), f"{etag} {response.content_length}"
        with self._lock:  # two workers' threads at once would do it twice, at the dearest moment
            known = self._packed.get(key)
            if known is None or known[0] != version:
                response.direct_passthrough = False
                known = (version, _PACKERS[encoding](response.get_data()))
                self._packed[key] = known
        _replace_body(response, known[1])
        response.headers["Content-Encoding"] = encoding
        response.vary.add("Accept-Encoding")
        if etag:
            response.set_etag(f"{etag}-{encoding}")
            response.make_conditional(request)


def _is_static_text(response: Response) -> bool:
    return (
        request.path.startswith(STATIC)
        and request.method == "GET"
        and response.status_code == 200
        and (response.mimetype or "").startswith(_TEXTS)
        and (response.content_length or 0) >= _LEAST_BYTES
    )


def _replace_body(response: Response, body: bytes) -> None:
    # The file that was opened for the answer is not read any more.
    close = getattr(response.response, "close", None)
    if close:
        close()
    response.direct_passthrough = False
    response.set_data(body)
