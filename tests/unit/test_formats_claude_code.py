"""Session logs of Claude Code as they are in the wild; figures by hand from the lines written here.

Prices of a million tokens, in dollars: claude-sonnet-4 takes 3, 0.30 from and 3.75 to the cache, 15 for
output; claude-3-5-haiku 0.80, 0.08, 1 and 4.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ingest.lines import RECORD_BYTES
from ingest.session_files import lead
from ingest.sources import find
from ingest.watch_files import scan
from tests.unit.formats import has, lines, one_run, read_file

SONNET, HAIKU = "claude-sonnet-4-20250514", "claude-3-5-haiku-20241022"
SESSION = "5c0375b4-57a5-4f26-b12d-d022ee4e51b7"
OTHER = "9a1d7c52-0000-4000-8000-000000000000"


def line(second: int, kind: str = "user", session: str | None = SESSION, **fields: Any) -> dict[str, Any]:
    return {
        "parentUuid": None,
        "isSidechain": False,
        "cwd": "/home/ann/shop",
        "sessionId": session,
        "version": "2.0.14",
        "gitBranch": "main",
        "type": kind,
        "uuid": f"{session}-{second}-{kind}",
        "timestamp": f"2026-10-01T08:00:{second:02}.000Z",
        **fields,
    }


def prompt(second: int = 0, **fields: Any) -> dict[str, Any]:
    return line(second, message={"role": "user", "content": "mend it"}, **fields)


def answer(second: int, identity: str | None, usage: tuple[int, int, int, int] | None = (10, 100, 1000, 5),
           *content: dict[str, Any], model: str = SONNET, **fields: Any) -> dict[str, Any]:  # fmt: skip
    """``usage``: input, written to the cache, read from it, output."""
    message: dict[str, Any] = {"role": "assistant", "model": model, "content": list(content)}
    if identity:
        message["id"] = identity
    if usage:
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        message["usage"] = dict(zip(names, usage, strict=True))
    return line(second, "assistant", message=message, **fields)


def call(name: str, identity: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": name, "input": given}


def log(folder: Path, *records: dict[str, Any] | str, name: str = SESSION) -> Path:
    path = folder / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines(*records))
    return path


class TestAnswers:
    def test_count_once_with_what_their_last_line_says(self, tmp_path: Path) -> None:
        """One answer in three lines of one id, the output growing: 10 + 100 + 1000 in, 40 out."""
        run = one_run(
            log(
                tmp_path,
                prompt(),
                answer(2, "msg_1", (10, 100, 1000, 1)),
                answer(3, "msg_1", (10, 100, 1000, 7), call("Read", "t1")),
                answer(9, "msg_1", (10, 100, 1000, 40), call("Edit", "t2", file_path="/a.py")),
            )
        )
        has(
            run,
            invocation_id=SESSION,
            agent="claude-code",
            agent_version="2.0.14",
            model=SONNET,
            status="unknown",
            duration_ms=9_000,
            input_tokens=1_110,
            cache_write_tokens=100,
            cache_read_tokens=1_000,
            output_tokens=40,
            total_tokens=1_150,
            llm_call_count=1,
            tool_call_count=2,
            tools_used={"Read": 1, "Edit": 1},
            files_modified=["/a.py"],
            files_modified_count=1,
            error_message=None,
            cost_source="estimated",
            attr__repository="shop",
            attr__cwd="/home/ann/shop",
            attr__git_branch="main",
        )
        # (10 * 3 + 100 * 3.75 + 1000 * 0.30 + 40 * 15) / 1,000,000
        assert run["cost_usd"] == Decimal("0.001305")

    def test_of_several_models_are_added_up_each_at_its_price(self, tmp_path: Path) -> None:
        """Sonnet 2 x (10, 100, 1000) and 60 out, Haiku (500, 0, 0) and 50: the run is Sonnet's."""
        run = one_run(
            log(
                tmp_path,
                answer(1, "msg_1", (10, 100, 1000, 30)),
                answer(2, "msg_h", (500, 0, 0, 50), model=HAIKU),
                answer(3, "msg_2", (10, 100, 1000, 30)),
            )
        )
        has(run, model=SONNET, input_tokens=2_720, output_tokens=110, llm_call_count=3)
        assert run["attr.tokens_by_model"] == {
            SONNET: {"input_tokens": 2_220, "output_tokens": 60},
            HAIKU: {"input_tokens": 500, "output_tokens": 50},
        }
        # Sonnet (20 * 3 + 200 * 3.75 + 2000 * 0.30 + 60 * 15), Haiku (500 * 0.80 + 50 * 4)
        assert run["cost_usd"] == Decimal("0.002310") + Decimal("0.000600")

    def test_of_a_model_without_a_price_leave_the_cost_unknown(self, tmp_path: Path) -> None:
        run = one_run(log(tmp_path, answer(1, "msg_1"), answer(2, "msg_2", model="house-model-9")))
        has(run, cost_usd=None, cost_source=None, output_tokens=10)

    def test_with_a_cost_of_their_own_are_reported(self, tmp_path: Path) -> None:
        """Early logs have ``costUSD`` in each answer."""
        records = (answer(1, "msg_1", costUSD=0.25), answer(2, "msg_2", costUSD=0.5))
        has(one_run(log(tmp_path, *records)), cost_usd=Decimal("0.75"), cost_source="reported")

    def test_without_usage_are_calls_whose_tokens_are_not_known(self, tmp_path: Path) -> None:
        run = one_run(log(tmp_path, prompt(), answer(1, "msg_1", None)))
        has(run, input_tokens=None, output_tokens=None, total_tokens=None, cost_usd=None, llm_call_count=1)

    def test_without_an_id_are_told_apart_by_their_request(self, tmp_path: Path) -> None:
        records = [answer(n, None, requestId=f"req_{n // 2}") for n in range(4)]
        has(one_run(log(tmp_path, *records)), llm_call_count=2, output_tokens=10)

    @pytest.mark.parametrize("bad", ["many", -5, 1.5, None, True, [1]])
    def test_with_figures_that_are_none_cost_only_those(self, tmp_path: Path, bad: object) -> None:
        spoilt = answer(1, "msg_1")
        spoilt["message"]["usage"]["output_tokens"] = bad
        has(one_run(log(tmp_path, spoilt, answer(2, "msg_2"))), output_tokens=5, input_tokens=2_220)


