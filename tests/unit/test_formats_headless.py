"""What headless Claude Code prints, and batches of it; figures by hand from what is written here."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from queries.errors import RecordError
from tests.unit.formats import has, lines, one_run, read_file

START = "2026-10-01T08:00:00Z"
OPUS, HAIKU = "claude-opus-4-6", "claude-haiku-4-5"


def result(**fields: Any) -> dict[str, Any]:
    return {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "duration_ms": 4_500,
        "duration_api_ms": 4_000,
        "num_turns": 3,
        "result": "Done.",
        "session_id": "s1",
        "total_cost_usd": 0.125,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 200,
            "cache_read_input_tokens": 3_000,
            "output_tokens": 40,
        },
        **fields,
    }


def message(
    identity: str, *content: dict[str, Any], parent: str | None = None, **fields: Any
) -> dict[str, Any]:
    usage = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 50,
        "output_tokens": 7,
    }
    said = {"id": identity, "model": OPUS, "role": "assistant", "content": list(content), "usage": usage}
    return {"type": "assistant", "message": said, "session_id": "s1", "parent_tool_use_id": parent, **fields}


INIT = {
    "type": "system",
    "subtype": "init",
    "session_id": "s1",
    "cwd": "/work/shop",
    "model": OPUS,
    "claude_code_version": "2.1.50",
    "tools": ["Bash"],
}


def write(folder: Path, *records: dict[str, Any] | str, name: str = "out.json") -> Path:
    path = folder / name
    path.write_bytes(lines(*records))
    return path


class TestResults:
    def test_say_cost_status_and_duration_and_need_a_start(self, tmp_path: Path) -> None:
        path = write(tmp_path, result())
        has(
            one_run(path, start_time=START),
            invocation_id="s1",
            agent="claude-code",
            status="success",
            duration_ms=4_500,
            input_tokens=3_210,
            cache_write_tokens=200,
            cache_read_tokens=3_000,
            output_tokens=40,
            total_tokens=3_250,
            cost_usd=Decimal("0.125"),
            cost_source="reported",
            llm_call_count=3,
            tool_call_count=None,
            files_modified_count=None,
            model="unknown",
            attr__num_turns=3,
        )
        with pytest.raises(RecordError, match="--start-time gives one"):
            read_file(path)

    def test_by_model_hold_the_subagents_too(self, tmp_path: Path) -> None:
        """Opus 10 + 3000 + 200 in and 40 out, Haiku 900 in and 20 out."""
        usage = {
            HAIKU: {"inputTokens": 900, "outputTokens": 20, "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0, "costUSD": 0.025},
            OPUS: {"inputTokens": 10, "outputTokens": 40, "cacheReadInputTokens": 3000, "cacheCreationInputTokens": 200, "costUSD": 0.1},
        }  # fmt: skip
        run = one_run(write(tmp_path, result(modelUsage=usage)), start_time=START)
        has(run, model=OPUS, input_tokens=4_110, output_tokens=60, cost_usd=Decimal("0.125"))
        assert run["attr.tokens_by_model"] == {
            OPUS: {"input_tokens": 3_210, "output_tokens": 40},
            HAIKU: {"input_tokens": 900, "output_tokens": 20},
        }

    @pytest.mark.parametrize(("fields", "status", "error"), [
        ({"subtype": "error_max_turns", "result": None}, "error", "error_max_turns"),
        ({"subtype": "error_during_execution", "errors": ["it broke"], "result": None}, "error", "error_during_execution: it broke"),
        ({"is_error": True, "result": "API Error: 529 overloaded"}, "error", "API Error: 529 overloaded"),
        ({"subtype": None, "is_error": None}, "unknown", None),
    ])  # fmt: skip
    def test_say_how_a_run_ended(
        self, tmp_path: Path, fields: dict[str, Any], status: str, error: str | None
    ) -> None:
        has(one_run(write(tmp_path, result(**fields)), start_time=START), status=status, error_message=error)

    def test_may_lack_everything(self, tmp_path: Path) -> None:
        bare = {"type": "result", "session_id": "s1"}
        run = one_run(write(tmp_path, bare), start_time=START)
        has(run, status="unknown", cost_usd=None, input_tokens=None, duration_ms=None, llm_call_count=None)

    def test_of_several_sessions_are_several_runs(self, tmp_path: Path) -> None:
        path = write(tmp_path, result(), result(session_id="s2", total_cost_usd=0.5), name="all.jsonl")
        runs, _ = read_file(path, start_time=START)
        assert [(run["invocation_id"], str(run["cost_usd"])) for run in runs] == [
            ("s1", "0.125000000"),
            ("s2", "0.500000000"),
        ]

    def test_may_stand_over_several_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "out.json"
        path.write_text(json.dumps(result(), indent=2))
        has(one_run(path, start_time=START), invocation_id="s1", output_tokens=40)


class TestStreams:
    CALL = ({"type": "tool_use", "id": "t1", "name": "Write", "input": {"file_path": "/work/shop/a.py"}},)

    def test_tell_tools_files_model_and_version(self, tmp_path: Path) -> None:
        path = write(tmp_path, INIT, message("m1", *self.CALL), message("m1"), message("m2"), result())
        has(
            one_run(path, start_time=START),
            agent_version="2.1.50",
            model=OPUS,
            status="success",
            llm_call_count=2,
            tools_used={"Write": 1},
            files_modified=["/work/shop/a.py"],
            output_tokens=40,  # what the result says holds answers that are not in the stream
            attr__repository="shop",
        )

    def test_as_an_array_are_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "out.json"
        path.write_text(json.dumps([INIT, message("m1", *self.CALL), result()]))
        has(one_run(path, start_time=START), model=OPUS, tool_call_count=1, cost_usd=Decimal("0.125"))

    def test_of_several_turns_are_one_run(self, tmp_path: Path) -> None:
        """Cost is a running total, the time is each turn's own."""
        path = write(tmp_path, INIT, message("m1"), result(), message("m2"), result(total_cost_usd=0.25))
        has(one_run(path, start_time=START), cost_usd=Decimal("0.25"), duration_ms=9_000, llm_call_count=2)

    def test_that_were_cut_short_hold_what_was_said(self, tmp_path: Path) -> None:
        """Two answers of 5 + 50 in and 7 out, and no result: nobody knows how it ended."""
        times = [{"timestamp": f"2026-10-01T08:00:0{second}Z"} for second in (1, 4)]
        path = write(tmp_path, INIT, message("m1", **times[0]), message("m2", **times[1]), '{"type": "resu')
        runs, broken = read_file(path)
        has(runs[0], status="unknown", input_tokens=110, output_tokens=14, duration_ms=3_000)
        has(runs[0], cost_source="estimated", llm_call_count=2)
        assert [number for number, _ in broken] == [4]

    def test_that_end_in_an_error_of_the_api(self, tmp_path: Path) -> None:
        failed = message("m2", {"type": "text", "text": "Not logged in"}, error="authentication_failed")
        run = one_run(write(tmp_path, INIT, message("m1"), failed), start_time=START)
        has(run, status="error", error_message="Not logged in", llm_call_count=1)


