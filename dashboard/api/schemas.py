"""Roof: JSON Schemas of the API's answers, made of the metric records and the columns of a run."""

from __future__ import annotations

from dashboard.api.alerts import schemas as of_alerts
from dashboard.api.answers import FIGURES, POINT_FIGURES
from dashboard.api.changes import schemas as of_changes
from dashboard.api.channels import schemas as of_channels
from dashboard.api.compare import schemas as of_compare
from dashboard.api.data_schemas import of_data
from dashboard.api.digests import schemas as of_digests
from dashboard.api.errors import of_errors
from dashboard.api.in_flight import schemas as of_in_flight
from dashboard.api.intake import schemas as of_intake
from dashboard.api.markers import schemas as of_markers
from dashboard.api.money_schemas import of_money
from dashboard.api.names import schemas as of_names
from dashboard.api.problems import CODES
from dashboard.api.shapes import (
    COUNT,
    INSTANT,
    MAYBE_AMOUNT,
    MAYBE_COUNT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    TEXT,
    Schema,
    array,
    object_,
    or_null,
    ref,
)
from dashboard.api.tools import of_tools
from dashboard.api.unusual import schemas as of_unusual
from dashboard.api.views import schemas as of_views
from queries.measures import MEASURES, STATUSES
from queries.metrics import METRIC, METRICS, Metric
from queries.run_record import FIELDS

_UNITS = {
    "count": "",
    "tokens": "tokens",
    "number": "",
    "usd": "US dollars",
    "ms": "milliseconds",
    "percent": "percent, from 0 to 100",
}


def schemas() -> dict[str, Schema]:
    """All of them, by name."""
    return _of_metrics() | _of_runs() | _of_other_pages() | _of_every_answer()


def _of_metrics() -> dict[str, Schema]:
    cut = {"by": TEXT, "shown": COUNT, "total": COUNT}
    period = or_null(ref("Period"))
    return {
        "Summary": _record(_HEAD | {"elapsed": period, "previous": period}, FIGURES),
        "Period": _record({"range": ref("Range")}, FIGURES),
        "Timeseries": object_(_HEAD | {"items": array(ref("Point"))}, cut),
        "Point": _record({"date": INSTANT, "end": INSTANT, "partial": _PARTIAL}, POINT_FIGURES, _SPLIT),
        "Breakdown": object_(_HEAD | cut | {"items": array(ref("Member"))}),
        "Member": _record({"name": or_null(TEXT, "null: not known")}, FIGURES),
        "Models": _MODELS,
        "Definitions": object_({"metrics": array(ref("Definition"))}),
        "Definition": _DEFINITION,
        "Term": _TERM,
        "Metrics": _metrics(),
    }


def _of_runs() -> dict[str, Schema]:
    page = {"items": array(ref("Run")), "next": MAYBE_TEXT, "nextUrl": MAYBE_TEXT}
    return {
        "Runs": object_(_HEAD | _TOTAL | page),
        "Run": object_(_run()),
        "WholeRun": object_(_run() | {"importId": MAYBE_COUNT, "ingestedAt": INSTANT}),
        "ExportMeta": object_(_HEAD | _TOTAL | _EXPORT),
        **of_intake(),
        **of_in_flight(),
    }


def _of_other_pages() -> dict[str, Schema]:
    return {
        **of_errors(_HEAD),
        **of_tools(_HEAD),
        **of_money(_HEAD),
        **of_data(_HEAD),
        **of_changes(_HEAD),
        **of_compare(_HEAD),
        **of_markers(_HEAD),
        **of_alerts(),
        **of_channels(),
        **of_digests(),
        **of_unusual(_HEAD),
        **of_views(),
        **of_names(_HEAD),
    }


def _of_every_answer() -> dict[str, Schema]:
    """What others refer to, and the answers that are about none of the data."""
    return {
        "Range": _RANGE,
        "Filters": _FILTERS,
        "Warning": _WARNING,
        "Error": object_({"error": ref("Problem")}),
        "Problem": _PROBLEM,
        "Description": {"type": "object", "required": ["openapi", "info", "paths"]},
    }


def _record(properties: Schema, figures: dict[str, str], optional: Schema | None = None) -> Schema:
    """``properties``, then the seed document's fields, then the metrics."""
    fields = {name: _metric(METRIC[metric]) for name, metric in figures.items()}
    return object_(properties | fields | {"metrics": ref("Metrics")}, optional)


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


# With by: which part of the bucket it is.
_SPLIT = {
    "name": or_null(TEXT, "null: not known, or other"),
    "other": {"type": "boolean", "description": "whether it is all that are not told apart"},
}
_PARTIAL = {"type": "boolean", "description": "whether it is still filling"}
_VERSION = TEXT | {"description": "changes exactly when the data does"}