class TestErrorsOfTheApi:
    FAILED: ClassVar = {
        "isApiErrorMessage": True,
        "error": "rate_limit",
        "message": {
            "id": "made-up",
            "model": "<synthetic>",
            "content": [{"type": "text", "text": "API Error: 429 too many requests"}],
            "usage": {"input_tokens": 0, "output_tokens": 0},
        },
    }

    def test_at_the_end_break_the_run(self, tmp_path: Path) -> None:
        run = one_run(log(tmp_path, prompt(), answer(1, "msg_1"), line(5, "assistant", **self.FAILED)))
        has(
            run, status="error", error_message="API Error: 429 too many requests", error_category="rate_limit"
        )
        has(run, llm_call_count=1, model=SONNET, output_tokens=5, attr__api_errors=1)

    def test_that_were_got_over_do_not(self, tmp_path: Path) -> None:
        run = one_run(log(tmp_path, prompt(), line(1, "assistant", **self.FAILED), answer(5, "msg_1")))
        has(run, status="unknown", error_message=None, attr__api_errors=1, llm_call_count=1)

    def test_alone_are_a_run_that_broke_before_any_answer(self, tmp_path: Path) -> None:
        run = one_run(log(tmp_path, prompt(), line(1, "assistant", **self.FAILED)))
        has(run, status="error", llm_call_count=0, input_tokens=None, cost_usd=None, model="unknown")

    def test_of_a_subagent_are_not_the_end_of_the_run(self, tmp_path: Path) -> None:
        aside = line(3, "assistant", **self.FAILED) | {"isSidechain": True}
        has(one_run(log(tmp_path, answer(1, "msg_1"), aside)), status="unknown", attr__api_errors=1)

    def test_what_claude_code_says_itself_is_no_answer(self, tmp_path: Path) -> None:
        records = (prompt(), answer(1, "msg_1"), answer(2, "msg_2", model="<synthetic>"))
        has(one_run(log(tmp_path, *records)), llm_call_count=1, output_tokens=5)


