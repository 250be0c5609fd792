"""Roof: what a setting is, and how its value may be shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; ``attribute`` is its name in Settings, ``parse`` refuses with ValueError.

    ``default`` is the text that would give the same; None where there is none to write down, and then
    ``without`` says what happens without a value.
    """

    name: str
    attribute: str
    default: str | None
    help: str
    allowed: str
    parse: Callable[[str], object]
    without: str = ""
    secret: bool = False
    holds_no_password: bool = False  # though it holds an @, after which an address would have its host


def masked(setting: Setting, text: str) -> str:
    """The value as it may be shown: secrets and the passwords in addresses replaced by stars."""
    if setting.secret:
        return "***"
    if setting.holds_no_password:
        return text
    return masked_address(text) if "://" in text else re.sub(".*@", "***@", text)


def masked_address(address: str) -> str:
    """An address with its password, wherever it stands, replaced by stars."""
    # postgresql://fixer:a/b@c@host/runs?password=x -> postgresql://fixer:***@host/runs?password=***
    address = re.sub(r"(://[^:/?#@]*):.*@", r"\1:***@", address)
    return re.sub(r"(password=)[^&#]*", r"\1***", address, flags=re.IGNORECASE)
