"""The log of what brought runs, and the way back: runs taken out again, with what they added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Engine, func, insert, select, text, update

from ingest import statements
from ingest.compact import compact_on
from ingest.transactions import Cursor, connected, transact
from queries.errors import UserError
from queries.schema import agent_execution, data_import

_BATCH = 10_000
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


def take_back(engine: Engine, import_id: int) -> int:
    """Takes the runs out that an import brought or replaced; gives how many there were.

    A run it replaced is gone, too: what stood there before is not kept anywhere.
    """
    _refuse_unknown(engine, import_id)
    statement = select(agent_execution.c.invocation_id).where(agent_execution.c.import_id == import_id)
    with engine.connect() as reading:
        reading.execute(text("SET LOCAL statement_timeout = 0"))
        ids = reading.execution_options(stream_results=True, max_row_buffer=_BATCH).execute(statement)
        return _take_back(engine, ids.scalars(), import_id)


def take_back_runs(engine: Engine, ids: Iterable[str]) -> int:
    """Takes these runs out; gives how many there were. They may enter again."""
    return _take_back(engine, ids, None)


def _take_back(engine: Engine, ids: Iterable[str], import_id: int | None) -> int:
    taken = 0
    with connected(engine) as connection:
        for some in _batches(ids, _BATCH):
            taken += transact(connection, partial(_take, ids=some, import_id=import_id))
        compact_on(connection)
    return taken


def _take(cursor: Cursor, ids: Sequence[str], import_id: int | None) -> int:
    parameters: dict[str, Any] = {"ids": ids, "import_id": import_id}
    cursor.execute(statements.LOCK_KEYS, parameters)
    first, last = cursor.fetchone()  # type: ignore[misc]
    cursor.execute(statements.ONE_BY_ONE)
    cursor.execute(statements.TAKE_BACK, {**parameters, "first": first, "last": last})
    return int(cursor.fetchone()[0])  # type: ignore[index]


def _batches(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    remaining = iter(ids)
    while some := list(islice(remaining, size)):
        yield some


def _refuse_unknown(engine: Engine, import_id: int) -> None:
    known = select(data_import.c.import_id).where(data_import.c.import_id == import_id)
    with engine.connect() as connection:
        if connection.execute(known).first() is None:
            raise UserError(f"There is no import {import_id}; `fixer-metrics sql` lists them in data_import")