class TestLines:
    def test_that_are_broken_cost_only_themselves(self, tmp_path: Path) -> None:
        path = log(tmp_path, prompt(), '{"type": "assistant", "mess', "[1]", answer(3, "msg_1"), "\x00\x00")
        runs, broken = read_file(path)
        has(runs[0], output_tokens=5, llm_call_count=1)
        assert [(number, item.code) for number, item in broken] == [
            (2, "invalid_json"),
            (3, "not_an_object"),
            (5, "invalid_json"),
        ]
        assert "mend it there" in broken[0][1].reason
        # Read again from a file of rejected rows, the line alone would replace the whole session.
        assert broken[0][1].text is None

    def test_of_unknown_kinds_and_without_fields_are_passed_over(self, tmp_path: Path) -> None:
        odd = [
            {"type": "hologram", "sessionId": SESSION, "payload": {"a": 1}},
            {"type": "assistant", "sessionId": SESSION},
            {"type": "assistant", "sessionId": SESSION, "message": "text"},
            {"type": "user", "sessionId": SESSION, "message": {"content": 7}, "timestamp": "yesterday"},
            {"sessionId": 7, "type": None},
            {},
        ]
        run = one_run(log(tmp_path, prompt(), answer(1, "msg_1", (1, 0, 0, 5), 7, {"type": "new"}), *odd))  # type: ignore[arg-type]
        has(run, output_tokens=5, duration_ms=1_000)

    @pytest.mark.parametrize("change", [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\n\n" + text.replace(b"\n", b"\n\n"),
        lambda text: text.rstrip(b"\n"),
    ], ids=["mark", "windows", "blank", "no end"])  # fmt: skip
    def test_may_end_and_begin_otherwise(self, tmp_path: Path, change: Any) -> None:
        path = log(tmp_path, prompt(), answer(4, "msg_1"))
        path.write_bytes(change(path.read_bytes()))
        has(one_run(path), output_tokens=5, duration_ms=4_000)

    def test_longer_than_any_record_cost_only_themselves(self, tmp_path: Path) -> None:
        path = log(tmp_path, prompt(), "x" * (RECORD_BYTES + 2**21), answer(2, "msg_1"))
        runs, broken = read_file(path)
        has(runs[0], output_tokens=5)
        assert [(number, item.code) for number, item in broken] == [(2, "too_long")]

    def test_at_the_beginning_may_be_of_other_kinds(self, tmp_path: Path) -> None:
        first = [
            "not json",
            {"type": "summary", "summary": "Mended", "leafUuid": "x"},
            {"type": "file-history-snapshot", "messageId": "m", "snapshot": {"timestamp": "2026-10-01T07:00Z"}},
            {"type": "queue-operation", "operation": "dequeue", "sessionId": SESSION, "timestamp": "2026-10-01T07:59:58Z"},
        ]  # fmt: skip
        runs, broken = read_file(log(tmp_path, *first, answer(2, "msg_1")))  # type: ignore[arg-type]
        has(runs[0], invocation_id=SESSION, duration_ms=4_000)
        assert len(broken) == 1

    def test_out_of_order_are_from_the_earliest_to_the_latest(self, tmp_path: Path) -> None:
        has(one_run(log(tmp_path, answer(9, "msg_2"), prompt(1), answer(3, "msg_1"))), duration_ms=8_000)

    def test_without_any_time_need_one(self, tmp_path: Path) -> None:
        bare = answer(1, "msg_1")
        del bare["timestamp"]
        path = log(tmp_path, bare)
        has(one_run(path, start_time="2026-10-01T08:00Z"), attr__start_time_assumed=True, duration_ms=None)

    def test_names_are_hostile_text(self, tmp_path: Path) -> None:
        run = one_run(
            log(tmp_path, answer(1, "msg_1", (1, 0, 0, 1), call("a\0" + "b" * 500, "t")), prompt(2, cwd="C:\\ann\\shop"))
        )  # fmt: skip
        assert run["tools_used"] == {"a" + "b" * 199: 1}
        has(one_run(log(tmp_path, answer(1, "m", cwd="C:\\ann\\shop"))), attr__repository="shop")


