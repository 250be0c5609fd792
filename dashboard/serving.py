"""Roof: gunicorn, from the Procfile and in ``fixer-metrics serve``: its options, its port, its address."""

from __future__ import annotations

import errno
import gc
import os
import socket
import time
from collections.abc import Callable
from typing import Any

import psutil
from flask import Flask
from gunicorn.app.base import BaseApplication

from dashboard.app import parts_of
from dashboard.config import Settings
from queries.errors import UserError

PORT_PATIENCE = 5.0  # seconds: the workers of a server that was killed need one or two to leave


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """Several processes with threads; memory shared by loading the app before they fork."""
    return {
        "bind": f"{_in_url(settings.host)}:{settings.port}",
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "gthread",
        "preload_app": True,
        "timeout": 60,
        "graceful_timeout": 20,
        "keepalive": 5,
        "max_requests": 20_000,
        "max_requests_jitter": 2_000,
        "loglevel": settings.log_level,
        "accesslog": None,
        "proc_name": "fixer-metrics",
        # The heartbeat's file, in memory where there is such a place: a busy disk must not look like a hang.
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
        # It would be one socket per user, in the home folder.
        "control_socket_disable": True,
        "when_ready": _when_ready,
        "post_fork": _post_fork,
        "post_worker_init": _post_worker_init,
    }


def _when_ready(arbiter: Any) -> None:
    # What was loaded lives as long as the server: kept out of collections, it stays shared by all workers.
    gc.collect()
    gc.freeze()


def _post_fork(arbiter: Any, worker: Any) -> None:
    parts_of(worker.app.wsgi()).forget_connections()


def _post_worker_init(worker: Any) -> None:
    parts_of(worker.app.wsgi()).start_housekeeping()


class InProcess(BaseApplication):
    """gunicorn inside this process, so that there is one process less to start, watch and end."""

    def __init__(self, settings: Settings, server: Flask, started: Callable[[], None]) -> None:
        self._options = gunicorn_options(settings)
        self._server = server
        self._started = started
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)
        self.cfg.set("post_worker_init", self._post_worker_init)

    def load(self) -> Flask:
        return self._server

    def _post_worker_init(self, worker: Any) -> None:
        _post_worker_init(worker)
        if worker.age == 1:
            self._started()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the page."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{_in_url(host)}:{settings.port}"


def check_port(settings: Settings, patience: float = PORT_PATIENCE) -> None:
    """UserError with what to do where the server will not be able to listen."""
    end = time.monotonic() + patience
    while True:
        try:
            return _try_to_bind(settings)
        except socket.gaierror as error:
            raise UserError(f"HOST={settings.host} is no address or name of this machine.") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > end:
                raise UserError(_cannot_listen(settings, error)) from error
        time.sleep(0.2)


def _try_to_bind(settings: Settings) -> None:
    found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, where = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(where)


def _cannot_listen(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = settings.port + 1 if settings.port < 65_535 else 8050
        return (
            f"Port {settings.port} is in use{_by_whom(settings.port)}. End that program, or choose another "
            f"port: PORT={other} make demo"
        )
    if error.errno == errno.EACCES:
        return f"Port {settings.port} is reserved for root. Choose one above 1023, for example PORT=8050."
    return f"HOST={settings.host} is no address of this machine ({error.strerror})."


def _by_whom(port: int) -> str:
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.pid]
        pid = next(c.pid for c in listening if c.laddr.port == port)
        return f" by {psutil.Process(pid).name()} (process {pid})"
    except (psutil.Error, StopIteration, OSError):
        return ""