class TestBatches:
    TASK: ClassVar = {
        "task_id": "HumanEval/0",
        "passed": True,
        "attempts_used": 1,
        "num_turns_total": 4,
        "duration_ms_total": 10_059,
        "total_cost_usd_total": 0.118627,
        "modelUsage": {OPUS: {"inputTokens": 209, "outputTokens": 385}},
        "error_type": None,
    }

    def batch(self, folder: Path, **fields: Any) -> dict[str, Any]:
        head = {
            "run_id": "2026-02-22T15:06Z",
            "suite": "HumanEval",
            "primary_model": OPUS,
            "claude_version": "2.1.50 (Claude Code)",
            "started_at": "2026-02-22T15:06:37+00:00",
            "tasks": [self.TASK | fields],
        }
        return one_run(write(folder, head))

    def test_have_a_run_for_each_task(self, tmp_path: Path) -> None:
        has(
            self.batch(tmp_path),
            invocation_id="2026-02-22T15:06Z/HumanEval/0",
            agent_version="2.1.50",
            model=OPUS,
            status="success",
            duration_ms=10_059,
            end_time=None,
            input_tokens=209,
            output_tokens=385,
            cost_usd=Decimal("0.118627"),
            cost_source="reported",
            llm_call_count=4,
            attr__task_id="HumanEval/0",
        )

    @pytest.mark.parametrize(("fields", "status", "error"), [
        ({"passed": False, "error_type": "tests_failed"}, "failure", None),
        ({"passed": False, "error_type": "error_max_turns"}, "error", "error_max_turns"),
        ({"passed": None}, "unknown", None),
    ])  # fmt: skip
    def test_say_what_came_of_it(
        self, tmp_path: Path, fields: dict[str, Any], status: str, error: str | None
    ) -> None:
        has(self.batch(tmp_path, **fields), status=status, error_message=error)

    def test_may_lack_tokens(self, tmp_path: Path) -> None:
        has(
            self.batch(tmp_path, modelUsage={}),
            input_tokens=None,
            output_tokens=None,
            cost_usd=Decimal("0.118627"),
        )
