"""Roof: the one gate in front of every route: closed, but for what is named here.

It stands before routing has any effect: pages, callbacks, assets, API, what is added tomorrow, and paths
that lead nowhere are all the same to a stranger.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, g, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError

from dashboard.access import refusals
from dashboard.access.identity import EVERYBODY, NOBODY, WRITE, Identity, needed
from dashboard.access.network import REFUSED, Refusal
from dashboard.access.settings import NONE, PROXY
from dashboard.api.problems import answer_to
from dashboard.api.writing import check_sender
from dashboard.packing import STATIC
from layouts.access_page import ASSETS
from layouts.reader import Reader
from queries.errors import QueryError

log = logging.getLogger(__name__)

INSIDE = "fixer_metrics.inside"  # in the environ, where no header can put anything
_INSIDE = object()
HEALTH = frozenset({"health.healthz", "health.readyz"})
LOGIN = "access."  # the blueprint of log-in and log-out
_ASSETS = "_dash_assets.static"
_READING = ("GET", "HEAD", "OPTIONS")
_NO_GATE = Refusal("address_refused", "Nothing judges where requests come from.", "")

Knower = Callable[[Request], Identity | None]


def own_environ() -> dict[str, Any]:
    """The environ of a request that the server makes of itself, to prepare what it will send."""
    return {INSIDE: _INSIDE}


def is_own(environ: dict[str, Any]) -> bool:
    return environ.get(INSIDE) is _INSIDE


class Gate:
    """``by_token`` knows whoever sends an Authorization header, ``by_mode`` everybody else."""

    def __init__(self, mode: str, by_token: Knower, by_mode: Knower) -> None:
        self._mode = mode
        self._by_token = by_token
        self._by_mode = by_mode

    def guard(self, server: Flask) -> None:
        """Before anything else is registered: it must be the first to see a request."""
        server.before_request(self._judge)
        server.after_request(self._keep_private)

    def _judge(self) -> Response | None:
        if is_own(request.environ):
            g.identity = EVERYBODY
            return None
        if request.endpoint in HEALTH:
            return None
        refusal = request.environ.get(REFUSED, _NO_GATE)
        if refusal is not None:
            return refusals.not_from_there(request, refusal)
        try:
            return self._judge_sender()
        except QueryError as error:
            return answer_to(error)
        except SQLAlchemyError as error:
            return refusals.without_database(request, error)

    def _judge_sender(self) -> Response | None:
        bearer = request.headers.get("Authorization", "").lower().startswith("bearer")
        # A browser sends cookies by itself, and never a token.
        if request.method not in _READING and not bearer:
            check_sender(request)
        if _is_open(request):
            return None
        return self._admit((self._by_token if bearer else self._by_mode)(request))

    def _admit(self, identity: Identity | None) -> Response | None:
        if identity is None:
            return refusals.log_in_first(request, has_login=self._mode not in (NONE, PROXY))
        g.identity = identity
        return None if identity.may(needed(request)) else refusals.not_allowed(request, identity.role)

    def _keep_private(self, response: Response) -> Response:
        """Where people log in, not even their browser may keep anything but files and tagged answers."""
        plain = not request.path.startswith(STATIC) and not response.get_etag()[0]
        if self._mode != NONE and plain:
            response.headers["Cache-Control"] = "no-store"
        return response


def _is_open(asked: Request) -> bool:
    """Log-in, and the few files that its page is made of."""
    if asked.endpoint == _ASSETS:
        return (asked.view_args or {}).get("filename") in ASSETS and asked.method in _READING
    return (asked.endpoint or "").startswith(LOGIN)


def identity() -> Identity:
    """Who asks; nobody on the pages that are open to strangers."""
    return g.get("identity", NOBODY) if has_request_context() else EVERYBODY


def reader() -> Reader | None:
    """Whoever asks, as the page shows them; None where nobody needs to log in."""
    found = identity()
    return Reader(found.name, found.role, found.may(WRITE), found.session) if found.name else None
