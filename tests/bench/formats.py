"""How fast the files that agents write themselves come in: each format, on files made here."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from ingest.importer import ImportOptions, import_paths
from ingest.record import RecordOptions
from tests.bench.place import Place, empty_database
from tests.bench.report import say, table

Document = dict[str, Any]

_START = datetime(2026, 10, 1, tzinfo=UTC)
_SONNET, _GPT = "claude-sonnet-4-20250514", "gpt-5"
_TEXT = "The test fails because the list is empty; I read the caller first. " * 8
_STEPS = 25  # calls of the model in a session


def measure(place: Place) -> None:
    row = table("format", "files", "runs", "MiB", "seconds", "runs a second", "MiB a second")
    for name, make in MAKERS.items():
        folder = place.folder / "formats"
        shutil.rmtree(folder, ignore_errors=True)
        say(f"writing files: {name} ...")
        try:
            make(folder)
            files = [path for path in folder.rglob("*") if path.is_file()]
            size = sum(path.stat().st_size for path in files) / 2**20
            runs, seconds = _import(place, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        row(name, f"{len(files):,}", f"{runs:,}", f"{size:.1f}", f"{seconds:.1f}", f"{runs / seconds:,.0f}",
            f"{size / seconds:.1f}")  # fmt: skip


def _import(place: Place, folder: Path) -> tuple[int, float]:
    options = ImportOptions(RecordOptions(start_time=_START.isoformat()))
    with empty_database(place, "bench_formats") as url:
        began = time.perf_counter()
        summary = import_paths(url, [str(folder)], options)
        seconds = time.perf_counter() - began
    if summary.rejected or summary.problems:
        raise AssertionError(summary.text())
    return summary.inserted, seconds


def _at(run: int, step: int = 0) -> str:
    return (_START + timedelta(minutes=run % 40_000, seconds=step)).isoformat().replace("+00:00", "Z")


def _write(path: Path, *documents: Document) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"".join(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE) for document in documents)
    )


def _claude_logs(folder: Path) -> None:
    """A thousand sessions in twenty projects, every tenth with a subagent in a file of its own."""
    for run in range(1_000):
        project = folder / f"-home-ann-project-{run % 20}"
        name = f"session-{run:05}"
        _write(project / f"{name}.jsonl", *_claude_lines(name, run))
        if run % 10 == 0:
            aside = [
                line | {"isSidechain": True, "agentId": "a1"} for line in _claude_lines(name, run, "aside-")
            ]
            _write(project / name / "subagents" / "agent-a1.jsonl", *aside)


def _claude_lines(name: str, run: int, prefix: str = "") -> Iterator[Document]:
    common = {
        "sessionId": name,
        "version": "2.1.0",
        "cwd": "/home/ann/shop",
        "gitBranch": "main",
        "parentUuid": "x",
    }
    for step in range(_STEPS):
        call = {"type": "tool_use", "id": f"{prefix}t{step}", "name": "Read", "input": {"file_path": "/a.py"}}
        usage = {
            "input_tokens": 5,
            "cache_creation_input_tokens": 300,
            "cache_read_input_tokens": 20_000,
            "output_tokens": 250,
        }
        said = {"role": "assistant", "model": _SONNET, "id": f"{prefix}m{step}", "usage": usage}
        shared = common | {"timestamp": _at(run, step), "uuid": f"{prefix}{step}"}
        yield shared | {"type": "assistant", "message": said | {"content": [{"type": "text", "text": _TEXT}]}}
        yield shared | {"type": "assistant", "message": said | {"content": [call]}}
        result = [{"type": "tool_result", "tool_use_id": f"{prefix}t{step}", "content": _TEXT * 2}]
        yield shared | {"type": "user", "message": {"role": "user", "content": result}}


def _claude_results(folder: Path) -> None:
    usage = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 20_000,
        "output_tokens": 250,
    }
    results = (
        {"type": "result", "subtype": "success", "is_error": False, "duration_ms": 4_000, "num_turns": 5,
         "result": _TEXT, "session_id": f"s{run}", "total_cost_usd": 0.12, "usage": usage}
        for run in range(20_000)
    )  # fmt: skip
    _write(folder / "results.jsonl", *results)


def _claude_batches(folder: Path) -> None:
    usage = {_SONNET: {"inputTokens": 5, "outputTokens": 385}}
    for batch in range(100):
        tasks = [
            {"task_id": f"HumanEval/{task}", "passed": True, "num_turns_total": 4, "duration_ms_total": 9_000,
             "total_cost_usd_total": 0.1, "modelUsage": usage, "error_type": None}
            for task in range(164)
        ]  # fmt: skip
        head = {"run_id": f"b{batch}", "claude_version": "2.1.0 (Claude Code)", "primary_model": _SONNET}
        _write(folder / f"batch-{batch}.json", head | {"started_at": _at(batch), "tasks": tasks})


def _rollouts(folder: Path) -> None:
    for run in range(1_000):
        _write(folder / f"rollout-{run}.jsonl", *_rollout_lines(run))


def _rollout_lines(run: int) -> Iterator[Document]:
    def line(step: int, kind: str, **payload: Any) -> Document:
        return {"timestamp": _at(run, step), "type": kind, "payload": payload}

    yield line(0, "session_meta", id=f"c{run}", cwd="/work/shop", cli_version="0.50.0")
    yield line(0, "turn_context", model=_GPT, turn_id="t1")
    for step in range(1, _STEPS + 1):
        yield line(
            step, "response_item", type="function_call", name="shell", call_id=f"k{step}", arguments="{}"
        )
        yield line(step, "response_item", type="function_call_output", call_id=f"k{step}", output=_TEXT * 2)
        whole = {
            "input_tokens": 20_000 * step,
            "cached_input_tokens": 15_000 * step,
            "output_tokens": 250 * step,
        }
        last = {"input_tokens": 20_000, "cached_input_tokens": 15_000, "output_tokens": 250}
        yield line(
            step, "event_msg", type="token_count", info={"total_token_usage": whole, "last_token_usage": last}
        )


def _trajectories(folder: Path) -> None:
    stats = {"instance_cost": 0.7, "tokens_sent": 64_000, "tokens_received": 800, "api_calls": _STEPS}
    steps = [{"action": "edit 1:1\nx", "observation": _TEXT, "response": _TEXT, "thought": _TEXT}] * _STEPS
    history = [{"role": "user", "content": _TEXT * 2}] * (2 * _STEPS)
    for run in range(500):
        info = {"exit_status": "submitted", "submission": "diff --git a/x.py b/x.py\n", "model_stats": stats}
        path = folder / "run-1" / f"gpt-4o__ann__shop-{run}.traj"
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"environment": "main", "trajectory": steps, "history": history, "info": info}
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _traces(folder: Path) -> None:
    for run in range(1_000):
        head = {"id": f"trace-{run}", "projectId": "p", "name": "answer", "timestamp": _at(run), "scores": []}
        calls = [
            {"id": f"o{step}", "traceId": f"trace-{run}", "type": "GENERATION", "parentObservationId": None,
             "startTime": _at(run, step), "endTime": _at(run, step + 1), "model": "gpt-4o", "level": "DEFAULT",
             "usageDetails": {"input": 900, "output": 90, "total": 990}, "costDetails": {"total": 0.01}, "input": _TEXT}
            for step in range(_STEPS)
        ]  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        document = {"trace": head, "observations": calls}
        (folder / f"trace-{run}.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


MAKERS: dict[str, Callable[[Path], None]] = {
    "Claude Code session logs": _claude_logs,
    "Claude Code headless results": _claude_results,
    "Claude Code benchmark batches": _claude_batches,
    "Codex rollouts": _rollouts,
    "SWE-agent trajectories": _trajectories,
    "Langfuse traces": _traces,
}
