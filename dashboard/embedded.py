"""Roof: the PostgreSQL that a Python package ships, on a local folder, for when there is no DATABASE_URL.

Any number of our processes use one data folder at once. Each holds a shared lock on the folder
``postgresql``; whoever leaves last stops the server. The kernel drops the locks of a killed process, so
nothing has to be repaired after a kill -9: the server is found running and used on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql
from sqlalchemy import URL

from dashboard.embedded_server import Server
from dashboard.folders import FolderLock, make_folder

DATABASE = "fixer_metrics"


def attach(data: Path, say: Callable[[str], None] = lambda line: None) -> Embedded:
    """The embedded database of ``data``, its server started where it does not run yet."""
    make_folder(data)
    with FolderLock(data):
        folder = make_folder(data / "postgresql", mode=0o700)
        users = FolderLock(folder)
        users.share()
        server = Server(folder, say)
        embedded = Embedded(data, server, users)
        try:
            server.ensure_running()
            _ensure_database(server)
        except BaseException:
            embedded.leave()
            raise
    return embedded


class Embedded:
    """Our share in a running embedded server."""

    def __init__(self, data: Path, server: Server, users: FolderLock) -> None:
        self._data = data
        self._server = server
        self._users: FolderLock | None = users
        self._process = os.getpid()

    @property
    def url(self) -> str:
        """The address of the database, for SQLAlchemy and (with postgresql://) for psql."""
        query = {"host": str(self._server.socket_folder), "port": "5432"}
        url = URL.create("postgresql+psycopg", username="postgres", database=DATABASE, query=query)
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Gives up our share; stops the server if nobody else has one."""
        if self._users is None or os.getpid() != self._process:
            return  # gave it up before, or a forked child whose parent still has it
        with FolderLock(self._data):
            self.leave()

    def leave(self) -> None:
        """``close`` for who holds the data folder's lock already."""
        users, self._users = self._users, None
        if users is None:
            return
        users.release()
        if users.hold_at_once():
            self._server.stop()
        users.close()

    def __enter__(self) -> Embedded:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ensure_database(server: Server) -> None:
    with psycopg.connect(server.address, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if not known:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
