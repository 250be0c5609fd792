"""Where the benchmark lives: one data folder, and so one embedded PostgreSQL, per size; kept between runs."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, text

from dashboard.embedded import attach
from queries.engine import make_engine
from queries.migrate import upgrade


@dataclass(frozen=True)
class Place:
    """A running, migrated database of one size."""

    runs: int
    folder: Path
    url: str
    engine: Engine

    def remember(self, **figures: Any) -> None:
        """Keeps figures that are only measured when the data is made."""
        self._memory.write_text(json.dumps(self.remembered() | figures, indent=1))

    def remembered(self) -> dict[str, Any]:
        return json.loads(self._memory.read_text()) if self._memory.exists() else {}

    @property
    def _memory(self) -> Path:
        return self.folder / "bench.json"


@contextmanager
def open_place(data: Path, runs: int) -> Iterator[Place]:
    folder = data / str(runs)
    with attach(folder) as embedded:
        engine = make_engine(embedded.url, statement_timeout_ms=0)
        upgrade(engine)
        try:
            yield Place(runs, folder, embedded.url, engine)
        finally:
            engine.dispose()


@contextmanager
def empty_database(place: Place, name: str) -> Iterator[str]:
    """The address of a fresh, migrated database on the same server; gone afterwards."""
    with place.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        url = place.engine.url.set(database=name).render_as_string(hide_password=False)
        engine = make_engine(url)
        try:
            upgrade(engine)
            yield url
        finally:
            engine.dispose()
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def machine(engine: Engine) -> list[tuple[str, str]]:
    """What the figures were measured on."""
    settings = ("server_version", "shared_buffers", "work_mem", "max_parallel_workers_per_gather")
    with engine.connect() as connection:
        values = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in settings]
    return [
        ("cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())),
        ("processor", _processor()),
        ("one core adds", f"{_additions():.0f} million numbers a second in Python"),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.1f} GiB"),
        ("system", platform.platform()),
        ("Python", platform.python_version()),
        ("PostgreSQL", values[0]),
        *zip(settings[1:], values[1:], strict=True),
    ]


def _additions() -> float:
    """Millions a second: a shared host may be several times slower from one hour to the next."""
    best = 0.0
    for _ in range(3):
        began, total = time.process_time(), 0
        for number in range(3_000_000):
            total += number
        best = max(best, 3 / (time.process_time() - began))
    return best


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def sizes_on_disk(engine: Engine) -> list[tuple[str, str, str]]:
    """(table, rows, size with indexes) of raw rows, gate, tiers and sketches; partitions added up."""
    statement = text(
        """
        SELECT coalesce(parent.relname, leaf.relname) AS name,
               sum(greatest(leaf.reltuples, 0))::bigint AS rows,
               pg_size_pretty(sum(pg_total_relation_size(leaf.oid))) AS size
        FROM pg_class AS leaf
        LEFT JOIN pg_inherits ON inhrelid = leaf.oid
        LEFT JOIN pg_class AS parent ON parent.oid = inhparent
        WHERE leaf.relkind = 'r' AND leaf.relnamespace = 'public'::regnamespace
        GROUP BY 1 HAVING sum(pg_total_relation_size(leaf.oid)) > 100000
        ORDER BY sum(pg_total_relation_size(leaf.oid)) DESC
        """
    )
    with engine.connect() as connection:
        return [(row.name, f"{row.rows:,}", row.size) for row in connection.execute(statement)]
