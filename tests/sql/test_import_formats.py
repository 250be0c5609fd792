"""Files of agents' own formats to stored runs: folders of them, again, grown, and without a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.importer import ImportOptions, import_paths
from ingest.record import RecordOptions
from ingest.verify import verify
from tests.unit.test_formats_claude_code import OTHER, SESSION, answer, log, prompt
from tests.unit.test_formats_sweagent import trajectory, write

REPLACE = ImportOptions(replace=True)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def stored(engine: Engine) -> dict[str, tuple[int | None, str | None]]:
    """Output tokens and where the cost is from, by id."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT invocation_id, output_tokens, cost_source FROM agent_execution"
        )
        return {row[0]: (row[1], row[2]) for row in rows}


def tree(folder: Path) -> Path:
    """What stands in ~/.claude/projects: two projects, a session with two subagents, and notes."""
    shop, site = folder / "projects" / "-home-ann-shop", folder / "projects" / "-home-ann-site"
    log(shop, prompt(), answer(1, "msg_1"))
    aside: dict[str, Any] = {"isSidechain": True, "agentId": "a1"}
    log(shop / SESSION / "subagents", answer(2, "msg_2", **aside), name="agent-a1")
    log(shop, answer(3, "msg_3", isSidechain=True, agentId="a2"), name="agent-a2")
    (shop / SESSION / "subagents" / "agent-a1.meta.json").write_text(
        '{"agentType": "Explore", "description": "look"}'
    )
    (shop / "sessions-index.json").write_text(json.dumps({"version": 1, "entries": [{"sessionId": SESSION}]}))
    log(site, answer(5, "msg_4", session=OTHER), name=OTHER)
    log(site, {"type": "summary", "summary": "Mended", "leafUuid": "x"}, name="summaries")
    (site / "empty.jsonl").touch()
    (folder / "projects" / "loop").symlink_to(folder / "projects", target_is_directory=True)
    return folder / "projects"


class TestFoldersOfSessions:
    def test_give_each_session_once_with_its_subagents(self, engine: Engine, tmp_path: Path) -> None:
        summary = import_paths(engine, [str(tree(tmp_path))])
        assert stored(engine) == {SESSION: (15, "estimated"), OTHER: (5, "estimated")}
        assert (summary.read, summary.inserted, summary.exit_code) == (2, 2, 0)
        assert verify(engine) == []

    def test_again_bring_nothing(self, engine: Engine, tmp_path: Path) -> None:
        folder = str(tree(tmp_path))
        import_paths(engine, [folder])
        again = import_paths(engine, [folder], REPLACE)
        assert (again.already_there, again.inserted, again.replaced) == (2, 0, 0)

    def test_with_a_broken_line_are_read_all_the_same(self, engine: Engine, tmp_path: Path) -> None:
        folder = tree(tmp_path)
        broken = folder / "-home-ann-site" / f"{OTHER}.jsonl"
        broken.write_text('{"type": "assi\n' + broken.read_text())
        summary = import_paths(engine, [str(folder)])
        assert stored(engine).keys() == {SESSION, OTHER}
        assert (summary.rejected, summary.exit_code) == (1, 1)
        assert summary.rejects_path
        note = json.loads(summary.rejects_path.read_text())["_rejected"]
        assert (note["source"], note["line"], note["code"]) == (str(broken), 1, "invalid_json")
        # What was rejected holds no run: it is mended in the log.
        again = import_paths(engine, [str(summary.rejects_path)], REPLACE)
        assert (again.inserted, again.replaced, again.rejected) == (0, 0, 1)


def test_a_log_that_has_grown_replaces_its_run_when_told(engine: Engine, tmp_path: Path) -> None:
    path = log(tmp_path, answer(1, "msg_1"))
    import_paths(engine, [str(path)])
    with path.open("a") as file:
        file.write(json.dumps(answer(9, "msg_2")) + "\n")
    assert import_paths(engine, [str(path)]).differing == 1
    assert stored(engine)[SESSION][0] == 5
    assert import_paths(engine, [str(path)], REPLACE).replaced == 1
    assert stored(engine)[SESSION][0] == 10
    assert verify(engine) == []


def test_a_format_without_times_takes_one_or_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "run-1", trajectory())
    refused = import_paths(engine, [str(tmp_path / "run-1")])
    assert (refused.rejected, refused.exit_code) == (1, 1)
    assert "--start-time gives one" in refused.text()
    taken = import_paths(engine, [str(path)], ImportOptions(RecordOptions(start_time="2026-10-01T08:00Z")))
    assert taken.inserted == 1
    assert stored(engine) == {f"run-1/{path.stem}": (300, "reported")}
    # Mended where it was rejected, it is the same run.
    assert refused.rejects_path
    mended = json.loads(refused.rejects_path.read_text()) | {"start_time": "2026-10-01T08:00Z"}
    refused.rejects_path.write_text(json.dumps(mended))
    assert import_paths(engine, [str(refused.rejects_path)], REPLACE).replaced == 1


def test_formats_may_stand_side_by_side(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    log(folder, answer(1, "msg_1"))
    write(folder, trajectory())
    (folder / "runs.csv").write_text("invocation_id,start_time\nr1,2026-10-01T08:00Z\n")
    options = ImportOptions(RecordOptions(start_time="2026-10-01T08:00Z"))
    assert import_paths(engine, [str(folder)], options).inserted == 3
