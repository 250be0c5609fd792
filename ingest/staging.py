"""Where rows wait for the write statement: a temporary table filled by COPY, or one JSON parameter."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import orjson
from sqlalchemy.dialects import postgresql

from ingest.transactions import Cursor
from queries.schema import CONTENT_COLUMNS, agent_execution

Row = tuple[object, ...]

ID = CONTENT_COLUMNS.index("invocation_id")
START = CONTENT_COLUMNS.index("start_time")

_DIALECT = postgresql.dialect()
_TYPES = {name: agent_execution.columns[name].type.compile(dialect=_DIALECT) for name in CONTENT_COLUMNS}
# orjson takes str itself only, and SQLAlchemy's names are of a class of their own.
_NAMES = tuple(str(name) for name in CONTENT_COLUMNS)
_COLUMNS = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())
_JSON = frozenset(index for index, name in enumerate(CONTENT_COLUMNS) if _TYPES[name] == "JSONB")

# Rolled back with the transaction that filled it, and empty after each commit.
CREATE = f"CREATE TEMPORARY TABLE IF NOT EXISTS staging ({_COLUMNS}) ON COMMIT DELETE ROWS"
DROP = "DROP TABLE IF EXISTS pg_temp.staging"
_COPY = f"COPY pg_temp.staging ({', '.join(CONTENT_COLUMNS)}) FROM STDIN"

# Before a statement that names ``staging``, where the rows come as one parameter: no temporary table,
# which would cost small writes more than the write itself and bloat the catalog.
FROM_JSON = f"staging AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS s({_COLUMNS})), "


def copy_rows(cursor: Cursor, rows: Sequence[Row]) -> None:
    with cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row)


def to_json(rows: Sequence[Row]) -> str:
    return orjson.dumps([_record(row) for row in rows], default=_plain).decode()


def _record(row: Row) -> dict[str, object]:
    return {
        _NAMES[index]: orjson.Fragment(value) if index in _JSON else value  # type: ignore[arg-type]
        for index, value in enumerate(row)
        if value is not None
    }


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is not a value of a run")
