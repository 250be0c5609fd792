"""Addresses of channels, in the notation of Apprise: which may be used or shown, how they are kept."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import threading
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from queries.errors import QueryError, UserError

# Everything that speaks HTTP or SMTP and nothing else; what reads files, buses or the desktop of this machine
# is left out. Schema -> name.
SERVICES = {
    "mailto": "Email", "mailtos": "Email",
    "slack": "Slack", "workflow": "Microsoft Teams", "workflows": "Microsoft Teams", "discord": "Discord",
    "gchat": "Google Chat", "mmost": "Mattermost", "mmosts": "Mattermost", "rocket": "Rocket.Chat",
    "rockets": "Rocket.Chat",
    "wxteams": "Webex Teams", "zulip": "Zulip", "matrix": "Matrix", "matrixs": "Matrix",
    "tgram": "Telegram", "pagerduty": "PagerDuty", "opsgenie": "Opsgenie", "signl4": "SIGNL4",
    "pover": "Pushover", "gotify": "Gotify", "gotifys": "Gotify", "ntfy": "ntfy", "ntfys": "ntfy",
    "json": "Webhook", "jsons": "Webhook", "form": "Webhook", "forms": "Webhook",
    "xml": "Webhook", "xmls": "Webhook",
}  # fmt: skip
WITH_HOST = frozenset(
    ("mmost", "rocket", "matrix", "gotify", "ntfy", "json", "form", "xml")
)  # and with an s at the end
# What would have the server read files, or wait as long as the address says.
_REFUSED = re.compile(r"template|attach.*|config|pgp.*|key|retry|wait|cto|rto|inline", re.IGNORECASE)
LONGEST = 2000
ALLOWED = (
    "mailtos://user:password@host?smtp=mail.example.org&to=team@example.org, the incoming webhook of Slack "
    "or Discord as it is, jsons://example.org/hook for a webhook, or slack, workflows (Teams), discord, "
    "gchat, mmosts, rockets, wxteams, zulip, matrixs, tgram, pagerduty, opsgenie, signl4, pover, gotifys, "
    "ntfys in the notation of Apprise"
)


def check(address: str) -> str:
    """The address as it is kept; QueryError where it is none that may be used."""
    address = address.strip()
    if not address or len(address) > LONGEST or not address.isprintable():
        raise _bad(f"the address has {len(address)} characters, or some that cannot be printed")
    schema = _schema(address)
    if schema not in SERVICES:
        raise _bad(f"{schema[:20]!r} is no kind of channel here")
    for name in _parameters(address):
        if _REFUSED.fullmatch(name.strip("+-: ")):
            raise _bad(f"the parameter {name[:20]!r} is not allowed in an address")
    if opened(address) is None or "" in hosts(address):
        raise _bad(f"it is no complete address of {SERVICES[schema]}; / in a password is written as %2F")
    return address


def _parameters(address: str) -> list[str]:
    """The names as Apprise reads them: to it `;` parts them, too, and a `#` ends nothing."""
    from apprise.utils.parse import parse_qsd

    return list(parse_qsd(address.partition("?")[2], simple=True)["qsd"])


def _schema(address: str) -> str:
    """Apprise knows some services by their plain https address."""
    schema = urlsplit(address).scheme.lower()
    if schema == "https":
        found = opened(address)
        protocols = getattr(found, "secure_protocol", None) or ("https",)
        return protocols if isinstance(protocols, str) else protocols[0]
    return schema


_QUIET = threading.Lock()  # two threads at once would leave it quiet, or let it speak


def opened(address: str) -> Any:
    """Apprise's own object for it; None where it makes nothing of it."""
    from apprise import Apprise, AppriseAsset

    quiet = logging.getLogger("apprise")
    asset = AppriseAsset(app_id="Fixer Metrics", app_desc="Fixer Metrics", app_url="")
    with _QUIET:
        before, quiet.disabled = quiet.disabled, True  # it would write what it does not understand
        try:
            return Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        finally:
            quiet.disabled = before


def service(address: str) -> str:
    return SERVICES[_schema(address)]


def shown(address: str) -> str:
    """What everybody may read: the service, and the recipients or the host; never a token or a password."""
    found, name = opened(address), service(address)
    if name == "Email":
        recipients = ", ".join(address for _, address in found.targets)
        return f"Email to {recipients[:200]}"
    host = urlsplit(address).hostname or ""
    return f"{name} at {host}" if _schema(address).removesuffix("s") in WITH_HOST else name


def hosts(address: str) -> list[str]:
    """The hosts that whoever wrote the address has chosen; services with a host of their own have none."""
    found = opened(address)
    if service(address) == "Email":
        return [str(found.smtp_host or found.host)]
    host = urlsplit(address).hostname
    return [host] if host and _schema(address).removesuffix("s") in WITH_HOST else []


def _bad(what: str) -> QueryError:
    return QueryError("bad_field", "address", f"The address cannot be used: {what}", ALLOWED)


# ---- kept -------------------------------------------------------------------------------------------


def seal(address: str, secret: str) -> str:
    return _fernet(secret).encrypt(address.encode()).decode("ascii")


def unseal(sealed: str, secret: str) -> str:
    """UserError where the secret is another one by now."""
    from cryptography.fernet import InvalidToken

    try:
        return _fernet(secret).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise UserError(
            "Its address cannot be read: SECRET_KEY is not the one it was written with. Enter it again."
        ) from None


@lru_cache(maxsize=4)
def _fernet(secret: str) -> Any:
    """SECRET_KEY is long and random, or the owner's choice: hashed, with our purpose, into a key."""
    from cryptography.fernet import Fernet

    key = hashlib.scrypt(secret.encode(), salt=b"fixer-metrics alert channels", n=2**14, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))
