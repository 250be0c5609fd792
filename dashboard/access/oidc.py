"""Roof: log-in by an OpenID Connect provider: authorization code with PKCE, state and nonce, by Authlib."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, request, session, url_for
from sqlalchemy import Engine

from dashboard.access import ways
from dashboard.access.cookies import RequestCookies
from dashboard.access.grants import Person, role
from dashboard.access.login import enter, shown, to
from dashboard.access.refusals import LOGIN, page
from dashboard.access.sessions import Sessions
from dashboard.config import Settings
from layouts import access_page
from layouts.access_page import Login

log = logging.getLogger(__name__)

START, BACK, END = f"{LOGIN}/oidc", f"{LOGIN}/oidc/callback", f"{LOGIN}/oidc/end"
_NEXT = "next"
_HINT = "hint"
_LONGEST_HINT = 3_000  # characters: browsers refuse a cookie of more than 4,096
_NAME = "oidc"
_STATE = f"_state_{_NAME}_"  # Authlib's, in the cookie of Flask's session
_SECONDS = 10

_AWAY = "The log-in provider does not answer as it should; the server's log says more. Please try again."
_AGAIN = "This log-in was begun too long ago, or in another window. Please try again."
_REFUSED = "The provider did not let you in. Please try again, or ask whoever runs it."
_STRANGER = "You are known to the provider, but may not see this dashboard. Ask whoever runs it."
_UNCHECKED = "The provider does not say that your email address is checked, so it does not count here."


class ProviderError(Exception):
    """What the provider says cannot be used; the text is for the log."""


class ProviderLogin:
    def __init__(self, server: Flask, settings: Settings, sessions: Sessions, writing: Engine) -> None:
        server.session_interface = RequestCookies(sessions.cookie + "_login")
        self._settings = settings
        self._sessions = sessions
        self._writing = writing
        self._client = _client(server, settings)
        self._name = urlsplit(settings.oidc_issuer or "").hostname or ""

    def add_to(self, blueprint: Blueprint) -> None:
        for path, view in ((LOGIN, self.form), (START, self.start), (BACK, self.back), (END, self.end)):
            blueprint.add_url_rule(path, view.__name__, view, methods=["GET"])

    def form(self) -> Response:
        return self._shown(shown(request), 200, out=bool(request.args.get("out")))

    def start(self) -> Response:
        for key in [key for key in session if key.startswith(_STATE)]:
            del session[key]  # of log-ins that were begun and left: a cookie has little room
        session[_NEXT] = ways.local(request.args.get("next"))
        try:
            self._metadata()
            return self._client.authorize_redirect(self._address(BACK))
        except Exception as error:
            return self._failed(error, _AWAY, 502)

    def back(self) -> Response:
        from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError

        way = ways.local(session.pop(_NEXT, None))
        try:
            claims, id_token = self._claims()
        except MismatchingStateError as error:
            return self._failed(error, _AGAIN, 400, way)
        except OAuthError as error:
            return self._failed(error, _REFUSED, 403, way)
        except Exception as error:
            return self._failed(error, _AWAY, 502, way)
        return self._admit(claims, id_token, way)

    def remember(self, id_token: str | None) -> None:
        """For ``end``, which comes when the session is over, if it comes at all."""
        session.pop(_HINT, None)
        if id_token and len(id_token) <= _LONGEST_HINT:
            session[_HINT] = id_token

    def end(self) -> Response:
        """Out of the provider as well. With the ID token it knows whose wish this is, and some refuse
        without; the others then know us by the client id, and ask."""
        hint = session.pop(_HINT, None)
        try:
            found = self._client.create_logout_url(
                self._address(f"{LOGIN}?out=1"),
                id_token_hint=hint,
                client_id=self._settings.oidc_client_id,
            )
        except Exception as error:
            return self._failed(error, _AWAY, 502)
        return to(found["url"])

    def _admit(self, claims: Mapping[str, Any], id_token: str | None, way: str) -> Response:
        person = person_of(claims, self._settings.oidc_groups_claim)
        found = role(person, self._settings.viewers or (), self._settings.editors or ())
        if found is None:
            unchecked = claims.get("email") and not _checked(claims)
            problem = _STRANGER + (f" {_UNCHECKED}" if unchecked else "")
            return self._shown(Login(way, problem=problem), 403)
        with self._writing.begin() as connection:
            value = self._sessions.begin(connection, person.shown, found, id_token)
        return enter(self._sessions, value, way)

    def _claims(self) -> tuple[Mapping[str, Any], str | None]:
        """What the provider says of whoever came back, of the same person in both of its answers; and the
        ID token, where it has a use for it later."""
        metadata, settings = self._metadata(), self._settings
        options = {
            "iss": {"essential": True, "values": [settings.oidc_issuer]},
            "aud": {"essential": True, "values": [settings.oidc_client_id]},
        }
        token = self._client.authorize_access_token(claims_options=options)
        claims = token.get("userinfo")
        if not claims:
            raise ProviderError("it gave no ID token")
        id_token = token.get("id_token") if metadata.get("end_session_endpoint") else None
        if "userinfo_endpoint" not in metadata:
            return dict(claims), id_token
        more = self._client.userinfo(token=token)
        if more.get("sub") != claims["sub"]:
            raise ProviderError("userinfo is of another person than the ID token")
        return {**more, **claims}, id_token

    def _metadata(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._client.load_server_metadata()
        if found.get("issuer") != self._settings.oidc_issuer:
            raise ProviderError(f"it calls itself {found.get('issuer')!r}: set OIDC_ISSUER to just that")
        return found

    def _failed(self, error: Exception, problem: str, status: int, way: str = ways.HOME) -> Response:
        log.warning("log-in by %s: %s: %s", self._name, type(error).__name__, str(error)[:500])
        return self._shown(Login(way, problem=problem), status)

    def _shown(self, login: Login, status: int, *, out: bool = False) -> Response:
        start = START if login.next == ways.HOME else url_for("access.start", next=login.next)
        ends = END if out and self._client.server_metadata.get("end_session_endpoint") else ""
        return page(access_page.provider(login, self._name, start, ends), status)

    def _address(self, path: str) -> str:
        return (self._settings.public_url or request.url_root.rstrip("/")) + path


def _client(server: Flask, settings: Settings) -> Any:
    # Imported where it is used: with other ways of log-in no worker carries it.
    from authlib.integrations.flask_client import OAuth

    issuer = (settings.oidc_issuer or "").rstrip("/")
    return OAuth(server).register(
        _NAME,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.oidc_scopes,
            "code_challenge_method": "S256",
            "default_timeout": _SECONDS,
            **({} if settings.oidc_client_secret else {"token_endpoint_auth_method": "none"}),
        },
    )


def person_of(claims: Mapping[str, Any], groups_claim: str) -> Person:
    """What nobody can choose for themselves tells who it is: ``sub``, and an address that was checked."""
    email = str(claims.get("email") or "") if _checked(claims) else ""
    sub = str(claims["sub"])
    # A subject that looks like an address is none that anybody has checked.
    names = ({sub} if "@" not in sub else set()) | ({email} if email else set())
    shown = email or str(claims.get("preferred_username") or claims.get("name") or sub)
    listed = claims.get(groups_claim)
    groups = listed if isinstance(listed, list) else [listed]
    shown = "".join(character for character in shown if character.isprintable())
    return Person(shown[:200], frozenset(names), frozenset(g for g in groups if isinstance(g, str)))


def _checked(claims: Mapping[str, Any]) -> bool:
    return claims.get("email_verified") in (True, "true")
