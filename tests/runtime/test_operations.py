"""What an operator sees of the service: a line and an id for each request, and figures for Prometheus."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.runtime.processes import Program, Start, wait_until

pytestmark = pytest.mark.processes


def ask(program: Program, path: str, request_id: str = "") -> str:
    """Asks; gives the id that the answer carries."""
    headers = {"X-Request-ID": request_id} if request_id else {}
    with urllib.request.urlopen(urllib.request.Request(program.address + path, headers=headers)) as answer:
        return str(answer.headers["X-Request-ID"])


def figures(program: Program) -> dict[str, float]:
    """Sample with its labels -> value."""
    _, body = program.get("/metrics")
    families = text_string_to_metric_families(body.decode())
    samples = [sample for family in families for sample in family.samples]
    return {
        f"{s.name} {' '.join(f'{k}={v}' for k, v in sorted(s.labels.items()))}".strip(): s.value
        for s in samples
    }


def lines(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.said.splitlines() if line.startswith("{")]


def test_requests_are_told_by_their_id_and_counted_over_all_processes(start: Start, tmp_path: Path) -> None:
    settings = {
        "FIXER_METRICS_DATA": tmp_path / "data",
        "FIXER_METRICS_LOG_LEVEL": "info",
        "FIXER_METRICS_LOG_FORMAT": "json",
        "WEB_CONCURRENCY": 2,
    }
    program = start("serve", settings=settings)
    program.wait_ready()

    assert ask(program, "/api/metrics/models?", "from-the-proxy:17") == "from-the-proxy:17"
    wait_until(
        lambda: any(line.get("request_id") == "from-the-proxy:17" for line in lines(program)), "its line"
    )
    line = next(line for line in lines(program) if line.get("request_id") == "from-the-proxy:17")
    assert (line["message"], line["status"], line["level"]) == ("GET /api/metrics/models 200", 200, "INFO")
    assert line["milliseconds"] > 0
    # What could forge a line, or fill the log, gets an id of ours instead.
    for forged in ("two words", "x" * 200, "a;b"):
        assert re.fullmatch(r"[0-9a-f]{16}", ask(program, "/healthz", forged))

    asked = "fixer_metrics_http_request_seconds_count method=GET route=/api/metrics/models status=200"
    assert figures(program)[asked] == 1
    for _ in range(40):
        ask(program, "/api/metrics/models")
    found = figures(program)
    assert found[asked] == 41
    asking = [line for line in lines(program) if line["message"] == "GET /api/metrics/models 200"]
    assert len({line["process"] for line in asking}) == 2  # so both have counted
    assert found["fixer_metrics_database_up"] == 1
    assert found["fixer_metrics_runs"] == found.get("fixer_metrics_rollup_delta_rows") == 0
    assert found["fixer_metrics_answers_total cache=miss"] >= 1
    assert found["fixer_metrics_answers_total cache=hit"] >= 1


def test_methods_and_paths_of_strangers_make_no_series_of_their_own(start: Start, tmp_path: Path) -> None:
    program = start("serve", settings={"FIXER_METRICS_DATA": tmp_path / "data", "WEB_CONCURRENCY": 1})
    program.wait_ready()
    for number in range(3):
        request = urllib.request.Request(f"{program.address}/no/page/{number}", method=f"WORD{number}")
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)
    routes = {
        name for name in figures(program) if name.startswith("fixer_metrics_http_request_seconds_count")
    }
    assert not any("/no/page" in name or "WORD" in name for name in routes)
    assert any("method=other" in name for name in routes)
