"""A rule as a page's URL writes it: every field a text, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts import keep
from alerts.rules import Rule, read
from queries.errors import QueryError

# The zone of a rule is not the page's.
KEYS = {name: "zone" if name == "tz" else name for name in keep.FIELDS}
_NUMBERS = {"threshold": float, "resolve": float, "minRuns": int}


def draft(params: Mapping[str, str], tz: str) -> Rule:
    """The rule that a form asks for; QueryError for the first field that cannot be. Without a name it is
    called ``new rule``; ``tz``: the page's zone, where none is asked for."""
    asked: dict[str, Any] = {name: _typed(name, params[key]) for name, key in KEYS.items() if params.get(key)}
    return read({"name": "new rule", "tz": tz} | asked)


def _typed(name: str, text: str) -> Any:
    if name == "enabled":
        return text != "no"
    if name == "channels":
        return [_number(name, one, int) for one in text.split(",")]
    return _number(name, text, _NUMBERS[name]) if name in _NUMBERS else text


def _number(name: str, text: str, kind: type) -> Any:
    try:
        return kind(text.replace(" ", ""))
    except ValueError:
        allowed = "a whole number" if kind is int else "a number such as 20 or 0.5"
        raise QueryError("bad_field", name, f"{name} {text[:40]!r} is not allowed", allowed) from None


def params(rule: Rule) -> dict[str, str]:
    """What a URL says of a rule that is there, to be edited."""
    found: dict[str, str] = {}
    for name, value in keep.fields(rule).items():
        if name == "enabled":
            found[KEYS[name]] = "" if value else "no"
        elif isinstance(value, list):
            found[KEYS[name]] = ",".join(map(str, value))
        else:
            found[KEYS[name]] = "" if value is None else _written(value)
    return found


def _written(value: Any) -> str:
    """Every digit of it: what is saved again must be the same rule."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
