"""A small real OpenID Connect provider on loopback, and somebody who says yes to it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import oidc_provider_mock
import requests
from werkzeug.serving import make_server

Environ = dict[str, Any]


@dataclass
class Provider:
    """``oidc_provider_mock`` asks for no proof of PKCE: this stands before it and does. ``spoil`` may change
    what is asked of it, ``spoil_answer`` what it answers."""

    app: Any
    challenges: dict[str, str] = field(default_factory=dict)
    proofs: int = 0
    spoil: Callable[[Environ], None] | None = None
    spoil_answer: Callable[[str, dict[str, Any]], None] | None = None
    issuer: str = ""

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if self.spoil:
            self.spoil(environ)
        if path == "/oauth2/authorize":
            self._challenge(parse_qs(environ["QUERY_STRING"]))
        if path == "/oauth2/token" and not self._proven(environ):
            start_response("400 Bad Request", [("Content-Type", "application/json")])
            return [b'{"error": "invalid_grant"}']
        return self._answer(path, environ, start_response)

    def _challenge(self, asked: dict[str, list[str]]) -> None:
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["nonce"][0]) >= 16
        assert len(asked["state"][0]) >= 16
        self.challenges[asked["redirect_uri"][0]] = asked["code_challenge"][0]

    def _proven(self, environ: Environ) -> bool:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        sent = parse_qs(body.decode())
        digest = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
        found = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        self.proofs += 1
        return found == self.challenges[sent["redirect_uri"][0]]

    def _answer(self, path: str, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if not self.spoil_answer:
            return self.app(environ, start_response)  # type: ignore[no-any-return]
        held: list[Any] = []
        body = b"".join(
            self.app(environ, lambda status, headers, exc_info=None: held.append((status, headers)))
        )
        status, headers = held[0]
        if dict(headers).get("Content-Type", "").startswith("application/json"):
            told = json.loads(body)
            self.spoil_answer(path, told)
            body = json.dumps(told).encode()
            headers = [(n, v) for n, v in headers if n != "Content-Length"]
        start_response(status, headers)
        return [body]


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider(oidc_provider_mock.app(require_nonce=True))
    web = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.issuer = f"http://127.0.0.1:{web.server_port}"
    thread = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def knows(provider: Provider, sub: str, **claims: Any) -> None:
    """Makes somebody known to the provider."""
    requests.put(f"{provider.issuer}/users/{sub}", json=claims, timeout=20).raise_for_status()


def says_yes(way: str, sub: str) -> str:
    """What a person does at the provider's page ``way``; gives where it leads back to."""
    with requests.Session() as browser:
        assert browser.get(way, timeout=20).status_code == 200
        answer = browser.post(way, data={"sub": sub}, allow_redirects=False, timeout=20)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def with_query(url: str, **changes: str) -> str:
    address, _, query = url.partition("?")
    params = {name: values[0] for name, values in parse_qs(query).items()} | changes
    return f"{address}?{urlencode({n: v for n, v in params.items() if v})}"
