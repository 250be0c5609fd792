"""The description is true: schemathesis asks what it allows and what it forbids, on a database with runs."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from dashboard.api import openapi
from dashboard.api.endpoints import ENDPOINTS, PREFIX
from ingest.write import Writer

schemathesis.openapi.format("iana-zone", st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Havana"]))

CONFIG = """
seed = 20261123

[generation]
max-examples = 60
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
def app(module_engine, asking, run):
    with Writer(module_engine) as writer:
        writer.write(
            [
                run(f"2026-11-{day}T{day}:30+00:00", model=model, status=status, duration_ms=day, cost_usd="0.1",
                    cost_source="reported", input_tokens=day, tools_used='{"bash": 1}', files_modified=["a"])
                for day in range(10, 24)
                for model, status in (("a", "success"), ("b,c", "failure"), ("0", "unknown"))
            ]
        )  # fmt: skip
    return asking(module_engine).app


@DESCRIBED.parametrize()
def test_the_api_does_what_it_says(case, app) -> None:
    case.call_and_validate(checks=CHECKS, app=app)
