"""Roof: gunicorn, from the Procfile and in ``fixer-metrics serve``: its options and hooks."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from dashboard import logs, telemetry
from dashboard.access.checks import check
from dashboard.access.gate import own_environ
from dashboard.app import parts_of
from dashboard.config import Settings
from dashboard.port import in_url
from queries.errors import UserError


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """Several processes with threads; memory shared by loading the app before they fork."""
    return {
        "bind": f"{in_url(settings.host)}:{settings.port}",
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
        "logconfig_dict": logs.configuration(settings.log_level, settings.log_format),
        "accesslog": None,
        "proc_name": "fixer-metrics",
        # The heartbeat's file, in memory where there is such a place: a busy disk must not look like a hang.
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
        # It would be one socket per user, in the home folder.
        "control_socket_disable": True,
        # What proxies say is judged by dashboard.access.network, for all servers alike.
        "forwarded_allow_ips": "",
        "on_starting": lambda arbiter: _check_where_it_listens(settings, arbiter),
        "when_ready": _when_ready,
        "post_fork": _post_fork,
        "post_worker_init": _post_worker_init,
        "child_exit": _child_exit,
    }


def _check_where_it_listens(settings: Settings, arbiter: Any) -> None:
    """gunicorn's own --bind may say another address than HOST."""
    for where in arbiter.cfg.address:
        host = where[0] if isinstance(where, tuple) else "127.0.0.1"  # else a socket file
        try:
            check(settings, host)
        except UserError as error:
            raise SystemExit(f"fixer-metrics: {error}") from error


def _when_ready(arbiter: Any) -> None:
    warm(arbiter.app.wsgi())
    # What was loaded lives as long as the server: kept out of collections, it stays shared by all workers.
    gc.collect()
    gc.freeze()


def _post_fork(arbiter: Any, worker: Any) -> None:
    parts_of(worker.app.wsgi()).forget_connections()


def _post_worker_init(worker: Any) -> None:
    parts_of(worker.app.wsgi()).start_housekeeping()


def _child_exit(arbiter: Any, worker: Any) -> None:
    telemetry.ended(worker.pid)


def warm(server: Flask) -> None:
    """Packs the page's files once for all workers, so that the first visitor does not wait for it."""
    client, ours = server.test_client(), own_environ()
    with client.get("/", environ_overrides=ours) as page:
        files = re.findall(r'(?:src|href)="(/[^"]+)"', page.get_data(as_text=True))
    for url in files:
        client.get(url, headers={"Accept-Encoding": "br"}, environ_overrides=ours).close()


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
