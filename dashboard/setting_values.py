"""Roof: how the text of a setting becomes its value; what is not allowed is refused with ValueError."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from alerts.guard import Allowed
from queries.facets import LONGEST_NAME

MOST_ATTRIBUTES = 20


def whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse


def on(text: str) -> bool:
    return one_of("on", "off")(text) == "on"


def address(*schemes: str, needs_path: bool = False) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError where the port is no number
        if parts.scheme not in schemes or (needs_path and not parts.path.strip("/")):
            raise ValueError(text)
        return text

    return parse


def host(text: str) -> str:
    if "/" in text or any(character.isspace() for character in text):
        raise ValueError(text)
    return text


def secret_key(text: str) -> str:
    if len(text) < 16:
        raise ValueError("too short")
    return text


def path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def dollars(text: str) -> float:
    amount = float(text.removeprefix("$").replace(",", ""))
    # Neither infinite nor not-a-number: both compare false with one of these.
    if not 0 < amount < 1e12:
        raise ValueError(text)
    return amount


def sigma(text: str) -> float:
    number = float(text)
    if not 1 <= number <= 10:
        raise ValueError(text)
    return number


def web_address(text: str) -> str:
    if not urlsplit(address("http", "https")(text)).hostname:
        raise ValueError(text)
    return text.rstrip("/")


def networks(text: str) -> str:
    Allowed.of(text)  # raises ValueError
    return text


def attribute_names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(names) > MOST_ATTRIBUTES or any(len(name) > LONGEST_NAME for name in names):
        raise ValueError(text)
    return names
