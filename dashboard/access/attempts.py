"""Roof: how often one may try to log in: failures are counted for all workers, by where they come from.

An account from one address; an address, whatever accounts it tries; and an account from all the addresses
that it never came in from. So whoever tries from everywhere is slowed down, and yet keeps nobody out who
comes from where they came in before.

An attempt is counted before the password is looked at, so that a hundred at once are a hundred.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass

from sqlalchemy import Connection, text

HERE, ADDRESS, ELSEWHERE = "here", "address", "elsewhere"
FREE = {ADDRESS: 20, HERE: 5, ELSEWHERE: 20}  # failures that cost no waiting
LONGEST_WAIT = 900  # seconds
FORGET = "1 hour"
KNOWN_FOR = "90 days"  # an address that an account came in from

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
_FAILURES = text("SELECT failures FROM login_failure WHERE key = :key")
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
_IS_KNOWN = text(f"SELECT FROM login_known WHERE key = :key AND last_at > now() - interval '{KNOWN_FOR}'")
_REMEMBER = text(
    "INSERT INTO login_known AS known (key, last_at) VALUES (:key, now()) "
    "ON CONFLICT (key) DO UPDATE SET last_at = now()"
)
_FORGET_KNOWN = text(
    "DELETE FROM login_known WHERE key IN (SELECT key FROM login_known "
    f"WHERE last_at < now() - interval '{KNOWN_FOR}' FOR UPDATE SKIP LOCKED)"
)


class _WaitError(Exception):
    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one account from one address."""

    account: str
    address: str

    def begin(self, connection: Connection) -> int:
        """Counts it, as if it failed; gives the seconds to wait where it may not be made at all, and then
        nothing is to be committed."""
        connection.execute(_FORGET)
        try:
            # Always in this order: two at once must not wait for each other.
            self._count(connection, ADDRESS)
            here = self._count(connection, HERE)
            if not self._is_known(connection) and self._is_news(connection, here):
                self._count(connection, ELSEWHERE)
        except _WaitError as wait:
            return wait.seconds
        return 0

    def succeeded(self, connection: Connection) -> None:
        """From here the account starts anew, and is known; of what others do as well only this one try is
        forgotten: an address may have other accounts to try, an account others who try it."""
        if not self._is_known(connection):
            connection.execute(_TAKE_BACK, {"key": self._key(ELSEWHERE)})
        connection.execute(_TAKE_BACK, {"key": self._key(ADDRESS)})
        connection.execute(_CLEAR, {"key": self._key(HERE)})
        connection.execute(_FORGET_KNOWN)
        connection.execute(_REMEMBER, {"key": self._key(HERE)})

    def _count(self, connection: Connection, kind: str) -> int:
        """How many there are with this one."""
        asked = {"key": self._key(kind), "free": FREE[kind]}
        failures = connection.execute(_COUNT, asked).scalar_one_or_none()
        if failures is None:
            raise _WaitError(max(1, math.ceil(connection.execute(_WAIT, asked).scalar_one())))
        return int(failures)

    def _is_known(self, connection: Connection) -> bool:
        return connection.execute(_IS_KNOWN, {"key": self._key(HERE)}).first() is not None

    def _is_news(self, connection: Connection, here: int) -> bool:
        """One address alone, which waits for itself by now, does not close an account for all others."""
        if here <= FREE[HERE]:
            return True
        failures = connection.execute(_FAILURES, {"key": self._key(ELSEWHERE)}).scalar_one_or_none()
        return (failures or 0) >= FREE[ELSEWHERE]

    def _key(self, kind: str) -> bytes:
        values = {
            ADDRESS: network(self.address),
            HERE: f"{network(self.address)} {self.account}",
            ELSEWHERE: self.account,
        }
        return hashlib.sha256(f"{kind} {values[kind]}".encode()).digest()


def network(address: str) -> str:
    """Who has one address of the sixth version has all of its /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
