"""Names in URLs and API calls: how several are written, and what may be one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from queries.errors import QueryError
from queries.facets import ATTRIBUTE, LONGEST_NAME, LONGEST_TEMPLATE, LONGEST_VALUE

NONE = "(none)"  # in URL and API: runs that have no version, error, tool or value of the attribute
MAX_NAMES = 100
MAX_ATTRIBUTES = 10
_KEPT = "-_.!~*'()"  # as the browser's encodeURIComponent, so that page and server write the same URL


def parse_names(parameter: str, text: str) -> tuple[str, ...]:
    names = {_decode(token) for token in text.split(",")} if text else set()
    if len(names) > MAX_NAMES:
        raise QueryError(
            "too_many_names", parameter, f"{len(names)} names given", f"at most {MAX_NAMES} names"
        )
    for name in names:
        most = LONGEST_TEMPLATE if parameter == "error" else LONGEST_VALUE
        if not name or "\x00" in name or len(name) > most:
            raise QueryError(
                "bad_attribute" if is_attribute(parameter) else f"bad_{parameter}",
                parameter,
                f"{name[:40]!r} cannot be a name",
                f"names of at most {most} characters, several with commas",
            )
    if parameter not in ("model", "agent"):
        names = {"" if name == NONE else name for name in names}
    return tuple(sorted(names))


def is_attribute(name: str) -> bool:
    """Whether a parameter of this name narrows runs by an attribute."""
    return name.startswith(ATTRIBUTE) and name != ATTRIBUTE


def encode_key(name: str) -> str:
    return quote(name, safe=_KEPT)


def parse_attributes(params: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    given = sorted(key for key, text in params.items() if text and is_attribute(key))
    if len(given) > MAX_ATTRIBUTES:
        raise QueryError(
            "too_many_attributes",
            given[MAX_ATTRIBUTES][:80],
            f"{len(given)} attributes given",
            f"at most {MAX_ATTRIBUTES} attributes",
        )
    for key in given:
        if len(key) > LONGEST_NAME + len(ATTRIBUTE) or "\x00" in key:
            raise QueryError(
                "bad_attribute",
                key[:80],
                f"{key[:80]!r} cannot name an attribute",
                f"{ATTRIBUTE} and a name of at most {LONGEST_NAME} characters",
            )
    return tuple((key.removeprefix(ATTRIBUTE), parse_names(key, params[key])) for key in given)


def _decode(token: str) -> str:
    """A comma or percent sign inside a name is written %2C or %25 (once more than the URL does)."""
    return token.replace("%2C", ",").replace("%2c", ",").replace("%25", "%")


def encode(name: str) -> str:
    return quote(name.replace("%", "%25").replace(",", "%2C"), safe=_KEPT)
