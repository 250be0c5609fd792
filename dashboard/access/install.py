"""Roof: puts the gate before a server, and the pages of log-in into it, as the settings say."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Flask, Request, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dashboard import tokens
from dashboard.access import refusals, trusted_header
from dashboard.access.gate import Gate, Knower
from dashboard.access.identity import EVERYBODY, Identity
from dashboard.access.login import PasswordLogin, add_logout
from dashboard.access.network import Arrivals
from dashboard.access.sessions import Sessions
from dashboard.access.settings import NONE, OIDC, PROXY, USERS
from dashboard.api.intake import AUTHENTICATED
from dashboard.config import Settings


def install(server: Flask, settings: Settings, secret_key: str, reading: Engine, writing: Engine) -> None:
    """Before anything else is registered."""
    server.wsgi_app = Arrivals(server.wsgi_app, settings)  # type: ignore[method-assign]
    blueprint = Blueprint("access", __name__)
    known = _knower(server, blueprint, settings, secret_key, reading, writing)
    Gate(settings.auth, _by_token(writing), known).guard(server)
    blueprint.register_error_handler(SQLAlchemyError, lambda error: refusals.without_database(request, error))
    server.register_blueprint(blueprint)
    server.config[AUTHENTICATED] = settings.auth != NONE


def _knower(
    server: Flask, blueprint: Blueprint, settings: Settings, secret_key: str, reading: Engine, writing: Engine
) -> Knower:
    """Who asks, by AUTH; and the pages that this takes."""
    if settings.auth == NONE:
        return lambda request: EVERYBODY
    sessions = Sessions(reading, secret_key, _method(settings), settings.session_hours)
    if settings.auth == PROXY:
        return trusted_header.knower(settings)
    if settings.auth == USERS:
        PasswordLogin(sessions, reading, writing).add_to(blueprint)
    if settings.auth == OIDC:
        from dashboard.access.oidc import ProviderLogin

        provider = ProviderLogin(server, settings, sessions, writing)
        provider.add_to(blueprint)
        add_logout(blueprint, sessions, writing, provider.remember)
    else:
        add_logout(blueprint, sessions, writing)
    return sessions.identity


def _method(settings: Settings) -> str:
    """Whom a provider's people are here is judged when they log in: with another provider, or other VIEWERS
    and EDITORS, they do so again."""
    if settings.auth != OIDC:
        return settings.auth
    judged = (settings.oidc_issuer, settings.oidc_groups_claim, settings.viewers, settings.editors)
    return f"{OIDC} {hashlib.sha256(repr(judged).encode()).hexdigest()[:16]}"


def _by_token(writing: Engine) -> Knower:
    def known(request: Request) -> Identity | None:
        token = tokens.identify(writing, request.headers.get("Authorization"))
        return Identity(token.name, token.role) if token else None

    return known
