"""What a record may not hold: each refusal by its code, its field and a reason that says what is allowed."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.record import FIELDS, Canon, RecordOptions, canonical
from queries.errors import RecordError

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
START = "2026-10-01T08:00:00Z"
HUGE = "9" * 5_000


def refusal(raw: dict[str, object], **options: object) -> RecordError:
    with pytest.raises(RecordError) as raised:
        canonical({"start_time": START, **raw}, options=RecordOptions(**options), now=NOW)
    return raised.value


@pytest.mark.parametrize(
    ("column", "value", "code", "reason"),
    [
        # ids and dimensions
        ("invocation_id", "x" * 513, "too_long", "at most 512"),
        ("invocation_id", "é" * 257, "too_long", "514 bytes; at most 512"),
        ("invocation_id", "a\0b", "nul_character", "take it out"),
        ("invocation_id", "\ud800", "invalid_unicode", "UTF-8"),
        ("invocation_id", {"a": 1}, "not_text", "text in quotes"),
        ("invocation_id", True, "not_text", "text in quotes"),
        ("agent", "x" * 201, "too_long", "201 characters; at most 200"),
        ("agent_version", "x" * 201, "too_long", "at most 200"),
        ("model", "x" * 201, "too_long", "at most 200"),
        ("model", "a\0b", "nul_character", "take it out"),
        ("model", ["gpt-4"], "not_text", "text in quotes"),
        ("error_category", "x" * 201, "too_long", "at most 200"),
        # status
        ("status", "sucess", "unknown_status", "Did you mean 'success'? Allowed: success, failure, error, unknown"),
        ("status", "done", "unknown_status", "--map-status 'done=STATUS'"),
        ("status", True, "unknown_status", "--map-status 'true=STATUS'"),
        ("status", 1, "unknown_status", "--map-status"),
        # times
        ("start_time", "2026-10-01T08:00:00", "no_time_zone", "2026-10-01T08:00:00Z"),
        ("start_time", "2026-10-01", "no_time_zone", "+02:00"),
        ("start_time", "20261001", "no_time_zone", "+02:00"),
        ("start_time", datetime(2026, 10, 1), "no_time_zone", "+02:00"),
        ("start_time", "yesterday", "not_a_time", "ISO-8601 with a zone"),
        ("start_time", "2026-10-01T25:00:00Z", "not_a_time", "ISO-8601"),
        ("start_time", "0001-01-01T00:00:00+14:00", "not_a_time", "ISO-8601"),
        ("start_time", True, "not_a_time", "ISO-8601"),
        ("start_time", ["2026"], "not_a_time", "ISO-8601"),
        ("start_time", 1790841, "not_a_time", "seconds since 1970 in the years 2000 to 2100"),
        ("start_time", "1790841", "not_a_time", "seconds since 1970 in the years 2000 to 2100"),
        ("start_time", math.nan, "not_finite", "finite"),
        ("start_time", 1e300, "not_a_time", "since 1970"),
        ("start_time", "1999-12-31T23:59:59.999999Z", "too_early", "before the year 2000"),
        ("start_time", "2026-11-02T12:00:00.000001Z", "too_late", "more than a day ahead of now (2026-11-01T12:00:00"),
        ("end_time", "2026-10-01T07:59:59Z", "end_before_start", "start_time (2026-10-01T08:00:00"),
        ("end_time", "2027-10-02T08:00:00Z", "too_large", "366 days after start_time; at most 366"),
        ("end_time", "2026-10-01T09:00:00", "no_time_zone", "+02:00"),
        ("duration_ms", -0.001, "negative", "0 or more"),
        ("duration_ms", "-5", "negative", "0 or more"),
        ("duration_ms", 366 * 86_400_000 + 1, "too_large", "longer than 366 days"),
        ("duration_ms", math.inf, "not_finite", "finite"),
        ("duration_ms", "5s", "not_a_number", "without units"),
        # tokens
        ("input_tokens", -1, "negative", "0 or more"),
        ("input_tokens", "-1", "negative", "0 or more"),
        ("input_tokens", 10**11 + 1, "too_large", "at most 100,000,000,000"),
        ("input_tokens", str(10**11 + 1), "too_large", "at most 100,000,000,000"),
        ("input_tokens", HUGE, "not_a_number", "digits"),
        ("input_tokens", 10**400, "too_large", "at most"),
        ("input_tokens", "1e999999999", "too_large", "at most"),
        ("input_tokens", 1.5, "not_whole", "whole number"),
        ("input_tokens", "1.5", "not_whole", "whole number"),
        ("input_tokens", True, "boolean", "a number may stand here"),
        ("input_tokens", "1,000", "not_a_number", "thousands separators"),
        ("input_tokens", "1_000", "not_a_number", "thousands separators"),
        ("input_tokens", "١٢٣", "not_a_number", "digits"),
        ("input_tokens", "many", "not_a_number", "digits"),
        ("input_tokens", [1], "not_a_number", "digits"),
        ("output_tokens", math.nan, "not_finite", "leave it empty"),
        ("total_tokens", "Infinity", "not_finite", "leave it empty"),
        ("cache_read_tokens", -1, "negative", "0 or more"),
        ("cache_write_tokens", -1, "negative", "0 or more"),
        # cost
        ("cost_usd", math.nan, "not_finite", "leave it empty"),
        ("cost_usd", "NaN", "not_finite", "leave it empty"),
        ("cost_usd", "sNaN", "not_finite", "leave it empty"),
        ("cost_usd", -math.inf, "not_finite", "leave it empty"),
        ("cost_usd", -0.01, "negative", "0 or more"),
        ("cost_usd", 10**9, "too_large", "less than 1,000,000,000"),
        ("cost_usd", 1e9, "too_large", "less than 1,000,000,000"),
        ("cost_usd", "999999999.9999999999", "too_large", "less than 1,000,000,000"),
        ("cost_usd", "$5", "not_a_number", "without units"),
        ("cost_usd", "0,05", "not_a_number", "thousands separators"),
        ("cost_usd", True, "boolean", "a number may stand here"),
        ("cost_source", "guessed", "unknown_cost_source", "reported, estimated"),
        # counts
        ("llm_call_count", 2**31, "too_large", "at most 2,147,483,647"),
        ("tool_call_count", 2**31, "too_large", "at most 2,147,483,647"),
        ("files_modified_count", 2**31, "too_large", "at most 2,147,483,647"),
        ("files_modified", 2**31, "too_large", "at most 2,147,483,647"),
        ("llm_call_count", False, "boolean", "a number may stand here"),
        # structures
        ("tools_used", "{not json", "not_json", "is not JSON"),
        ("tools_used", 5, "not_tools", '{"bash": 2'),
        ("tools_used", {"bash": -1}, "negative", "0 or more"),
        ("tools_used", {"bash": True}, "boolean", "a number"),
        ("tools_used", {"bash": None}, "not_a_number", "digits"),
        ("tools_used", {"a\0b": 1}, "nul_character", "jsonb cannot hold"),
        ("tools_used", {"x" * 201: 1}, "too_long", "200 characters"),
        ("tools_used", {str(number): 1 for number in range(10_001)}, "too_long", "at most 10,000"),
        ("files_modified", {"a": 1}, "not_a_number", "digits"),
        ("files_modified", ["a", 1], "not_a_list", "list of paths"),
        ("files_modified", ["a\0b"], "nul_character", "take it out"),
        ("files_modified", ["\udc80"], "invalid_unicode", "UTF-8"),
        ("files_modified", ["x"] * 10_001, "too_long", "10,000 paths"),
        ("files_modified_list", 5, "not_a_list", "list of paths"),
        ("error_message", "a\0b", "nul_character", "take it out"),
        ("error_message", "\udcff", "invalid_unicode", "UTF-8"),
        ("error_message", {"a": 1}, "not_text", "text in quotes"),
        ("attributes", [1], "not_an_object", "environment"),
        ("attributes", "x", "not_json", "is not JSON"),
    ],
)  # fmt: skip
def test_refused(column: str, value: object, code: str, reason: str) -> None:
    error = refusal({column: value})
    field = {"files_modified_list": "files_modified"}.get(column, column)
    assert (error.code, error.field) == (code, field)
    assert reason in error.reason


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\0b", "nul_character"),
        ({"a": ["x\0"]}, "nul_character"),
        ("\ud800", "invalid_unicode"),
        ({"\ud800": 1}, "invalid_unicode"),
        (nested(300), "too_deep"),
        (nested(5_000), "too_deep"),
        (2**64, "too_large"),
        ("x" * 2**20, "too_long"),
        ({1, 2}, "not_json"),
    ],
)
def test_attributes_that_would_harm_a_batch_are_refused(value: object, code: str) -> None:
    error = refusal({"invocation_id": "a", "extra": value})
    assert (error.code, error.field) == (code, "attributes")


def test_text_that_only_looks_like_a_nul_is_none() -> None:
    row = dict(zip(FIELDS, canonical({"start_time": START, "x": "\\u0000"}, now=NOW), strict=True))
    assert row["attributes"] == '{"x":"\\\\u0000"}'


def test_cache_greater_than_input_says_which_option_adds_it() -> None:
    error = refusal({"input_tokens": 5, "cache_read_tokens": 4, "cache_write_tokens": 2})
    assert (error.code, error.field, error.value) == ("cache_over_input", "input_tokens", 5)
    assert "(6)" in error.reason
    assert "--input-excludes-cache" in error.reason


def test_input_with_the_cache_added_keeps_to_the_limit() -> None:
    raw = {"input_tokens": 10**11, "cache_read_tokens": 1}
    assert refusal(raw, input_excludes_cache=True).code == "too_large"


def test_a_run_without_a_start_is_refused_with_the_way_out() -> None:
    with pytest.raises(RecordError) as raised:
        canonical({"invocation_id": "a", "start_time": None}, now=NOW)
    error = raised.value
    assert (error.code, error.field) == ("no_start_time", "start_time")
    assert "--start-time" in error.reason


def test_an_assumed_start_keeps_to_the_limits() -> None:
    with pytest.raises(RecordError) as raised:
        canonical({"invocation_id": "a"}, options=RecordOptions(start_time="1970-01-01T00:00:00Z"), now=NOW)
    assert raised.value.code == "too_early"


def test_an_object_without_any_field_of_a_run_is_none() -> None:
    with pytest.raises(RecordError) as raised:
        canonical({"dataset": "x", "rows": 5}, now=NOW)
    assert raised.value.code == "not_a_run"
    assert "dataset, rows" in raised.value.reason


@pytest.mark.parametrize("value", ["x" * 512, "é" * 256, "😀" * 128])
def test_ids_up_to_the_limit_enter(value: str) -> None:
    assert canonical({"start_time": START, "id": value}, now=NOW)[0] == value


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("start_time", "2000-01-01T00:00:00Z"),
        ("start_time", "2026-11-02T12:00:00Z"),
        ("model", "é" * 200),
        ("input_tokens", 10**11),
        ("llm_call_count", 2**31 - 1),
        ("cost_usd", Decimal("999999999.999999999")),
        ("duration_ms", 366 * 86_400_000),
    ],
)
def test_what_is_just_within_the_limits_enters(column: str, value: object) -> None:
    row = dict(zip(FIELDS, canonical({"start_time": START, column: value}, now=NOW), strict=True))
    assert row[column] == (datetime.fromisoformat(str(value)) if column == "start_time" else value)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_VALUES = st.recursive(
    _SCALARS,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3),
    max_leaves=5,
)
_CANON = Canon(RecordOptions())


def _judged(raw: dict[str, object]) -> tuple[dict[str, object], RecordError | None]:
    try:
        return dict(zip(FIELDS, _CANON.row(raw, NOW), strict=True)), None
    except RecordError as error:
        return {}, error


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from([*FIELDS, "extra", "cost", "filesModified"]), _VALUES, max_size=8),
    st.booleans(),
)
def test_any_record_is_either_refused_with_a_reason_or_within_all_limits(
    raw: dict[str, object], timed: bool
) -> None:
    if timed:
        raw["start_time"] = START
    row, refused = _judged(raw)
    if refused:
        assert all((refused.code, refused.field, refused.reason))
        return
    assert datetime(2000, 1, 1, tzinfo=UTC) <= row["start_time"] <= NOW + timedelta(days=1)  # type: ignore[operator]
    assert 0 < len(str(row["invocation_id"]).encode()) <= 512
    assert row["status"] in ("success", "failure", "error", "unknown")
    for name in ("agent", "model"):
        assert 0 < len(str(row[name])) <= 200
    assert all(
        value is None or value >= 0
        for name, value in row.items()
        if name.endswith(("_tokens", "_count", "_usd", "_ms"))
    )  # type: ignore[operator]
    assert "\0" not in "".join(str(value) for value in row.values())
