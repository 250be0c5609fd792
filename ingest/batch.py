"""One batch of rows and the body of its transaction: the write statement, and what known runs need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ingest import staging, statements
from ingest.staging import ID, Row
from ingest.transactions import Cursor

# Up to here one JSON parameter is faster than COPY into a temporary table.
SMALL = 200
IDS_NAMED = 100
# Why retention (RETENTION_DAYS) keeps a row out.
TOO_OLD = "it started in a month whose single runs retention has dropped: no other one may enter there"
DROPPED = "the record it would replace was dropped by retention, which keeps what it added to the totals"


@dataclass
class WriteResult:
    """What became of the rows; the counts and ``rejected`` add up to the rows given."""

    inserted: int = 0
    replaced: int = 0
    already_there: int = 0
    differing: int = 0
    # The first IDS_NAMED of the known runs that came with other content and stayed as they were.
    differing_ids: list[str] = field(default_factory=list)
    # (position in the rows given, reason)
    rejected: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: WriteResult) -> None:
        self.inserted += other.inserted
        self.replaced += other.replaced
        self.already_there += other.already_there
        self.differing += other.differing
        self.differing_ids += other.differing_ids[: IDS_NAMED - len(self.differing_ids)]
        self.rejected += other.rejected


@dataclass(frozen=True)
class _Texts:
    write: str
    bounds: str
    differing: str
    replace: str
    too_old: str


@cache
def _texts(small: bool, replace: bool) -> _Texts:
    return _Texts(
        statements.write(small=small, replace=replace),
        statements.bounds(small=small),
        statements.differing(small=small),
        statements.replace(small=small),
        statements.too_old(small=small, replace=replace),
    )


class Batch:
    """Rows reduced to one per run: a second one inside a batch would pass the gate beside the first.

    The first of a run wins; with ``replace`` the last.
    """

    def __init__(self, given: Sequence[Row], import_id: int | None, replace: bool) -> None:
        self.given = given
        self._import_id = import_id
        self._replace = replace
        self._repeated = WriteResult()
        self._rows = self._once(given, replace)
        self.small = len(self._rows) <= SMALL
        self._sql = _texts(self.small, replace)
        self._packed: str | bytes | None = None

    def __len__(self) -> int:
        return len(self.given)

    def pack(self) -> str | bytes:
        """What is sent for the rows; most of a write's work in Python, and needs no connection."""
        if self._packed is None:
            self._packed = staging.to_json(self._rows) if self.small else staging.to_copy(self._rows)
        return self._packed

    def write(self, cursor: Cursor) -> tuple[WriteResult, int]:
        """What became of the rows, and how many rollup rows that made; in the cursor's transaction."""
        packed = self.pack()
        if isinstance(packed, bytes):
            staging.copy(cursor, packed)
            cursor.execute(statements.BULK)
        result = WriteResult()
        result.add(self._repeated)
        inserted, delta_rows = self._one(cursor, self._sql.write)
        result.inserted += inserted
        known = len(self._rows) - inserted
        if known:
            changed, more = self._known(cursor, result)
            result.already_there += known - changed - len(result.rejected)
            delta_rows += more
        return result, delta_rows

    def _known(self, cursor: Cursor, result: WriteResult) -> tuple[int, int]:
        """(known runs that came with other content, rollup rows that replacing them made)"""
        cursor.execute(statements.ONE_BY_ONE)
        first, last, old = self._one(cursor, self._sql.bounds)
        if old:
            result.rejected += self._too_old(cursor)
        stored = {"first": first, "last": last}
        if self._replace:
            replaced, delta_rows = self._one(cursor, self._sql.replace, stored)
            result.replaced += replaced
            return replaced, delta_rows
        differing, ids = self._one(cursor, self._sql.differing, stored)
        result.add(WriteResult(differing=differing, differing_ids=ids))
        return differing, 0

    def _too_old(self, cursor: Cursor) -> list[tuple[int, str]]:
        found = dict(zip(*self._one(cursor, self._sql.too_old), strict=True))
        # The row that stands for its id; the others of it have been counted.
        places = {id(row): place for place, row in enumerate(self.given)}
        refused = [(places[id(row)], found[row[ID]]) for row in self._rows if row[ID] in found]
        return [(place, DROPPED if dropped else TOO_OLD) for place, dropped in refused]

    def _one(self, cursor: Cursor, statement: str, more: dict[str, Any] | None = None) -> tuple[Any, ...]:
        parameters = {"import_id": self._import_id, "named": IDS_NAMED, "rows": self._packed}
        cursor.execute(statement, {**parameters, **(more or {})})
        return cursor.fetchone()  # type: ignore[return-value]

    def _once(self, rows: Sequence[Row], replace: bool) -> list[Row]:
        chosen: dict[object, Row] = {}
        for row in rows:
            other = chosen.get(row[ID])
            if other is None:
                chosen[row[ID]] = row
                continue
            self._count_repeated(row, other, replace)
            if replace:
                chosen[row[ID]] = row
        return list(chosen.values())

    def _count_repeated(self, row: Row, other: Row, replace: bool) -> None:
        if row == other:
            self._repeated.already_there += 1
        elif replace:
            self._repeated.replaced += 1
        else:
            self._repeated.add(WriteResult(differing=1, differing_ids=[str(row[ID])]))
