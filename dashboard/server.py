"""Roof: the web server's manners: compression, what browsers may keep, what the page may do."""

from __future__ import annotations

import base64
import hashlib
import re

from dash import Dash
from flask import Flask, Response, request

from dashboard.packing import STATIC, Packer

YEAR = 31_536_000
WEEK = 604_800
HOUR = 3_600
_MOST_BYTES_POSTED = 4 << 20

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# For what a browser may show as a page; on forty script files they would be bytes without use.
_PAGES = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def make_server(secret_key: str) -> Flask:
    """A Flask server that Dash is to be built on."""
    server = Flask("dashboard", static_folder=None)
    server.config.update(
        SECRET_KEY=secret_key,
        MAX_CONTENT_LENGTH=_MOST_BYTES_POSTED,
        COMPRESS_STREAMS=False,  # files are the Packer's
    )
    return server


def add_manners(app: Dash) -> None:
    """Compression, security and caching on every answer; call it when all callbacks are registered."""
    for_pages = _PAGES | {"Content-Security-Policy": content_security_policy(app)}
    app.server.after_request(Packer())

    @app.server.after_request
    def headers(response: Response) -> Response:
        response.headers.update(_ALWAYS)
        if not request.path.startswith(STATIC):
            response.headers.update(for_pages)
        _say_what_may_be_kept(response)
        return response


def content_security_policy(app: Dash) -> str:
    """Everything from our own address, no eval, and of inline scripts only those whose hash is named here."""
    scripts = [*app.csp_hashes(), *inline_hashes(app.index_string)]
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *dict.fromkeys(scripts)]),
        # Dash components and plotly set style attributes.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def inline_hashes(html: str) -> list[str]:
    """CSP sources for the inline scripts of a page: <script>let a = 1</script> -> 'sha256-...'."""
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def _say_what_may_be_kept(response: Response) -> None:
    cache = response.cache_control
    if response.status_code not in (200, 304):
        cache.no_store = True
    elif request.path.startswith("/_dash-component-suites/"):
        # Dash puts a fingerprint in most names, and a year on those; the others change with a release.
        cache.public = True
        cache.immutable = cache.max_age == YEAR
        cache.max_age = cache.max_age or HOUR
    elif request.path.startswith("/assets/"):
        # The query string is the file's version: /assets/app.css?m=1790000000.0
        if request.query_string:
            cache.no_cache = None
            cache.public, cache.immutable, cache.max_age = True, True, YEAR
        elif (response.mimetype or "").startswith("font/"):  # named by style sheets, without a version
            cache.no_cache = None
            cache.public, cache.max_age = True, WEEK
    elif not cache:
        # Not no-store: that would switch off the browser's instant Back.
        cache.private = cache.no_cache = True
