"""Months are made when they are needed, by any number of writers at once, and stop nobody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

from sqlalchemy import Engine, text

from ingest import partitions
from ingest.transactions import connected
from ingest.verify import verify
from ingest.write import Writer, WriteResult
from queries.engine import make_engine

Make = Callable[..., tuple[Any, ...]]


def bounds(engine: Engine) -> dict[str, str]:
    statement = (
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i "
        "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'agent_execution'::regclass"
    )
    with engine.connect() as connection:
        return dict(connection.execute(text(statement)).all())


def test_a_month_is_one_partition_with_the_parents_indexes(engine: Engine, run: Make) -> None:
    with Writer(engine) as writer:
        writer.write([run("2026-12-31T23:59:59.999999Z"), run("2027-01-01T00:00:00Z")])
    assert bounds(engine) == {
        "agent_execution_2026_12": "FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00')",
        "agent_execution_2027_01": "FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00')",
    }
    statement = (
        "SELECT count(*) FILTER (WHERE i.inhparent IS NOT NULL), count(*) FROM pg_index x "
        "LEFT JOIN pg_inherits i ON i.inhrelid = x.indexrelid "
        "WHERE x.indrelid = 'agent_execution_2026_12'::regclass"
    )
    with engine.connect() as connection:
        attached, all_indexes = connection.execute(text(statement)).one()
        parents = connection.execute(
            text("SELECT count(*) FROM pg_index WHERE indrelid = 'agent_execution'::regclass")
        ).scalar_one()
    assert attached == all_indexes == parents


def test_months_are_counted_in_utc_whatever_the_zone_of_the_value_and_the_session(
    engine: Engine, database_url: str, run: Make
) -> None:
    late = datetime.fromisoformat("2026-10-31T23:30:00-05:00")  # 1 November in UTC
    assert partitions.months([late, late.astimezone(UTC)]) == {(2026, 11)}
    kathmandu = make_engine(database_url)
    with kathmandu.begin() as connection:
        connection.execute(text("SET TIME ZONE 'Asia/Kathmandu'"))
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with connected(kathmandu) as session:
        assert session.info.backend_pid == pid
        partitions.ensure(kathmandu, session, {(2026, 10), (2026, 11)})
    kathmandu.dispose()
    assert bounds(engine)["agent_execution_2026_11"].startswith("FOR VALUES FROM ('2026-11-01 00:00:00+00')")
    with Writer(engine) as writer:
        assert writer.write([run(late), run("2026-10-31T23:59:59Z")]).inserted == 2


def test_eight_writers_that_need_the_same_months_at_once(database_url: str, run: Make) -> None:
    engines = [make_engine(database_url, pool_size=2) for _ in range(8)]
    months = [f"{2010 + n // 12}-{n % 12 + 1:02}-15T00:00Z" for n in range(36)]
    rows = [[run(month) for month in months] for _ in engines]
    start = Barrier(len(engines))

    def write(position: int) -> WriteResult:
        with Writer(engines[position]) as writer:
            start.wait(30)
            return writer.write(rows[position])

    with ThreadPoolExecutor(len(engines)) as pool:
        results = list(pool.map(write, range(len(engines))))
    assert results == [WriteResult(inserted=36)] * 8
    assert len(bounds(engines[0])) == 36
    assert verify(engines[0]) == []
    for engine in engines:
        engine.dispose()


def test_making_a_month_waits_for_no_reader_and_no_writer(engine: Engine, run: Make) -> None:
    with Writer(engine) as writer, ThreadPoolExecutor(1) as thread:
        writer.write([run("2026-10-10T00:00Z")])
        with engine.connect() as reader, engine.connect() as other:
            reader.execute(text("SELECT count(*) FROM agent_execution"))  # its locks stay until it ends
            other.execute(text("UPDATE agent_execution SET cost_usd = 1"))
            written = thread.submit(writer.write, [run("2026-11-10T00:00Z")])
            assert written.result(30).inserted == 1
            assert reader.execute(text("SELECT count(*) FROM agent_execution")).scalar_one() == 2


def test_a_month_dropped_behind_our_back_is_made_again(engine: Engine, run: Make) -> None:
    with Writer(engine) as writer:
        writer.write([run("2026-05-10T00:00Z", invocation_id="gone")])
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE agent_execution_2026_05"))
        late = [run("2026-05-11T00:00Z"), run("2026-11-11T00:00Z")]
        assert writer.write(late) == WriteResult(inserted=2)
