"""Roof: people whom a trusted proxy names in a header; nobody else's header is even looked at."""

from __future__ import annotations

from flask import Request

from dashboard.access.gate import Knower
from dashboard.access.grants import Person, role
from dashboard.access.identity import Identity
from dashboard.access.network import PEER
from dashboard.access.settings import EVERYBODY
from dashboard.config import Settings

_LONGEST = 200


def knower(settings: Settings) -> Knower:
    # Whom the proxy lets through may look, unless it is said who.
    viewers = settings.viewers or (EVERYBODY,)

    def known(request: Request) -> Identity | None:
        if request.environ.get(PEER) is not True:
            return None
        name = _name(request, settings.proxy_user_header)
        if not name:
            return None
        groups = _groups(request, settings.proxy_groups_header)
        found = role(Person(name, frozenset({name}), groups), viewers, settings.editors or ())
        return Identity(name, found or "")

    return known


def _name(request: Request, header: str) -> str:
    """'' where it names nobody. Two with a comma are a browser's own before the proxy's: neither counts."""
    name = _text(request, header)
    return name if len(name) <= _LONGEST and name.isprintable() and "," not in name else ""


def _groups(request: Request, header: str | None) -> frozenset[str]:
    listed = _text(request, header).split(",") if header else []
    return frozenset(group.strip() for group in listed) - {""}


def _text(request: Request, header: str) -> str:
    # WSGI hands over bytes as if they were Latin-1; proxies send UTF-8.
    return request.headers.get(header, "").encode("latin-1", "replace").decode("utf-8", "replace").strip()
