"""Roof: where a browser goes after log-in: back to where it came from, and never to another site."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

HOME = "/"
_LONGEST = 4000
# Browsers read \\ as /, and drop tabs and line ends: /\\evil and /<tab>/evil are other hosts to them.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")
_NOT_PAGES = ("/login", "/logout", "/api", "/_dash", "/assets")


def local(way: str | None) -> str:
    """``way`` where it is a path of ours that a person can look at; else the start page."""
    if not way or len(way) > _LONGEST or not _LOCAL.fullmatch(way):
        return HOME
    parts = urlsplit(way)
    if parts.scheme or parts.netloc or unquote(parts.path).startswith(("//", "/\\", *_NOT_PAGES)):
        return HOME
    return way
