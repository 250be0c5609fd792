"""Roof: JSON Schemas of the API's answers, made of the metric records and the columns of a run."""

from __future__ import annotations

from typing import Any

from dashboard.api.answers import FIGURES, POINT_FIGURES, field
from dashboard.api.parameters import BY
from dashboard.api.problems import CODES
from queries.measures import MEASURES, STATUSES
from queries.metrics import METRIC, METRICS, Metric
from queries.statements import RUN_COLUMNS

Schema = dict[str, Any]

_UNITS = {
    "count": "",
    "tokens": "tokens",
    "number": "",
    "usd": "US dollars",
    "ms": "milliseconds",
    "percent": "percent, from 0 to 100",
}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Schema]:
    """All of them, by name."""
    return {
        "Summary": _record(
            _HEAD | {"elapsed": _or_null(ref("Period")), "previous": _or_null(ref("Period"))}, FIGURES
        ),
        "Period": _record({"range": ref("Range")}, FIGURES),
        "Timeseries": _object(_HEAD | {"items": _array(ref("Point"))}),
        "Point": _record({"date": _INSTANT, "end": _INSTANT, "partial": _PARTIAL}, POINT_FIGURES),
        "Breakdown": _object(
            _HEAD
            | {"by": {"enum": list(BY)}, "shown": _COUNT, "total": _COUNT, "items": _array(ref("Member"))}
        ),
        "Member": _record({"name": _or_null(_TEXT, "null: not known")}, FIGURES),
        "Models": _MODELS,
        "Runs": _object(_HEAD | {"items": _array(ref("Run")), "next": _MAYBE_TEXT, "nextUrl": _MAYBE_TEXT}),
        "Run": _run(),
        "Definitions": _object({"metrics": _array(ref("Definition"))}),
        "Definition": _DEFINITION,
        "Term": _TERM,
        "Description": {"type": "object", "required": ["openapi", "info", "paths"]},
        "Metrics": _metrics(),
        "Range": _RANGE,
        "Filters": _FILTERS,
        "Warning": _object({"code": {"enum": ["unknown_name"]}, "parameter": _TEXT, "message": _TEXT}),
        "Error": _object({"error": ref("Problem")}),
        "Problem": _PROBLEM,
    }


def _object(properties: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": properties | (optional or {}),
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema, description: str = "") -> Schema:
    words = {"description": description} if description else {}
    return {"anyOf": [schema, {"type": "null"}]} | words


def _record(properties: Schema, figures: dict[str, str]) -> Schema:
    """``properties``, then the seed document's fields, then the metrics."""
    fields = {name: _metric(METRIC[metric]) for name, metric in figures.items()}
    return _object(properties | fields | {"metrics": ref("Metrics")})


def _metric(record: Metric) -> Schema:
    whole = record.kind == "sum" and record.unit != "usd"
    unit = f" In {_UNITS[record.unit]}." if _UNITS[record.unit] else ""
    return {
        "type": ["integer" if whole else "number", "null"],
        "title": record.label,
        "description": f"{record.help}{unit} null: not known.",
    }


def _metrics() -> Schema:
    return {
        "type": "object",
        "properties": {record.name: _metric(record) for record in METRICS},
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_MAYBE_TEXT = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_MAYBE_COUNT = {"type": ["integer", "null"], "minimum": 0}
_MAYBE_AMOUNT = {"type": ["number", "null"], "minimum": 0}
_INSTANT = {"type": "string", "format": "date-time"}
_MAYBE_INSTANT = {"type": ["string", "null"], "format": "date-time"}
_PARTIAL = {"type": "boolean", "description": "whether it is still filling"}
_VERSION = _TEXT | {"description": "changes exactly when the data does"}

_RANGE = _object(
    {
        "asked": _TEXT | {"description": "the range in its one spelling"},
        "start": _INSTANT | {"description": "included; on the quarter-hour grid, like end"},
        "end": _INSTANT | {"description": "excluded"},
        "tz": _TEXT,
        "grain": {
            "enum": ["hour", "day", "week", None],
            "description": "null where the answer is not by time",
        },
        "partial": _PARTIAL,
        "words": _TEXT,
    }
)
_FILTERS = _object(
    {
        "status": _array(_TEXT),
        "model": _array(_TEXT),
        "agent": _array(_TEXT),
        "version": _array(_TEXT),
        "words": _TEXT,
    },
    {"category": _array(_TEXT), "error": _array(_TEXT), "tool": _array(_TEXT)},
) | {"patternProperties": {"^attr[.]": _array(_TEXT)}}
_HEAD = {
    "range": ref("Range"),
    "filters": ref("Filters"),
    "dataVersion": _VERSION,
    "warnings": _array(ref("Warning")),
}
_MODELS = _object(
    {
        "range": _or_null(
            _object({"start": _INSTANT, "end": _INSTANT, "tz": _TEXT}),
            "from the first to the last quarter hour with runs; null: there are none",
        ),
        "dataVersion": _VERSION,
        "models": _array(_TEXT) | {"description": "the names alone, as the seed document's getModels"},
        "items": _array(_object({"model": _TEXT, "runs": _COUNT})),
    }
)
_TERM = _object(
    {
        "measure": {"enum": [measure.name for measure in MEASURES]},
        "statuses": _or_null(_array({"enum": list(STATUSES)}), "null: all"),
        "sign": {"enum": [1, -1]},
    }
)
_DEFINITION = _object(
    {
        "name": {"enum": list(METRIC)},
        "label": _TEXT,
        "help": _TEXT,
        "kind": {"enum": ["sum", "ratio", "percentile", "interval"]},
        "unit": {"enum": list(_UNITS), "description": "percent: from 0 to 100"},
        "better": {"enum": ["up", "down", None]},
        "change": {"enum": ["percent", "points"]},
        "additive": {
            "type": "boolean",
            "description": "whether the parts of a breakdown add up to the whole",
        },
        "empty": {"enum": [0, None], "description": "the value where there are no runs"},
        "numerator": _array(ref("Term")),
        "denominator": _array(ref("Term")),
        "quantile": {"type": ["number", "null"], "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    }
)
_PROBLEM = _object(
    {
        "code": {"enum": list(CODES), "description": "stable, for programs"},
        "parameter": _MAYBE_TEXT | {"description": "the offender; null where it is none"},
        "message": _TEXT,
        "allowed": _MAYBE_TEXT | {"description": "what may stand there, or what to do"},
    },
    optional={"reference": _TEXT | {"description": "finds an internal error in the server's log"}},
)

# Columns of a run that are not just a text or a count that may be unknown.
_RUN = {
    "invocation_id": _TEXT,
    "agent": _TEXT,
    "agent_version": _MAYBE_TEXT,
    "model": _TEXT,
    "status": {"enum": list(STATUSES)},
    "start_time": _INSTANT,
    "end_time": _MAYBE_INSTANT,
    "duration_ms": _MAYBE_AMOUNT,
    "cost_usd": _MAYBE_AMOUNT | {"description": "reported or estimated, see costSource"},
    "cost_source": {"enum": ["reported", "estimated", None]},
    "tools_used": {"type": ["object", "null"], "description": "calls by name of the tool"},
    "files_modified": _or_null(_array(_TEXT)),
    "error_message": _MAYBE_TEXT,
    "attributes": {"type": "object", "description": "whatever else the source says"},
}


def _run() -> Schema:
    properties = {field(column): _RUN.get(column, _MAYBE_COUNT) for column in RUN_COLUMNS}
    reported = _MAYBE_AMOUNT | {"description": "totalCostUsd where the source reported it, else null"}
    return _object(properties | {"reportedCostUsd": reported})
