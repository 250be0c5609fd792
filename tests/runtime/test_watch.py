"""`fixer-metrics watch` as a process of its own, over files that grow, are rotated, cut off and taken away."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from ingest.watch import Watch as Watcher
from ingest.watch import WatchOptions
from tests.runtime.processes import Program, Start, wait_until
from tests.unit.test_formats_claude_code import SESSION, answer, log
from tests.unit.test_formats_sweagent import trajectory, write

Watch = Callable[..., Program]


def run(number: int, **fields: Any) -> str:
    return (
        json.dumps({"invocation_id": f"r{number:03}", "start_time": "2026-11-01T08:00:00Z", **fields}) + "\n"
    )


def append(path: Path, *texts: str) -> None:
    with path.open("a") as file:
        file.writelines(texts)


class Stored:
    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]

    def ids(self) -> list[str]:
        return [row[0] for row in self.ask("SELECT invocation_id FROM agent_execution ORDER BY 1")]

    def wait_for(self, *ids: str) -> None:
        wait_until(lambda: self.ids() == sorted(ids), f"{ids}, there are {self.ids()}")

    def read(self) -> int:
        """The rows that were read in all."""
        return int(self.ask("SELECT coalesce(sum(read), 0) FROM data_import")[0][0])

    def counted(self) -> int:
        """The runs in the rollups, folded or not."""
        statement = "SELECT (SELECT coalesce(sum(runs), 0) FROM status_day) + (SELECT coalesce(sum(runs), 0) FROM rollup_delta)"
        return int(self.ask(statement)[0][0])


@pytest.fixture
def stored(database_url: str) -> Stored:
    return Stored(database_url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "watched"
    folder.mkdir()
    return folder


@pytest.fixture
def watch(start: Start, database_url: str, folder: Path) -> Watch:
    def begin(*arguments: str) -> Program:
        program = start(
            "watch", *(arguments or (str(folder),)), "--every", "0.1", settings={"DATABASE_URL": database_url}
        )
        program.wait_for("watching ")
        return program

    return begin


def names(*numbers: int) -> list[str]:
    return [f"r{number:03}" for number in numbers]


class TestRecordsOneALine:
    def test_are_read_as_they_come_and_only_once(self, watch: Watch, folder: Path, stored: Stored) -> None:
        append(folder / "runs.jsonl", run(1), run(2))
        program = watch()
        stored.wait_for(*names(1, 2))
        append(folder / "runs.jsonl", run(3))
        stored.wait_for(*names(1, 2, 3))
        program.wait_for("runs.jsonl: runs: 1 added")
        assert program.end() == 0, program.said
        assert "stopped" in program.said
        assert stored.read() == 3

    def test_wait_for_the_rest_of_a_half_written_line(
        self, watch: Watch, folder: Path, stored: Stored
    ) -> None:
        whole = run(2)
        append(folder / "runs.jsonl", run(1), whole[:30])
        program = watch()
        stored.wait_for(*names(1))
        append(folder / "other.jsonl", run(9))  # read after it, so that the half line has been looked at
        stored.wait_for(*names(1, 9))
        append(folder / "runs.jsonl", whole[30:])
        stored.wait_for(*names(1, 2, 9))
        assert "rejected" not in program.said

    def test_need_no_line_break_at_the_end_of_the_last(
        self, watch: Watch, folder: Path, stored: Stored
    ) -> None:
        append(folder / "runs.jsonl", run(1), run(2).rstrip())
        watch()
        stored.wait_for(*names(1, 2))
        append(folder / "runs.jsonl", "\n", run(3))
        stored.wait_for(*names(1, 2, 3))
        assert stored.read() == 3

    def test_that_are_wrong_are_told_with_their_line_and_cost_nothing_else(
        self, watch: Watch, folder: Path, stored: Stored
    ) -> None:
        append(folder / "runs.jsonl", run(1))
        program = watch()
        stored.wait_for(*names(1))
        append(folder / "runs.jsonl", "{broken}\n", run(2, start_time="noon"), run(3))
        stored.wait_for(*names(1, 3))
        program.wait_for("2 rejected, the first: record is not JSON")
        assert "line 2)" in program.said

    def test_are_followed_into_a_rotated_file(self, watch: Watch, folder: Path, stored: Stored) -> None:
        """What was written to it before and after it was moved, and to the new one; twice."""
        path = folder / "runs.jsonl"
        append(path, run(1))
        watch()
        stored.wait_for(*names(1))
        append(path, run(2))
        path.rename(folder / "runs.jsonl.1")
        append(folder / "runs.jsonl.1", run(3))
        append(path, run(4))
        stored.wait_for(*names(1, 2, 3, 4))
        (folder / "runs.jsonl.1").rename(folder / "runs.jsonl.2")
        path.rename(folder / "runs.jsonl.1")
        append(folder / "runs.jsonl.1", run(5))
        append(folder / "runs.jsonl.2", run(6))
        append(path, run(7))
        stored.wait_for(*names(1, 2, 3, 4, 5, 6, 7))
        assert stored.read() == 7

    def test_of_a_file_that_was_cut_off_are_read_from_its_start(
        self, watch: Watch, folder: Path, stored: Stored
    ) -> None:
        path = folder / "runs.jsonl"
        append(path, run(1), run(2))
        watch()
        stored.wait_for(*names(1, 2))
        path.write_text(run(3))  # shorter
        stored.wait_for(*names(1, 2, 3))
        path.write_text(run(4) + run(5) + run(6))  # longer, with another beginning
        stored.wait_for(*names(1, 2, 3, 4, 5, 6))


class TestAfterAKill:
    def test_nothing_is_lost_and_nothing_doubled(self, watch: Watch, folder: Path, stored: Stored) -> None:
        path = folder / "runs.jsonl"
        append(path, *(run(number) for number in range(1, 51)))
        for first in (51, 101, 151):
            program = watch()
            wait_until(lambda known=first - 1: len(stored.ids()) >= known, f"the runs before {first}")  # type: ignore[misc]
            append(path, *(run(number) for number in range(first, first + 50)))
            program.end(signal.SIGKILL)
            append(path, run(900 + first))
        watch()
        stored.wait_for(*names(*range(1, 201), 951, 1001, 1051))
        assert stored.counted() == 203

    def test_only_what_is_new_is_read(self, watch: Watch, folder: Path, stored: Stored) -> None:
        path = folder / "runs.jsonl"
        append(path, run(1), run(2))
        program = watch()
        stored.wait_for(*names(1, 2))
        wait_until(lambda: stored.ask("SELECT 1 FROM watched_file WHERE position > 0"), "the mark")
        program.end(signal.SIGKILL)
        path.rename(folder / "runs.jsonl.1")
        append(folder / "runs.jsonl.1", run(3))
        append(path, run(4))
        watch()
        stored.wait_for(*names(1, 2, 3, 4))
        wait_until(lambda: stored.read() == 4, f"four rows read, it was {stored.read()}")


class TestAgentsLogs:
    def output(self, stored: Stored) -> list[tuple[Any, ...]]:
        return stored.ask("SELECT invocation_id, output_tokens, llm_call_count FROM agent_execution")

    def test_that_grow_update_their_one_run(self, watch: Watch, folder: Path, stored: Stored) -> None:
        """5 tokens of output an answer; a subagent's file comes later and is part of it."""
        path = log(folder / "-home-ann-shop", answer(1, "msg_1"))
        program = watch()
        wait_until(lambda: self.output(stored) == [(SESSION, 5, 1)], "one answer")
        half = json.dumps(answer(2, "msg_2")) + "\n"
        append(path, half[:40])
        append(folder / "other.jsonl", run(9))
        stored.wait_for(SESSION, "r009")
        assert "rejected" not in program.said
        append(path, half[40:])
        wait_until(lambda: (SESSION, 10, 2) in self.output(stored), "two answers")
        program.wait_for("runs: 1 replaced")
        log(
            path.parent / SESSION / "subagents",
            answer(3, "msg_3", isSidechain=True, agentId="a1"),
            name="agent-a1",
        )
        wait_until(lambda: (SESSION, 15, 3) in self.output(stored), "the subagent's, too")
        assert stored.counted() == 2

    def test_with_a_broken_line_are_complained_of_once(
        self, watch: Watch, folder: Path, stored: Stored
    ) -> None:
        path = log(folder, "{broken}", answer(1, "msg_1"))
        program = watch()
        wait_until(lambda: self.output(stored) == [(SESSION, 5, 1)], "one answer")
        append(path, json.dumps(answer(2, "msg_2")) + "\n")
        wait_until(lambda: self.output(stored) == [(SESSION, 10, 2)], "two answers")
        assert program.said.count("1 rejected") == 1

    def test_written_anew_as_a_whole_are_taken_once_they_rest(
        self, watch: Watch, folder: Path, stored: Stored
    ) -> None:
        path = write(folder / "run-1", trajectory(model_stats={"api_calls": 1, "tokens_received": 7}))
        watch(str(folder), "--start-time", "2026-11-01T08:00Z")
        wait_until(lambda: [row[1] for row in self.output(stored)] == [7], "the first step")
        new = path.with_suffix(".tmp")
        new.write_text(json.dumps(trajectory()))
        new.rename(path)
        wait_until(lambda: [row[1] for row in self.output(stored)] == [300], "the last step")
        assert stored.counted() == 1


