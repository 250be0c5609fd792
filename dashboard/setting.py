"""Roof: what a setting is, and the ways to read one that many need."""

from __future__ import annotations

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
