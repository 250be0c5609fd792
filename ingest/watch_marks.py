"""How far each watched file has been read, kept with the runs: a restored database reads on from there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.postgresql import insert

from ingest.watch_files import Mark
from queries.intake_tables import watched_file

_FIELDS = ("file_id", "signature", "position", "lines", "head")


class Marks:
    """The marks of this machine's files: two machines may have files of one name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._machine = socket.gethostname()

    def load(self) -> dict[Path, Mark]:
        columns = [watched_file.c[name] for name in _FIELDS]
        statement = select(watched_file.c.path, *columns).where(watched_file.c.machine == self._machine)
        with self._engine.connect() as connection:
            rows = connection.execute(statement)
            return {Path(os.fsdecode(path)): Mark(*rest) for path, *rest in rows}

    def save(self, path: Path, mark: Mark) -> None:
        values = {name: getattr(mark, name) for name in _FIELDS}
        statement = insert(watched_file).values(machine=self._machine, path=bytes(path), **values)
        key = [watched_file.c.machine, watched_file.c.path]
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))

    def forget(self, path: Path) -> None:
        here = (watched_file.c.machine == self._machine) & (watched_file.c.path == bytes(path))
        with self._engine.begin() as connection:
            connection.execute(delete(watched_file).where(here))


def _decoded(path: bytes) -> str:
    return bytes(path).decode(errors="surrogateescape")
