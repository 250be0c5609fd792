"""Takes out of a sentence what the address of a channel has of secrets, in whichever way it is written there.

Servers and libraries say again what they were sent: as it stands in the address, decoded, encoded anew, as
Python writes bytes, or as log-ins are sent.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, unquote_plus

from alerts.addresses import hosts, opened

LEAST = 6  # characters of any part of an address: shorter ones stand in too many words
LEAST_OF_PASSWORD = 3
HIDDEN = "***"


def without_secrets(text: str, address: str) -> str:
    plain = {one for part in _parts(address) for one in _decoded(part)}
    longest_first = sorted(plain, key=lambda one: (-len(one), one))
    pattern = "|".join("".join(map(_character, one)) for one in longest_first)
    return re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE) if pattern else text


def _parts(address: str) -> Iterator[str]:
    """All but the hosts: what is no secret cannot be told from what is."""
    known = hosts(address)
    for part in (*re.split(r"[/:@?&=#\s]+", address), *_wholes(address)):
        if len(part) >= LEAST and part not in known:
            yield part
    yield from _logins(address)


def _wholes(address: str) -> Iterator[str]:
    """What may hold any of the characters that part an address."""
    path, _, query = address.partition("://")[2].partition("?")
    user = path.rpartition("@")[0]
    yield from (user, user.partition(":")[2])
    yield from (value for _, value in parse_qsl(query, keep_blank_values=False))


def _logins(address: str) -> Iterator[str]:
    """The password as Apprise understands it, and as HTTP and SMTP send it."""
    found = opened(address)
    user, password = (str(getattr(found, name, None) or "") for name in ("user", "password"))
    if len(password) < LEAST_OF_PASSWORD:
        return
    yield password
    for sent in (password, f"{user}:{password}", f"\0{user}\0{password}", f"{user}\0{user}\0{password}"):
        yield base64.b64encode(sent.encode()).decode()


def _decoded(part: str) -> Iterator[str]:
    yield from (part, unquote(part), unquote_plus(part), unquote(unquote(part)))


@lru_cache(maxsize=1024)
def _character(plain: str) -> str:
    """A pattern for it, encoded or not: libraries encode some characters of a secret and others not."""
    once = quote(plain, safe="")
    ways = {plain, once, quote(once, safe=""), repr(plain.encode())[2:-1]} | (
        {"+"} if plain == " " else set()
    )
    longest_first = sorted(ways, key=lambda one: (-len(one), one))
    return f"(?:{'|'.join(map(re.escape, longest_first))})"
