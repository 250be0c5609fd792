"""The overview's time charts split, on the rows made by hand."""

from __future__ import annotations

import pytest

from layouts import ids
from layouts.charts.split import CUTS
from layouts.dimensions import FIXED
from tests.callbacks.conftest import Page, words


def named(page: Page, chart: str, **asked: str) -> dict[str, list[float]]:
    """Name -> the values of its first trace."""
    found: dict[str, list[float]] = {}
    for trace in page.answer(chart, **asked)["figure"]["data"]:
        if trace.get("name"):
            found.setdefault(trace["name"], trace["y"])
    return found


def test_runs_by_model_add_up_to_all_runs(page: Page) -> None:
    parts = named(page, "executions", split="model")
    # Of the ten of 30 days: gpt-4 five, claude three, odd two.
    assert {name: sum(values) for name, values in parts.items()} == {"gpt-4": 5, "claude": 3, "odd, 100%": 2}
    assert list(parts) == ["gpt-4", "claude", "odd, 100%"]


@pytest.mark.parametrize("key", [*(d.key for d in FIXED if not d.overlapping), "attr.repository"])
@pytest.mark.parametrize("chart", ["executions", "tokens", "llm_calls", "cost"])
def test_members_sum_to_the_chart_that_is_not_split(page: Page, chart: str, key: str) -> None:
    metric = {"executions": "runs", "tokens": "total", "llm_calls": "LLM calls", "cost": "total cost"}[chart]
    alone, parts = page.answer(chart), page.answer(chart, split=key)
    columns = {column["label"]: column for column in alone["figure"]["layout"]["meta"]["columns"]}
    column = columns[metric]
    whole = column["values"] if "values" in column else alone["figure"]["data"][column["trace"]]["y"]
    split = parts["figure"]["layout"]["meta"]["columns"]
    assert split[-1]["values"] == whole
    summed = [
        sum(value or 0 for value in day) for day in zip(*(c["values"] for c in split[:-1]), strict=True)
    ]
    assert summed == pytest.approx([value or 0 for value in whole])


def test_the_subtitle_and_the_drill_name_the_members(page: Page) -> None:
    answer = page.answer("cost", split="version", status="failed")
    assert answer["html"][ids.subtitle("cost")] == "Daily spend by version (failed runs), last 30 days"
    assert answer["figure"]["layout"]["meta"]["runs"] == {
        "1.0": {"version": "1.0"},
        "2.0": {"version": "2.0"},
    }
    assert "Showing wasted spend on failed runs" in words(answer["html"][ids.warnings("cost")])


@pytest.mark.parametrize("chart", CUTS)
def test_every_time_chart_has_small_multiples(page: Page, chart: str) -> None:
    meta = page.answer(chart, split="model", **{"as": "multiples"})["figure"]["layout"]["meta"]
    assert {panel["label"] for panel in meta["multiples"]} == {"gpt-4", "claude", "odd, 100%"}


def test_a_member_has_one_colour_on_all_charts(page: Page) -> None:
    colours = set()
    for chart in CUTS:
        columns = page.answer(chart, split="model")["figure"]["layout"]["meta"]["columns"]
        colours |= {(column["label"], column["color"]) for column in columns if "color" in column}
    assert colours == {("gpt-4", "--c1"), ("claude", "--c2"), ("odd, 100%", "--c3")}


def test_durations_are_told_by_what_was_chosen(page: Page) -> None:
    asked = {"split": "model", "range": "2026-11-19..2026-11-19"}
    assert named(page, "duration", **asked)["gpt-4"] == [55_000]  # 60 and 50 seconds
    assert named(page, "duration", stat="p95", **asked)["gpt-4"][0] == pytest.approx(60_000, rel=0.01)


def test_the_controls_show_what_the_url_says(page: Page) -> None:
    plain = page.answer(ids.SPLIT)["html"][ids.SPLIT]
    assert 'data-set="split"' in plain
    assert "small multiples" not in plain
    split = page.answer(ids.SPLIT, split="attr.team", stat="p50")["html"][ids.SPLIT]
    assert '<option selected="selected" value="attr.team">team</option>' in split
    assert '<option selected="selected" value="p50">p50</option>' in split
    assert "small multiples" in split


@pytest.mark.parametrize("asked", [{"split": "colour"}, {"as": "pie"}, {"stat": "p12"}])
def test_a_bad_value_is_named_and_shows_no_numbers(page: Page, asked: dict[str, str]) -> None:
    parameter, value = next(iter(asked.items()))
    standing = page.answer(ids.STANDING, **asked)
    assert standing["hidden"]
    assert f"{parameter} '{value}' is not known" in standing["html"][ids.BANNER]
    assert page.answer("cost", **({"split": "model"} | asked))["figure"] is None


def test_a_success_rate_by_status_says_that_it_tells_nothing(page: Page) -> None:
    said = words(page.answer("success_rate", split="status")["html"][ids.warnings("success_rate")])
    assert "Always 0 % or 100 %: a status is how runs ended" in said
    filtered = page.answer("success_rate", split="status", status="failed")["html"]
    assert "Always 0 % with this status filter" in filtered[ids.warnings("success_rate")]
    assert "a status is how runs ended" not in filtered[ids.warnings("success_rate")]
    by_model = words(page.answer("success_rate", split="model")["html"][ids.warnings("success_rate")])
    assert "0 % or 100 %" not in by_model
