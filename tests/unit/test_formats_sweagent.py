"""Trajectories of SWE-agent; figures by hand from the document written here."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest import readers
from ingest.lines import RECORD_BYTES
from tests.unit.formats import has, one_run, read_file

START = "2026-10-01T08:00:00Z"
PATCH = """
diff --git a/src/a.py b/src/a.py
--- a/src/a.py
+++ b/src/a.py
@@ -1 +1 @@
--- x
+++ y
diff --git a/new.py b/new.py
--- /dev/null
+++ b/new.py
diff --git a/old.py b/old.py
--- a/old.py
+++ /dev/null
"""


def trajectory(**info: Any) -> dict[str, Any]:
    steps = [
        {"action": "find_file a.py\n", "observation": "x"},
        {"action": "edit 1:1\nx"},
        {"action": ""},
        {"action": "edit 2:2"},
    ]
    stats = {
        "total_cost": 33.0,
        "instance_cost": 0.75,
        "tokens_sent": 9_000,
        "tokens_received": 300,
        "api_calls": 4,
    }
    return {
        "environment": "swe_main",
        "trajectory": steps,
        "history": [],
        "info": {"exit_status": "submitted", "submission": PATCH, "model_stats": stats} | info,
    }


def write(folder: Path, document: dict[str, Any], name: str = "gpt-4o__ann__shop-17.traj") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))
    return path


def test_says_tokens_cost_calls_and_files(tmp_path: Path) -> None:
    has(
        one_run(write(tmp_path / "run-1", trajectory()), start_time=START),
        invocation_id="run-1/gpt-4o__ann__shop-17",
        agent="SWE-agent",
        model="gpt-4o",
        status="unknown",
        input_tokens=9_000,
        output_tokens=300,
        total_tokens=9_300,
        cost_usd=Decimal("0.75"),
        cost_source="reported",
        llm_call_count=4,
        tool_call_count=3,
        tools_used={"find_file": 1, "edit": 2},
        files_modified=["new.py", "old.py", "src/a.py"],
        files_modified_count=3,
        duration_ms=None,
        attr__repository="ann/shop",
        attr__task_id="ann__shop-17",
        attr__exit_status="submitted",
    )


@pytest.mark.parametrize(("name", "model", "task", "repository"), [
    ("gpt4__SWE-bench__default__t-0.00__p-0.95__c-3.00__install-1/django__django-11001.traj", "gpt4", "django__django-11001", "django/django"),
    ("plain/scikit-learn__scikit-learn-9.traj", "unknown", "scikit-learn__scikit-learn-9", "scikit-learn/scikit-learn"),
    ("plain/my-issue.traj", "unknown", "my-issue", None),
    ("claude-3.5__multi__word-2/deepseek-chat-v2__a__b-3.traj", "deepseek-chat-v2", "a__b-3", "a/b"),
])  # fmt: skip
def test_is_about_what_its_name_says(
    tmp_path: Path, name: str, model: str, task: str, repository: str | None
) -> None:
    run = one_run(write(tmp_path, trajectory(), name), start_time=START)
    has(run, model=model, attr__task_id=task, attr__repository=repository)


def test_of_version_1_names_its_model(tmp_path: Path) -> None:
    config = {"agent": {"model": {"name": "claude-sonnet-4-20250514"}}}
    for said in (config, json.dumps(config)):
        document = trajectory(swe_agent_version="1.1.0") | {"replay_config": said}
        run = one_run(write(tmp_path, document, "i/i.traj"), start_time=START)
        has(run, model="claude-sonnet-4-20250514", agent_version="1.1.0")


def test_that_ended_early_means_what_the_user_says(tmp_path: Path) -> None:
    path = write(tmp_path, trajectory(exit_status="exit_cost", submission=None))
    has(one_run(path, start_time=START), status="unknown", files_modified_count=0)
    has(
        one_run(path, start_time=START, statuses={"exit_cost": "error"}),
        status="error",
        attr__exit_status="exit_cost",
    )


def test_that_grows_stays_one_run(tmp_path: Path) -> None:
    """It is written anew after each step, under the same name."""
    first = one_run(write(tmp_path, trajectory(model_stats={"api_calls": 1})), start_time=START)
    later = one_run(write(tmp_path, trajectory()), start_time=START)
    assert first["invocation_id"] == later["invocation_id"]
    has(first, input_tokens=None, cost_usd=None, llm_call_count=1)


@pytest.mark.parametrize("document", [
    {"trajectory": [], "info": {}},
    {"trajectory": [7, {"action": None}, {"action": {"a": 1}}], "info": {"model_stats": None, "submission": 7}},
], ids=["empty", "odd"])  # fmt: skip
def test_may_lack_everything(tmp_path: Path, document: dict[str, Any]) -> None:
    has(
        one_run(write(tmp_path, document), start_time=START),
        input_tokens=None,
        cost_usd=None,
        tool_call_count=0,
    )


def test_may_be_longer_than_a_record_among_others(tmp_path: Path) -> None:
    long = trajectory()
    long["history"] = [{"role": "system", "content": "x" * RECORD_BYTES}]
    has(one_run(write(tmp_path, long), start_time=START), input_tokens=9_000)
    path = tmp_path / "one-line.traj"
    path.write_text(json.dumps(long))
    has(one_run(path, start_time=START), input_tokens=9_000)


def test_that_is_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "DOCUMENT_BYTES", 1_000)
    long = trajectory() | {"history": [{"content": "x" * 2_000}]}
    runs, broken = read_file(write(tmp_path, long), start_time=START)
    assert runs == []
    assert [(line, item.code, item.reason) for line, item in broken] == [
        (1, "too_long", "is one document of more than 1,000 bytes; longer ones are not read")
    ]


def test_that_is_cut_short_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, trajectory())
    path.write_bytes(path.read_bytes()[:-20])
    runs, broken = read_file(path, start_time=START)
    assert runs == []
    assert [(line, item.code) for line, item in broken] == [(1, "invalid_json")]
