"""Roof: which role somebody has whom a provider or a proxy names, by VIEWERS and EDITORS."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.access.identity import EDITOR, VIEWER
from dashboard.access.settings import EVERYBODY

_GROUP = "group:"


@dataclass(frozen=True, slots=True)
class Person:
    """``shown`` is what the page calls them. ``names`` are those that nobody else can have: an email address
    only where whoever names it has checked it."""

    shown: str
    names: frozenset[str]
    groups: frozenset[str]


def role(person: Person, viewers: tuple[str, ...], editors: tuple[str, ...]) -> str | None:
    """None: they may not come in."""
    if any(_means(entry, person) for entry in editors):
        return EDITOR
    return VIEWER if any(_means(entry, person) for entry in viewers) else None


def _means(entry: str, person: Person) -> bool:
    if entry == EVERYBODY:
        return True
    if entry.startswith(_GROUP):
        return entry.removeprefix(_GROUP).strip() in person.groups
    names = {name.casefold() for name in person.names}
    if entry.startswith("@"):
        return any(name.rpartition("@")[1:] == ("@", entry[1:].casefold()) for name in names)
    return entry.casefold() in names
