"""The log of what brought runs, and the way back: runs taken out again, with what they added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Engine, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from ingest import statements
from ingest.compact import compact_on
from ingest.facets import refresh
from ingest.otlp import undone
from ingest.transactions import Cursor, connected, transact
from queries.errors import UserError
from queries.schema import TAKING_BACK, agent_execution, data_import

_Run = tuple[str, Sequence[str]]  # its id, and what it says of its trace
_BATCH = 10_000
_NOTE = "UPDATE data_import SET taken_back = taken_back + %(taken)s WHERE import_id = %(import_id)s"
COUNTS = ("read", "inserted", "replaced", "already_there", "differing", "rejected")


def start_import(engine: Engine, source: str) -> int:
    """Notes that ``source`` (a file, a request) is about to bring runs; gives the number of the import."""
    statement = insert(data_import).values(source=source, started_at=func.now())
    with engine.begin() as connection:
        return int(connection.execute(statement.returning(data_import.c.import_id)).scalar_one())


def finish_import(engine: Engine, import_id: int, counts: Mapping[str, int]) -> None:
    """Notes what became of the import; ``counts`` may hold any of COUNTS."""
    values = {name: counts.get(name, 0) for name in COUNTS}
    statement = update(data_import).where(data_import.c.import_id == import_id)
    with engine.begin() as connection:
        connection.execute(statement.values(finished_at=func.now(), **values))


def open_bundle(engine: Engine, source: str, key: str, now: datetime) -> int:
    """The import that the small requests of one sender and hour share, which nobody has taken back."""
    hour = f"{now.astimezone(UTC):%Y-%m-%d %H} UTC"
    bundle = f"{key}/{hour}"
    known = select(data_import.c.import_id).where(data_import.c.bundle == bundle)
    made = (
        postgresql.insert(data_import)
        .values(source=f"{source} {hour}", bundle=bundle, started_at=func.now(), finished_at=func.now())
        .on_conflict_do_nothing(index_elements=["bundle"])
        .returning(data_import.c.import_id)
    )
    while True:  # it may be taken back, or opened by another request, between one look and the next
        with engine.begin() as connection:
            found = connection.execute(known).scalar() or connection.execute(made).scalar()
        if found is not None:
            return int(found)


def add_to_import(engine: Engine, import_id: int, counts: Mapping[str, int]) -> None:
    """Adds what one more request brought to an import that many share."""
    columns = data_import.columns
    values = {columns[name]: columns[name] + count for name, count in counts.items() if count}
    statement = update(data_import).where(data_import.c.import_id == import_id)
    with engine.begin() as connection:
        # The runs are safe already; every request of the sender waits for this row, none for the disk.
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        connection.execute(statement.values({**values, columns.finished_at: func.now()}))


def take_back(engine: Engine, import_id: int) -> int:
    """Takes the runs out that an import brought or replaced; gives how many there were.

    A run it replaced is gone, too: what stood there before is not kept anywhere. Each batch notes in the
    log how many it took, so that one that is broken off shows how far it came, and can be gone on with.
    Spans that come later bring none of them again.
    UserError where it is being taken back already.
    """
    _refuse_unknown(engine, import_id)
    this = update(data_import).where(data_import.c.import_id == import_id)
    with _alone(engine, import_id):
        with engine.begin() as connection:
            # What its sender sends from now on is another import.
            connection.execute(this.values(bundle=None))
        taken = _take_back_import(engine, import_id)
        with engine.begin() as connection:
            connection.execute(this.values(taken_back_at=func.now()))
    refresh(engine)
    return taken


def _take_back_import(engine: Engine, import_id: int) -> int:
    said = [agent_execution.c.attributes[name].astext for name in undone.NAMES]
    runs = select(agent_execution.c.invocation_id, *said)
    statement = runs.where(agent_execution.c.import_id == import_id)
    with engine.connect() as reading:
        reading.execute(text("SET LOCAL statement_timeout = 0"))
        streaming = reading.execution_options(stream_results=True, max_row_buffer=_BATCH)
        with closing(streaming.execute(statement)) as rows:
            return _take_back(engine, ((run, tuple(filter(None, of))) for run, *of in rows), import_id)


@contextmanager
def _alone(engine: Engine, import_id: int) -> Iterator[None]:
    """Held while an import is taken back, so that everybody sees that it is (queries.health)."""
    key = {"key": TAKING_BACK + import_id}
    with connected(engine) as connection:
        if not transact(connection, partial(_try_lock, key=key)):
            raise UserError(f"Import {import_id} is being taken back already")
        try:
            yield
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%(key)s)", key)


def _try_lock(cursor: Cursor, key: Mapping[str, int]) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%(key)s)", key)
    return bool(cursor.fetchone()[0])  # type: ignore[index]


def take_back_runs(engine: Engine, ids: Iterable[str]) -> int:
    """Takes these runs out; gives how many there were. They may enter again."""
    return _take_back(engine, ((run, ()) for run in ids), None)


def _take_back(engine: Engine, runs: Iterable[_Run], import_id: int | None) -> int:
    taken = 0
    with connected(engine) as connection:
        for some in _batches(runs, _BATCH):
            taken += transact(connection, partial(_take_some, runs=some, import_id=import_id))
        compact_on(connection)
    return taken


def take_runs(cursor: Cursor, ids: Sequence[str]) -> int:
    """Takes these runs out in a transaction of the caller's; gives how many there were."""
    return len(_take(cursor, ids, None))


def _take_some(cursor: Cursor, runs: Sequence[_Run], import_id: int | None) -> int:
    # Traces before keys, as whoever brings spans does.
    traces = undone.lock(cursor, runs) if import_id is not None else {}
    taken = _take(cursor, [run for run, _ in runs], import_id)
    undone.note(cursor, traces, taken)
    return len(taken)


def _take(cursor: Cursor, ids: Sequence[str], import_id: int | None) -> set[str]:
    parameters: dict[str, Any] = {"ids": ids, "import_id": import_id}
    cursor.execute(statements.LOCK_KEYS, parameters)
    first, last = cursor.fetchone()  # type: ignore[misc]
    cursor.execute(statements.ONE_BY_ONE)
    cursor.execute(statements.TAKE_BACK, {**parameters, "first": first, "last": last})
    taken = set(cursor.fetchone()[0])  # type: ignore[index]
    if import_id is not None:
        cursor.execute(_NOTE, {"taken": len(taken), "import_id": import_id})
    return taken


def _batches(runs: Iterable[_Run], size: int) -> Iterator[list[_Run]]:
    remaining = iter(runs)
    while some := list(islice(remaining, size)):
        yield some


def _refuse_unknown(engine: Engine, import_id: int) -> None:
    known = select(data_import.c.import_id).where(data_import.c.import_id == import_id)
    with engine.connect() as connection:
        if connection.execute(known).first() is None:
            raise UserError(f"There is no import {import_id}; `fixer-metrics imports` lists them")