class TestFiles:
    def test_may_come_later_and_anywhere(self, watch: Watch, folder: Path, stored: Stored) -> None:
        watch(str(folder / "later"), str(folder / "one.jsonl"))
        append(folder / "one.jsonl", run(1))
        stored.wait_for(*names(1))
        (folder / "later" / "deep").mkdir(parents=True)
        append(folder / "later" / "deep" / "runs.csv", "invocation_id,start_time\nr002,2026-11-01T08:00Z\n")
        append(folder / "unwatched.jsonl", run(8))
        stored.wait_for(*names(1, 2))

    def test_may_go_and_come_back(self, watch: Watch, folder: Path, stored: Stored) -> None:
        path = folder / "runs.jsonl"
        append(path, run(1))
        program = watch()
        stored.wait_for(*names(1))
        path.unlink()
        program.wait_for("runs.jsonl: gone")
        append(path, run(2))
        stored.wait_for(*names(1, 2))

    def test_that_cannot_be_read_do_not_stop_the_others(
        self, watch: Watch, folder: Path, stored: Stored
    ) -> None:
        (folder / "a.csv").write_bytes(b"\xff\xfebad")
        os.utime(folder / "a.csv", (1, 1))
        (folder / "b.json").write_text('{\n"invocation_id": "x",\n')
        os.utime(folder / "b.json", (1, 1))
        (folder / "c.jsonl").symlink_to("c.jsonl")
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        append(folder / "d.jsonl", run(1))
        program = watch()
        stored.wait_for(*names(1))
        program.wait_for("UTF-16")
        program.wait_for("b.json: 1 rejected")