class TestFilesWithoutARun:
    @pytest.mark.parametrize("records", [
        [],
        [{"type": "summary", "summary": "Mended", "leafUuid": "x"}] * 3,
        [prompt(), prompt(2)],
        [{"type": "file-history-snapshot", "messageId": "m", "snapshot": {}}],
        [{"version": 1, "entries": [{"sessionId": SESSION, "fullPath": "/x"}]}],
        [{"agentType": "Explore", "description": "Look around"}],
    ], ids=["empty", "summaries", "unanswered", "snapshot", "index", "meta"])  # fmt: skip
    def test_say_nothing(self, tmp_path: Path, records: list[dict[str, Any]]) -> None:
        assert read_file(log(tmp_path, *records)) == ([], [])


class TestResumedSessions:
    def test_of_one_id_are_one_run_with_the_newest_version(self, tmp_path: Path) -> None:
        run = one_run(
            log(tmp_path, answer(1, "msg_1"), answer(59, "msg_2", version="2.1.0", cwd="/elsewhere"))
        )
        has(run, agent_version="2.1.0", duration_ms=58_000, attr__cwd="/home/ann/shop")

    def test_with_a_copy_of_their_history_leave_it_to_its_own_log(self, tmp_path: Path) -> None:
        log(tmp_path, answer(1, "msg_1"))
        history = answer(1, "msg_1")
        path = log(tmp_path, history, answer(8, "msg_2", session=OTHER), name=OTHER)
        has(one_run(path), invocation_id=OTHER, llm_call_count=1, duration_ms=0)

    def test_keep_the_history_whose_own_log_is_gone(self, tmp_path: Path) -> None:
        path = log(tmp_path, answer(1, "msg_1"), answer(8, "msg_2", session=OTHER), name=OTHER)
        runs, _ = read_file(path)
        assert [(run["invocation_id"], run["output_tokens"]) for run in runs] == [(SESSION, 5), (OTHER, 5)]

    def test_that_are_forks_do_not_count_what_they_copied(self, tmp_path: Path) -> None:
        copied = answer(1, "msg_1", forkedFrom={"sessionId": OTHER, "messageUuid": "x"})
        has(one_run(log(tmp_path, copied, answer(8, "msg_2"))), llm_call_count=1, duration_ms=0)

    def test_that_were_compacted_count_what_was_kept_once(self, tmp_path: Path) -> None:
        boundary = line(4, "system", subtype="compact_boundary", content="Conversation compacted")
        summary = prompt(5, isCompactSummary=True)
        run = one_run(
            log(tmp_path, answer(1, "msg_1"), boundary, summary, answer(1, "msg_1"), answer(6, "msg_2"))
        )
        has(run, llm_call_count=2, output_tokens=10, duration_ms=5_000)


