"""Links: the one URL of a view, written as the browser writes it, and read back to the same filters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from layouts.links import href, run_href, runs_href, within
from queries.filters import Filters, parse

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)


def asked(**params: str) -> Filters:
    return parse({"tz": "Europe/Berlin"} | params, now=NOW, default_tz="Europe/Berlin")


@pytest.mark.parametrize(
    ("params", "changes", "expected"),
    [
        ({}, {}, "/runs"),
        ({"range": "7d", "model": "b,a"}, {}, "/runs?model=a,b&range=7d"),
        ({"range": "7d"}, {"range": None}, "/runs"),
        ({"range": "7d"}, {"range": "30d"}, "/runs"),  # the default is left out
        ({}, {"model": "odd, 100%"}, "/runs?model=odd%252C%20100%2525"),
        ({}, {"model": ["b", "a,c"]}, "/runs?model=a%252Cc,b"),
        ({"model": "a"}, {"model": ()}, "/runs"),
        ({}, {"version": ""}, "/runs?version=(none)"),
        ({}, {"category": "", "status": "failed"}, "/runs?category=(none)&status=failed"),
        ({}, {"attr.repository": "web/shop"}, "/runs?attr.repository=web%2Fshop"),
        ({}, {"sort": "-cost", "after": ""}, "/runs?sort=-cost"),
        ({"tz": "UTC"}, {"status": "error"}, "/runs?status=error&tz=UTC"),
    ],
)
def test_a_view_has_one_address(params: dict[str, str], changes: dict[str, Any], expected: str) -> None:
    assert href("/runs", asked(**params), **changes) == expected


def test_the_runs_behind_a_number_have_its_bounds_zone_and_filters() -> None:
    filters = asked(range="7d", model="gpt-4")  # 14 to 20 November in Berlin: from and to 23:00 UTC
    assert runs_href(filters) == (
        "/runs?model=gpt-4&range=2026-11-13T23%3A00Z..2026-11-20T23%3A00Z&tz=Europe%2FBerlin"
    )
    start, end = datetime(2026, 11, 14, 5, tzinfo=UTC), datetime(2026, 11, 14, 6, tzinfo=UTC)
    assert runs_href(filters, start, end, status="error") == (
        "/runs?model=gpt-4&range=2026-11-14T05%3A00Z..2026-11-14T06%3A00Z&status=error&tz=Europe%2FBerlin"
    )


def test_the_page_of_a_run_escapes_its_id() -> None:
    assert run_href("a/b c?d#é", asked(range="7d")) == "/runs/a%2Fb%20c%3Fd%23%C3%A9?range=7d"


@pytest.mark.parametrize(
    ("status", "wanted", "expected"),
    [
        ("all", ("success", "failure", "error", "unknown"), "all"),
        ("all", ("failure", "error"), "failed"),
        ("all", ("success", "failure", "error"), "failed,success"),
        ("failed", ("error",), "error"),
        ("failed", ("success", "failure"), "failure"),
        ("success", ("failure", "error"), None),
    ],
)
def test_a_number_is_narrowed_within_the_filters(
    status: str, wanted: tuple[str, ...], expected: str | None
) -> None:
    assert within(asked(status=status), wanted) == expected