class TestLinks:
    """To files they are followed, to folders not; a file that has several names is read once."""

    def test_to_a_file_elsewhere_is_followed_where_it_leads(
        self, watch: Watch, folder: Path, stored: Stored, tmp_path: Path
    ) -> None:
        first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
        append(first, run(1))
        append(second, run(3))
        (folder / "current.jsonl").symlink_to(first)
        watch()
        stored.wait_for(*names(1))
        append(first, run(2))
        stored.wait_for(*names(1, 2))
        (folder / "next").symlink_to(second)
        (folder / "next").rename(folder / "current.jsonl")
        stored.wait_for(*names(1, 2, 3))
        assert stored.read() == 3

    def test_and_second_names_are_not_read_twice(self, start: Start, folder: Path, stored: Stored, database_url: str) -> None:  # fmt: skip
        path = folder / "runs.jsonl"
        append(path, run(1), run(2))
        (folder / "a-link.jsonl").symlink_to(path)
        (folder / "hard.jsonl").hardlink_to(path)
        (folder / "deep").mkdir()
        (folder / "deep" / "up.jsonl").symlink_to("../runs.jsonl")
        paths = (str(folder), str(path), str(folder / "deep" / ".." / "runs.jsonl"), str(folder / "deep"))
        program = start("watch", *paths, "--every", "0.1", settings={"DATABASE_URL": database_url})
        program.wait_for("files found: 1\n")
        stored.wait_for(*names(1, 2))
        append(folder / "a-link.jsonl", run(3))
        stored.wait_for(*names(1, 2, 3))
        assert stored.read() == 3

    def test_that_was_there_before_its_file_gives_way_to_it(
        self, watch: Watch, folder: Path, stored: Stored, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside.jsonl"
        append(outside, run(1))
        (folder / "link.jsonl").symlink_to(outside)
        program = watch()
        stored.wait_for(*names(1))
        (folder / "own.jsonl").hardlink_to(outside)
        wait_until(lambda: stored.read() == 2, "one more look at its line, by the name that is its own")
        append(outside, run(2))
        stored.wait_for(*names(1, 2))
        append(folder / "other.jsonl", run(9))
        stored.wait_for(*names(1, 2, 9))
        assert stored.read() == 4, program.said

    def test_to_a_folder_is_not_gone_into(
        self, watch: Watch, folder: Path, stored: Stored, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        append(outside / "secret.jsonl", run(8))
        (folder / "out").symlink_to(outside, target_is_directory=True)
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        (folder / "up").symlink_to("..", target_is_directory=True)
        append(folder / "runs.jsonl", run(1))
        program = watch()
        program.wait_for("files found: 1\n")
        stored.wait_for(*names(1))
        append(folder / "runs.jsonl", run(2))
        stored.wait_for(*names(1, 2))

    def test_to_a_folder_that_is_named_is_that_folder(
        self, watch: Watch, folder: Path, stored: Stored, tmp_path: Path
    ) -> None:
        append(folder / "runs.jsonl", run(1))
        (tmp_path / "link").symlink_to(folder, target_is_directory=True)
        watch(str(tmp_path / "link"))
        stored.wait_for(*names(1))
        append(folder / "runs.jsonl", run(2))
        stored.wait_for(*names(1, 2))
        assert stored.read() == 2


def test_what_is_remembered_of_files_goes_with_them(engine: Engine, tmp_path: Path) -> None:
    said: list[str] = []
    watch = Watcher(engine, [str(tmp_path)], WatchOptions(), said.append)
    broken = [tmp_path / f"{number}.json" for number in range(3)]
    for path in broken:
        path.write_text('{\n"invocation_id": "x",\n')
        os.utime(path, (1, 1))
    watch.look()
    assert len(watch._told) == 3
    for path in broken:
        path.unlink()
    watch.look()
    assert len([one for one in said if "rejected" in one]) == 3
    assert (watch._told, watch._rests_until) == ({}, {})


def test_a_database_that_is_away_is_waited_for(
    watch: Watch, folder: Path, stored: Stored, server: str
) -> None:
    append(folder / "runs.jsonl", run(1))
    program = watch()
    stored.wait_for(*names(1))
    name = stored.ask("SELECT current_database()")[0][0]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        append(folder / "runs.jsonl", run(2))
        program.wait_for("the database cannot be used, trying again")
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    stored.wait_for(*names(1, 2))
    program.wait_for("the database is back")
    assert stored.counted() == 2


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked(watch: Watch, sign: signal.Signals) -> None:
    program = watch()
    assert program.end(sign) == 0, program.said
    assert "stopped" in program.said
