"""Client: one request, and what its answer means for the records in it."""

from __future__ import annotations

import base64
import enum
import gzip
import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any

from fixer_client.quiet import log

PATH = "/api/runs"
_SCHEMES = ("http://", "https://")
_TOLD = 5


class Outcome(enum.Enum):
    """DONE: the server has judged every record. SPLIT: they are too many at once. AWAY: later, perhaps.
    REFUSED: not before somebody mends the settings (a token, the address)."""

    DONE = enum.auto()
    SPLIT = enum.auto()
    AWAY = enum.auto()
    REFUSED = enum.auto()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Followed, a POST would become a GET, and the token would go to somebody else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class WrongAddressError(ValueError):
    """What has to be mended in the settings; its words hold nothing of theirs."""


class Poster:
    """``user:password@`` in the address is what a proxy before the server may ask for, where there is no
    token; it is never part of what is logged."""

    def __init__(self, url: str, token: str | None) -> None:
        scheme, self._login, place = _parts(url.strip())
        self._url = scheme + place.rstrip("/") + PATH
        # A password with a / in it is read as host and path, and is as secret there.
        shown = place.rpartition("@")[2].partition("?")[0].rstrip("/") + PATH
        self._shown = scheme + shown if scheme in _SCHEMES else shown
        self._token = (token or "").strip()  # of a file it ends in a line break
        self._opener = urllib.request.build_opener(_NoRedirects)

    def post(self, lines: Sequence[bytes], timeout: float) -> Outcome:
        try:
            self._check()
            with self._opener.open(self._request(lines), timeout=timeout) as answer:
                return _judged(answer.read(), len(lines))
        except urllib.error.HTTPError as error:
            with error:
                return self._not_ok(error, len(lines))
        except WrongAddressError as error:
            log.warning("%s is no address to send runs to: %s", self._shown, error)
            return Outcome.REFUSED
        except (ValueError, http.client.InvalidURL):  # whose words repeat what may be part of a password
            log.warning("%s is no address to send runs to: its host or port cannot be read", self._shown)
            return Outcome.REFUSED
        except (OSError, http.client.HTTPException) as error:
            log.info("%s does not answer: %s", self._shown, error)
            return Outcome.AWAY

    def _check(self) -> None:
        if not self._url.startswith(_SCHEMES):
            raise WrongAddressError("it must begin with http:// or https://")
        if not (self._token.isascii() and self._token.isprintable()):
            raise WrongAddressError("the token for it has characters that no token has")

    def _authorization(self) -> dict[str, str]:
        if self._token:
            return {"Authorization": f"Bearer {self._token}"}
        if self._login:
            login = urllib.parse.unquote_to_bytes(self._login)
            return {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
        return {}

    def _request(self, lines: Sequence[bytes]) -> urllib.request.Request:
        body = gzip.compress(b"\n".join(lines), 5)
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        headers |= self._authorization()
        return urllib.request.Request(self._url, body, headers, method="POST")

    def _not_ok(self, error: urllib.error.HTTPError, number: int) -> Outcome:
        said = _read(error)
        if error.code == 422:
            return _judged(said, number)
        if error.code == 413:
            return Outcome.SPLIT
        if error.code in (408, 425, 429) or error.code >= 500:
            log.info("%s answers %s", self._shown, error.code)
            return Outcome.AWAY
        log.warning("%s refuses runs: %s %s", self._shown, error.code, said[:300].decode(errors="replace"))
        return Outcome.REFUSED


def _parts(url: str) -> tuple[str, str, str]:
    """(``http://``, ``user:password``, host and path)."""
    before, slashes, after = url.partition("://") if "://" in url else ("", "", url)
    authority = re.split(r"[/?#]", after, maxsplit=1)[0]
    login, at, _ = authority.rpartition("@")
    return before.lower() + slashes, login, after[len(login) + len(at) :]


def _read(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read()
    except (OSError, http.client.HTTPException):
        return b""


def _judged(said: bytes, number: int) -> Outcome:
    """DONE only where it is the answer of Fixer Metrics, about all of them: a proxy says 200, too."""
    try:
        answer = json.loads(said)
        read = answer["read"]
        told = [(one.get("field"), one.get("reason")) for one in answer["rejections"][:_TOLD]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        log.warning("what answers is not Fixer Metrics: %s", said[:200].decode(errors="replace"))
        return Outcome.AWAY
    for field, reason in told:
        log.warning("a run is rejected: %s %s", field, reason)
    return Outcome.DONE if read == number else Outcome.AWAY
