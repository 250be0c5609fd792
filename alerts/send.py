"""Sends one message to one address, by Apprise; a sentence why, where that fails.

An email is our own: its plain text beside its HTML; Apprise reads the address and speaks SMTP.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate, make_msgid
from typing import Any

from alerts.addresses import hosts, opened, service
from alerts.guard import Allowed, check, guarded
from alerts.hiding import without_secrets
from alerts.tell import Message

log = logging.getLogger("apprise")

LONGEST_PROBLEM = 300
_NETWORK = "Socket Exception: "


class SendError(Exception):
    """Why, without anything secret."""


def send(address: str, message: Message, allowed: Allowed, *, urgent: bool = False) -> None:
    """SendError where it did not go."""
    found = opened(address)
    if found is None:
        raise SendError("the address is not understood any more")
    told: list[str] = []
    try:
        for host in hosts(address):
            check(host, allowed)
        with guarded(allowed), _listening(told):
            sent = _sent(found, service(address), message, urgent)
    except Exception as error:  # whatever a channel's server says, the other channels are told
        raise SendError(_clean(str(error) or type(error).__name__, address)) from error
    if not sent:
        raise SendError(_clean("; ".join(told) or "it was not taken", address))


def _sent(found: Any, name: str, message: Message, urgent: bool) -> bool:
    if name == "Email":
        return _email(found, message)
    said = (message.body, message.subject)
    body, title = said if name == "Webhook" else map(harmless, said)
    kind = "failure" if urgent else "info"
    return bool(found.notify(body=body, title=title, notify_type=kind, body_format="text"))


def harmless(text: str) -> str:
    """Names come from the data: in a chat none of them may call anybody, or be a link that says it is
    another one."""
    return re.sub(r"(?<=@)(?=\w)|(?<=<)(?=[!@#]|https?:|mailto:)|(?<=\])(?=\()", "\u200b", text)


def _email(found: Any, message: Message) -> bool:
    from apprise.plugins.email.smtp import AppriseSMTPController

    if not f"{found.user or ''}{found.password or ''}".isascii():
        raise SendError("SMTP takes letters of ASCII only in user and password")
    with AppriseSMTPController(
        host=found.smtp_host or found.host,
        port=found.port,
        secure_mode=found.secure_mode,
        user=found.user,
        password=found.password,
        verify_certificate=found.verify_certificate,
        socket_connect_timeout=found.socket_connect_timeout,
    ) as smtp:
        mail = composed(found, message)
        everybody = [address for _, address in found.targets] + sorted({*found.cc, *found.bcc})
        # smtplib takes bytes as they are, line ends included, and only ASCII as text.
        written: Any = mail.as_bytes(policy=SMTP)
        return bool(smtp.sendmail(found.from_addr[1], everybody, written))


def composed(found: Any, message: Message) -> EmailMessage:
    """``found``: Apprise's object of a mailto address."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.subject.split())
    mail["From"] = formataddr((found.from_addr[0] or "Fixer Metrics", found.from_addr[1]))
    mail["To"] = ", ".join(formataddr((name or "", address)) for name, address in found.targets)
    if found.cc:
        mail["Cc"] = ", ".join(sorted(found.cc))
    mail["Date"], mail["Message-ID"] = formatdate(localtime=False), make_msgid(domain="fixer-metrics")
    mail["Auto-Submitted"] = "auto-generated"  # no answers of absent people
    mail.set_content(message.body)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


@contextlib.contextmanager
def _listening(told: list[str]) -> Iterator[None]:
    """Apprise says why in its log, and nowhere else; what the network said only to those who debug."""
    handler, level = _Listener(told), log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


class _Listener(logging.Handler):
    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.WARNING or text.startswith(_NETWORK):
            self._told.append(text.removeprefix(_NETWORK))


def _clean(text: str, address: str) -> str:
    return " ".join(without_secrets(text, address).split())[:LONGEST_PROBLEM]
