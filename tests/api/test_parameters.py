"""Every mistake has its name, its offender and what is allowed; nothing is guessed."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.api.problems import CODES, OF_BODIES


@pytest.fixture(scope="module")
def ask(module_engine: Engine, asking: Any) -> Any:
    """On an empty database that all share: a mistake is a mistake whatever the data."""
    return asking(module_engine)


ROOT = Path(__file__).parents[2]
ABOUT_RUNS = ("summary", "timeseries", "breakdown?by=model", "runs")

REFUSED = [
    ("summary?modle=gpt-4", "unknown_parameter", "modle"),
    ("summary?limit=5", "unknown_parameter", "limit"),
    ("runs?metrics=runs", "unknown_parameter", "metrics"),
    ("models?range=7d", "unknown_parameter", "range"),
    ("definitions?metrics=runs", "unknown_parameter", "metrics"),
    ("/api/openapi.json?pretty=1", "unknown_parameter", "pretty"),
    ("summary?Range=7d", "unknown_parameter", "Range"),
    ("summary?range=7d&range=7d", "repeated_parameter", "range"),
    ("summary?model=a&model=b", "repeated_parameter", "model"),
    ("summary?range=", "empty_parameter", "range"),
    ("summary?status", "empty_parameter", "status"),
    ("summary?model=,", "empty_parameter", "model"),
    ("summary?model=a,,b", "empty_parameter", "model"),
    ("summary?metrics=runs,", "empty_parameter", "metrics"),
    ("breakdown", "missing_parameter", "by"),
    ("summary?startDate=2026-10-01", "missing_parameter", "endDate"),
    ("summary?endDate=2026-10-01", "missing_parameter", "startDate"),
    ("summary?range=7d&startDate=2026-10-01&endDate=2026-10-02", "conflicting_parameters", "startDate"),
    ("summary?range=7d&endDate=2026-10-02", "conflicting_parameters", "endDate"),
    ("timeseries?grain=day&granularity=day", "conflicting_parameters", "granularity"),
    ("summary?" + "&".join(f"p{n}=1" for n in range(101)), "too_many_parameters", None),
    ("summary?model=%FF", "bad_encoding", None),
    ("summary?range=31d", "bad_range", "range"),
    ("summary?range=2026-10-05..2026-10-01", "bad_range", "range"),
    ("summary?range=2026-02-30..2026-03-01", "bad_range", "range"),
    ("summary?range=2026-10-01T08:00..2026-10-01T09:00", "bad_range", "range"),
    ("summary?range=2026-W40-1T08:00Z..2026-W41-1T08:00Z", "bad_range", "range"),
    ("summary?startDate=2026-10-05&endDate=2026-10-01", "bad_range", "endDate"),
    ("summary?startDate=2026-10-01T08:00Z&endDate=2026-10-01T08:00Z", "bad_range", "endDate"),
    ("summary?startDate=1066-10-14&endDate=2026-10-01", "bad_range", "endDate"),
    ("summary?startDate=yesterday&endDate=2026-10-01", "bad_date", "startDate"),
    ("summary?startDate=2026-02-30&endDate=2026-10-01", "bad_date", "startDate"),
    ("summary?startDate=2026-10-01&endDate=2026-10-01T08:00", "bad_date", "endDate"),
    ("summary?startDate=2026-10-01&endDate=9999-12-31", "bad_date", "endDate"),
    ("summary?startDate=2026-W40-1&endDate=2026-10-01", "bad_date", "startDate"),
    ("summary?startDate=20261001T08Z&endDate=2026-10-02", "bad_date", "startDate"),
    ("summary?grain=minute", "bad_grain", "grain"),
    ("timeseries?granularity=minute", "bad_granularity", "granularity"),
    ("timeseries?grain=hour&range=2020-01-01..2026-01-01", "too_many_points", "grain"),
    ("timeseries?granularity=hour&range=2020-01-01..2026-01-01", "too_many_points", "granularity"),
    ("summary?status=sucess", "bad_status", "status"),
    ("summary?status=success,%20error", "bad_status", "status"),
    ("summary?model=%00", "bad_model", "model"),
    ("summary?agent=" + "x" * 201, "bad_agent", "agent"),
    ("summary?version=" + "x" * 601, "bad_version", "version"),
    ("summary?category=" + "x" * 201, "bad_category", "category"),
    ("summary?error=" + "x" * 301, "bad_error", "error"),
    ("summary?tool=%00", "bad_tool", "tool"),
    ("summary?attr.repository=%00", "bad_attribute", "attr.repository"),
    ("summary?attr.=x", "unknown_parameter", "attr."),
    ("summary?" + "&".join(f"attr.a{n}=x" for n in range(11)), "too_many_attributes", "attr.a9"),
    ("summary?model=" + ",".join(map(str, range(101))), "too_many_names", "model"),
    ("summary?model=" + ",".join("a" * 101), "bad_model", "model"),
    ("summary?tz=UTC%2B3", "unknown_zone", "tz"),
    ("summary?tz=%00", "unknown_zone", "tz"),
    ("summary?compare=year", "bad_compare", "compare"),
    ("summary?metrics=cost", "unknown_metric", "metrics"),
    ("summary?metrics=" + ",".join(["all"] * 101), "bad_metrics", "metrics"),
    ("breakdown?by=agent_version", "bad_by", "by"),
    ("changes?metric=success_rate_low", "bad_metric", "metric"),
    ("changes?metric=costs", "bad_metric", "metric"),
    ("changes?against=31d", "bad_against", "against"),
    ("unusual?band=2", "bad_band", "band"),
    ("names?by=tool&search=" + "x" * 301, "bad_search", "search"),
    ("compare?a=%00", "bad_a", "a"),
    ("compare?b=%00", "bad_b", "b"),
    ("compare?adjust=%00", "bad_adjust", "adjust"),
    ("changes?against=2026-10-05..2026-10-01", "bad_range", "against"),
    ("breakdown?by=model&limit=1001", "bad_limit", "limit"),
    ("runs?limit=0", "bad_limit", "limit"),
    ("runs?limit=501", "bad_limit", "limit"),
    ("runs?limit=-1", "bad_limit", "limit"),
    ("runs?limit=1.5", "bad_limit", "limit"),
    ("runs?limit=%D9%A3", "bad_limit", "limit"),  # an Arabic digit three
    ("runs?limit=99999999999999999999", "bad_limit", "limit"),
    ("runs?sort=price", "bad_sort", "sort"),
    ("runs?q=%20", "bad_q", "q"),
    ("runs?q=%00", "bad_q", "q"),
    ("runs?min_duration=30", "bad_min_duration", "min_duration"),
    ("runs?max_duration=-1s", "bad_max_duration", "max_duration"),
    ("runs?max_duration=%D9%A3s", "bad_max_duration", "max_duration"),
    ("runs?min_cost=x", "bad_min_cost", "min_cost"),
    ("runs?max_cost=1e3", "bad_max_cost", "max_cost"),
    ("runs?outlier=files", "bad_outlier", "outlier"),
    ("runs?kind=odd", "bad_kind", "kind"),
    ("runs?import=x", "bad_import", "import"),
    ("/api/export/runs.csv?import=0", "bad_import", "import"),
    ("/api/export/runs.csv?sort=price", "bad_sort", "sort"),
    ("runs?cursor=abc", "bad_cursor", "cursor"),
    ("runs?cursor=%C3%A9", "bad_cursor", "cursor"),
    ("runs?cursor=MjAyNi0xMS0yMFQxMTowMDowMHxydW4", "bad_cursor", "cursor"),  # an instant without a zone
    ("runs?cursor=MjAyNi0xMS0yMFQxMTowMDowMCswMDowMHwA", "bad_cursor", "cursor"),  # a NUL in the id
]


@pytest.mark.parametrize(("what", "code", "parameter"), REFUSED)
def test_a_mistake_is_named(ask: Any, what: str, code: str, parameter: Any) -> None:
    error = ask.refused(what)
    assert (error["code"], error["parameter"]) == (code, parameter)
    assert error["allowed"]


def test_every_code_of_a_parameter_is_tried_above() -> None:
    # runs_dropped needs a month that is gone: tests/api/test_retention.py.
    elsewhere = {"bad_request", "runs_dropped", *OF_BODIES}
    promised = {code for code, status in CODES.items() if status == 400} - elsewhere
    assert promised == {code for _, code, _ in REFUSED}


def test_every_code_in_the_source_is_promised() -> None:
    source = "".join(
        path.read_text() for folder in ("queries", "dashboard/api") for path in (ROOT / folder).glob("*.py")
    )
    raised = set(re.findall(r'(?:QueryError|Problem)\(\s*"(\w+)"', source))
    assert raised
    assert raised <= CODES.keys()


@pytest.mark.parametrize("endpoint", ABOUT_RUNS)
def test_the_query_string_of_a_page_works_wherever_runs_are_asked_for(ask: Any, endpoint: str) -> None:
    page = "range=7d&grain=hour&status=failed&model=a,b&agent=c&version=(none)&tz=Asia/Tokyo&compare=none"
    answer = ask(f"{endpoint}{'&' if '?' in endpoint else '?'}{page}")
    assert answer["range"]["tz"] == "Asia/Tokyo"
    assert answer["filters"]["model"] == ["a", "b"]
    assert answer["filters"]["status"] == ["failed"]


def test_a_suggestion_where_a_name_is_nearly_right(ask: Any) -> None:
    assert "Did you mean 'model'?" in ask.refused("summary?modle=x")["message"]
    assert "Did you mean 'success'?" in ask.refused("summary?status=sucess")["message"]
    assert "Did you mean 'cost_usd'?" in ask.refused("summary?metrics=costusd")["message"]
    assert "Did you mean 'model'?" in ask.refused("breakdown?by=models")["message"]


def test_the_first_and_last_limits_are_let_through(ask: Any) -> None:
    for what in ("runs?limit=1", "runs?limit=500", "breakdown?by=model&limit=1000"):
        assert ask(what)["items"] == []


def test_without_parameters_30_days_of_utc(ask: Any) -> None:
    found = ask("timeseries")["range"]
    assert (found["asked"], found["tz"], found["grain"]) == ("30d", "UTC", "day")
    assert (found["start"], found["end"]) == ("2026-10-25T00:00:00Z", "2026-11-24T00:00:00Z")
