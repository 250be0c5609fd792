"""What the filter store asks for, as Filters; the only reader of its shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from queries.errors import QueryError
from queries.filters import Filters, parse_all
from queries.store import Store

Asked = Mapping[str, str]


def read_all(asked: Asked, store: Store) -> tuple[Filters, list[QueryError]]:
    """The filters and every bad value among them (those stand at their defaults)."""
    return parse_all(asked, now=frozen_now(asked), extent=store.extent)


def read(asked: Asked, store: Store) -> Filters:
    """The filters; QueryError where any value is bad, for then no number may be shown."""
    filters, errors = read_all(asked, store)
    if errors:
        raise errors[0]
    return filters


def frozen_now(asked: Asked) -> datetime:
    """The instant that the browser froze, so that all panels share one window."""
    return datetime.fromisoformat(asked["now"]).astimezone(UTC)
