"""Roof: where a request comes from: this machine, a trusted proxy, another proxy; and which it may not."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard.access.settings import NONE, PROXY, UNIX
from dashboard.config import Settings

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]

REFUSED = "fixer_metrics.refused"  # in the environ: a Refusal, or None; without the key nothing is answered
PEER = "fixer_metrics.peer_trusted"
# What proxies, tunnels and content networks put in; beside everything that begins with X-Forwarded.
_MARKS = (
    "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_X_ORIGINAL_FORWARDED_FOR", "HTTP_X_ORIGINAL_HOST", "HTTP_X_ORIGINAL_URL", "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP", "HTTP_CF_RAY", "HTTP_FLY_CLIENT_IP", "HTTP_X_ENVOY_EXTERNAL_ADDRESS",
    "HTTP_X_AMZN_TRACE_ID",
)  # fmt: skip
_FORWARDED = "HTTP_X_FORWARDED"

_SEE = "The README's section “Who may see” has an example."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, and what the operator can set."""

    code: str
    message: str
    allowed: str


_PROXIED = Refusal(
    "proxy_refused",
    "This request came through a proxy, and the dashboard does not know that proxy.",
    f"Set TRUSTED_PROXY to the proxy's address, and AUTH to users, oidc or proxy. {_SEE}",
)
_STRANGER = Refusal(
    "address_refused",
    "This request came from another machine, and nobody needs to log in here.",
    f"Set AUTH to users, oidc or proxy; or INSECURE=on to let everybody see and change everything. {_SEE}",
)
_ODD_HOST = Refusal(
    "host_refused",
    "This request asks for a host that is not this dashboard's. A page of somebody else may have sent it.",
    f"Open http://localhost with the port; or set PUBLIC_URL to the address that people open. {_SEE}",
)


class Arrivals:
    """Before the application: judges where a request comes from, and believes trusted proxies alone."""

    def __init__(self, app: Wsgi, settings: Settings) -> None:
        self._app = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        trusted = settings.trusted_proxy or ()
        self._networks = [ipaddress.ip_network(n) for n in trusted if n != UNIX]
        self._unix = UNIX in trusted
        self._open = settings.auth == NONE
        self._insecure = settings.insecure
        headers = (settings.proxy_user_header, settings.proxy_groups_header or "")
        self._names = _environ_names(headers) if settings.auth == PROXY else ()
        self._hosts = known_hosts(settings)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        trusted = self._trusts(environ.get("REMOTE_ADDR", ""))
        environ[PEER] = trusted
        environ[REFUSED] = self._refusal(environ, trusted)
        if trusted and is_forwarded(environ):
            return self._behind_proxy(environ, start_response)
        return self._app(environ, start_response)

    def _refusal(self, environ: Environ, trusted: bool) -> Refusal | None:
        if not trusted and (is_forwarded(environ) or self._names_somebody(environ)):
            return _PROXIED
        if not self._open:
            return None
        if not self._insecure and not is_loopback(environ.get("REMOTE_ADDR", "")):
            return _STRANGER
        return None if self._knows(_host(environ, trusted)) else _ODD_HOST

    def _names_somebody(self, environ: Environ) -> bool:
        return any(name in environ for name in self._names)

    def _trusts(self, address: str) -> bool:
        if not address:  # a socket of the file system has none
            return self._unix
        found = _ip(address)
        return found is not None and any(found in network for network in self._networks)

    def _knows(self, host: str) -> bool:
        """Whether a page of another site could not have this name: such pages know names, never our own."""
        if host in self._hosts or host.endswith(".localhost"):
            return True
        return is_loopback(host) or (self._insecure and _ip(host) is not None)


def _environ_names(headers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"HTTP_{header.upper().replace('-', '_')}" for header in headers if header)


def is_forwarded(environ: Environ) -> bool:
    return any(name.startswith(_FORWARDED) or name in _MARKS for name in environ)


def is_loopback(address: str) -> bool:
    found = _ip(address)
    return found is not None and found.is_loopback


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address.strip("[]").split("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _host(environ: Environ, trusted: bool) -> str:
    asked = (trusted and environ.get("HTTP_X_FORWARDED_HOST")) or environ.get("HTTP_HOST", "")
    try:
        return (urlsplit(f"//{asked}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def known_hosts(settings: Settings) -> frozenset[str]:
    """The names under which nobody but this dashboard can be meant."""
    names = {"localhost"}
    if settings.public_url:
        names.add(urlsplit(settings.public_url).hostname or "")
    if settings.insecure:
        names |= {settings.host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
    return frozenset(names - {""})


@lru_cache(maxsize=8)
def listens_to_itself(host: str) -> bool:
    """Whether nobody but this machine reaches a server that listens on ``host``."""
    if _ip(host) is not None:
        return is_loopback(host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(is_loopback(str(where[4][0])) for where in found)
