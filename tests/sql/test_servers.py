"""Schema and data path on the distribution's own PostgreSQL (Debian 12 has 15), where it is installed,
beside the embedded 18 that every other test runs on; and the schema from every earlier revision."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, inspect
from sqlalchemy.dialects import postgresql

from ingest.compact import compact
from ingest.rebuild import rebuild
from ingest.verify import verify
from ingest.write import Writer, take_back_runs
from queries import access_tables, alert_tables, intake_tables, page_tables, schema
from queries.cache import AnswerCache
from queries.engine import make_engine
from queries.filters import parse
from queries.migrate import current, head, revisions, upgrade
from queries.run_query import RunQuery
from queries.runs import page
from queries.store import Query, Store

DIALECT = postgresql.dialect()
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def binaries() -> Path | None:
    """The folder of the distribution's newest server binaries."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    here = shutil.which("initdb")
    return Path(here).parent if here else None


def account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: the account that the package made, or nobody."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    return {"user": "postgres" if "postgres" in names else "nobody"}


@pytest.fixture(scope="module")
def distribution() -> Iterator[str]:
    folder = binaries()
    if folder is None:
        pytest.skip("needs a PostgreSQL server of the distribution (apt-get install postgresql)")
    root = Path(tempfile.mkdtemp(prefix="fixer-metrics-distribution-"))
    who = account()
    if who:
        shutil.chown(root, who["user"])
    data = root / "data"
    subprocess.run(
        [folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True, capture_output=True, cwd=root, **who,
    )  # fmt: skip
    options = f"-c listen_addresses= -c unix_socket_directories={root} -c fsync=off"
    control = [folder / "pg_ctl", "-D", data, "-w"]
    log = ["-l", root / "log", "-o", options]
    subprocess.run([*control, *log, "start"], check=True, capture_output=True, cwd=root, **who)
    yield f"postgresql://postgres@/postgres?host={root}"
    subprocess.run([*control, "-m", "fast", "stop"], check=True, capture_output=True, cwd=root, **who)
    shutil.rmtree(root)


@contextmanager
def fresh(url: str, name: str) -> Iterator[Engine]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    engine = make_engine(url.replace("/postgres?", f"/{name}?"))
    try:
        yield engine
    finally:
        engine.dispose()


def tables(engine: Engine) -> dict[str, dict[str, tuple[str, bool]]]:
    """Table -> column -> (type, nullable) as the database has it; partitions left out."""
    found = inspect(engine)
    names = set(found.get_table_names()) - {"alembic_version"}
    return {
        name: {c["name"]: (c["type"].compile(DIALECT), bool(c["nullable"])) for c in found.get_columns(name)}
        for name in names
        if not name.startswith("agent_execution_")
    }


# Each module adds its tables to the one list.
TABLES = (schema, access_tables, alert_tables, intake_tables, page_tables)


def declared() -> dict[str, dict[str, tuple[str, bool]]]:
    return {
        table.name: {c.name: (c.type.compile(DIALECT), bool(c.nullable)) for c in table.columns}
        for table in {module.metadata for module in TABLES}.pop().sorted_tables
    }


def plain(found: dict[str, dict[str, tuple[str, bool]]]) -> dict[str, dict[str, tuple[str, bool]]]:
    """Types without their collation, which reflection does not tell for every one."""
    return {
        name: {column: (kind.split(" COLLATE")[0], nullable) for column, (kind, nullable) in columns.items()}
        for name, columns in found.items()
    }


@pytest.mark.parametrize("revision", [None, *revisions()])
def test_schema_goes_up_from_nothing_and_from_every_revision(server: str, revision: str | None) -> None:
    with fresh(server, f"revision_{revision}".lower()) as engine:
        if revision:
            upgrade(engine, revision)
            assert current(engine) == revision
        upgrade(engine)
        upgrade(engine)  # twice is once
        assert current(engine) == head()
        assert plain(tables(engine)) == plain(declared())


def test_the_whole_data_path_on_the_distributions_server(
    distribution: str, run: Callable[..., tuple[Any, ...]]
) -> None:
    with fresh(distribution, "whole") as engine:
        upgrade(engine)
        assert plain(tables(engine)) == plain(declared())
        rows = [
            run(f"2026-11-{day:02d}T10:0{n}+00:00", duration_ms=1000 * n)
            for day in (19, 20)
            for n in range(5)
        ]
        with Writer(engine) as writer:
            assert writer.write(rows).inserted == 10
            assert writer.write(rows).already_there == 10
        compact(engine)
        take_back_runs(engine, [rows[0][0]])
        assert verify(engine) == []
        rebuild(engine)
        assert verify(engine) == []
        store = Store(engine, AnswerCache(_Nothing(), None, 60))
        asked = parse({"range": "7d", "model": "gpt-4"}, now=NOW)
        frame = store.fetch(Query(("runs", "p50_duration_ms"), asked, grain="day"))
        assert frame["runs"].tolist() == [0, 0, 4, 5, 0, 0, 0]
        assert frame["p50_duration_ms"].iloc[3] == pytest.approx(2000, rel=0.01)
        assert len(page(store, RunQuery(asked)).rows) == 9


class _Nothing:
    def get(self, key: str) -> None: ...
    def set(self, key: str, value: Any, timeout: int | None = None) -> None: ...
