"""Roof: the port to listen on: whether it can be had, and the address that makes of it."""

from __future__ import annotations

import errno
import socket
import time

import psutil

from dashboard.config import Settings
from queries.errors import UserError

PATIENCE = 5.0  # seconds: the workers of a server that was killed need one or two to leave


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the page."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{in_url(host)}:{settings.port}"


def check_port(settings: Settings, patience: float = PATIENCE) -> None:
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
