"""Traces of Langfuse in the shapes of its page, its API and its exports; figures by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.formats import has, lines, one_run, read_file

HEAD = {
    "id": "t1", "projectId": "p", "name": "answer", "timestamp": "2026-10-01T08:00:00.000Z", "userId": "ann",
    "sessionId": "chat-9", "environment": "prod", "release": "1.4", "version": None, "tags": ["a", "b"],
    "scores": [{"name": "correct", "value": 1}, {"name": "tone", "value": None}], "htmlPath": "/x", "latency": 3.5,
}  # fmt: skip


def observe(
    identity: str, kind: str, second: int, parent: str | None = "root", **fields: Any
) -> dict[str, Any]:
    return {
        "id": identity,
        "traceId": "t1",
        "type": kind,
        "name": identity,
        "startTime": f"2026-10-01T08:00:0{second}.000Z",
        "endTime": f"2026-10-01T08:00:0{second}.500Z",
        "parentObservationId": parent,
        "level": "DEFAULT",
        "statusMessage": None,
        **fields,
    }


def call(
    identity: str, second: int, details: dict[str, Any], cost: float | None = 0.25, **fields: Any
) -> dict[str, Any]:
    costs = {} if cost is None else {"total": cost}
    given = {"model": "gpt-4o", "usageDetails": details, "costDetails": costs} | fields
    return observe(identity, "GENERATION", second, **given)


OBSERVATIONS = [
    observe("root", "AGENT", 0, None, endTime="2026-10-01T08:00:04.000Z"),
    call("one", 1, {"input": 100, "output": 20, "total": 120}),
    observe("execute_tool search", "TOOL", 2),
    call("two", 3, {"input": 200, "output": 30, "total": 230}, 0.5),
]


def write(folder: Path, content: object, name: str = "trace.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content, indent=1))
    return path


def expect(run: dict[str, Any]) -> None:
    """100 + 200 in, 20 + 30 out, 0.25 + 0.50 dollars, from the first start to the last end."""
    has(
        run,
        invocation_id="t1",
        model="gpt-4o",
        status="unknown",
        duration_ms=4_000,
        input_tokens=300,
        output_tokens=50,
        total_tokens=350,
        cost_usd=Decimal("0.75"),
        cost_source="reported",
        llm_call_count=2,
        tool_call_count=1,
        tools_used={"search": 1},
    )


class TestShapes:
    def test_downloaded_from_the_page(self, tmp_path: Path) -> None:
        run = one_run(write(tmp_path, {"trace": HEAD, "observations": OBSERVATIONS}))
        expect(run)
        has(
            run,
            agent="answer",
            agent_version="1.4",
            attr__user="ann",
            attr__session="chat-9",
            attr__tags=["a", "b"],
        )
        has(run, attr__scores={"correct": 1}, attr__environment="prod")

    def test_of_the_api(self, tmp_path: Path) -> None:
        expect(one_run(write(tmp_path, HEAD | {"observations": OBSERVATIONS})))

    def test_of_the_api_s_pages(self, tmp_path: Path) -> None:
        second = HEAD | {"id": "t2", "observations": [call("three", 1, {"input": 1, "output": 1})]}
        page = {"data": [HEAD | {"observations": OBSERVATIONS}, second], "meta": {"page": 1}}
        runs, _ = read_file(write(tmp_path, page))
        expect(runs[0])
        has(runs[1], invocation_id="t2", input_tokens=1)

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_observations_one_a_line(self, tmp_path: Path, order: int) -> None:
        other = observe("x", "GENERATION", 5) | {"traceId": "t2", "usageDetails": {"input": 7, "output": 1}}
        path = tmp_path / "observations.jsonl"
        path.write_bytes(lines(*[*OBSERVATIONS, other][::order]))
        runs, _ = read_file(path)
        by_id = {run["invocation_id"]: run for run in runs}
        expect(by_id["t1"])
        has(by_id["t2"], input_tokens=7, agent="langfuse")

    def test_of_a_table_of_traces(self, tmp_path: Path) -> None:
        row = {
            "id": "t1", "timestamp": "2026-10-01T08:00:00Z", "name": "answer", "bookmarked": False, "tags": [],
            "latency": 4, "totalCost": 0.75, "inputTokens": 300, "outputTokens": 50, "totalTokens": 350,
        }  # fmt: skip
        run = one_run(write(tmp_path, [row]))
        has(run, invocation_id="t1", agent="answer", duration_ms=4_000, input_tokens=300, output_tokens=50)
        has(run, cost_usd=Decimal("0.75"), llm_call_count=None, tool_call_count=None)


class TestTokens:
    def spent(self, folder: Path, details: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return one_run(
            write(folder, {"trace": HEAD, "observations": [call("one", 1, details, None, **fields)]})
        )

    @pytest.mark.parametrize(("usage", "every", "read", "write", "output"), [
        # inside the input, as OpenTelemetry does: 100 + 20 is the total
        ({"input": 100, "output": 20, "total": 120, "input_cache_read": 40}, 100, 40, None, 20),
        ({"input": 55, "output": 15, "total": 70, "prompt_details.cache_read": 9}, 55, 9, None, 15),
        # apart from it, and the reasoning from the output: 60 + 40 + 15 + 5 is the total
        ({"input": 60, "input_cached_tokens": 40, "output": 15, "output_reasoning_tokens": 5, "total": 120}, 100, 40, None, 20),
        # as Anthropic does, with and without a total
        ({"input": 10, "cache_read_input_tokens": 1000, "cache_creation_input_tokens": 100, "output": 5, "total": 1115}, 1110, 1000, 100, 5),
        ({"input": 10, "cache_read_input_tokens": 1000, "cache_creation_input_tokens": 100, "output": 5}, 1110, 1000, 100, 5),
        # old names, and nothing
        ({"promptTokens": 8, "completionTokens": 2}, 8, None, None, 2),
        ({}, None, None, None, None),
    ])  # fmt: skip
    def test_of_the_cache_are_part_of_the_input(
        self, tmp_path: Path, usage: dict[str, Any], every: int, read: int, write: int, output: int
    ) -> None:
        run = self.spent(tmp_path, usage)
        has(run, input_tokens=every, cache_read_tokens=read, cache_write_tokens=write, output_tokens=output)

    def test_without_a_cost_are_estimated(self, tmp_path: Path) -> None:
        """gpt-4o: 2.50 dollars a million in, 10 out."""
        run = self.spent(tmp_path, {"input": 100, "output": 20}, totalCost=0)
        has(run, cost_usd=Decimal("0.00045"), cost_source="estimated")

    def test_of_old_traces_stand_in_usage(self, tmp_path: Path) -> None:
        run = self.spent(
            tmp_path,
            {},
            usage={"input": 100, "output": 20, "total": 120, "unit": "TOKENS"},
            calculatedTotalCost=0.5,
        )
        has(run, input_tokens=100, output_tokens=20, cost_usd=Decimal("0.5"), cost_source="reported")

    def test_that_a_call_around_repeats_count_once(self, tmp_path: Path) -> None:
        outer = call("outer", 0, {"input": 100, "output": 20})
        inner = call("inner", 1, {"input": 100, "output": 20}, parentObservationId="outer")
        run = one_run(write(tmp_path, {"trace": HEAD, "observations": [inner, outer]}))
        has(run, input_tokens=100, llm_call_count=1, cost_usd=Decimal("0.25"))


class TestErrors:
    def test_of_the_outermost_observation_are_the_run_s(self, tmp_path: Path) -> None:
        failed = [
            observe("root", "AGENT", 0, None, level="ERROR", statusMessage="it broke"),
            *OBSERVATIONS[1:],
        ]
        run = one_run(write(tmp_path, {"trace": HEAD, "observations": failed}))
        has(run, status="error", error_message="it broke", attr__error_observations=1)

    def test_inside_may_have_been_got_over(self, tmp_path: Path) -> None:
        inside = observe("x", "TOOL", 2, level="ERROR", statusMessage="not found")
        run = one_run(write(tmp_path, {"trace": HEAD, "observations": [*OBSERVATIONS, inside]}))
        has(run, status="unknown", error_message=None, attr__error_observations=1)


@pytest.mark.parametrize("observation", [
    {}, {"id": 7, "type": None, "startTime": "soon", "usageDetails": "x", "level": 1}, {"type": "GENERATION", "metadata": "{"},
])  # fmt: skip
def test_may_lack_everything(tmp_path: Path, observation: dict[str, Any]) -> None:
    run = one_run(write(tmp_path, {"trace": HEAD, "observations": [observation]}))
    has(run, invocation_id="t1", agent="answer", input_tokens=None, cost_usd=None)


def test_parents_in_a_circle_end(tmp_path: Path) -> None:
    circle = [
        call("a", 1, {"input": 1, "output": 1}, parentObservationId="b"),
        call("b", 1, {"input": 1, "output": 1}, parentObservationId="a"),
    ]
    has(one_run(write(tmp_path, {"trace": HEAD, "observations": circle})), invocation_id="t1")
