"""Roof: the cookie of Flask's session, which holds a log-in under way for as long as that may take."""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class RequestCookies(SecureCookieSessionInterface):
    """Signed, closed to scripts, and for https alone where the request came by https."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get_cookie_name(self, app: Flask) -> str:
        return self._name

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_httponly(self, app: Flask) -> bool:
        return True

    def get_cookie_samesite(self, app: Flask) -> str:
        return "Lax"  # Strict would not be sent when the provider leads back

    def get_cookie_path(self, app: Flask) -> str:
        return "/login"
