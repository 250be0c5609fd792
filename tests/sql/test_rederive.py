"""Runs that are there get the category and template that the rules in force say, and their hours are marked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.compact import compact
from ingest.errors import ErrorReader, reader
from ingest.facets import refresh
from ingest.rederive import rederive
from ingest.verify import verify
from ingest.write import Writer
from queries.filters import parse
from queries.schema import CONTENT_COLUMNS
from queries.store import Query, Store

Make = Callable[..., tuple[Any, ...]]
TOLD = "SELECT invocation_id, error_category, error_template FROM agent_execution ORDER BY invocation_id"


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def clean(engine: Engine) -> None:
    compact(engine)
    refresh(engine, until=datetime(2027, 1, 1, tzinfo=UTC))
    assert rows(engine, "SELECT * FROM facet_dirty") == []


@pytest.fixture
def old(engine: Engine, run: Make) -> Engine:
    """Runs as they came before there were rules, and two that need nothing."""
    with Writer(engine) as writer:
        writer.write(
            [
                run("2026-09-30T23:59Z", invocation_id="a", status="error", error_message="timed out after 3 s"),
                run("2026-10-01T00:00Z", invocation_id="b", status="error", error_message="timed out after 4 s"),
                run("2026-11-20T10:10Z", invocation_id="c", status="failure"),
                run("2026-11-20T10:50Z", invocation_id="d", status="success", error_message="429 too many requests"),
                run(
                    "2026-11-20T11:00Z", invocation_id="e", status="error", error_message="timed out after 5 s",
                    attributes='{"error_category": "network"}', error_category="timeout",
                ),
                run("2026-11-20T12:00Z", invocation_id="f", status="success"),
                run(
                    "2026-11-20T13:00Z", invocation_id="g", status="error", error_message="out of memory",
                    error_category="out_of_memory", error_template="out of memory",
                ),
                run("2026-11-20T14:00Z", invocation_id="h", error_category="gone", error_template="gone"),
            ]
        )  # fmt: skip
    clean(engine)
    return engine


EXPECTED = [
    ("a", "timeout", "timed out after <n> s"),
    ("b", "timeout", "timed out after <n> s"),
    ("c", "other", None),
    ("d", "rate_limit", "<n> too many requests"),
    ("e", "network", "timed out after <n> s"),
    ("f", None, None),
    ("g", "out_of_memory", "out of memory"),
    ("h", None, None),
]


@pytest.mark.parametrize("at_once", [1, 2, 3, 5_000])
def test_every_run_is_told_once_and_its_hour_marked(old: Engine, at_once: int) -> None:
    assert rederive(old, reader(), at_once) == 6
    assert rows(old, TOLD) == EXPECTED
    hours = {hour for (hour,) in rows(old, "SELECT hour FROM facet_dirty")}
    assert hours == {
        datetime(2026, 9, 30, 23, tzinfo=UTC),
        datetime(2026, 10, 1, 0, tzinfo=UTC),
        *(datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (10, 11, 14)),
    }
    assert rederive(old, reader(), at_once) == 0
    assert verify(old) == []


def test_readers_see_it_at_once_and_after_the_facets_are_made(old: Engine, store: Store) -> None:
    filters = parse({"range": "2026-09-01..2026-11-30"}, now=datetime(2026, 12, 1, tzinfo=UTC))
    query = Query(("runs",), filters, by="error_category")

    def told() -> dict[str, float]:
        frame = store.fetch(query)
        return {name: runs for name, runs in zip(frame["error_category"], frame["runs"], strict=True) if runs}

    before = store.version()
    rederive(old, reader())
    assert store.version() != before
    # From EXPECTED; f and h have none.
    expected = {"timeout": 2, "other": 1, "rate_limit": 1, "network": 1, "out_of_memory": 1, "": 2}
    assert told() == expected
    clean(old)
    assert told() == expected


def test_without_a_change_the_version_stays(old: Engine, store: Store) -> None:
    rederive(old, reader())
    before = store.version()
    assert rederive(old, reader()) == 0
    assert store.version() == before


def test_an_empty_database_has_nothing_to_tell(engine: Engine) -> None:
    assert rederive(engine, reader()) == 0


class _Replacing(ErrorReader):
    """Has a run replaced by another writer between the look and the update."""

    def __init__(self, engine: Engine, row: tuple[Any, ...]) -> None:
        super().__init__([])
        self._engine, self._row = engine, row

    def read(self, *arguments: Any) -> tuple[str | None, str | None]:
        with Writer(self._engine, replace=True) as writer:
            assert writer.write([self._row]).replaced == 1
        return super().read(*arguments)


def test_a_run_that_is_replaced_meanwhile_keeps_what_came(engine: Engine, run: Make) -> None:
    first = run(invocation_id="a", status="error", error_message="x 1")
    place = CONTENT_COLUMNS.index("error_message")
    second = (*first[:place], "y", "mine", "y", *first[place + 3 :])
    with Writer(engine) as writer:
        writer.write([first])
    assert rederive(engine, _Replacing(engine, second)) == 0
    assert rows(engine, TOLD) == [("a", "mine", "y")]
