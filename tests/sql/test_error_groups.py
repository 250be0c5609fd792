"""Groups of errors against rows made by hand and plain SQL over them, rolled up or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.compact import compact
from ingest.errors import reader
from ingest.facets import configure, refresh
from ingest.write import Writer
from queries.error_groups import Group, Groups, error_groups
from queries.error_hits import exceeds
from queries.errors import QueryError
from queries.filters import Filters, parse
from queries.store import Store
from seed.generate import generate
from seed.load import with_errors

Make = Callable[..., tuple[Any, ...]]
NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
EVER = datetime(2100, 1, 1, tzinfo=UTC)


def asked(**params: str) -> Filters:
    return parse({"range": "2026-11-15..2026-11-20", **params}, now=NOW)


def put(engine: Engine, rows: list[tuple[Any, ...]]) -> None:
    with Writer(engine) as writer:
        assert writer.write(rows).inserted == len(rows)


def fold(engine: Engine) -> None:
    compact(engine)
    configure(engine, ["repository"])
    refresh(engine, until=EVER)


@pytest.fixture(params=["raw", "rolled up"])
def settle(request: pytest.FixtureRequest) -> Callable[[Engine], None]:
    return fold if request.param == "rolled up" else lambda engine: None


def by_name(groups: Groups) -> dict[str, Group]:
    return {group.name: group for group in groups.groups}


def error(
    run: Make, start: str, template: str | None, category: str = "other", **more: Any
) -> tuple[Any, ...]:
    fields = {"status": "error", "error_template": template, "error_category": category}
    fields["error_message"] = None if template is None else f"{template} at {start}"
    return run(start, **(fields | more))


# Six days up to now, and the six before: 9 to 14 November, up to 12:00 of the 14th to compare with.
@pytest.fixture
def some(engine: Engine, run: Make, settle: Callable[[Engine], None]) -> Engine:
    put(
        engine,
        [
            error(run, "2026-11-15T00:00Z", "a <n>", "timeout", cost_usd="1"),
            error(run, "2026-11-20T11:59:30Z", "a <n>", "timeout", cost_usd="2.5", model="claude"),
            error(run, "2026-11-18T08:00Z", "a <n>", "network", status="failure"),
            error(run, "2026-11-18T09:00Z", None, status="failure"),
            run("2026-11-18T10:00Z", error_template="a <n>", error_category="timeout"),  # a success
            *(run("2026-11-17T10:00Z") for _ in range(3)),
            error(run, "2026-11-09T00:00Z", "a <n>", "timeout"),
            error(run, "2026-11-14T11:59Z", "b", "tool_failure", cost_usd="9"),  # gone
            error(run, "2026-11-14T12:01Z", None, status="failure"),  # beyond what is compared
            error(run, "2026-11-08T23:59Z", "old"),  # before the period before
        ],
    )
    settle(engine)
    return engine


def test_by_template(some: Engine, store: Store) -> None:
    found = error_groups(store, asked())
    # Seven runs of which three are plain and one is a success with a message; four failed.
    assert (found.failed, found.runs, found.total, found.gone, found.cost) == (4, 8, 3, 1, 3.5)
    a, none, b = found.groups
    assert (a.name, a.runs, a.share, a.cost, a.before) == ("a <n>", 3, 0.75, 3.5, 1)
    assert a.line == (1, 0, 0, 1, 0, 1)
    assert a.categories == ("timeout", "network")
    assert (a.first, a.last) == (
        datetime(2026, 11, 9, tzinfo=UTC),
        datetime(2026, 11, 20, 11, 59, 30, tzinfo=UTC),
    )
    assert a.example == "a <n> at 2026-11-20T11:59:30Z"
    assert (none.name, none.runs, none.share, none.cost, none.before) == ("", 1, 0.25, None, 0)
    assert (none.example, none.line) == (None, (0, 0, 0, 1, 0, 0))
    assert (b.name, b.runs, b.before, b.state) == ("b", 0, 1, "gone")
    assert b.last == datetime(2026, 11, 14, 11, 59, tzinfo=UTC)
    # There was one without a message on the 14th: later than what is compared, and yet before.
    assert [group.state for group in found.groups] == ["", "", "gone"]


def test_by_category(some: Engine, store: Store) -> None:
    found = error_groups(store, asked(), "category")
    assert [(g.name, g.runs, g.before, g.state) for g in found.groups] == [
        ("timeout", 2, 1, ""),
        ("network", 1, 0, "new"),
        ("other", 1, 0, ""),
        ("tool_failure", 0, 1, "gone"),
    ]
    assert by_name(found)["other"].first == datetime(2026, 11, 8, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("params", "by", "expected"),
    [
        ({"category": "timeout"}, "template", {"a <n>": 2, "b": 0}),
        ({"category": "network,other"}, "template", {"a <n>": 1, "": 1}),
        ({"error": "a <n>"}, "category", {"timeout": 2, "network": 1}),
        ({"error": "(none)"}, "category", {"other": 1}),
        ({"status": "failure"}, "template", {"a <n>": 1, "": 1}),
        ({"model": "claude"}, "template", {"a <n>": 1}),
        ({"status": "success"}, "template", {}),
        ({"category": "timeout", "model": "gpt-4", "status": "error,unknown"}, "template", {"a <n>": 1}),
    ],
)
def test_filters(
    some: Engine, store: Store, params: dict[str, str], by: str, expected: dict[str, int]
) -> None:
    found = error_groups(store, asked(**params), by)
    told = {group.name: group.runs for group in found.groups}
    assert {name: runs for name, runs in told.items() if runs} == {n: r for n, r in expected.items() if r}
    assert found.failed == sum(expected.values())
    for group in found.groups:
        assert sum(group.line) == group.runs


def test_the_zone_cuts_the_days(some: Engine, store: Store) -> None:
    found = error_groups(store, asked(tz="Asia/Kolkata"))
    # 15 November begins at 18:30 on the 14th in UTC; 11:59 UTC is 17:29 there.
    assert by_name(found)["a <n>"].line == (1, 0, 0, 1, 0, 1)
    assert found.buckets[0][0].isoformat() == "2026-11-15T00:00:00+05:30"


def test_without_a_comparison_nothing_is_told_of_change(some: Engine, store: Store) -> None:
    for params in ({"compare": "none"}, {"range": "all"}):
        found = error_groups(store, asked(**params))
        assert found.previous is None
        assert {(group.before, group.state) for group in found.groups} == {(None, "")}


def test_a_period_before_without_runs_makes_nothing_new(engine: Engine, store: Store, run: Make) -> None:
    put(engine, [error(run, "2026-11-18T08:00Z", "a")])
    (group,) = error_groups(store, asked()).groups
    assert (group.state, group.before) == ("", None)


def test_states(engine: Engine, store: Store, run: Make, settle: Callable[[Engine], None]) -> None:
    def many(day: int, number: int, template: str | None, **more: Any) -> list[tuple[Any, ...]]:
        return [error(run, f"2026-11-{day:02}T10:{n % 60:02}Z", template, **more) for n in range(number)]

    rows = [
        *many(16, 3, "new"),
        *many(16, 3, "back"), error(run, "2026-03-01T10:00Z", "back"),
        *many(10, 2, "gone"),
        *many(10, 20, "growing"), *many(16, 45, "growing"),
        *many(10, 20, "steady"), *many(16, 24, "steady"),
        *many(10, 3, "few"), *many(16, 9, "few"),
        # As often per run as before only because there are more runs: 400 to 200 in all.
        *many(10, 50, "more of all"), *many(16, 100, "more of all"),
    ]  # fmt: skip
    before = sum(row[5].day == 10 and row[5].month == 11 for row in rows)
    now = sum(row[5].day == 16 for row in rows)
    rows += [run("2026-11-10T11:00Z") for _ in range(200 - before)]
    rows += [run("2026-11-16T11:00Z") for _ in range(400 - now)]
    put(engine, rows)
    settle(engine)
    found = by_name(error_groups(store, asked()))
    assert {name: group.state for name, group in found.items()} == {
        "new": "new",
        "back": "back",
        "gone": "gone",
        # 45 of 65, where 2 of 3 runs are of this period: 43.3 expected, so not growing per run.
        "growing": "",
        "steady": "",
        "few": "",
        "more of all": "",
    }
    # With as many runs before as now, 45 of 65 are 12.5 more than half: 3.1 standard deviations of 4.03.
    put(engine, [run("2026-11-10T11:30Z") for _ in range(200)])
    settle(engine)
    found = by_name(error_groups(store, asked()))
    assert {name for name, group in found.items() if group.state == "growing"} == {"growing", "more of all"}


def test_what_is_hit_more_than_its_share(
    engine: Engine, store: Store, run: Make, settle: Callable[[Engine], None]
) -> None:
    day = "2026-11-18T10:00Z"
    # 100 runs: 20 of claude, 80 of gpt-4; 10 of version 2.
    rows = [run(day, model="claude", agent_version="1") for _ in range(8)]
    rows += [run(day, agent_version="1") for _ in range(72)]
    rows += [error(run, day, "x", model="claude", agent_version="2") for _ in range(10)]
    rows += [error(run, day, "x", model="claude", agent_version="1") for _ in range(2)]
    rows += [error(run, day, "y", agent_version="1") for _ in range(8)]
    put(engine, rows)
    settle(engine)
    found = by_name(error_groups(store, asked()))
    x = found["x"]
    # Version 2 has 10 of 12 runs of the error and 10 of 100 runs; claude all 12, and 20 of 100.
    told = [(hit.kind, hit.name, hit.runs, round(hit.ratio, 3)) for hit in x.hits]
    assert told == [("version", "2", 10, 8.333), ("model", "claude", 12, 5.0)]
    # All eight of y are gpt-4 and version 1, but so are eight and nine of ten runs: no wonder.
    assert found["y"].hits == ()


@pytest.mark.parametrize(
    ("number", "of", "share", "expected"),
    [
        (10, 10, 0.5, True),  # 5 more than 5, deviation 1.58: 3.16
        (9, 10, 0.5, False),  # 4 more: 2.53
        (124, 1000, 0.1, False),  # 24 more, deviation 9.49: 2.53
        (1240, 10_000, 0.1, False),  # 8 deviations, but not a quarter more
        (1250, 10_000, 0.1, True),
        (5, 5, 1.0, False),
        (5, 5, 0.0, False),
    ],
)
def test_clearly_more(number: int, of: int, share: float, expected: bool) -> None:
    assert exceeds(number, of, share) is expected


def test_order_and_limit(some: Engine, store: Store) -> None:
    def names(sort: str, limit: int = 9) -> list[str]:
        return [group.name for group in error_groups(store, asked(), sort=sort, limit=limit).groups]

    assert names("-runs") == ["a <n>", "", "b"]
    assert names("runs") == ["b", "", "a <n>"]
    assert names("-cost") == ["a <n>", "", "b"]  # no cost is no value, and comes last
    assert names("change") == ["b", "", "a <n>"]  # -1, +1, +2
    assert names("name") == ["", "a <n>", "b"]
    assert names("-last") == ["a <n>", "", "b"]
    assert names("first") == ["a <n>", "b", ""]
    assert names("-runs", limit=1) == ["a <n>"]
    assert error_groups(store, asked(), limit=1).total == 3


@pytest.mark.parametrize(("by", "sort"), [("model", "-runs"), ("template", "size"), ("template", "--runs")])
def test_what_is_not_known_is_refused(store: Store, by: str, sort: str) -> None:
    with pytest.raises(QueryError, match="not known here"):
        error_groups(store, asked(), by, sort=sort)


PLAIN = (
    "SELECT coalesce({by}, '') AS name, count(*) AS runs, sum(cost_usd)::float AS cost, count(cost_usd) AS known, "
    "min(start_time) AS first, max(start_time) AS last FROM agent_execution "
    "WHERE status IN ('failure', 'error') AND {more} GROUP BY 1"
)


@pytest.mark.parametrize("by", ["template", "category"])
def test_demo_data_equals_plain_sql(
    engine: Engine, store: Store, by: str, settle: Callable[[Engine], None]
) -> None:
    rows = [with_errors(row, reader()) for batch in generate(3_000, 24, 5, NOW) for row in batch]
    put(engine, rows)
    settle(engine)
    filters = parse({"range": "7d", "tz": "Europe/Berlin", "model": rows[0][3]}, now=NOW)
    start, end = datetime(2026, 11, 13, 23, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC)
    span = "model = :model AND start_time >= :start AND start_time < :end"
    with engine.connect() as connection:
        values = {"model": rows[0][3], "start": start, "end": end}
        plain = {
            row.name: row
            for row in connection.execute(text(PLAIN.format(by=f"error_{by}", more=span)), values)
        }
        back = {
            "model": rows[0][3],
            "start": start - timedelta(days=7),
            "end": NOW.replace(minute=0) - timedelta(days=7),
        }
        before = {
            row.name: row.runs
            for row in connection.execute(text(PLAIN.format(by=f"error_{by}", more=span)), back)
        }
        ever = {
            row.name: row
            for row in connection.execute(text(PLAIN.format(by=f"error_{by}", more="model = :model")), values)
        }
    found = error_groups(store, filters, by, limit=500)
    assert len(plain) >= 5
    assert {group.name: group.runs for group in found.groups if group.runs} == {
        n: r.runs for n, r in plain.items()
    }
    assert {group.name for group in found.groups} == set(plain) | set(before)
    for group in found.groups:
        assert group.before == before.get(group.name, 0)
        assert (group.first, group.last) == (ever[group.name].first, ever[group.name].last)
        expected = plain.get(group.name)
        assert group.cost == (pytest.approx(expected.cost) if expected and expected.known else None)
        assert sum(group.line) == group.runs