class TestSubagents:
    ASIDE: ClassVar = {"isSidechain": True, "agentId": "a1"}

    def expect_folded(self, run: dict[str, Any]) -> None:
        """Two answers of the session and one of its subagent, which took until the ninth second."""
        has(run, invocation_id=SESSION, llm_call_count=3, output_tokens=15, input_tokens=3_330)
        has(run, tools_used={"Task": 1, "Grep": 1}, duration_ms=9_000, attr__subagents=1)

    def main(self, folder: Path, *more: dict[str, Any]) -> Path:
        return log(
            folder,
            prompt(),
            answer(1, "msg_1", (10, 100, 1000, 5), call("Task", "t1")),
            *more,
            answer(8, "msg_2"),
        )

    def aside(self) -> dict[str, Any]:
        return answer(9, "msg_s", (10, 100, 1000, 5), call("Grep", "t2"), **self.ASIDE)

    def test_in_the_log_itself_are_part_of_the_run(self, tmp_path: Path) -> None:
        self.expect_folded(one_run(self.main(tmp_path, self.aside())))

    def test_in_the_folder_of_the_session_are_read_with_it(self, tmp_path: Path) -> None:
        path = self.main(tmp_path)
        log(tmp_path / SESSION / "subagents", self.aside(), name="agent-a1")
        self.expect_folded(one_run(path))

    def test_beside_the_log_are_read_with_it(self, tmp_path: Path) -> None:
        path = self.main(tmp_path)
        log(tmp_path, self.aside(), name="agent-a1")
        log(tmp_path, answer(9, "msg_x", session=OTHER, **self.ASIDE), name="agent-b2")
        self.expect_folded(one_run(path))

    def test_that_name_a_session_that_no_file_could_have_stop_nobody(self, tmp_path: Path) -> None:
        log = tmp_path / "agent-1.jsonl"
        log.write_text(json.dumps({"sessionId": "s" * 100_000}) + "\n")
        assert [source.path for source in find([str(tmp_path)])] == [log]
        assert scan([str(tmp_path)]) == {log}

    def test_whose_folder_goes_while_it_is_listed_stop_nobody(self, tmp_path: Path) -> None:
        log = tmp_path / "gone" / "agent-1.jsonl"
        log.parent.mkdir()
        log.write_text(json.dumps({"sessionId": "s"}) + "\n")
        assert lead(log) == log
        log.unlink()
        log.parent.rmdir()
        assert lead(log) == log

    def test_whose_answers_stand_in_both_count_once(self, tmp_path: Path) -> None:
        path = self.main(tmp_path, self.aside())
        log(tmp_path / SESSION / "subagents", self.aside(), name="agent-a1")
        self.expect_folded(one_run(path))

    def test_say_where_their_lines_are_broken(self, tmp_path: Path) -> None:
        path = self.main(tmp_path)
        log(tmp_path, self.aside(), "{", name="agent-a1")
        runs, broken = read_file(path)
        self.expect_folded(runs[0])
        assert "agent-a1.jsonl, line 2" in broken[0][1].reason

    @pytest.mark.parametrize("nested", [True, False])
    def test_stand_for_their_session_when_they_are_named(self, tmp_path: Path, nested: bool) -> None:
        path = self.main(tmp_path)
        folder = tmp_path / SESSION / "subagents" if nested else tmp_path
        part = log(folder, self.aside(), name="agent-a1")
        assert [source.path for source in find([str(part)])] == [path]
        assert [source.path for source in find([str(part), str(path), str(part)])] == [path]

    def test_of_a_session_that_is_gone_are_one_run(self, tmp_path: Path) -> None:
        first = log(tmp_path, answer(1, "msg_1", **self.ASIDE), name="agent-a1")
        second = log(tmp_path, answer(4, "msg_2", isSidechain=True, agentId="a2"), name="agent-a2")
        assert [source.path for source in find([str(second), str(first)])] == [first]
        has(one_run(first), invocation_id=SESSION, llm_call_count=2, duration_ms=3_000, attr__subagents=2)


def test_a_canonical_record_is_not_taken_for_a_log(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    record = {
        "invocation_id": "r1",
        "start_time": "2026-10-01T08:00:00Z",
        "type": "nightly",
        "sessionId": "s",
    }
    path.write_text(json.dumps(record))
    has(one_run(path), invocation_id="r1", attr__sessionId="s")
