"""Links between pages: the one URL of a view, and of the runs behind a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, quote

from queries.filters import DEFAULTS, Filters
from queries.measures import FAILED, STATUSES
from queries.names import NONE
from queries.words import instants

NAMED = ("model", "agent", "version", "category", "error", "tool")
_NEVER_NONE = ("model", "agent")
_DEFAULTS = {**DEFAULTS, "status": "all"}
# As the browser's encodeURIComponent, so that page and server write the same URL.
_SAFE = "-_.!~*'()"

Value = str | Sequence[str] | None


def href(path: str, filters: Filters, *, frozen: bool = False, **changes: Value) -> str:
    """The address of a page with these filters and ``changes`` to them, in its one spelling.

    For a filter of names (``model``, ``tool``, ``**{"attr.user": ...}``) a text is one name, '' being runs
    without, and a sequence several; for anything else, the page's own keys included, it is what stands in
    the URL. None takes a parameter out. ``frozen``: absolute instants and the zone.
    """
    params = dict(parse_qsl(filters.to_search(frozen=frozen).removeprefix("?"), keep_blank_values=True))
    for key, value in changes.items():
        params[key] = "" if value is None else _text(key, value)
    return path + _search(params)


def runs_href(
    filters: Filters,
    start: datetime | None = None,
    end: datetime | None = None,
    **narrow: Value,
) -> str:
    """The runs behind a number: exactly its bounds (by default the period's), its zone, its filters and
    what it ``narrow``s them to, which is taken as part of them (see ``within``)."""
    span = instants(start or filters.start, end or filters.end)
    return href("/runs", filters, frozen=True, **{"range": span, **narrow})


def run_href(invocation_id: str, filters: Filters) -> str:
    """The page of one run; the filters are those of its peers."""
    return href(f"/runs/{quote(invocation_id, safe=_SAFE)}", filters)


def within(filters: Filters, statuses: Sequence[str]) -> str | None:
    """Those of ``statuses`` that the filters let through, as the URL has them; None where there is none,
    and so no run behind the number."""
    both = [s for s in STATUSES if s in statuses and (not filters.statuses or s in filters.statuses)]
    return _statuses(both) if both else None


def _statuses(exact: Sequence[str]) -> str:
    if set(exact) == set(STATUSES):
        return "all"
    words = set(exact)
    if words >= set(FAILED):
        words = words - set(FAILED) | {"failed"}
    return ",".join(sorted(words))


def is_named(key: str) -> bool:
    """Whether the parameter lists names of the data."""
    return key in NAMED or key.startswith("attr.")


def name_in_url(name: str) -> str:
    """As queries.filters reads names: a comma or percent sign inside one is escaped."""
    return name.replace("%", "%25").replace(",", "%2C")


def _text(key: str, value: str | Sequence[str]) -> str:
    if not is_named(key):
        return value if isinstance(value, str) else ",".join(value)
    names = sorted({value} if isinstance(value, str) else set(value))
    return ",".join(name_in_url(name if name or key in _NEVER_NONE else NONE) for name in names)


def _search(params: Mapping[str, str]) -> str:
    parts = [
        f"{quote(key, safe=_SAFE)}={','.join(quote(part, safe=_SAFE) for part in value.split(','))}"
        for key, value in sorted(params.items())
        if value and value != _DEFAULTS.get(key)
    ]
    return "?" + "&".join(parts) if parts else ""
