"""Rollouts of Codex; figures by hand from the running totals written here.

A million tokens of gpt-5 cost 1.25 dollars, 0.125 from the cache, 10 for output.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.formats import has, lines, one_run, read_file


def line(second: int, kind: str, **payload: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-10-01T08:00:{second:02}.000Z", "type": kind, "payload": payload}


META = line(
    0, "session_meta", id="c1", timestamp="2026-10-01T07:59:59Z", cwd="/work/shop", originator="codex_cli_rs",
    cli_version="0.50.0", git={"branch": "main", "commit_hash": "abc", "repository_url": "git@github.com:ann/shop.git"},
)  # fmt: skip


def turn(second: int, model: str = "gpt-5", turn_id: str = "t1") -> dict[str, Any]:
    return line(second, "turn_context", model=model, cwd="/work/shop", turn_id=turn_id)


def tokens(
    second: int, total: tuple[int, int, int], last: tuple[int, int, int] | None = None
) -> dict[str, Any]:
    """Each: input, of which cached, output."""

    def usage(values: tuple[int, int, int]) -> dict[str, int]:
        names = ("input_tokens", "cached_input_tokens", "output_tokens")
        return dict(zip(names, values, strict=True)) | {"total_tokens": values[0] + values[2]}

    info = {"total_token_usage": usage(total), **({"last_token_usage": usage(last)} if last else {})}
    return line(second, "event_msg", type="token_count", info=info)


def call(second: int, name: str, identity: str, **payload: Any) -> dict[str, Any]:
    return line(second, "response_item", type="function_call", name=name, call_id=identity, **payload)


def write(folder: Path, *records: dict[str, Any] | str) -> Path:
    path = folder / "rollout-2026-10-01.jsonl"
    path.write_bytes(lines(*records))
    return path


def test_the_last_total_is_the_run_s(tmp_path: Path) -> None:
    """Two calls, the second total told twice: 3000 in of which 1000 cached, 70 out."""
    path = write(
        tmp_path,
        META,
        turn(1),
        call(2, "shell", "k1", arguments='{"command": ["ls"]}'),
        line(3, "response_item", type="function_call_output", call_id="k1", output="a.py"),
        tokens(3, (1_000, 0, 30), (1_000, 0, 30)),
        tokens(8, (3_000, 1_000, 70), (2_000, 1_000, 40)),
        tokens(9, (3_000, 1_000, 70), (2_000, 1_000, 40)),
        line(9, "event_msg", type="task_complete", last_agent_message="done"),
    )
    run = one_run(path)
    has(
        run,
        invocation_id="c1",
        agent="codex",
        agent_version="0.50.0",
        model="gpt-5",
        status="unknown",
        duration_ms=10_000,  # from the session's own start, 07:59:59
        input_tokens=3_000,
        cache_read_tokens=1_000,
        cache_write_tokens=None,
        output_tokens=70,
        llm_call_count=2,
        tools_used={"shell": 1},
        tool_call_count=1,
        files_modified_count=0,
        cost_source="estimated",
        attr__repository="ann/shop",
        attr__git_branch="main",
        attr__turns=1,
    )
    # 2000 * 1.25 + 1000 * 0.125 + 70 * 10
    assert run["cost_usd"] == Decimal("0.003325")


def test_what_was_spent_between_two_totals_is_the_model_s_at_work(tmp_path: Path) -> None:
    path = write(
        tmp_path, META, turn(1), tokens(2, (1_000, 0, 30)), turn(3, "gpt-5-mini", "t2"), tokens(4, (5_000, 2_000, 130))
    )  # fmt: skip
    run = one_run(path)
    has(run, model="gpt-5-mini", input_tokens=5_000, output_tokens=130, attr__turns=2)
    assert run["attr.tokens_by_model"] == {
        "gpt-5-mini": {"input_tokens": 4_000, "output_tokens": 100},
        "gpt-5": {"input_tokens": 1_000, "output_tokens": 30},
    }
    # gpt-5: 1000 * 1.25 + 30 * 10; gpt-5-mini (0.25, 0.025, 2): 2000 * 0.25 + 2000 * 0.025 + 100 * 2
    assert run["cost_usd"] == Decimal("0.001550") + Decimal("0.000750")


def test_totals_that_begin_anew_are_added(tmp_path: Path) -> None:
    path = write(tmp_path, META, turn(1), tokens(2, (1_000, 0, 30)), tokens(4, (400, 100, 10)))
    has(one_run(path), input_tokens=1_400, output_tokens=40, cache_read_tokens=100)


def test_calls_whose_lines_are_missing_are_not_counted(tmp_path: Path) -> None:
    path = write(tmp_path, META, turn(1), tokens(2, (9_000, 0, 90), (1_000, 0, 30)))
    has(one_run(path), input_tokens=9_000, llm_call_count=None)


def test_files_are_those_of_patches(tmp_path: Path) -> None:
    patch = "*** Begin Patch\n*** Update File: src/a.py\n@@\n-x\n+y\n*** Add File: b.py\n+z\n*** End Patch"
    path = write(
        tmp_path,
        META,
        turn(1),
        line(2, "response_item", type="custom_tool_call", name="apply_patch", call_id="p1", input=patch),
        call(3, "shell", "p2", arguments='{"command": ["apply_patch", "*** Begin Patch\\n*** Delete File: c.py\\n*** End Patch"]}'),
        line(4, "event_msg", type="patch_apply_end", success=True, changes={"d.py": {"add": {}}}),
    )  # fmt: skip
    has(
        one_run(path),
        files_modified=["b.py", "c.py", "d.py", "src/a.py"],
        tools_used={"apply_patch": 1, "shell": 1},
    )


def test_an_error_that_was_the_end_is_the_run_s(tmp_path: Path) -> None:
    error = line(5, "event_msg", type="error", message="stream disconnected before completion")
    has(
        one_run(write(tmp_path, META, turn(1), error)),
        status="error",
        error_message="stream disconnected before completion",
    )
    went_on = line(7, "event_msg", type="task_complete")
    has(one_run(write(tmp_path, META, turn(1), error, went_on)), status="unknown", error_message=None)


def test_a_fork_keeps_its_own_name(tmp_path: Path) -> None:
    parent = line(0, "session_meta", id="c0", cwd="/old")
    has(one_run(write(tmp_path, META, parent, turn(1))), invocation_id="c1", attr__cwd="/work/shop")


def test_broken_odd_and_bare_lines_cost_only_themselves(tmp_path: Path) -> None:
    odd = [
        line(1, "event_msg", type="token_count", info=None),
        line(1, "event_msg"),
        line(1, "hologram", type="x"),
        {"timestamp": None, "type": "event_msg", "payload": None},
        {},
    ]
    runs, broken = read_file(write(tmp_path, META, '{"timestamp": "20', turn(1), *odd, tokens(5, (10, 0, 1))))
    has(runs[0], input_tokens=10, output_tokens=1, duration_ms=6_000)
    assert [number for number, _ in broken] == [2]


def test_logs_of_early_2025_have_bare_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"id": "old", "timestamp": "2025-05-01T10:00:00Z", "instructions": None, "git": {"branch": "main"}},
        {"record_type": "state"},
        {"type": "message", "role": "user", "content": []},
        {"type": "function_call", "name": "shell", "call_id": "k", "arguments": "{}"},
    )
    has(one_run(path), invocation_id="old", tools_used={"shell": 1}, input_tokens=None, llm_call_count=None)


@pytest.mark.parametrize("records", [[], [META]], ids=["empty", "nothing done"])
def test_without_any_work_there_is_no_run(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    assert read_file(write(tmp_path, *records)) == ([], [])
