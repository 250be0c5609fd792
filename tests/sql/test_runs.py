"""Pages of runs, their order, their number and what finds them, against the same runs in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.write import Writer
from queries import run_query, runs
from queries.errors import QueryError
from queries.filters import parse as parse_filters
from queries.run_query import SORTS, RunQuery
from queries.schema import CONTENT_COLUMNS
from queries.store import Store

NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)
FIRST = datetime(2026, 10, 29, 22, tzinfo=UTC)  # runs lie on both sides of a month's end
EVERY_SORT = [sign + name for name in SORTS for sign in ("-", "")]
FORTY = 40

Row = dict[str, Any]
Run = Callable[..., tuple[Any, ...]]


@dataclass
class Given:
    """The rows as they were written, and the store that knows them."""

    store: Store
    rows: list[Row]

    def ask(self, **asked: str) -> RunQuery:
        filters = parse_filters({k: v for k, v in asked.items() if k not in run_query.PARAMETERS}, now=NOW)
        return run_query.parse(asked, filters)

    def ids(self, **asked: str) -> set[str]:
        page = runs.page(self.store, self.ask(**asked), limit=500)
        assert page.next is None
        return {row["invocation_id"] for row in page.rows}

    def expected(self, keep: Callable[[Row], Any]) -> set[str]:
        found = {row["invocation_id"] for row in self.rows if keep(row)}
        assert 0 < len(found) < len(self.rows), "the oracle should keep some and leave some"
        return found


def pick(values: list[Any], number: int) -> Any:
    return values[number % len(values)]


@pytest.fixture(scope="module")
def given(module_engine: Engine, module_store: Store, run: Run) -> Given:
    """Forty runs: values repeat, some are not known, and each five start at the same instant."""
    rows = []
    for n in range(FORTY):
        rows.append(
            run(
                FIRST + timedelta(hours=12 * (n // 5)),
                invocation_id=f"id-{(n * 7) % FORTY:02}",
                agent=pick(["fixer", "helper"], n),
                model=pick(["a", "b", "b"], n),
                status=pick(["success", "success", "failure", "error", "unknown"], n),
                duration_ms=pick(
                    [
                        None,
                        Decimal("1500.125"),
                        Decimal(30_000),
                        Decimal(30_000),
                        Decimal(120_000),
                        Decimal(0),
                    ],
                    n,
                ),
                cost_usd=pick([Decimal("0.05"), None, Decimal("0.050000001"), Decimal(2), Decimal(0)], n),
                total_tokens=pick([None, 10, 20, 20, 3_000_000_000], n),
                llm_call_count=pick([3, None, 3, 1, 0, 12, 7], n),
                tool_call_count=pick([None, None, 5], n),
                error_message=pick(
                    [None, "Rate limit exceeded\nretry", "Zeit ÜBERSCHRITTEN", "read timed out"], n
                ),
                error_template=pick([None, "Rate limit exceeded", "Zeit ÜBERSCHRITTEN", "read timed out"], n),
                error_category=pick([None, "rate limit", "other", "timeout"], n),
                tools_used=pick(["{}", '{"bash": 2}', '{"bash": 1, "edit": 3}'], n),
                attributes=pick(
                    ['{"repository": "web/shop"}', '{"repository": "api", "user": "ana"}', "{}"], n
                ),
            )
        )
    with Writer(module_engine) as writer:
        assert writer.write(rows).inserted == FORTY
    return Given(module_store, [dict(zip(CONTENT_COLUMNS, row, strict=True)) for row in rows])


def in_order(rows: list[Row], sort: str) -> list[str]:
    """What is not known comes last, newest first; ties by start and id, in the direction of the sort."""
    column, down = SORTS[sort.removeprefix("-")], sort.startswith("-")
    known = [row for row in rows if row[column] is not None]
    known.sort(key=lambda row: (row[column], row["start_time"], row["invocation_id"]), reverse=down)
    rest = [row for row in rows if row[column] is None]
    rest.sort(key=lambda row: (row["start_time"], row["invocation_id"]), reverse=True)
    return [row["invocation_id"] for row in known + rest]


def walk(given: Given, query: RunQuery, limit: int) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page = runs.page(given.store, query, limit=limit, after=after)
        found += [row["invocation_id"] for row in page.rows]
        if page.next is None:
            return found
        assert len(page.rows) == limit
        after = page.next


@pytest.mark.parametrize(("sort", "limit"), product(EVERY_SORT, [1, 3, 7, 40, 50]))
def test_every_order_gives_each_run_once_in_pages_of_any_size(given: Given, sort: str, limit: int) -> None:
    assert walk(given, given.ask(sort=sort), limit) == in_order(given.rows, sort)


@pytest.mark.parametrize("sort", EVERY_SORT)
def test_an_order_of_what_filters_and_ranges_leave(given: Given, sort: str) -> None:
    query = given.ask(sort=sort, model="b", min_cost="0.01")
    left = [row for row in given.rows if row["model"] == "b" and (row["cost_usd"] or 0) >= Decimal("0.01")]
    assert 3 < len(left) < FORTY
    assert walk(given, query, 4) == in_order(left, sort)


@pytest.mark.parametrize("sort", EVERY_SORT)
def test_the_way_back(given: Given, sort: str) -> None:
    query, expected, limit = given.ask(sort=sort), in_order(given.rows, sort), 6
    places: list[str | None] = [None]
    while (page := runs.page(given.store, query, limit=limit, after=places[-1])).next:
        places.append(page.next)
    for number in range(len(places) - 1, 0, -1):
        page = runs.page(given.store, query, limit=limit, after=places[number])
        before = runs.page_before(given.store, query, page.rows[0], limit)
        assert before == (places[number - 1] or "")
        shown = runs.page(given.store, query, limit=limit, after=before)
        assert [row["invocation_id"] for row in shown.rows] == expected[(number - 1) * limit : number * limit]
    first = runs.page(given.store, query, limit=limit)
    assert runs.page_before(given.store, query, first.rows[0], limit) is None


@pytest.mark.parametrize("sort", EVERY_SORT)
def test_neighbours_are_those_of_the_table(given: Given, sort: str) -> None:
    query, expected = given.ask(sort=sort), in_order(given.rows, sort)
    rows = {row["invocation_id"]: row for row in given.rows}
    for place, name in enumerate(expected):
        before, after = runs.neighbours(given.store, query, rows[name])
        assert (before and before["invocation_id"]) == (expected[place - 1] if place else None)
        assert (after and after["invocation_id"]) == (expected[place + 1] if place + 1 < FORTY else None)


def test_a_run_that_the_filters_leave_out_has_neighbours_among_the_others(given: Given) -> None:
    query = given.ask(model="a")
    expected = in_order([row for row in given.rows if row["model"] == "a"], "-start")
    other = next(row for row in given.rows if row["model"] == "b" and row["start_time"] > FIRST)
    every = in_order([row for row in given.rows if row["model"] == "a" or row is other], "-start")
    place = every.index(other["invocation_id"])
    before, after = runs.neighbours(given.store, query, other)
    assert [before and before["invocation_id"], after and after["invocation_id"]] == [
        every[place - 1] if place else None,
        every[place + 1],
    ]
    assert set(every) - {other["invocation_id"]} == set(expected)


def test_runs_that_come_in_do_not_disturb_a_walk(store: Store, engine: Engine, run: Run) -> None:
    with Writer(engine) as writer:
        writer.write([run(invocation_id=f"r{n}", cost_usd=Decimal(n)) for n in range(6)])
        query = run_query.parse({"sort": "-cost"}, parse_filters({}, now=NOW))
        page = runs.page(store, query, limit=3)
        writer.write(
            [
                run(invocation_id="dearest", cost_usd=Decimal(99)),
                run(invocation_id="cheapest", cost_usd=Decimal("0.5")),
            ]
        )
    rest = runs.page(store, query, limit=9, after=page.next)
    assert [row["invocation_id"] for row in rest.rows] == ["r2", "r1", "cheapest", "r0"]


# ---- cursors --------------------------------------------------------------------------------------------


def test_a_cursor_is_refused_in_another_order(given: Given) -> None:
    page = runs.page(given.store, given.ask(sort="-cost"), limit=3)
    for sort in ("-start", "cost", "-duration"):
        with pytest.raises(QueryError, match="belongs to the order '-cost'") as caught:
            runs.page(given.store, given.ask(sort=sort), after=page.next)
        assert (caught.value.code, caught.value.parameter) == ("bad_cursor", "cursor")


@pytest.mark.parametrize(
    "token",
    ["x", "!!!", "YQ", "LXN0YXJ0fHx5ZXN0ZXJkYXl8aWQ", "LWNvc3R8TmFOfDIwMjYtMTEtMjBUMTA6MDA6MDArMDA6MDB8aWQ"],
)
def test_a_cursor_that_nobody_gave_is_refused(given: Given, token: str) -> None:
    for sort in ("-start", "-cost"):
        with pytest.raises(QueryError) as caught:
            runs.page(given.store, given.ask(sort=sort), after=token)
        assert caught.value.code == "bad_cursor"


# ---- what finds runs ------------------------------------------------------------------------------------


def cents(row: Row) -> Decimal:
    return row["cost_usd"] if row["cost_usd"] is not None else Decimal(-1)


def milliseconds(row: Row) -> Decimal:
    return row["duration_ms"] if row["duration_ms"] is not None else Decimal(-1)


@pytest.mark.parametrize(
    ("asked", "keep"),
    [
        ({"min_duration": "30s"}, lambda row: milliseconds(row) >= 30_000),
        ({"max_duration": "30s"}, lambda row: 0 <= milliseconds(row) <= 30_000),
        ({"min_duration": "1500.125ms", "max_duration": "2m"}, lambda row: Decimal("1500.125") <= milliseconds(row) <= 120_000),
        ({"max_duration": "0s"}, lambda row: milliseconds(row) == 0),
        ({"min_cost": "0.050000001"}, lambda row: cents(row) > Decimal("0.05")),
        ({"max_cost": "0.05"}, lambda row: 0 <= cents(row) <= Decimal("0.05")),
        ({"max_cost": "0"}, lambda row: cents(row) == 0),
        ({"min_cost": "0", "min_duration": "1s", "status": "failed"},
         lambda row: cents(row) >= 0 and milliseconds(row) >= 1000 and row["status"] in ("failure", "error")),
        ({"status": "unknown"}, lambda row: row["status"] == "unknown"),
        ({"agent": "helper", "model": "b"}, lambda row: (row["agent"], row["model"]) == ("helper", "b")),
        ({"category": "rate limit"}, lambda row: row["error_category"] == "rate limit"),
        ({"error": "read timed out"}, lambda row: row["error_template"] == "read timed out"),
        ({"tool": "edit"}, lambda row: "edit" in row["tools_used"]),
        ({"attr.repository": "web/shop"}, lambda row: "web/shop" in row["attributes"]),
        ({"attr.user": "ana", "tool": "bash"}, lambda row: "ana" in row["attributes"] and "bash" in row["tools_used"]),
        ({"q": "limit RATE"}, lambda row: row["error_category"] == "rate limit"),
        ({"q": "überschritten"}, lambda row: row["error_category"] == "other"),
        ({"q": '"timed out"'}, lambda row: row["error_category"] == "timeout"),
        ({"q": "timed or limit"}, lambda row: row["error_category"] in ("timeout", "rate limit")),
        ({"q": "id-1"}, lambda row: row["invocation_id"].startswith("id-1")),
        ({"q": "id-07"}, lambda row: row["invocation_id"] == "id-07"),
        ({"q": "id-1", "model": "a", "max_cost": "1"},
         lambda row: row["invocation_id"].startswith("id-1") and row["model"] == "a" and 0 <= cents(row) <= 1),
        ({"range": "2026-10-31..2026-11-01"}, lambda row: row["start_time"].date().isoformat() in ("2026-10-31", "2026-11-01")),
    ],
)  # fmt: skip
def test_what_narrows_the_runs(given: Given, asked: dict[str, str], keep: Callable[[Row], bool]) -> None:
    expected = given.expected(keep)
    assert given.ids(**asked) == expected
    assert runs.total(given.store, given.ask(**asked)) == runs.Total(len(expected))


@pytest.mark.parametrize("nothing", ["limit zeit", '"limit rate"', "id-99", "!!!", "limi"])
def test_what_is_not_there_is_not_found(given: Given, nothing: str) -> None:
    assert given.ids(q=nothing) == set()
    assert runs.total(given.store, given.ask(q=nothing)) == runs.Total(0)


def test_a_text_is_taken_for_an_id_where_one_begins_with_it(given: Given) -> None:
    assert runs.found_by(given.store, given.ask(q="id-0")) == "id"
    assert runs.found_by(given.store, given.ask(q='"id-0"')) == "words"
    assert runs.found_by(given.store, given.ask(q="rate")) == "words"
    assert runs.found_by(given.store, given.ask()) == ""


ODD_IDS = [
    "a",
    "a%",
    "a%b",
    "a_b",
    "ab",
    "a\U0010ffff",
    "a\U0010ffffz",
    "a\ud7ff",
    "a\ue000",
    "b",
    "a/b c?#&",
]


@pytest.mark.parametrize("prefix", ODD_IDS)
def test_prefixes_of_ids_of_any_characters(store: Store, engine: Engine, run: Run, prefix: str) -> None:
    with Writer(engine) as writer:
        writer.write([run(invocation_id=name) for name in ODD_IDS])
    query = run_query.parse({"q": prefix}, parse_filters({}, now=NOW))
    found = {row["invocation_id"] for row in runs.page(store, query).rows}
    assert found == {name for name in ODD_IDS if name.startswith(prefix)}


def test_many_ids_with_one_beginning(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "FEW_IDS", 3)
    expected = [name for name in in_order(given.rows, "-cost") if name.startswith("id-2")]
    assert len(expected) == 10
    assert walk(given, given.ask(q="id-2", sort="-cost"), 4) == expected


# ---- how many -------------------------------------------------------------------------------------------


def test_the_total_is_counted_up_to_its_bound_only(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = len(given.expected(lambda row: cents(row) >= 0))
    monkeypatch.setattr(runs, "COUNTED", exact)
    assert runs.total(given.store, given.ask(min_cost="0")) == runs.Total(exact)
    monkeypatch.setattr(runs, "COUNTED", exact - 1)
    assert runs.total(given.store, given.ask(min_cost="0")) == runs.Total(exact - 1, more=True)
    assert runs.total(given.store, given.ask()) == runs.Total(FORTY)  # the rollups know


def test_a_stream_is_the_walk(given: Given, module_engine: Engine) -> None:
    for sort in EVERY_SORT:
        query = given.ask(sort=sort, status="success,failed")
        with module_engine.connect() as connection:
            batches = list(runs.stream(connection, given.store, query, 7))
        assert {len(batch) for batch in batches[:-1]} <= {*range(1, 8)}
        streamed = [row["invocation_id"] for batch in batches for row in batch]
        assert streamed == walk(given, query, 50)
        assert len(streamed) == 32
