"""Months that are old enough lose their raw rows, and nothing else; what is gone is never counted anew.

Six runs, each with twice the cost of the one before, so that every sum tells which of them are in it:
September 1 + 2 + 4 dollars, October 8, November 16 + 32; 63 in all. On 20 November 30 days keep October.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import Engine, text

from dashboard.config import Settings
from dashboard.jobs import JOBS
from ingest import facets, partitions
from ingest.batch import DROPPED, SMALL, TOO_OLD
from ingest.compact import compact
from ingest.rebuild import rebuild
from ingest.retention import retain
from ingest.transactions import connected
from ingest.verify import verify
from ingest.write import Writer, start_import, take_back
from queries.filters import parse
from queries.store import Query, Store
from tests.runtime.processes import wait_until

Make = Callable[..., tuple[Any, ...]]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STARTS = ("2026-09-03", "2026-09-20", "2026-09-30T23:50", "2026-10-01", "2026-11-02", "2026-11-19")
DAYS = 30


def rows(run: Make, **more: Any) -> list[tuple[Any, ...]]:
    return [
        run(
            f"{start}{'' if 'T' in start else 'T10:00'}+00:00",
            invocation_id=f"r{n}",
            cost_usd=Decimal(2**n),
            cost_source="reported",
            tools_used='{"bash": 2}',
            attributes='{"team": "a"}',
            **more,
        )
        for n, start in enumerate(STARTS)
    ]


@pytest.fixture
def filled(engine: Engine, run: Make) -> Engine:
    with Writer(engine) as writer:
        writer.write(rows(run))
    facets.refresh(engine)
    return engine


@pytest.fixture
def dropped(filled: Engine) -> Engine:
    assert retain(filled, DAYS, NOW) == ["agent_execution_2026_09"]
    return filled


def number(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar_one()


def totals(store: Store, **asked: str) -> tuple[float, float]:
    """Runs and dollars of all time, out of the rollups."""
    filters = parse({"range": "2026-01-01..2026-12-31", **asked}, now=NOW)
    frame = store.fetch(Query(("runs", "cost_usd"), filters))
    return float(frame["runs"].iloc[0]), float(frame["cost_usd"].iloc[0])


def by_tool(store: Store, **asked: str) -> dict[str, float]:
    filters = parse({"range": "2026-01-01..2026-12-31", **asked}, now=NOW)
    frame = store.fetch(Query(("cost_usd",), filters, by="tool"))
    return dict(zip(frame["tool"], frame["cost_usd"], strict=True))


def test_raw_rows_go_and_rollups_facets_and_keys_stay(dropped: Engine, store: Store) -> None:
    assert number(dropped, "SELECT count(*) FROM agent_execution") == 3
    assert number(dropped, "SELECT min(start_time) FROM agent_execution") == datetime(
        2026, 10, 1, 10, tzinfo=UTC
    )
    assert number(dropped, "SELECT to_regclass('agent_execution_2026_09') IS NULL")
    assert number(dropped, "SELECT raw_from FROM data_state") == datetime(2026, 10, 1, tzinfo=UTC)
    assert number(dropped, "SELECT count(*) FROM execution_key") == 6
    assert totals(store) == (6, 63)
    assert totals(store, range="2026-09-01..2026-09-30") == (3, 7)
    assert by_tool(store) == {"bash": 63}
    assert by_tool(store, range="2026-09-01..2026-09-30") == {"bash": 7}
    assert retain(dropped, DAYS, NOW) == []


def test_verify_and_rebuild_keep_to_what_is_there(dropped: Engine, store: Store) -> None:
    assert verify(dropped) == []
    rebuild(dropped, ["repository"])
    assert totals(store) == (6, 63)
    assert by_tool(store) == {"bash": 63}
    assert verify(dropped) == []
    # A partition that is there again, for whatever reason, vouches for nothing.
    with dropped.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE agent_execution_2026_09 PARTITION OF agent_execution "
                "FOR VALUES FROM ('2026-09-01 00:00+00') TO ('2026-10-01 00:00+00')"
            )
        )
    assert verify(dropped) == []
    rebuild(dropped)
    assert totals(store) == (6, 63)


def test_a_wrong_number_of_a_month_that_is_there_is_still_found(dropped: Engine) -> None:
    with dropped.begin() as connection:
        connection.execute(
            text("UPDATE rollup_delta SET runs = runs + 1 WHERE bucket >= '2026-11-01 00:00+00'")
        )
        connection.execute(
            text("UPDATE rollup_day SET runs = runs + 1 WHERE bucket >= '2026-11-01 00:00+00'")
        )
    found = verify(dropped)
    assert found
    assert {difference.bucket.month for difference in found} == {11}


@pytest.mark.parametrize("bulk", [False, True])
def test_an_old_file_counts_no_run_again(dropped: Engine, store: Store, run: Make, bulk: bool) -> None:
    """Known runs are skipped, as ever; a run of the month that nobody has seen is refused, by its row."""
    more = [run("2026-11-05T10:00Z") for _ in range(SMALL if bulk else 0)]
    batch = [*rows(run), run("2026-09-10T10:00Z", invocation_id="late"), *more]
    with Writer(dropped) as writer:
        result = writer.write(batch)
    assert (result.inserted, result.already_there, result.differing) == (len(more), 6, 0)
    assert result.rejected == [(6, TOO_OLD)]
    assert totals(store) == (6 + len(more), 63)
    assert number(dropped, "SELECT count(*) FROM execution_key WHERE invocation_id = 'late'") == 0
    assert number(dropped, "SELECT to_regclass('agent_execution_2026_09') IS NULL")
    assert verify(dropped) == []


@pytest.mark.parametrize("bulk", [False, True])
def test_a_record_that_is_gone_is_not_replaced(dropped: Engine, store: Store, run: Make, bulk: bool) -> None:
    """Nor may a run that is kept move to where nothing is kept. What may be replaced is."""
    more = [run("2026-11-05T10:00Z") for _ in range(SMALL if bulk else 0)]
    gone = run("2026-09-03T10:00Z", invocation_id="r0", cost_usd=Decimal(100))
    gone_and_later = run("2026-11-03T10:00Z", invocation_id="r1", cost_usd=Decimal(100))
    back_in_time = run("2026-09-04T10:00Z", invocation_id="r4", cost_usd=Decimal(100))
    fine = run("2026-11-19T10:00Z", invocation_id="r5", cost_usd=Decimal(64))
    with Writer(dropped, replace=True) as writer:
        result = writer.write([gone, gone_and_later, back_in_time, fine, *more])
    assert (result.inserted, result.replaced, result.already_there) == (len(more), 1, 0)
    assert sorted(result.rejected) == [(0, DROPPED), (1, DROPPED), (2, TOO_OLD)]
    assert totals(store) == (6 + len(more), 63 - 32 + 64)
    assert verify(dropped) == []


def test_positions_are_those_of_the_rows_given_where_a_batch_is_halved(dropped: Engine, run: Make) -> None:
    poison = run("2026-11-05T10:00Z", cost_usd=Decimal(-1))
    good = [run("2026-11-05T10:00Z") for _ in range(5)]
    late = run("2026-09-10T10:00Z", invocation_id="late")
    with Writer(dropped) as writer:
        result = writer.write([*good, poison, *good[:1], late])
    assert [place for place, _ in sorted(result.rejected)] == [5, 7]
    assert dict(result.rejected)[7] == TOO_OLD
    assert (result.inserted, result.already_there) == (5, 1)


def test_taking_an_import_back_takes_what_is_there_and_knows_what_is_not(
    engine: Engine, store: Store, run: Make
) -> None:
    import_id = start_import(engine, "half gone")
    with Writer(engine, import_id=import_id) as writer:
        writer.write(rows(run))
    assert retain(engine, DAYS, NOW) == ["agent_execution_2026_09"]
    assert number(engine, "SELECT dropped FROM data_import") == 3
    assert take_back(engine, import_id) == 3
    assert number(engine, "SELECT taken_back FROM data_import") == 3
    assert totals(store) == (3, 7)
    assert number(engine, "SELECT count(*) FROM execution_key") == 3
    assert verify(engine) == []


def test_hours_whose_raw_rows_are_gone_are_never_made_again(dropped: Engine, store: Store) -> None:
    with dropped.begin() as connection:
        connection.execute(
            text("INSERT INTO facet_dirty VALUES ('2026-09-20 10:00+00'), ('2026-11-02 10:00+00')")
        )
    assert facets.refresh(dropped) == 1
    assert by_tool(store, range="2026-09-01..2026-09-30") == {"bash": 7}


def test_a_facet_that_is_new_knows_from_when_on_it_is_complete(dropped: Engine) -> None:
    facets.configure(dropped, ["team"])
    facets.refresh(dropped)
    known = number(dropped, "SELECT complete_from FROM rollup_facet WHERE facet = 'attr.team'")
    assert known == datetime(2026, 10, 1, tzinfo=UTC)
    assert number(dropped, "SELECT sum(runs) FROM facet_day WHERE facet = 'attr.team'") == 3
    assert number(dropped, "SELECT complete_from IS NULL FROM rollup_facet WHERE facet = 'tool'")


@contextmanager
def going(work: Callable[[], Any]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(60)
    assert not thread.is_alive()


def test_readers_and_writers_go_on_while_a_month_waits_for_a_slow_reader(
    filled: Engine, store: Store, run: Make
) -> None:
    gone: list[str] = []
    reader = filled.connect()
    assert reader.execute(text("SELECT count(*) FROM agent_execution")).scalar_one() == 6
    pending = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending"
    with going(lambda: gone.extend(retain(filled, DAYS, NOW))):
        wait_until(lambda: number(filled, pending) == 1, "it waits for the reader")
        with filled.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = '5s'"))
            assert connection.execute(text("SELECT count(*) FROM agent_execution")).scalar_one() == 3
        with Writer(filled) as writer:
            assert writer.write([run("2026-11-19T12:00Z", cost_usd=Decimal(64))]).inserted == 1
            assert writer.write([run("2026-12-01T12:00Z")]).inserted == 1  # a partition is made
        assert reader.execute(text("SELECT count(*) FROM agent_execution")).scalar_one() >= 3
        assert gone == []
        reader.close()
    assert gone == ["agent_execution_2026_09"]
    assert totals(store) == (8, 127)
    assert verify(filled) == []


def test_a_write_under_way_is_waited_for_and_its_facets_are_made(
    filled: Engine, store: Store, run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that takes too long for the others is no reason to stop them: it is tried again another time."""
    monkeypatch.setattr("ingest.retention.PATIENCE", 1)
    late = run("2026-09-20T10:00Z", cost_usd=Decimal(128), tools_used='{"bash": 1}')
    with connected(filled) as connection, Writer(filled) as writer:
        with connection.transaction(), connection.cursor() as cursor:
            writer.prepare([late]).write(cursor)
            with pytest.raises(LockNotAvailable):
                retain(filled, DAYS, NOW)
        assert number(filled, "SELECT raw_from IS NULL FROM data_state")
    assert retain(filled, DAYS, NOW) == ["agent_execution_2026_09"]
    assert totals(store) == (7, 191)
    assert by_tool(store, range="2026-09-01..2026-09-30") == {"bash": 135}


