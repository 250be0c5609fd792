"""The description is true: schemathesis asks what it allows and what it forbids, on a database with runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import schemathesis
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from sqlalchemy import Engine

from dashboard.api import openapi
from dashboard.api.endpoint import PREFIX
from dashboard.api.endpoints import ENDPOINTS
from dashboard.api.parameters import conforms
from dashboard.api.writings import WRITINGS
from ingest.write import Writer
from queries.metrics import METRICS

Run = Callable[..., tuple[Any, ...]]

schemathesis.openapi.format(
    "iana-zone", st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Havana"])
)


@schemathesis.serializer("application/x-ndjson")
def lines(context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else orjson.dumps(value, default=str)


CONFIG = """
seed = 20261123

[generation]
max-examples = 40
deterministic = true
"""

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
]  # not positive_data_acceptance: that a day is on the calendar, or an end after its start, no schema can say


DESCRIBED = schemathesis.openapi.from_dict(openapi.document(), config=schemathesis.Config.from_str(CONFIG))


@pytest.fixture(scope="module")
def app(module_engine: Engine, asking: Any, run: Run) -> Any:
    with Writer(module_engine) as writer:
        result = writer.write(
            [
                run(f"2026-11-{day}T{day}:30+00:00", model=model, status=status, duration_ms=day, cost_usd="0.1",
                    cost_source="reported", input_tokens=day, tools_used='{"bash": 1}', files_modified=["a"])
                for day in range(10, 24)
                for model, status in (("a", "success"), ("b,c", "failure"), ("0", "unknown"))
            ]
        )  # fmt: skip
    assert result.inserted == 14 * 3
    return asking(module_engine).app


@DESCRIBED.parametrize()
def test_the_api_does_what_it_says(case: Any, app: Flask) -> None:
    case.call_and_validate(checks=CHECKS, app=app)


def some(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def lists(*values: str) -> st.SearchStrategy[str]:
    return st.lists(some(*values), min_size=1, max_size=3).map(",".join)


# Here startDate and range never come together, nor does an end before its start: all of it must be answered.
SENSIBLE = st.fixed_dictionaries(
    {},
    optional={
        "range": some(
            "24h", "7d", "90d", "all", "2026-11-10..2026-11-12", "2026-11-20T08:07Z..2026-11-20T23:00+02:00"
        ),
        "grain": some("auto", "hour", "day", "week"),
        "status": lists("success", "failure", "error", "failed", "unknown", "all"),
        "model": lists("a", "b%2Cc", "0", "nobody"),
        "version": lists("(none)", "1"),
        "tz": some("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"),
        "compare": some("previous", "none"),
    },
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(query=SENSIBLE, metrics=lists("all", "none", "runs", "p95_duration_ms", "success_rate_low"))
@pytest.mark.parametrize("path", [e.path for e in ENDPOINTS if e.answer and e.parameters])
def test_a_sensible_question_is_answered_as_described(
    app: Flask, path: str, query: dict[str, str], metrics: str
) -> None:
    endpoint = next(e for e in ENDPOINTS if e.path == path)
    taken = {parameter.name for parameter in endpoint.parameters}
    query = {name: text for name, text in (query | {"metrics": metrics}).items() if name in taken}
    for parameter in endpoint.parameters:
        if parameter.name == "by":
            query["by"] = "status" if conforms(parameter.schema, "status") else parameter.schema["enum"][0]
    within = {parameter.name: parameter.schema["enum"][0] for parameter in endpoint.within}
    case = DESCRIBED[path]["GET"].Case(query=query, path_parameters=within)
    assert case.call_and_validate(checks=CHECKS, app=app).status_code == 200


def test_what_is_served_is_what_was_tried(app: Flask) -> None:
    response = app.test_client().get(f"{PREFIX}/openapi.json")
    assert response.json == openapi.document()
    paths = {endpoint.path for endpoint in ENDPOINTS} | {writing.path for writing in WRITINGS}
    assert sorted(response.json["paths"]) == sorted(paths)


def test_every_metric_is_described_from_its_record() -> None:
    described = openapi.document()["components"]["schemas"]["Metrics"]["properties"]
    assert list(described) == [record.name for record in METRICS]
    assert all(described[record.name]["description"].startswith(record.help) for record in METRICS)


def test_the_readmes_rows_name_every_endpoint_and_parameter() -> None:
    rows = openapi.markdown_rows()
    for endpoint in ENDPOINTS:
        assert any(row.startswith(f"| `{endpoint.path}` |") for row in rows)
        for parameter in endpoint.parameters:
            of_it = [row for row in rows if row.startswith(f"| `{parameter.name}` |")]
            assert any(f" | {parameter.allowed} | " in row for row in of_it), parameter.name
    assert all(row.count("|") in (0, 4, 6) for row in rows)
