"""Where messages may be sent: never into the server's own network, unless a setting names it.

Whoever may add a channel could otherwise have the server ask its neighbours (a metadata service, a database,
a router). The check sits where names are resolved, inside the process: checked are the very addresses that
are connected to, so neither a redirect nor a name that resolves otherwise the second time gets around it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Of one's own network, or of none, though Python has them for global: site-local, a NAT64 of one's own, IPv4
# in its oldest spelling, segment routing.
_OWN = tuple(map(ipaddress.IPv6Network, ("fec0::/10", "64:ff9b:1::/48", "::/96", "5f00::/16")))
ALL = "all"


class RefusedError(OSError):
    """A connection into a network that is not allowed; an OSError, as those that send expect one."""


@dataclass(frozen=True)
class Allowed:
    """The networks of our own that may be reached; ``everything``: all of them."""

    networks: tuple[Network, ...] = ()
    everything: bool = False

    @classmethod
    def of(cls, text: str) -> Allowed:
        """``all``, or networks and addresses with commas; ValueError for anything else."""
        if text.strip().lower() == ALL:
            return cls(everything=True)
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return cls(tuple(ipaddress.ip_network(part, strict=False) for part in parts))

    def lets(self, address: str) -> bool:
        found = _plain(ipaddress.ip_address(address.partition("%")[0]))
        own = any(found in network for network in _OWN)
        if self.everything or (found.is_global and not found.is_multicast and not own):
            return True
        return any(found.version == network.version and found in network for network in self.networks)


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one, in whichever way."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if inside is None and address in _NAT64:
        inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address


_in_force: ContextVar[Allowed | None] = ContextVar("alerts.guard", default=None)


@contextmanager
def guarded(allowed: Allowed) -> Iterator[None]:
    """Inside, this thread reaches only what is allowed."""
    _install()
    token = _in_force.set(allowed)
    try:
        yield
    finally:
        _in_force.reset(token)


@lru_cache(maxsize=1)
def _install() -> None:
    """Puts the check between everybody and the resolver, once; outside of ``guarded`` it checks nothing."""
    plain = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **named: Any) -> Any:
        found = plain(host, *arguments, **named)
        allowed = _in_force.get()
        if allowed is None:
            return found
        good = [one for one in found if allowed.lets(str(one[4][0]))]
        if not good:
            raise RefusedError(reason(str(host)))
        return good

    socket.getaddrinfo = resolve


def reason(host: str) -> str:
    return f"{host} is in this server's own network; ALERT_INTERNAL can allow it"


def check(host: str, allowed: Allowed) -> None:
    """RefusedError where every address of ``host`` is; OSError where it has none."""
    with guarded(allowed):
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
