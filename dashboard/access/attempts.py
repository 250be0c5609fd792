"""Roof: how often one may try to log in: failures are counted by account and by address, for all workers.

An attempt is counted before the password is looked at, so that a hundred at once are a hundred.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass

from sqlalchemy import Connection, text

FREE = {"account": 5, "address": 20}  # failures that cost no waiting
LONGEST_WAIT = 900  # seconds
FORGET = "1 hour"

_COUNT = text(
    f"""
    INSERT INTO login_failure AS known (key, failures, last_at, blocked_until)
    VALUES (:key, 1, now(), now())
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN known.last_at < now() - interval '{FORGET}' THEN 1 ELSE known.failures + 1 END,
        last_at = now(),
        blocked_until = CASE
            WHEN known.last_at < now() - interval '{FORGET}' OR known.failures < :free THEN now()
            ELSE now() + make_interval(secs => least(2 ^ least(known.failures - :free, 30), {LONGEST_WAIT}))
        END
    WHERE known.blocked_until <= now()
    RETURNING failures
    """
)
_WAIT = text("SELECT extract(epoch FROM blocked_until - now())::float8 FROM login_failure WHERE key = :key")
# Those that somebody is counting just now are left alone, for waiting for two of them could be for ever.
_FORGET = text(
    "DELETE FROM login_failure WHERE key IN (SELECT key FROM login_failure "
    f"WHERE last_at < now() - interval '{FORGET}' AND blocked_until < now() FOR UPDATE SKIP LOCKED)"
)
_CLEAR = text("DELETE FROM login_failure WHERE key = :key")
_TAKE_BACK = text(
    "UPDATE login_failure SET failures = greatest(failures - 1, 0), blocked_until = now() WHERE key = :key"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one account from one address."""

    account: str
    address: str

    def begin(self, connection: Connection) -> int:
        """Counts it, as if it failed; gives the seconds to wait where it may not be made at all, and then
        nothing is to be committed."""
        connection.execute(_FORGET)
        for kind, key in self._keys().items():
            if connection.execute(_COUNT, {"key": key, "free": FREE[kind]}).one_or_none() is None:
                wait = connection.execute(_WAIT, {"key": key}).scalar_one()
                return max(1, math.ceil(wait))
        return 0

    def succeeded(self, connection: Connection) -> None:
        """The account starts anew; of the address only this one is forgotten: it may have others to try."""
        keys = self._keys()
        connection.execute(_CLEAR, {"key": keys["account"]})
        connection.execute(_TAKE_BACK, {"key": keys["address"]})

    def _keys(self) -> dict[str, bytes]:
        # Always in this order: two at once must not wait for each other.
        return {"account": _key("account", self.account), "address": _key("address", network(self.address))}


def network(address: str) -> str:
    """Who has one address of the sixth version has all of its /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def _key(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind} {value}".encode()).digest()
