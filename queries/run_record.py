"""A run as it leaves the house: one record for the API, the exports and copying. Names, then values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from queries.schema import CONTENT_COLUMNS

# Columns whose field is not just their name in camel case: the names of the seed document.
_FIELDS = {"cost_usd": "totalCostUsd", "tool_call_count": "toolCallsCount"}
REPORTED = "reportedCostUsd"  # the cost where the source reported it: what reads exports back trusts it


def field(column: str) -> str:
    """The field of a column: ``start_time`` -> ``startTime``."""
    first, *rest = column.split("_")
    return _FIELDS.get(column) or first + "".join(word.capitalize() for word in rest)


def fields(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns and their values under the names of their fields."""
    return {field(name): value for name, value in columns.items()}


# Every field of a run, and the column it comes from.
FIELDS = {field(str(column)): str(column) for column in CONTENT_COLUMNS}


def record(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of the columns that ``row`` has; amounts as numbers, instants as instants."""
    found = {field(column): _plain(value) for column, value in row.items()}
    found[REPORTED] = found["totalCostUsd"] if row["cost_source"] == "reported" else None
    # Packed on its own: it may be nested as deep as orjson goes, and an answer is deeper by its own levels.
    found["attributes"] = orjson.Fragment(orjson.dumps(row["attributes"]))
    return found


def packed(row: dict[str, Any], *, indent: bool = False) -> bytes:
    """The record as JSON."""
    if not indent:
        return orjson.dumps(record(row), option=orjson.OPT_UTC_Z)
    # Indented means unpacked again; what is nested too deep for that stays on one line.
    plain = record(row) | {"attributes": row["attributes"]}
    try:
        return orjson.dumps(plain, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:
        return packed(row)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
