"""Batches of headless Claude Code runs on a benchmark: one document, a run for each of its ``tasks``.

All tasks have the start of the batch, for there is none of their own. Input tokens stand there without
the cache's, of which nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.formats.claude_code import AGENT
from ingest.formats.claude_headless import by_model
from ingest.formats.fields import amount, count, known, table, tables, text
from ingest.formats.kind import Origin
from ingest.formats.usage import Spending
from ingest.lines import Broken, Item, Record

_SIZE = 500
_FAILED = "tests_failed"


def read(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    for line, record, size in items:
        if isinstance(record, Broken):
            yield line, record, size
            continue
        for task in tables(record.get("tasks")):
            yield line, _run(record, task), _SIZE


def _run(batch: Record, task: Record) -> Record:
    batch_id, task_id = text(batch.get("run_id")), text(task.get("task_id"))
    told = amount(task.get("total_cost_usd_total"))
    return {
        "agent": AGENT,
        **known(
            invocation_id=f"{batch_id}/{task_id}" if batch_id and task_id else None,
            agent_version=_version(batch),
            start_time=batch.get("started_at"),
            duration_ms=amount(task.get("duration_ms_total")),
            llm_call_count=count(task.get("num_turns_total")),
            task_id=task_id,
            suite=text(batch.get("suite")),
            batch=batch_id,
            attempts=count(task.get("attempts_used")),
        ),
        **(by_model(table(task.get("modelUsage")), told) or Spending(told)).fields(None),
        **known(model=text(batch.get("primary_model"))),
        **_outcome(task),
    }


def _version(batch: Record) -> str | None:
    """``2.1.50 (Claude Code)`` is 2.1.50."""
    said = text(batch.get("claude_version"))
    return re.sub(r"\s*\(.*\)$", "", said) if said else None


def _outcome(task: Record) -> dict[str, object]:
    """Whether the task's tests passed; what else is named broke the run before they could."""
    passed, error = task.get("passed"), text(task.get("error_type"))
    if passed is True:
        return {"status": "success"}
    if passed is not False:
        return {}
    if error is None or error == _FAILED:
        return {"status": "failure"}
    return {"status": "error", "error_message": error}
