"""Where rows wait for the write statement: a temporary table filled by COPY, or one JSON parameter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import orjson
import psycopg
from sqlalchemy.dialects import postgresql

from ingest.transactions import Cursor
from queries.schema import CONTENT_COLUMNS, agent_execution

Row = tuple[object, ...]

ID = CONTENT_COLUMNS.index("invocation_id")
START = CONTENT_COLUMNS.index("start_time")

# orjson takes str itself only, and SQLAlchemy's names are of a class of their own.
_NAMES = tuple(str(name) for name in CONTENT_COLUMNS)
_TYPES = tuple(agent_execution.columns[name].type.compile(dialect=postgresql.dialect()) for name in _NAMES)
_COLUMNS = ", ".join(f"{name} {kind}" for name, kind in zip(_NAMES, _TYPES, strict=True))
_JSON = frozenset(index for index, kind in enumerate(_TYPES) if kind == "JSONB")

# Made once for a connection: making one for each batch bloats the catalog. Empty after each commit.
CREATE = f"CREATE TEMPORARY TABLE IF NOT EXISTS staging ({_COLUMNS}) ON COMMIT DELETE ROWS"
DROP = "DROP TABLE IF EXISTS pg_temp.staging"
_COPY = f"COPY pg_temp.staging ({', '.join(_NAMES)}) FROM STDIN"

# Stands before a statement that names ``staging``, where the rows come as one parameter: small writes
# would spend more on a temporary table than on the write itself.
FROM_JSON = f"staging AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS s({_COLUMNS})), "


def to_json(rows: Sequence[Row]) -> str:
    try:
        return orjson.dumps([_record(row) for row in rows], default=_plain).decode()
    except orjson.JSONEncodeError as error:
        # Half a surrogate pair, a number beyond 64 bits: what COPY and PostgreSQL would refuse, too.
        raise psycopg.DataError(str(error)) from error


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


def copy(cursor: Cursor, lines: bytes) -> None:
    with cursor.copy(_COPY) as going:
        going.write(lines)


def to_copy(rows: Sequence[Row]) -> bytes:
    """The rows in COPY's text format, made by column: half the time of psycopg's way, by value."""
    columns = [write(column) for write, column in zip(_WRITERS, zip(*rows, strict=True), strict=True)]
    return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()


Column = tuple[object, ...]
_NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}


def _texts(column: Iterable[object]) -> list[str]:
    texts: list[str] = [_NULL if value is None else value for value in column]  # type: ignore[misc]
    # NULL's own backslash is no reason to look at each value.
    if not _SPECIAL.search("".join(text for text in texts if text is not _NULL)):
        return texts
    return [text if text is _NULL else _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text) for text in texts]


def _numbers(column: Column) -> Iterable[str]:
    if None in column:
        return [_NULL if value is None else str(value) for value in column]
    return map(str, column)


def _instants(column: Column) -> list[str]:
    # A sixth of the time of isoformat().
    packed = orjson.dumps(column).decode()[1:-1]
    return packed.replace('"', "").replace("null", _NULL).split(",")


def _lists(column: Column) -> list[str]:
    return _texts(None if value is None else _array(value) for value in column)  # type: ignore[arg-type]


def _array(values: list[str]) -> str:
    """PostgreSQL's text form of an array of text: {"a.py","b \\"c\\".py"}."""
    if not values:
        return "{}"
    quoted = '","'.join(values)
    if "\\" in quoted or quoted.count('"') != 2 * (len(values) - 1):
        quoted = '","'.join(value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return f'{{"{quoted}"}}'


def _writer(kind: str) -> Callable[[Column], Iterable[str]]:
    if kind == "TEXT[]":
        return _lists
    if kind.startswith("TIMESTAMP"):
        return _instants
    return _texts if kind.startswith("TEXT") or kind == "JSONB" else _numbers


_WRITERS = tuple(_writer(kind) for kind in _TYPES)
