"""SWE-agent's trajectories (``INSTANCE.traj``): one document is one run.

A trajectory has no times (version 1 has those of the tools, without the model's) and does not say whether
the task was solved, which an evaluation tells later.
What it was about stands in the names of file and folder alone: ``model__dataset__.../org__repo-1.traj``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ingest.formats.fields import amount, count, known, table, tables, text, told_table
from ingest.formats.fields import paths as listed
from ingest.formats.kind import Origin
from ingest.lines import Broken, Item, Record
from ingest.structures import ENTRY_CHARS

AGENT = "SWE-agent"
_INSTANCE = re.compile(r"(?:(?P<model>.+?)__)?(?P<task>(?P<org>[\w.-]+?)__(?P<repo>[\w.-]+)-\d+)")
_FOLDER = re.compile(r"(?P<model>.+?)__.+__(?:t|temp)-\d")
_FILE = re.compile(r"^diff --git a/.+? b/(.+?)[ \t\r]*$", re.MULTILINE)
_PLAIN_FILE = re.compile(r"^--- \S.*\n\+\+\+ (?:b/)?([^\t\n]+)", re.MULTILINE)
_SIZE = 1_000
_ID_CHARS = 120  # at most four bytes each


def read(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    for line, record, size in items:
        yield (line, record, size) if isinstance(record, Broken) else (line, _run(record, origin), _SIZE)


def _run(record: Record, origin: Origin) -> Record:
    info = table(record.get("info"))
    stats = table(info.get("model_stats"))
    exit_status = text(info.get("exit_status"))
    steps = list(tables(record.get("trajectory")))
    actions = [word for word in map(_tool, steps) if word]
    config = _config(record)
    return {
        "agent": AGENT,
        **_names(origin),
        **known(
            agent_version=text(info.get("swe_agent_version")),
            model=_model(config),
            status=_status(exit_status, origin),
            input_tokens=count(stats.get("tokens_sent")),
            output_tokens=count(stats.get("tokens_received")),
            cost_usd=amount(stats.get("instance_cost")),
            llm_call_count=count(stats.get("api_calls")),
            exit_status=exit_status,
        ),
        "tool_call_count": len(actions),
        "tools_used": dict(Counter(actions)),
        "files_modified": listed(_submitted(info.get("submission"))),
    }


def _names(origin: Origin) -> dict[str, object]:
    """What file and folder say. The id is theirs too: a trajectory is written anew after each step."""
    if origin.path is None:
        return {}
    path = origin.path.resolve()
    found = _INSTANCE.fullmatch(path.stem)
    folder = _FOLDER.match(path.parent.name)
    return known(
        invocation_id=f"{path.parent.name}/{path.stem}"[-_ID_CHARS:],
        model=(found and found["model"]) or (folder and folder["model"]) or None,
        task_id=found["task"] if found else text(path.stem),
        repository=f"{found['org']}/{found['repo']}" if found else None,
    )


def _config(record: Record) -> Record:
    """How the run was set up, which version 1 tells, as an object or as the JSON text of one."""
    return told_table(record.get("replay_config"))


def _model(config: Record) -> str | None:
    return text(table(table(config.get("agent")).get("model")).get("name"))


def _status(exit_status: str | None, origin: Origin) -> str | None:
    """Only what the user says such an end means: a submitted patch may be right or wrong."""
    return origin.statuses.get(exit_status) if exit_status else None


def _tool(step: Record) -> str | None:
    """The first word of an action; a step without one was talk."""
    action = step.get("action")
    words = action.split(maxsplit=1) if isinstance(action, str) else []
    return text(words[0]) if words else None


def _submitted(patch: object) -> dict[str, None]:
    """The files of the patch that was handed in; none where there is no patch."""
    found: dict[str, None] = {}
    if isinstance(patch, str):
        for name in _FILE.findall(patch) or _PLAIN_FILE.findall(patch):
            if path := text(name, ENTRY_CHARS):
                found[path] = None
    return found
