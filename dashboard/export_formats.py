"""Roof: batches of runs to the bytes of a file: CSV, JSON Lines, Parquet. Each in constant memory.

All three have the fields of the API. Only CSV changes a text, where a spreadsheet would take it for a
formula; numbers are never touched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from queries.run_record import FIELDS, REPORTED, packed

Row = dict[str, Any]
Batches = Iterable[list[Row]]
# A row group: what is kept in memory until it is written.
GROUP_ROWS, GROUP_BYTES = 5_000, 16_000_000
# What makes a spreadsheet take a text for a formula, its full-width forms included.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")

_COLUMNS = {**FIELDS, REPORTED: "cost_usd"}


@dataclass(frozen=True)
class Format:
    """``write``: batches of rows and what the file says of itself -> its bytes."""

    ending: str
    mimetype: str
    write: Callable[[Batches, dict[str, str]], Iterator[bytes]]


def _value(row: Row, name: str) -> Any:
    if name == REPORTED and row["cost_source"] != "reported":
        return None
    return row[_COLUMNS[name]]


# ---- CSV ------------------------------------------------------------------------------------------------


def csv(batches: Batches, _about: dict[str, str]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8. Not known is an empty cell, an empty text is ``""``: texts are always quoted."""
    yield (",".join(_COLUMNS) + "\r\n").encode()
    for rows in batches:
        lines = (",".join(cell(_value(row, name)) for name in _COLUMNS) for row in rows)
        yield "".join(f"{line}\r\n" for line in lines).encode()


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    quoted = harmless(text).replace('"', '""')
    return f'"{quoted}"'


def harmless(text: str) -> str:
    """An apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


# ---- JSON Lines -----------------------------------------------------------------------------------------


def jsonl(batches: Batches, _about: dict[str, str]) -> Iterator[bytes]:
    """A line for each run, as the API has it."""
    for rows in batches:
        yield b"".join(packed(row) + b"\n" for row in rows)


# ---- Parquet --------------------------------------------------------------------------------------------

_INSTANT = pa.timestamp("us", tz="UTC")
_TYPES = {
    "start_time": _INSTANT,
    "end_time": _INSTANT,
    "duration_ms": pa.decimal128(14, 3),
    "cost_usd": pa.decimal128(18, 9),
    "files_modified": pa.list_(pa.string()),
    **dict.fromkeys(
        ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "total_tokens",
         "llm_call_count", "tool_call_count", "files_modified_count"),
        pa.int64(),
    ),
}  # fmt: skip
_JSON = frozenset({"tools_used", "attributes"})  # of any shape: kept as text


class _Sink:
    """A file that is taken away as it is written."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self._length += len(data)
        return len(data)

    def tell(self) -> int:
        return self._length

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


def parquet(batches: Batches, about: dict[str, str]) -> Iterator[bytes]:
    """In row groups. The footer comes last: a file that was cut short cannot be opened."""
    fields = [pa.field(name, _TYPES.get(column, pa.string())) for name, column in _COLUMNS.items()]
    schema = pa.schema(fields, metadata=about)
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for group in _groups(batches, schema):
            writer.write_table(group, row_group_size=GROUP_ROWS)
            # Arrow would keep what a group took for the next one, and a bit more each time.
            pa.default_memory_pool().release_unused()
            yield sink.taken()
    yield sink.taken()


def _groups(batches: Batches, schema: pa.Schema) -> Iterator[pa.Table]:
    kept: list[pa.RecordBatch] = []
    for rows in batches:
        kept.append(_columnar(rows, schema))
        if (
            sum(part.num_rows for part in kept) >= GROUP_ROWS
            or sum(part.nbytes for part in kept) >= GROUP_BYTES
        ):
            yield pa.Table.from_batches(kept, schema)
            kept = []
    if kept:
        yield pa.Table.from_batches(kept, schema)


def _columnar(rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        pa.array([_stored(name, _value(row, name)) for row in rows], type=schema.field(name).type)
        for name in _COLUMNS
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _stored(name: str, value: Any) -> Any:
    if value is None or _COLUMNS[name] not in _JSON:
        return value
    return json.dumps(value, ensure_ascii=False)


def kinds_of_fields(ending: str) -> dict[str, str]:
    """Field -> the type that it has in a file of this format."""
    if ending == "parquet":
        return {name: str(_TYPES.get(column, pa.string())) for name, column in _COLUMNS.items()}
    return {name: _plain_kind(column) for name, column in _COLUMNS.items()}


def _plain_kind(column: str) -> str:
    if column in _JSON or column == "files_modified":
        return "JSON"
    kind = _TYPES.get(column)
    return "text" if kind is None else "instant, UTC" if kind == _INSTANT else "number"


FORMATS = {
    found.ending: found
    for found in (
        Format("csv", "text/csv", csv),
        Format("jsonl", "application/jsonl", jsonl),
        Format("parquet", "application/vnd.apache.parquet", parquet),
    )
}
