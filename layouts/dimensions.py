"""What runs can be broken down by: what each dimension is called in URLs, in queries and in words; pure."""

from __future__ import annotations

from dataclasses import dataclass

from layouts.links import name_in_url

ATTRIBUTE = "attr."
NONE = "(none)"  # in URLs: runs of which the dimension is not known


@dataclass(frozen=True)
class Dimension:
    """``key``: in the URL, where it also filters. ``by``: in queries. ``one``, ``many``: in words;
    ``nothing``: what runs without a value are called. ``overlapping``: a run can be in several groups."""

    key: str
    by: str
    one: str
    many: str
    nothing: str = "not known"
    overlapping: bool = False

    def label(self, member: str) -> str:
        return member or self.nothing

    def narrow(self, member: str) -> dict[str, str]:
        """The URL parameter that lets only runs of ``member`` through."""
        return {self.key: name_in_url(member) or NONE}


FIXED = (
    Dimension("model", "model", "model", "models"),
    Dimension("agent", "agent", "agent", "agents"),
    Dimension("version", "agent_version", "version", "versions", "no version"),
    Dimension("status", "status", "status", "statuses"),
    Dimension("category", "error_category", "error category", "error categories", "no error"),
    Dimension("tool", "tool", "tool", "tools", overlapping=True),
)
_BY_KEY = {dimension.key: dimension for dimension in FIXED}


def attribute(name: str) -> Dimension:
    return Dimension(ATTRIBUTE + name, ATTRIBUTE + name, name, plural(name), f"no {name}")


def dimension(key: str) -> Dimension | None:
    """The dimension that a URL calls ``key``: model, agent, version, status, category, tool, attr.NAME."""
    if key.startswith(ATTRIBUTE) and len(key) > len(ATTRIBUTE):
        return attribute(key.removeprefix(ATTRIBUTE))
    return _BY_KEY.get(key)


def key_of(by: str) -> str:
    """What URLs call the dimension that is ``by`` in queries."""
    return next((dimension.key for dimension in FIXED if dimension.by == by), by)


def offered(attributes: tuple[str, ...]) -> list[Dimension]:
    """All that a page offers; ``attributes`` are those of the settings."""
    return [*FIXED, *map(attribute, attributes)]


def plural(word: str) -> str:
    """``repository`` to ``repositories``; attributes are named by those who send them."""
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
