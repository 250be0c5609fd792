"""Roof: the few shapes that the JSON Schemas of the API's answers are put together from."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT = {"type": "string"}
MAYBE_TEXT = {"type": ["string", "null"]}
COUNT = {"type": "integer", "minimum": 0}
MAYBE_COUNT = {"type": ["integer", "null"], "minimum": 0}
AMOUNT = {"type": "number"}
MAYBE_AMOUNT = {"type": ["number", "null"], "minimum": 0}
SHARE = {"type": ["number", "null"], "description": "percent, from 0 to 100; null: not known"}
YES = {"type": "boolean"}
INSTANT = {"type": "string", "format": "date-time"}
MAYBE_INSTANT = {"type": ["string", "null"], "format": "date-time"}
DAY = {"type": "string", "format": "date"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def object_(properties: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": properties | (optional or {}),
        "required": list(properties),
        "additionalProperties": False,
    }


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def or_null(schema: Schema, description: str = "") -> Schema:
    words = {"description": description} if description else {}
    return {"anyOf": [schema, {"type": "null"}]} | words
