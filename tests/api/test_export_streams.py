"""Exports as streams: 100,000 runs take no more memory than 45,000, and what fails in the middle breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, IncompleteRead
from typing import Any

import psutil
import psycopg
import pytest
from sqlalchemy import Engine, text
from werkzeug.serving import make_server

from dashboard import export_formats
from ingest.write import Writer

FEW, MANY = 45_000, 100_000  # Parquet is written in groups of 5,000
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def ask(module_engine: Engine, asking: Callable[..., Any], run: Callable[..., tuple[Any, ...]]) -> Any:
    """Raw rows alone: the exports asked for are narrowed by more than filters, so no rollup is looked at."""
    with Writer(module_engine) as writer:
        writer.write([run("2026-11-01T00:00+00:00")])
    with module_engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(
            text(
                "INSERT INTO agent_execution (invocation_id, agent, model, status, start_time, duration_ms, "
                "cost_usd, cost_source, attributes, ingested_at) SELECT 'mem-' || n, 'fixer', 'm', "
                "'error', TIMESTAMPTZ '2026-11-01Z' + n * interval '15 s', n, 0.1, 'reported', "
                "jsonb_build_object('repository', md5(n::text), 'note', "
                "(SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, 20) AS i)), now() "
                f"FROM generate_series(1, {MANY}) AS n"
            )
        )
        connection.execute(text("ANALYZE agent_execution"))
    return asking(module_engine)


def most(ask: Any, ending: str, number: int) -> tuple[float, float]:
    """By how much the process grew while the file was made, and the size of the file; in MB."""
    process = psutil.Process()
    before, peak, size = process.memory_info().rss, 0, 0
    response = ask.client.get(
        f"/api/export/runs.{ending}?range=2026-10-30..2026-11-30&max_duration={number}ms", buffered=False
    )
    for chunk in response.response:
        size += len(chunk)
        peak = max(peak, process.memory_info().rss)
    response.close()
    return (peak - before) / MEGABYTE, size / MEGABYTE


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_number_of_runs(ask: Any, ending: str) -> None:
    most(ask, ending, FEW)  # what is loaded and kept once
    few, few_size = most(ask, ending, FEW)
    many, many_size = most(ask, ending, MANY)
    print(
        f"{ending}: {few:.1f} and {many:.1f} MB of memory for {few_size:.0f} and {many_size:.0f} MB of file"
    )
    assert many_size > 2 * few_size
    assert many < max(few, 0) + 24


# ---- never cut in silence -------------------------------------------------------------------------------


@pytest.fixture
def address(ask: Any) -> Iterator[tuple[str, int]]:
    web = make_server("127.0.0.1", 0, ask.app, threaded=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield "127.0.0.1", web.server_port
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_download_that_fails_in_the_middle_breaks(
    module_engine: Engine, address: tuple[str, int], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_formats, "GROUP_ROWS", 1_000)
    connection = HTTPConnection(*address, timeout=60)
    connection.request("GET", f"/api/export/runs.{ending}?min_cost=0")
    response = connection.getresponse()
    assert (response.status, len(response.read(10))) == (200, 10)
    end_the_readers(module_engine)
    with pytest.raises((IncompleteRead, ConnectionError)):
        response.read()
    connection.close()


def end_the_readers(engine: Engine) -> None:
    """As if the database went away: the sessions that read runs are ended."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
    assert ended
    assert ended[0] >= 1
