"""Roof: log-in with name and password, and log-out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, Request, Response, redirect, request
from sqlalchemy import Engine

from dashboard.access import ways
from dashboard.access.attempts import Attempt
from dashboard.access.refusals import LOGIN, page
from dashboard.access.sessions import Sessions
from dashboard.access.users import find, is_right, nobodys, spelled, there_are_none
from layouts import access_page
from layouts.access_page import LONGEST_TYPED, Login

WRONG = "Name or password is not right."
OUT = "You are logged out."
_SEE_OTHER = 303


class PasswordLogin:
    """``reading`` and ``writing`` are engines on the same database."""

    def __init__(self, sessions: Sessions, reading: Engine, writing: Engine) -> None:
        self._sessions = sessions
        self._reading = reading
        self._writing = writing
        nobodys()

    def add_to(self, blueprint: Blueprint) -> None:
        blueprint.add_url_rule(LOGIN, "form", self.form, methods=["GET"])
        blueprint.add_url_rule(LOGIN, "login", self.login, methods=["POST"])

    def form(self) -> Response:
        with self._reading.connect() as connection:
            empty = there_are_none(connection)
        return page(access_page.users(shown(request), none_yet=empty), 200)

    def login(self) -> Response:
        login = Login(ways.local(request.form.get("next")), request.form.get("name", "")[:LONGEST_TYPED])
        attempt = Attempt(spelled(login.name), request.remote_addr or "")
        wait = self._wait(attempt)
        if wait:
            told = replace(login, problem=f"Too many tries. Please wait {_in_words(wait)} and try again.")
            return page(access_page.users(told), 429, {"Retry-After": str(wait)})
        value = self._begin(attempt, login.name, request.form.get("password", ""))
        if value is None:
            return page(access_page.users(replace(login, problem=WRONG)), 401)
        return enter(self._sessions, value, login.next)

    def _wait(self, attempt: Attempt) -> int:
        with self._writing.connect() as connection:
            wait = attempt.begin(connection)
            if not wait:
                connection.commit()
        return wait

    def _begin(self, attempt: Attempt, name: str, password: str) -> str | None:
        """The cookie of a new session; None where name and password do not belong together."""
        with self._reading.connect() as connection:
            user = find(connection, name)
        if not is_right(user, password) or user is None:
            return None
        with self._writing.begin() as connection:
            attempt.succeeded(connection)
            return self._sessions.begin_for(connection, user)


def enter(sessions: Sessions, value: str, way: str) -> Response:
    """To where they wanted to go, with a cookie that nobody had before: what was planted is replaced."""
    response = to(way)
    sessions.give(response, value, secure=request.is_secure)
    return response


def add_logout(
    blueprint: Blueprint,
    sessions: Sessions,
    writing: Engine,
    ended: Callable[[str | None], None] | None = None,
) -> None:
    """``ended``: is told the ID token of the session that has ended."""

    def logout() -> Response:
        with writing.begin() as connection:
            id_token = sessions.end(connection, request)
        if ended:
            ended(id_token)
        response = to(f"{LOGIN}?out=1")
        sessions.take(response, secure=request.is_secure)
        return response

    blueprint.add_url_rule("/logout", "logout", logout, methods=["POST"])


def shown(asked: Request) -> Login:
    """What the log-in page is to say."""
    told = OUT if asked.args.get("out") else ""
    return Login(ways.local(asked.args.get("next")), told=told)


def to(way: str) -> Response:
    response = redirect(way, _SEE_OTHER)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]


def _in_words(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    minutes = -(-seconds // 60)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"
