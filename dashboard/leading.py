"""Roof: who leads among the workers: whoever holds an advisory lock, for as long as its connection lives."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from queries.schema import LEADING

# A machine that vanishes closes no connection. These let either side notice within half a minute; one that
# is killed closes it at once. The server's part does nothing on a socket of the same machine.
_CLIENT = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_SERVER = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}


class Leadership:
    """The lock and the connection that it lives on, which does nothing else."""

    def __init__(self, url: str) -> None:
        self._address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection[Any] | None = None
        self._leads = False

    def seek(self) -> bool:
        """Whether we lead at this moment; psycopg.Error where the database cannot be reached."""
        try:
            return self._seek()
        except psycopg.Error:
            self._leads = False  # whatever holds the lock now, this connection cannot give it back
            self.resign()
            raise

    def resign(self) -> None:
        """Another one may lead at once."""
        connection, led = self._connection, self._leads
        self._connection, self._leads = None, False
        if connection is None:
            return
        with contextlib.suppress(psycopg.Error), connection:
            # A connection that closes gives the lock back, too, but the server takes its time to notice.
            if led:
                connection.execute("SELECT pg_advisory_unlock(%s)", (LEADING,))

    def _seek(self) -> bool:
        if self._connection is None:
            self._connection = self._connect()
        if self._leads:
            self._connection.execute("SELECT 1")
        else:
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LEADING,)).fetchone()
            self._leads = bool(row and row[0])
        return self._leads

    def _connect(self) -> psycopg.Connection[Any]:
        options = " ".join(f"-c {name}={value}" for name, value in _SERVER.items())
        return psycopg.connect(
            self._address,
            autocommit=True,
            options=f"-c idle_session_timeout=0 {options}",
            application_name="fixer-metrics worker",
            **_CLIENT,  # type: ignore[arg-type]
        )
