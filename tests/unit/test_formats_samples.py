"""Original files of real agents, against what was read from each of them by other means.

They stand beside the project (../shared/data/native_samples). Their truth is what a file says itself:
tokens of the cache apart from the input, and no cost where it has none.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.formats import has, one_run, read_file

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "data" / "native_samples"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no samples at {SAMPLES}")


def truths(folder: str) -> dict[str, Any]:
    path = SAMPLES / folder / "expected.json"
    return json.loads(path.read_text())["files"] if path.is_file() else {}


CLAUDE = truths("claude_code_jsonl")
TRAJECTORIES = truths("sweagent_traj")


@pytest.mark.parametrize("name", CLAUDE)
def test_a_session_log_of_claude_code(name: str) -> None:
    truth, run = CLAUDE[name], one_run(SAMPLES / "claude_code_jsonl" / name)
    cached = truth["cache_read_tokens"] + truth["cache_write_tokens"]
    has(
        run,
        invocation_id=truth["invocation_id"],
        agent="claude-code",
        model=truth["model"],
        status="unknown",
        duration_ms=truth["duration_ms"],
        input_tokens=truth["input_tokens"] + cached,
        cache_read_tokens=truth["cache_read_tokens"],
        cache_write_tokens=truth["cache_write_tokens"],
        output_tokens=truth["output_tokens"],
        total_tokens=truth["total_tokens"],
        llm_call_count=truth["llm_call_count"],
        tool_call_count=truth["tool_calls_count"],
        tools_used=truth["tools_used"],
        files_modified_count=truth["files_modified"],
        cost_source="estimated",
        attr__repository="Demo",
    )
    assert run["start_time"].isoformat().startswith(truth["start_time"][:23])
    assert run["end_time"].isoformat().startswith(truth["end_time"][:23])
    # claude-sonnet-4 a million tokens: 3 dollars in, 0.30 read from and 3.75 written to the cache, 15 out.
    dollars = (
        truth["input_tokens"] * 3
        + truth["cache_read_tokens"] * Decimal("0.3")
        + truth["cache_write_tokens"] * Decimal("3.75")
        + truth["output_tokens"] * 15
    ) / 1_000_000
    assert run["cost_usd"] == dollars


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_a_trajectory_of_swe_agent(name: str) -> None:
    truth = TRAJECTORIES[name]
    run = one_run(SAMPLES / "sweagent_traj" / name, start_time="2024-08-25T00:00Z")
    task = truth["invocation_id"].rpartition("/")[2]
    has(
        run,
        invocation_id=f"sweagent_traj/{name.removesuffix('.traj')}",
        agent="SWE-agent",
        model=truth["model"],
        status="unknown",  # an evaluation tells it, not the file
        duration_ms=None,
        input_tokens=truth["input_tokens"],
        output_tokens=truth["output_tokens"],
        total_tokens=truth["total_tokens"],
        cache_read_tokens=None,
        llm_call_count=truth["llm_call_count"],
        tool_call_count=truth["tool_calls_count"],
        tools_used=truth["tools_used"],
        files_modified_count=truth["files_modified"],
        cost_source="reported",
        attr__start_time_assumed=True,
        attr__task_id=task,
        attr__exit_status=truth["exit_status"],
    )
    assert float(run["cost_usd"]) == pytest.approx(truth["cost_usd"], abs=1e-9)


@pytest.mark.parametrize("name", ["2026-02-22-1506", "2026-04-01-1529"])
def test_a_batch_of_headless_claude_code(name: str) -> None:
    """Its own head tells how many tasks passed, and the sums over all of them."""
    path = SAMPLES / "claude_code_benchmark_batch" / f"{name}.json"
    head = json.loads(path.read_text())
    runs, broken = read_file(path)
    assert broken == []
    assert len({run["invocation_id"] for run in runs}) == len(runs) == head["total"]
    assert sum(run["status"] == "success" for run in runs) == head["passed"]
    assert float(sum(run["cost_usd"] for run in runs)) == pytest.approx(head["total_cost_usd"], abs=5e-5)
    assert sum(run["duration_ms"] for run in runs) == head["total_duration_ms"]
    usage = head["modelUsage"][head["primary_model"]]
    assert sum(run["output_tokens"] or 0 for run in runs) == usage["outputTokens"]
    assert {run["agent_version"] for run in runs} == {head["claude_version"].split()[0]}
    assert {run["cost_source"] for run in runs} == {"reported"}
    assert {run["model"] for run in runs} == {head["primary_model"]}


def test_what_kind_of_failure_a_task_of_a_batch_had() -> None:
    runs, _ = read_file(SAMPLES / "claude_code_benchmark_batch" / "2026-04-01-1529.json")
    ends = [(run["status"], run["error_message"]) for run in runs if run["status"] != "success"]
    assert sorted(ends, key=str) == [("error", "error_max_turns"), *[("failure", None)] * 12]


def test_a_rollout_of_codex_that_was_cut_down() -> None:
    """The last total holds; how many answers made it cannot be told, for their lines are missing."""
    run = one_run(SAMPLES / "codex_rollout" / "codex-56-exec.slice.jsonl")
    has(
        run,
        invocation_id="019f5fd6-46d9-7ee3-b7f5-ed104d8b8dd7",
        agent="codex",
        agent_version="0.144.3",
        model="gpt-5.6-sol",
        status="unknown",
        input_tokens=755_426,
        cache_read_tokens=717_243,
        cache_write_tokens=None,
        output_tokens=9_291,
        total_tokens=764_717,
        llm_call_count=None,
        tool_call_count=2,
        tools_used={"exec": 2},
        duration_ms=443_930,  # 08:55:06.204 to 09:02:30.134
        attr__git_branch="main",
    )


LANGFUSE = {
    "google-adk-2025-08-28": {
        "model": "gemini-2.0-flash",
        "agent": "invocation [hello_app]",
        "input_tokens": 28 + 39,
        "output_tokens": 3 + 6,
        "cost_usd": Decimal("0.0000103"),
        "llm_call_count": 2,
        "tools_used": {"say_hello": 1},
        "duration_ms": 1848,
        "attr.user": "demo-user",
        "attr.session": "demo-session",
    },
    "langgraph-2025-08-22": {
        "model": "gpt-4o-2024-08-06",
        "agent": "LangGraph",
        "input_tokens": 60 + 108,
        "output_tokens": 15 + 51,
        "cost_usd": Decimal("0.000234"),
        "llm_call_count": 2,
        "tool_call_count": None,  # only spans, of which none says that it is a tool
        "duration_ms": 2610,
    },
    "microsoft-agent-2025-10-14": {
        "model": "gpt-4o",
        "agent": "invoke_agent",  # the rest of the name is an id
        "input_tokens": 25 + 631,  # the agent's own observation repeats the last call's
        "output_tokens": 70 + 35,
        "cost_usd": Decimal("0.002690000"),
        "llm_call_count": 2,
        "tools_used": {"get_weather": 1},
        "duration_ms": 12_447,
    },
    "openai-agents-2025-09-30": {
        "model": "gpt-4.1-2025-04-14",
        "agent": "Agent workflow",
        "input_tokens": 55 + 85,
        "cache_read_tokens": 0,
        "output_tokens": 15 + 29,
        "cost_usd": Decimal("0.000632"),
        "llm_call_count": 2,
        "tool_call_count": 1,
        "duration_ms": 2190,
    },
    "pydantic-ai-tools-2025-12-04": {
        "model": "gpt-4o-mini-2024-07-18",
        "agent": "joke-generator",
        "input_tokens": 265 + 417 + 502 + 131,
        "output_tokens": 73 + 53 + 14 + 69,
        "cost_usd": Decimal("0.00032265"),
        "llm_call_count": 4,
        "tool_call_count": 3,
        "duration_ms": 7424,
    },
}


@pytest.mark.parametrize("name", LANGFUSE)
def test_a_trace_of_langfuse(name: str) -> None:
    """Worked out by hand from the calls of models in each trace."""
    path = SAMPLES / "langfuse_trace" / f"{name}.json"
    run = one_run(path)
    has(run, **LANGFUSE[name])
    has(
        run,
        invocation_id=json.loads(path.read_text())["trace"]["id"],
        status="unknown",
        cost_source="reported",
    )
