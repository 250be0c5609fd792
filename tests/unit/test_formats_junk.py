"""Files of agents with anything in any place: a run, a reason, or nothing, and never an exception."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.lines import Broken
from queries.errors import RecordError
from tests.unit import test_formats_claude_code as claude
from tests.unit import test_formats_codex as codex
from tests.unit import test_formats_headless as headless
from tests.unit import test_formats_langfuse as langfuse
from tests.unit import test_formats_sweagent as sweagent
from tests.unit.formats import lines, read_file

FILES: dict[str, list[dict[str, Any]]] = {
    "log": [
        claude.prompt(),
        claude.answer(1, "m1", (1, 2, 3, 4), claude.call("Edit", "t1", file_path="/a")),
        claude.line(2, "assistant", **claude.TestErrorsOfTheApi.FAILED),
        claude.answer(3, "m2", isSidechain=True, agentId="a", costUSD=0.1, forkedFrom=None),
    ],
    "stream": [
        headless.INIT,
        headless.message("m1", *headless.TestStreams.CALL),
        headless.result(modelUsage={headless.OPUS: {"inputTokens": 1, "outputTokens": 2, "costUSD": 0.1}}, errors=["x"]),
    ],
    "batch": [{"run_id": "b", "claude_version": "2.1", "started_at": codex.META["timestamp"], "tasks": [headless.TestBatches.TASK]}],
    "rollout": [
        codex.META,
        codex.turn(1),
        codex.call(2, "shell", "k", arguments='{"command": ["*** Begin Patch\\n*** Add File: x"]}'),
        codex.tokens(3, (10, 5, 1), (10, 5, 1)),
        codex.line(4, "event_msg", type="patch_apply_end", changes={"a": {}}),
        codex.line(5, "event_msg", type="error", message="x"),
    ],
    "trajectory": [sweagent.trajectory() | {"replay_config": {"agent": {"model": {"name": "x"}}}}],
    "trace": [{"trace": langfuse.HEAD, "observations": langfuse.OBSERVATIONS}],
    "observations": langfuse.OBSERVATIONS,
}  # fmt: skip

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [-1, 0, 10**30, 1.5, float("nan"), float("inf"), "", "\0", "x" * 5_000, "2026-10-01", [], {}]
    ),
    st.sampled_from(["\ud800", [[]], [None, 7], {"a": {"b": []}}, {"text": 7}, "{", "9" * 400, "../../x"]),
    st.text(max_size=5),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*way, key)
        yield from places(each, (*way, key))


def put(value: Any, way: tuple[Any, ...], junk: object) -> None:
    for key in way[:-1]:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return  # junk stands there already
    try:
        value[way[-1]] = junk
    except (IndexError, TypeError):
        return


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_junk_anywhere_is_read_or_refused(name: str, tmp_path: Path, data: st.DataObject) -> None:
    records = copy.deepcopy(FILES[name])
    for way in data.draw(st.lists(st.sampled_from(list(places(records))), max_size=4)):
        put(records, way, copy.deepcopy(data.draw(JUNK)))
    path = tmp_path / "ann__shop-1.jsonl"
    path.write_bytes(
        lines(*[record if isinstance(record, dict) else json.dumps(record) for record in records])
    )
    try:
        runs, broken = read_file(path, start_time=sweagent.START)
    except RecordError:
        return
    assert all(run["start_time"] for run in runs)
    assert all(isinstance(item, Broken) for _, item in broken)
