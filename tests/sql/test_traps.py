"""Where dashboards go wrong, each by its name; expectations are worked out in the comments."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.compact import compact
from ingest.write import Writer
from queries.filters import Filters, parse
from queries.run_query import RunQuery
from queries.runs import page
from queries.store import Query, Store

NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)
Run = Callable[..., tuple[Any, ...]]


def ask(now: datetime = NOW, **params: str) -> Filters:
    return parse(params, now=now)


def put(engine: Engine, *rows: tuple[Any, ...]) -> None:
    with Writer(engine) as writer:
        writer.write(list(rows))


def series(store: Store, filters: Filters, name: str = "runs") -> dict[str, float]:
    frame = store.fetch(Query((name,), filters, grain=filters.grain))
    labels = [f"{start:%d %H:%M %z}" for start in frame["start"]]
    return dict(zip(labels, frame[name], strict=True))


def runs(store: Store, filters: Filters) -> float:
    return float(store.fetch(Query(("runs",), filters))["runs"].iloc[0])


@pytest.mark.parametrize("fold", [False, True])
def test_both_range_edges(engine: Engine, store: Store, run: Run, fold: bool) -> None:
    put(
        engine,
        run("2026-11-19T23:59:59.999999+00:00"),
        run("2026-11-20T00:00:00+00:00"),  # the first instant is in
        run("2026-11-21T23:59:59.999999+00:00"),
        run("2026-11-22T00:00:00+00:00"),  # the end is out
    )
    if fold:
        compact(engine)
    assert runs(store, ask(range="2026-11-20..2026-11-21")) == 2


def test_dst_gap_day_has_23_hours_and_loses_no_run(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run("2026-03-29T00:30+00:00"), run("2026-03-29T01:30+00:00"))  # 01:30 CET, 03:30 CEST
    asked = ask(range="2026-03-29..2026-03-29", grain="hour", tz="Europe/Berlin")
    found = series(store, asked)
    assert len(found) == 23
    assert (found["29 01:00 +0100"], found["29 03:00 +0200"]) == (1, 1)
    assert sum(found.values()) == 2


def test_dst_overlap_keeps_the_two_hours_apart(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run("2026-10-25T00:30+00:00"), run("2026-10-25T01:30+00:00"), run("2026-10-25T01:40+00:00"))
    found = series(store, ask(range="2026-10-25..2026-10-25", grain="hour", tz="Europe/Berlin"))
    assert len(found) == 25
    assert (found["25 02:00 +0200"], found["25 02:00 +0100"]) == (1, 2)


def test_leap_day(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run("2024-02-29T12:00+00:00"), run("2024-03-01T00:00+00:00"))
    assert series(store, ask(range="2024-02-28..2024-03-01")) == {
        "28 00:00 +0000": 0, "29 00:00 +0000": 1, "01 00:00 +0000": 1,
    }  # fmt: skip


@pytest.mark.parametrize("fold", [False, True])
def test_half_hour_zone(engine: Engine, store: Store, run: Run, fold: bool) -> None:
    # Midnight in Kolkata is 18:30Z.
    put(engine, run("2026-11-20T18:29:59+00:00"), run("2026-11-20T18:30+00:00"))
    if fold:
        compact(engine)
    found = series(store, ask(range="2026-11-20..2026-11-21", tz="Asia/Kolkata"))
    assert found == {"20 00:00 +0530": 1, "21 00:00 +0530": 1}


def test_havana_runs_of_the_repeated_hour_belong_to_their_own_day(
    engine: Engine, store: Store, run: Run
) -> None:
    # 1 Nov 2026 has its midnight at 04:00Z and, an hour later, again at 05:00Z.
    put(engine, run("2026-11-01T03:59+00:00"), run("2026-11-01T04:10+00:00"), run("2026-11-01T05:10+00:00"))
    found = series(store, ask(range="2026-10-31..2026-11-01", tz="America/Havana"))
    assert list(found.values()) == [1, 2]


def test_partial_bucket_is_marked_and_the_future_is_not_zero(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run("2026-11-23T11:00+00:00"))
    hours = store.fetch(Query(("runs",), ask(range="7d", grain="hour"), grain="hour"))
    assert hours["start"].iloc[-1].hour == 12  # it is 12:07: the hours from 13:00 have not been
    assert hours["partial"].tolist() == [False] * (len(hours) - 1) + [True]


def test_a_run_whose_clock_is_ahead_keeps_its_bucket(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run("2026-11-23T15:30+00:00"))
    found = series(store, ask(range="24h", grain="hour", now=NOW))
    assert sum(found.values()) == 0  # 24h ends with the current hour
    found = series(store, ask(range="7d", grain="hour"))
    assert found["23 15:00 +0000"] == 1


def test_empty_period_of_a_full_database(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run("2026-01-01T00:00+00:00"))
    asked = ask(range="7d")
    assert runs(store, asked) == 0
    assert store.extent() == (datetime(2026, 1, 1, tzinfo=UTC),) * 2
    assert list(series(store, asked).values()) == [0] * 7
    assert all(math.isnan(v) for v in series(store, asked, "success_rate").values())


def test_a_rate_of_a_period_is_no_mean_of_daily_rates(engine: Engine, store: Store, run: Run) -> None:
    put(engine, run("2026-11-20T01:00Z"), *(run("2026-11-21T01:00Z", status="failure") for _ in range(3)))
    frame = store.fetch(Query(("success_rate",), ask(range="2026-11-20..2026-11-21")))
    assert frame["success_rate"].iloc[0] == 0.25  # not (1 + 0) / 2


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "success"}, 1), ({"status": "failure"}, 1), ({"status": "error"}, 2),
        ({"status": "failed"}, 3), ({"status": "unknown"}, 1), ({"status": "all"}, 5),
        ({"status": "success,unknown"}, 2), ({"model": "a"}, 2), ({"model": "a,b"}, 5),
        ({"model": "nobody"}, 0), ({"version": "(none)"}, 4), ({"version": "1.0"}, 1),
        ({"agent": "other", "status": "failed"}, 2), ({"model": "a", "status": "failed"}, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("folded", [False, True], indirect=True)
def test_each_filter_lets_through_exactly_its_runs(
    params: dict[str, str], expected: int, folded: Store
) -> None:
    asked = ask(range="7d", **params)
    assert runs(folded, asked) == expected
    assert sum(series(folded, asked).values()) == expected
    assert len(page(folded, RunQuery(asked)).rows) == expected


@pytest.fixture(scope="module")
def folded(request: pytest.FixtureRequest, module_engine: Engine, module_store: Store, run: Run) -> Store:
    """Five runs of every kind, before and after compaction."""
    put(
        module_engine,
        run(invocation_id="f1", status="success", model="a", agent_version="1.0"),
        run(invocation_id="f2", status="failure", model="a"),
        run(invocation_id="f3", status="error", model="b", agent="other"),
        run(invocation_id="f4", status="error", model="b", agent="other"),
        run(invocation_id="f5", status="unknown", model="b"),
    )
    if request.param:
        compact(module_engine)
    return module_store


def test_parts_add_up_to_the_whole_by_every_dimension(engine: Engine, store: Store, run: Run) -> None:
    put(engine, *(run(model=m, agent=a, status=s, agent_version=v, cost_usd=Decimal("0.1"), cost_source="reported")
                  for m in "ab" for a in "xy" for s in ("success", "error") for v in (None, "2")))  # fmt: skip
    for dimension in ("model", "agent", "agent_version", "status"):
        frame = store.fetch(Query(("runs", "cost_usd"), ask(range="7d"), by=dimension))
        assert frame["runs"].sum() == 16
        assert frame["cost_usd"].sum() == pytest.approx(1.6)


def test_a_breakdown_over_time_has_every_member_in_every_bucket(
    engine: Engine, store: Store, run: Run
) -> None:
    put(engine, run("2026-11-20T01:00Z", model="a"), run("2026-11-21T01:00Z", model="b"),
        run("2026-11-21T02:00Z", model="b"))  # fmt: skip
    asked = ask(range="2026-11-20..2026-11-21")
    frame = store.fetch(Query(("runs",), asked, by="model", grain="day"))
    assert list(zip(frame["model"], frame["runs"], strict=True)) == [("b", 0), ("a", 1), ("b", 2), ("a", 0)]


def test_pages_of_runs_show_each_run_once_even_at_one_instant(engine: Engine, store: Store, run: Run) -> None:
    put(engine, *(run("2026-11-20T01:00Z", invocation_id=f"page-{n}") for n in range(7)))
    seen: list[str] = []
    cursor = None
    while True:
        found = page(store, RunQuery(ask(range="7d")), limit=3, after=cursor)
        seen += [row["invocation_id"] for row in found.rows]
        if (cursor := found.next) is None:
            break
    assert sorted(seen) == [f"page-{n}" for n in range(7)]
    assert len(seen) == 7


def test_names_come_most_runs_first_and_freshness_is_the_newest_start(
    engine: Engine, store: Store, run: Run
) -> None:
    put(engine, run(model="rare"), run(model="often"), run("2026-11-21T03:04:05+00:00", model="often"))
    assert store.names("model") == [("often", 2), ("rare", 1)]
    assert store.freshness() == datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
