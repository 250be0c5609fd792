"""What a record may be called and may hold: names, synonyms, derived values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ingest.errors import ErrorReader
from ingest.record import FIELDS, Canon, RecordOptions, canonical
from queries.errors import UserError

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
START = "2026-10-01T08:00:00Z"


def run(raw: dict[str, object], **options: object) -> dict[str, object]:
    """The row as a mapping; start_time is given where the test does not care."""
    row = canonical({"start_time": START, **raw}, options=RecordOptions(**options), now=NOW)
    return dict(zip(FIELDS, row, strict=True))


def attributes(raw: dict[str, object], **options: object) -> object:
    return json.loads(str(run(raw, **options)["attributes"]))


SNAKE = {
    "invocation_id": "a",
    "agent": "fix",
    "agent_version": "1.0",
    "model": "gpt-4",
    "status": "failure",
    "start_time": START,
    "end_time": "2026-10-01T08:00:01.5Z",
    "duration_ms": 1500,
    "input_tokens": 100,
    "cache_read_tokens": 40,
    "cache_write_tokens": 10,
    "output_tokens": 7,
    "total_tokens": 107,
    "cost_usd": 0.25,
    "llm_call_count": 3,
    "tool_call_count": 4,
    "tools_used": {"bash": 3, "edit": 1},
    "files_modified": ["a.py", "b.py"],
    "error_message": "no",
    "repository": "x/y",
}
CAMEL = {
    "invocationId": "a",
    "agentName": "fix",
    "agentVersion": "1.0",
    "model": "gpt-4",
    "status": "failure",
    "startTime": START,
    "endTime": "2026-10-01T08:00:01.5Z",
    "durationMs": 1500,
    "inputTokens": 100,
    "cacheReadTokens": 40,
    "cacheWriteTokens": 10,
    "outputTokens": 7,
    "totalTokens": 107,
    "reportedCostUsd": 0.25,
    "llmCallCount": 3,
    "toolCallsCount": 4,
    "toolsUsed": {"bash": 3, "edit": 1},
    "filesModified": ["a.py", "b.py"],
    "errorMessage": "no",
    "repository": "x/y",
}


def test_every_column_in_snake_case() -> None:
    assert run(SNAKE) == {
        "invocation_id": "a",
        "agent": "fix",
        "agent_version": "1.0",
        "model": "gpt-4",
        "status": "failure",
        "start_time": datetime(2026, 10, 1, 8, tzinfo=UTC),
        "end_time": datetime(2026, 10, 1, 8, 0, 1, 500_000, tzinfo=UTC),
        "duration_ms": Decimal(1500),
        "input_tokens": 100,
        "cache_read_tokens": 40,
        "cache_write_tokens": 10,
        "output_tokens": 7,
        "total_tokens": 107,
        "cost_usd": Decimal("0.25"),
        "cost_source": "reported",
        "llm_call_count": 3,
        "tool_call_count": 4,
        "tools_used": '{"bash":3,"edit":1}',
        "files_modified_count": 2,
        "files_modified": ["a.py", "b.py"],
        "error_message": "no",
        "error_category": "other",
        "error_template": "no",
        "attributes": '{"repository":"x/y"}',
    }


def test_the_camel_case_of_the_seed_document_says_the_same() -> None:
    assert canonical(CAMEL, now=NOW) == canonical(SNAKE, now=NOW)


def test_all_as_text_says_the_same() -> None:
    cells = {name: value if isinstance(value, str) else json.dumps(value) for name, value in SNAKE.items()}
    assert canonical(cells, now=NOW) == canonical(SNAKE, now=NOW)


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("agent_name", "agent", "x"),
        ("Agent Name", "agent", "x"),
        ("version", "agent_version", "1.2"),
        ("model_name", "model", "x"),
        ("outcome", "status", "error"),
        ("startedAt", "start_time", datetime(2026, 10, 2, tzinfo=UTC)),
        ("finished_at", "end_time", datetime(2026, 10, 2, tzinfo=UTC)),
        ("prompt_tokens", "input_tokens", 5),
        ("completion_tokens", "output_tokens", 5),
        ("cache_creation_input_tokens", "cache_write_tokens", 5),
        ("cache_read_input_tokens", "cache_read_tokens", 5),
        ("totalCostUsd", "cost_usd", Decimal("0.5")),
        ("reportedCostUsd", "cost_usd", Decimal("0.5")),
        ("cost", "cost_usd", Decimal("0.5")),
        ("llm_calls_count", "llm_call_count", 5),
        ("tool_calls_count", "tool_call_count", 5),
        ("toolCallsCount", "tool_call_count", 5),
        ("files_modified_list", "files_modified", ["a"]),
        ("files_modified", "files_modified_count", 5),
        ("run_id", "invocation_id", "x"),
    ],
)
def test_synonyms(name: str, column: str, value: object) -> None:
    given = value.isoformat() if isinstance(value, datetime) else value
    raw = {name: float(given) if isinstance(given, Decimal) else given}
    if column != "start_time":
        raw["start_time"] = START
    row = dict(zip(FIELDS, canonical(raw, now=NOW), strict=True))
    assert row[column] == value
    assert row["attributes"] == "{}"


def test_what_is_not_known_is_null_and_never_zero() -> None:
    row = run({"invocation_id": "a"})
    known = {name: value for name, value in row.items() if value is not None}
    assert known == {
        "invocation_id": "a",
        "agent": "fixer",
        "model": "unknown",
        "status": "unknown",
        "start_time": datetime(2026, 10, 1, 8, tzinfo=UTC),
        "attributes": "{}",
    }


def test_empty_text_is_null() -> None:
    assert run(
        {"invocation_id": "a", **dict.fromkeys(SNAKE.keys() - {"invocation_id", "start_time"}, "")}
    ) == run({"invocation_id": "a"})


def test_zero_is_a_value() -> None:
    row = run({"cost": 0, "duration_ms": 0, "input_tokens": 0, "tools_used": {}, "files_modified": []})
    assert (row["cost_usd"], row["cost_source"], row["duration_ms"], row["input_tokens"]) == (
        0,
        "reported",
        0,
        0,
    )
    assert (row["tools_used"], row["files_modified"], row["files_modified_count"]) == ("{}", [], 0)


class TestNames:
    @pytest.mark.parametrize(
        ("agent", "name", "version"),
        [
            ("claude-code 2.1.49", "claude-code", "2.1.49"),
            ("claude-code v2.1.49", "claude-code", "2.1.49"),
            ("Claude Code 2.1.49-beta.1", "Claude Code", "2.1.49-beta.1"),
            ("aider/0.86", "aider", "0.86"),
            ("fix@1.0", "fix", "1.0"),
            ("auto-code-rover (acr-run-2)", "auto-code-rover (acr-run-2)", None),
            ("agent 7", "agent 7", None),
            ("2.1.49", "2.1.49", None),
        ],
    )
    def test_a_version_in_the_name_is_split_off(self, agent: str, name: str, version: str | None) -> None:
        row = run({"agent": agent})
        assert (row["agent"], row["agent_version"]) == (name, version)

    def test_but_not_where_the_source_has_a_version(self) -> None:
        row = run({"agent": "claude-code 2.1.49", "version": "3"})
        assert (row["agent"], row["agent_version"]) == ("claude-code 2.1.49", "3")

    def test_blanks_around_a_name_do_not_make_another_name(self) -> None:
        assert run({"model": " gpt-4 "})["model"] == "gpt-4"
        assert run({"model": "  "})["model"] == "unknown"

    def test_a_number_is_the_same_id_as_its_text(self) -> None:
        assert run({"id": 17})["invocation_id"] == run({"id": "17"})["invocation_id"] == "17"

    def test_a_second_name_of_a_column_fills_its_gap_or_becomes_an_attribute(self) -> None:
        assert run({"cost_usd": None, "cost": 2})["cost_usd"] == 2
        row = run({"invocation_id": "a", "id": "row-7"})
        assert (row["invocation_id"], row["attributes"]) == ("a", '{"id":"row-7"}')

    def test_columns_of_our_own_that_say_how_a_run_came_here_are_ignored(self) -> None:
        assert attributes({"import_id": 3, "ingested_at": START, "_rejected": {"line": 1}}) == {}


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("success", "success"),
            ("SUCCESS", "success"),
            (" Success ", "success"),
            ("resolved", "success"),
            ("passed", "success"),
            ("failure", "failure"),
            ("failed", "failure"),
            ("Not Resolved", "failure"),
            ("error", "error"),
            ("timed-out", "error"),
            ("unknown", "unknown"),
            (None, "unknown"),
            ("", "unknown"),
            ("  ", "unknown"),
        ],
    )
    def test_words(self, word: str | None, status: str) -> None:
        assert run({"status": word})["status"] == status

    def test_the_users_words_go_first(self) -> None:
        words = {"done": "success", "failed": "error", "true": "success"}
        assert run({"status": "DONE"}, statuses=words)["status"] == "success"
        assert run({"status": "failed"}, statuses=words)["status"] == "error"
        assert run({"status": True}, statuses=words)["status"] == "success"

    def test_a_status_that_is_none_is_refused_as_an_option(self) -> None:
        with pytest.raises(UserError, match=r"'sucess' is not a status.*'success'.*failure, error, unknown"):
            RecordOptions(statuses={"done": "sucess"})


class TestTimes:
    @pytest.mark.parametrize(
        "spelling",
        [
            "2026-10-01T08:00:00.250000Z",
            "2026-10-01T08:00:00.25+00:00",
            "2026-10-01T10:00:00.250+02:00",
            "2026-10-01T13:30:00.25+0530",
            "2026-10-01 08:00:00.25 UTC",
            "20261001T080000.250Z",
            " 2026-10-01T08:00:00.25Z ",
            "1790841600.25",
            "1790841600250",
            1790841600.25,
            1790841600250,
            1790841600250000,
            1790841600250000000,
        ],
    )
    def test_spellings_of_one_instant(self, spelling: object) -> None:
        assert run({"start_time": spelling})["start_time"] == datetime(
            2026, 10, 1, 8, 0, 0, 250_000, tzinfo=UTC
        )

    def test_duration_is_the_span_where_none_is_given(self) -> None:
        row = run({"end_time": "2026-10-01T10:02:07.898756+02:00"})
        assert row["duration_ms"] == Decimal("127898.756")

    def test_duration_is_as_given_where_it_is(self) -> None:
        assert run({"end_time": "2026-10-01T09:00:00Z", "duration_ms": 5})["duration_ms"] == 5

    def test_no_end_is_made_up(self) -> None:
        assert run({"duration_ms": 5})["end_time"] is None

    def test_an_assumed_start_is_marked(self) -> None:
        options = RecordOptions(start_time="2024-08-25T00:00:00+02:00")
        row = dict(zip(FIELDS, canonical({"id": "a"}, options=options, now=NOW), strict=True))
        assert row["start_time"] == datetime(2024, 8, 24, 22, tzinfo=UTC)
        assert row["attributes"] == '{"start_time_assumed":true}'

    def test_a_start_of_its_own_is_not_replaced(self) -> None:
        row = run({"id": "a"}, start_time="2024-08-25T00:00:00Z")
        assert (row["start_time"], row["attributes"]) == (datetime(2026, 10, 1, 8, tzinfo=UTC), "{}")

    @pytest.mark.parametrize("text", ["yesterday", "2024-08-25T00:00:00", "2024-08-25"])
    def test_an_assumed_start_that_is_no_instant_is_an_error_of_the_option(self, text: str) -> None:
        with pytest.raises(UserError, match=f"--start-time '{text}'"):
            Canon(RecordOptions(start_time=text))


class TestNumbers:
    @pytest.mark.parametrize(
        ("given", "cost"),
        [
            (0.21882000000000001, "0.218820000"),
            ("0.21882000000000001", "0.218820000"),
            (0.0000000005, "0.000000001"),
            (0.00000000049999, "0.000000000"),
            ("1e-9", "0.000000001"),
            (123456789.123456789, "123456789.123456790"),
            ("123456789.123456789", "123456789.123456789"),
            (-0.0, "0.000000000"),
            (3, "3.000000000"),
            (" 2.5 ", "2.500000000"),
        ],
    )
    def test_cost_has_nine_decimals_exactly_rounded(self, given: object, cost: str) -> None:
        assert format(run({"cost": given})["cost_usd"], "f") == cost

    @pytest.mark.parametrize(
        ("given", "duration"),
        [
            (127898.7565, "127898.757"),
            ("0.0005", "0.001"),
            (2.0005, "2.001"),
            (0.00049, "0.000"),
            ("5", "5.000"),
        ],
    )
    def test_duration_has_three_decimals_exactly_rounded(self, given: object, duration: str) -> None:
        assert str(run({"duration_ms": given})["duration_ms"]) == duration

    @pytest.mark.parametrize("given", [14919, 14919.0, "14919", "14919.0", "1.4919e4", " 14919 "])
    def test_a_whole_number_however_it_is_written(self, given: object) -> None:
        count = run({"input_tokens": given})["input_tokens"]
        assert (count, type(count)) == (14919, int)

    def test_total_is_input_and_output_unless_reported(self) -> None:
        assert run({"input_tokens": 5, "output_tokens": 2})["total_tokens"] == 7
        assert run({"input_tokens": 5, "output_tokens": 2, "total_tokens": 9})["total_tokens"] == 9
        assert run({"input_tokens": 5})["total_tokens"] is None

    def test_cache_counted_apart_is_added_to_the_input(self) -> None:
        raw = {"input_tokens": 5, "output_tokens": 2, "cache_read_tokens": 90, "cache_write_tokens": 10}
        row = run(raw, input_excludes_cache=True)
        assert (row["input_tokens"], row["total_tokens"]) == (105, 107)
        row = run({**raw, "total_tokens": 7}, input_excludes_cache=True)
        assert row["total_tokens"] == 107
        row = run({**raw, "total_tokens": 107}, input_excludes_cache=True)
        assert row["total_tokens"] == 107

    def test_an_unknown_part_of_the_cache_counts_as_none(self) -> None:
        assert run({"input_tokens": 5, "cache_read_tokens": 5})["cache_write_tokens"] is None
        row = run({"input_tokens": 5, "cache_read_tokens": 5}, input_excludes_cache=True)
        assert row["input_tokens"] == 10


class TestFilesAndTools:
    def test_a_count_with_a_list_of_its_own(self) -> None:
        row = run({"files_modified": 1, "files_modified_list": ["a.py"]})
        assert (row["files_modified_count"], row["files_modified"]) == (1, ["a.py"])

    def test_a_list_is_its_own_count(self) -> None:
        row = run({"files_modified": '["a.py", "b.py"]'})
        assert (row["files_modified_count"], row["files_modified"]) == (2, ["a.py", "b.py"])

    def test_a_list_of_tools_counts_each_as_often_as_it_stands_there(self) -> None:
        assert run({"tools_used": ["bash", "edit", "bash"]})["tools_used"] == '{"bash":2,"edit":1}'


class TestAttributes:
    def test_what_is_no_column(self) -> None:
        raw = {
            "repository": "x/y",
            "user": {"team": "a"},
            "attempt": 2,
            "ok": True,
            "none": None,
            "empty": "",
        }
        assert attributes(raw) == {"repository": "x/y", "user": {"team": "a"}, "attempt": 2, "ok": True}

    def test_an_object_of_attributes_is_taken_as_it_is(self) -> None:
        assert attributes({"attributes": {"a": "1", "b": None}, "c": 2}) == {"a": "1", "b": None, "c": 2}
        assert attributes({"attributes": '{"a": 1}'}) == {"a": 1}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("3", 3),
            ("-0.25", -0.25),
            ("true", True),
            ('{"a": 1}', {"a": 1}),
            ("[1]", [1]),
            ("007", "007"),
            ("1.10", "1.10"),
            ("1e5", "1e5"),
            ("12345678901234567890", "12345678901234567890"),
            ("2026-10-01", "2026-10-01"),
            ("{not json}", "{not json}"),
            ("null", "null"),
        ],
    )
    def test_text_that_is_exactly_json_is_read_as_such_from_any_format(self, text: str, said: object) -> None:
        assert attributes({"x": text}) == {"x": said}
        assert attributes({"x": said}) == {"x": said}

    def test_a_long_error_message_is_cut_and_says_so(self) -> None:
        row = run({"error_message": "é" * 1_000_000})
        assert row["error_message"] == "é" * 10_000 + "… [cut: 1,000,000 characters]"


class TestMap:
    def test_the_users_columns_go_first(self) -> None:
        row = run({"price": 2, "cost": 3}, columns={"cost_usd": "price"})
        assert (row["cost_usd"], row["attributes"]) == (2, '{"cost":3}')

    def test_a_mapped_column_may_be_a_count_or_a_list_of_files(self) -> None:
        assert run({"touched": 4}, columns={"files_modified": "touched"})["files_modified_count"] == 4
        assert run({"touched": ["a"]}, columns={"files_modified": "touched"})["files_modified"] == ["a"]

    @pytest.mark.parametrize(
        ("field", "column", "hint"),
        [
            ("cost_us", "price", "'cost_usd'"),
            ("price", "cost_usd", "--map cost_usd=price"),
            ("x", "y", "invocation_id"),
        ],
    )
    def test_a_field_that_is_none_of_ours_is_refused(self, field: str, column: str, hint: str) -> None:
        with pytest.raises(UserError, match=f"--map {field}={column}") as raised:
            RecordOptions(columns={field: column})
        assert hint in str(raised.value)


CONTENT: dict[str, object] = {
    "start_time": START,
    "model": "gpt-4",
    "duration_ms": 5,
    "cost": 0.5,
    "tools_used": {"a": 1, "b": 2},
    "attempt": 3,
}


class TestIdOfContent:
    def id(self, raw: dict[str, object]) -> object:
        return canonical(raw, now=NOW)[0]

    def test_is_the_same_from_json_and_csv_and_in_any_order(self) -> None:
        cells = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in CONTENT.items()
        }
        assert self.id(CONTENT) == self.id(cells) == self.id(dict(reversed(cells.items())))
        assert self.id(CONTENT) == self.id({**CONTENT, "tools_used": {"b": 2, "a": 1}})

    @pytest.mark.parametrize(
        "change", [{"duration_ms": 6}, {"model": "gpt-5"}, {"attempt": 4}, {"cost": None}]
    )
    def test_is_another_for_another_content(self, change: dict[str, object]) -> None:
        assert self.id(CONTENT) != self.id({**CONTENT, **change})

    def test_does_not_depend_on_the_price_list(self, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = {"start_time": START, "model": "gpt-4o", "input_tokens": 1000, "output_tokens": 10}
        before = canonical(raw, now=NOW)
        monkeypatch.setattr("ingest.prices.estimate", lambda *_: Decimal(7))
        after = canonical(raw, now=NOW)
        assert before[0] == after[0]
        assert before != after


class TestErrors:
    def test_category_and_template_come_from_the_message(self) -> None:
        row = run({"status": "failure", "error_message": "timed out after 30 s"})
        assert (row["error_category"], row["error_template"]) == ("timeout", "timed out after <n> s")

    @pytest.mark.parametrize(("status", "category"), [("error", "other"), ("success", None), (None, None)])
    def test_without_a_message_only_what_failed_has_a_category(
        self, status: str | None, category: str | None
    ) -> None:
        row = run({"status": status})
        assert (row["error_category"], row["error_template"]) == (category, None)

    def test_a_known_category_of_the_source_is_taken_and_kept(self) -> None:
        row = run({"status": "error", "error_message": "timed out", "error_category": "network"})
        assert (row["error_category"], row["error_template"]) == ("network", "timed out")
        assert row["attributes"] == '{"error_category":"network"}'

    def test_one_that_the_rules_say_themselves_needs_no_keeping(self) -> None:
        row = run({"status": "error", "error_message": "timed out", "error_category": "timeout"})
        assert (row["error_category"], row["attributes"]) == ("timeout", "{}")

    def test_an_unknown_one_is_kept_as_an_attribute(self) -> None:
        row = run({"error_message": "timed out", "error_category": "E7", "a": 1})
        assert (row["error_category"], row["attributes"]) == ("timeout", '{"a":1,"error_category":"E7"}')

    def test_a_template_of_the_source_is_not_ours(self) -> None:
        assert run({"error_message": "x 1", "error_template": "mine"})["error_template"] == "x <n>"
        assert run({"error_template": "mine"})["error_template"] is None

    def test_rules_do_not_make_another_run(self) -> None:
        raw = {"start_time": START, "status": "error", "error_message": "timed out"}
        none = ErrorReader([])
        before, after = canonical(raw, now=NOW), canonical(raw, options=RecordOptions(errors=none), now=NOW)
        assert before[0] == after[0]
        assert (before[-3], after[-3]) == ("timeout", "other")