@pytest.mark.parametrize("finished", [True, False])
def test_what_was_broken_off_is_gone_on_with(filled: Engine, store: Store, finished: bool) -> None:
    """After the boundary has moved, in the middle of the detaching or after it."""
    facets.refresh(filled)
    with filled.begin() as connection:
        connection.execute(text("UPDATE data_state SET raw_from = '2026-10-01 00:00+00'"))
    detach = "ALTER TABLE agent_execution DETACH PARTITION agent_execution_2026_09 CONCURRENTLY"
    reader = filled.connect()
    if not finished:
        reader.execute(text("SELECT count(*) FROM agent_execution"))
    with connected(filled) as connection:
        connection.autocommit = True
        connection.execute(f"SET statement_timeout = {0 if finished else 300}")
        if finished:
            connection.execute(detach)
        else:
            with pytest.raises(QueryCanceled):
                connection.execute(detach)
        connection.execute("SET statement_timeout = 0")
        connection.autocommit = False
    reader.close()
    assert retain(filled, DAYS, NOW) == ["agent_execution_2026_09"]
    assert totals(store) == (6, 63)
    assert verify(filled) == []


def test_a_month_that_is_not_over_long_enough_stays(filled: Engine) -> None:
    assert retain(filled, 51, NOW) == []  # 30 September
    assert retain(filled, 365, NOW) == []
    assert number(filled, "SELECT raw_from IS NULL FROM data_state")
    assert retain(filled, 49, NOW) == ["agent_execution_2026_09"]


def test_a_later_boundary_drops_the_next_month(dropped: Engine, store: Store) -> None:
    compact(dropped)
    assert retain(dropped, DAYS, datetime(2027, 1, 15, tzinfo=UTC)) == [
        "agent_execution_2026_10",
        "agent_execution_2026_11",
    ]
    assert totals(store) == (6, 63)
    assert verify(dropped) == []
    with connected(dropped) as connection:
        assert partitions.ensure(dropped, connection, {(2026, 11), (2026, 12)}) == [(2026, 12)]


def test_the_worker_drops_only_where_it_is_asked_to(filled: Engine, tmp_path: Any) -> None:
    job = next(job for job in JOBS if job.name == "retention")
    assert job.work(filled, Settings.load({}, tmp_path / ".env"), NOW) is None
    asked = Settings.load({"RETENTION_DAYS": "30"}, tmp_path / ".env")
    assert job.work(filled, asked, NOW) == "dropped agent_execution_2026_09"
