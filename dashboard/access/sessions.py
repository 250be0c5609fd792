"""Roof: who is logged in: a signed cookie in the browser, a row in the database, which ends with it."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection, Engine, delete, func, insert, literal, select

from dashboard.access.identity import Identity
from dashboard.access.users import User
from queries.access_tables import app_user as _user
from queries.access_tables import login_session as _session

SECONDS_KNOWN = 2.0  # a session that was ended lives on for at most this long in a server process
_MOST_KNOWN = 10_000


class Sessions:
    """``method``: the AUTH under which people log in; the sessions of another count no more."""

    def __init__(self, engine: Engine, secret_key: str, method: str, hours: int) -> None:
        self._engine = engine  # that reads
        self._signer = URLSafeSerializer(secret_key, salt="fixer-metrics session")
        self._method = method
        self._hours = hours
        # Two dashboards on one machine are one place to a browser: it keeps cookies by name, not by port.
        self.cookie = f"fixer_metrics_{hashlib.sha256(f'name {secret_key}'.encode()).hexdigest()[:8]}"
        self._known: dict[bytes, tuple[float, Identity | None]] = {}
        self._lock = threading.Lock()

    def identity(self, request: Request) -> Identity | None:
        token = self._token(request)
        if token is None:
            return None
        key, now = _hash(token), time.monotonic()
        with self._lock:
            at, identity = self._known.get(key, (0.0, None))
        if not at or now - at > SECONDS_KNOWN:
            identity = self._look_up(key)
            self._remember(key, now, identity)
        return identity

    def begin(self, connection: Connection, name: str, role: str, id_token: str | None = None) -> str:
        """The value of a new cookie for a person of a provider; ``id_token``: what ``end`` gives."""
        token = secrets.token_urlsafe(32)
        values = self._row(token) | {"name": name, "role": role, "id_token": id_token}
        connection.execute(insert(_session).values(values))
        return self._sign(connection, token)

    def begin_for(self, connection: Connection, user: User) -> str | None:
        """The same for a user; None where their password has changed, or they went, just now."""
        token = secrets.token_urlsafe(32)
        row = self._row(token) | {"name": user.name, "role": user.role}
        columns = ["user_id", *row]
        values = [_user.c.user_id, *(literal(value, _session.c[name].type) for name, value in row.items())]
        still = (_user.c.user_id == user.user_id) & (_user.c.password_hash == user.password_hash)
        found = select(*values).where(still).with_for_update(read=True)
        made = insert(_session).from_select(columns, found).returning(_session.c.name)
        return self._sign(connection, token) if connection.execute(made).first() else None

    def end(self, connection: Connection, request: Request) -> str | None:
        """Gives the ID token that it began with, if it is kept."""
        token = self._token(request)
        if token is None:
            return None
        mine = _session.c.token_hash == _hash(token)
        ended = connection.execute(delete(_session).where(mine).returning(_session.c.id_token))
        self._remember(_hash(token), time.monotonic(), None)
        return ended.scalar_one_or_none()

    def give(self, response: Response, value: str, *, secure: bool) -> None:
        lasts = self._hours * 3600
        response.set_cookie(self.cookie, value, lasts, httponly=True, samesite="Lax", secure=secure)

    def take(self, response: Response, *, secure: bool) -> None:
        response.delete_cookie(self.cookie, httponly=True, samesite="Lax", secure=secure)

    def _row(self, token: str) -> dict[str, object]:
        now = datetime.now(UTC)
        ends = now + timedelta(hours=self._hours)
        return {"token_hash": _hash(token), "method": self._method, "created_at": now, "expires_at": ends}

    def _sign(self, connection: Connection, token: str) -> str:
        connection.execute(delete(_session).where(_session.c.expires_at < func.now()))
        return str(self._signer.dumps(token))

    def _token(self, request: Request) -> str | None:
        try:
            token = self._signer.loads(request.cookies.get(self.cookie, ""))
        except BadSignature:
            return None
        return token if isinstance(token, str) else None

    def _look_up(self, key: bytes) -> Identity | None:
        role = func.coalesce(_user.c.role, _session.c.role)
        statement = (
            select(_session.c.name, role)
            .select_from(_session.outerjoin(_user, _user.c.user_id == _session.c.user_id))
            .where(_session.c.token_hash == key, _session.c.method == self._method)
            .where(_session.c.expires_at > func.now())
        )
        with self._engine.connect() as connection:
            row = connection.execute(statement).one_or_none()
        return Identity(row[0], row[1], session=True) if row else None

    def _remember(self, key: bytes, at: float, identity: Identity | None) -> None:
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = (at, identity)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
