"""Cached answers: never stale, shared by zones and processes only where they must be, computed once."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from cachelib import FileSystemCache
from sqlalchemy import Engine, event

from ingest.compact import compact
from ingest.rebuild import rebuild
from ingest.write import Writer, take_back_runs
from queries.cache import AnswerCache, Flight, RedisFlight
from queries.filters import parse
from queries.store import Query, Store

NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)
Run = Callable[..., tuple[Any, ...]]


class Counted(Store):
    """Counts the statements that read rollups."""

    def __init__(self, engine: Engine, cache: AnswerCache) -> None:
        super().__init__(engine, cache)
        self.reads = 0
        event.listen(engine, "before_cursor_execute", self._count)

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.reads += "UNION ALL" in statement


def runs(store: Store, now: datetime = NOW, **params: str) -> float:
    filters = parse({"range": "7d", **params}, now=now)
    return float(store.fetch(Query(("runs",), filters))["runs"].iloc[0])


@pytest.fixture
def cached(engine: Engine, tmp_path: Path) -> Counted:
    backend = FileSystemCache(str(tmp_path / "answers"))
    return Counted(engine, AnswerCache(backend, Flight(tmp_path / "flight"), seconds=60))


def put(engine: Engine, *rows: tuple[Any, ...], replace: bool = False) -> None:
    with Writer(engine, replace=replace) as writer:
        writer.write(list(rows))


def test_an_unchanged_database_is_read_once(cached: Counted, engine: Engine, run: Run) -> None:
    put(engine, run())
    assert [runs(cached) for _ in range(3)] == [1, 1, 1]
    assert cached.reads == 1


def test_every_change_of_the_data_is_seen_at_once(cached: Counted, engine: Engine, run: Run) -> None:
    first = run(invocation_id="first")
    assert runs(cached) == 0
    put(engine, first)
    assert runs(cached) == 1
    put(engine, run(invocation_id="second"))
    assert runs(cached) == 2
    put(engine, run(invocation_id="second", start_time="2025-01-01T00:00Z"), replace=True)
    assert runs(cached) == 1
    take_back_runs(engine, ["first"])
    assert runs(cached) == 0


def test_compaction_changes_no_version_and_rebuild_does(cached: Counted, engine: Engine, run: Run) -> None:
    put(engine, run())
    before = cached.version()
    compact(engine)
    assert cached.version() == before
    rebuild(engine)
    assert cached.version() != before


def test_a_relative_range_does_not_survive_midnight(cached: Counted, engine: Engine, run: Run) -> None:
    put(engine, run("2026-11-16T23:59+00:00"))
    assert runs(cached, datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == 1
    assert runs(cached, datetime(2026, 11, 23, 0, 1, tzinfo=UTC)) == 0


def test_two_zones_do_not_share_an_answer(cached: Counted, engine: Engine, run: Run) -> None:
    put(engine, run("2026-11-16T23:30+00:00"))  # 00:30 on the 17th in Berlin
    assert runs(cached, tz="Europe/Berlin") == 1
    assert runs(cached, tz="UTC") == 0


def slow(engine: Engine) -> None:
    """Makes every read of the rollups take a while, so that askers do meet."""

    @event.listens_for(engine, "before_cursor_execute")
    def wait(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "UNION ALL" in statement:
            connection.connection.cursor().execute("SELECT pg_sleep(0.3)")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real redis-server on a socket of its own."""
    socket = tmp_path_factory.mktemp("redis") / "r.sock"
    try:
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        pytest.skip("needs redis-server (apt-get install redis-server)")
    url = f"unix://{socket}"
    client = redis.Redis.from_url(url)
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            assert time.monotonic() < deadline, "redis-server does not answer"
            server.poll()
    yield url
    server.terminate()
    server.wait(10)


class RedisBackend:
    """flask_caching's RedisCache needs an app; this is what it does, on the same server."""

    def __init__(self, url: str) -> None:
        from flask_caching.backends import RedisCache

        self._cache = RedisCache(host=redis.Redis.from_url(url))
        self.get, self.set = self._cache.get, self._cache.set


@pytest.mark.redis
def test_redis_answers_once_for_all_who_ask_together(engine: Engine, redis_url: str, run: Run) -> None:
    put(engine, run())
    slow(engine)
    client = redis.Redis.from_url(redis_url)
    stores = [Counted(engine, AnswerCache(RedisBackend(redis_url), RedisFlight(client), 60)) for _ in "ab"]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: runs(stores[n % 2]), range(8)))
    assert found == [1] * 8
    assert stores[0].reads == 1  # both count the same engine's statements


def test_files_answer_once_for_all_threads_and_workers(engine: Engine, tmp_path: Path, run: Run) -> None:
    put(engine, run())
    slow(engine)
    # Two caches and two flights on the same folders are two workers: they share nothing in memory.
    stores = [
        Counted(engine, AnswerCache(FileSystemCache(str(tmp_path / "a")), Flight(tmp_path / "f"), 60))
        for _ in "ab"
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: runs(stores[n % 2]), range(8)))
    assert found == [1] * 8
    assert stores[0].reads == 1


def test_no_answer_is_an_answer(cached: Counted) -> None:
    assert [cached.extent(), cached.extent()] == [None, None]


def test_a_redis_that_goes_away_costs_time_and_no_answer(engine: Engine, tmp_path: Path, run: Run) -> None:
    nowhere = f"unix://{tmp_path}/nobody.sock"
    flight = RedisFlight(redis.Redis.from_url(nowhere))
    store = Store(engine, AnswerCache(RedisBackend(nowhere), flight, 60))
    put(engine, run())
    assert runs(store) == 1