_RANGE = object_(
    {
        "asked": TEXT | {"description": "the range in its one spelling"},
        "start": INSTANT | {"description": "included; on the quarter-hour grid, like end"},
        "end": INSTANT | {"description": "excluded"},
        "tz": TEXT,
        "grain": {
            "enum": ["hour", "day", "week", None],
            "description": "null where the answer is not by time",
        },
        "partial": _PARTIAL,
        "words": TEXT,
    }
)
_FILTERS = object_(
    {
        "status": array(TEXT),
        "model": array(TEXT),
        "agent": array(TEXT),
        "version": array(TEXT),
        "words": TEXT,
    },
    {"category": array(TEXT), "error": array(TEXT), "tool": array(TEXT)},
) | {"patternProperties": {"^attr[.]": array(TEXT)}}
_WARNING = object_({"code": {"enum": ["unknown_name", "runs_dropped"]}, "parameter": TEXT, "message": TEXT})
_HEAD = {
    "range": ref("Range"),
    "filters": ref("Filters"),
    "dataVersion": _VERSION,
    "warnings": array(ref("Warning")),
}
_TOTAL = {
    "total": COUNT,
    "more": {"type": "boolean", "description": "whether there are more than `total`, which were not counted"},
}
_EXPORT = {
    "file": TEXT,
    "url": TEXT | {"description": "of the file, with its period held fast"},
    "narrowing": object_(
        {
            "asked": {"type": "object", "additionalProperties": TEXT},
            "words": TEXT,
            "sort": TEXT,
        }
    ),
    "note": TEXT,
    "fields": array(object_({"name": TEXT, "type": TEXT})),
}
_MODELS = object_(
    {
        "range": or_null(
            object_({"start": INSTANT, "end": INSTANT, "tz": TEXT}),
            "from the first to the last quarter hour with runs; null: there are none",
        ),
        "dataVersion": _VERSION,
        "models": array(TEXT) | {"description": "the names alone, as the seed document's getModels"},
        "items": array(object_({"model": TEXT, "runs": COUNT})),
    }
)
_TERM = object_(
    {
        "measure": {"enum": [measure.name for measure in MEASURES]},
        "statuses": or_null(array({"enum": list(STATUSES)}), "null: all"),
        "sign": {"enum": [1, -1]},
    }
)
_DEFINITION = object_(
    {
        "name": {"enum": list(METRIC)},
        "label": TEXT,
        "help": TEXT,
        "kind": {"enum": ["sum", "ratio", "percentile", "interval"]},
        "unit": {"enum": list(_UNITS), "description": "percent: from 0 to 100"},
        "better": {"enum": ["up", "down", None]},
        "change": {"enum": ["percent", "points"]},
        "additive": {
            "type": "boolean",
            "description": "whether the parts of a breakdown add up to the whole",
        },
        "empty": {"enum": [0, None], "description": "the value where there are no runs"},
        "numerator": array(ref("Term")),
        "denominator": array(ref("Term")),
        "quantile": {"type": ["number", "null"], "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    }
)
_PROBLEM = object_(
    {
        "code": {"enum": list(CODES), "description": "stable, for programs"},
        "parameter": MAYBE_TEXT | {"description": "the offender; null where it is none"},
        "message": TEXT,
        "allowed": MAYBE_TEXT | {"description": "what may stand there, or what to do"},
    },
    optional={"reference": TEXT | {"description": "finds an internal error in the server's log"}},
)

# Columns of a run that are not just a text or a count that may be unknown.
_RUN = {
    "invocation_id": TEXT,
    "agent": TEXT,
    "agent_version": MAYBE_TEXT,
    "model": TEXT,
    "status": {"enum": list(STATUSES)},
    "start_time": INSTANT,
    "end_time": MAYBE_INSTANT,
    "duration_ms": MAYBE_AMOUNT,
    "cost_usd": MAYBE_AMOUNT | {"description": "reported or estimated, see costSource"},
    "cost_source": {"enum": ["reported", "estimated", None]},
    "tools_used": {"type": ["object", "null"], "description": "calls by name of the tool"},
    "files_modified": or_null(array(TEXT)),
    "error_message": MAYBE_TEXT,
    "error_category": MAYBE_TEXT,
    "error_template": MAYBE_TEXT | {"description": "the message with what differs from run to run masked"},
    "attributes": {"type": "object", "description": "whatever else the source says"},
}


def _run() -> Schema:
    properties = {name: _RUN.get(column, MAYBE_COUNT) for name, column in FIELDS.items()}
    reported = MAYBE_AMOUNT | {"description": "totalCostUsd where the source reported it, else null"}
    return properties | {"reportedCostUsd": reported}
