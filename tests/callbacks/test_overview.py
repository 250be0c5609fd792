"""What every panel says about the rows made by hand."""

from __future__ import annotations

import pytest

from callbacks.overview import overview_queries
from layouts import ids
from queries.filters import parse
from tests.callbacks.conftest import Page, Reader, words
from tests.callbacks.rows import NOW, ODD, ZONE

EVERY = (ids.CARDS, *ids.CHARTS, ids.MODELS)


def kpi(page: Page, metric: str, **asked: str) -> str:
    return words(page.answer(ids.CARDS, **asked)["html"][ids.CARDS], ids.kpi_value(metric))


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ({}, "10"),
        ({"range": "24h"}, "3"),
        ({"range": "7d"}, "7"),
        ({"range": "90d"}, "11"),
        ({"range": "all"}, "12"),
        ({"range": "2026-11-18..2026-11-18"}, "1"),
        ({"range": "2026-11-18..2026-11-18", "tz": "UTC"}, "2"),  # the run of 23:30 UTC
        ({"range": "2026-11-20T09:00Z..2026-11-20T10:30Z"}, "1"),  # the end is excluded
        ({"status": "success"}, "6"),
        ({"status": "failed"}, "3"),
        ({"status": "failure"}, "2"),
        ({"status": "error"}, "1"),
        ({"status": "unknown"}, "1"),
        ({"status": "success,unknown"}, "7"),
        ({"model": "claude"}, "3"),
        ({"model": "claude,gpt-4"}, "8"),
        ({"model": "odd%2C 100%25"}, "2"),  # as a URL names ODD
        ({"agent": "helper"}, "2"),
        ({"version": "2.0"}, "5"),
        ({"version": "(none)"}, "2"),
        ({"model": "gpt-4", "status": "failed", "range": "7d"}, "2"),
    ],
)
def test_the_runs_card_counts_what_passes_the_filters(page: Page, asked: dict[str, str], runs: str) -> None:
    assert kpi(page, "runs", **asked) == runs


def test_cards_tell_rate_cost_and_waste(page: Page) -> None:
    assert kpi(page, "success_rate") == "66.7 %"  # 6 / 9
    assert kpi(page, "cost_usd") == "$4.55"
    assert kpi(page, "cost_per_success") == "$0.758"  # 4.55 / 6
    assert kpi(page, "failed_cost_usd") == "$2.45"  # 0.05 + 0.40 + 2
    assert kpi(page, "llm_calls_per_run") == "4.44"  # 40 / 9


def test_comparison_can_be_switched_off(page: Page) -> None:
    asked = {"range": "2026-11-19..2026-11-19"}  # 3 runs; the day before has 1
    compared = page.answer(ids.CARDS, **asked)["html"][ids.CARDS]
    alone = page.answer(ids.CARDS, compare="none", **asked)["html"][ids.CARDS]
    assert "from 1" in words(compared, ids.kpi("runs"))
    assert "from" not in words(alone, ids.kpi("runs"))


@pytest.mark.parametrize(("grain", "buckets"), [("day", 30), ("week", 5), ("auto", 30)])
def test_charts_follow_the_granularity(page: Page, grain: str, buckets: int) -> None:
    figure = page.answer("executions", grain=grain)["figure"]
    assert len(figure["layout"]["meta"]["x"]) == buckets
    assert sum(sum(trace["y"]) for trace in figure["data"]) == 10


def test_the_models_table_has_a_row_for_each_model_and_offers_it_as_a_filter(page: Page) -> None:
    answer = page.answer(ids.MODELS)["html"]
    table = Reader(answer[ids.body(ids.MODELS)])
    assert [text for text in table.texts if text in ("gpt-4", "claude", ODD)] == ["gpt-4", "claude", ODD]
    assert table.asks == [{"set": {"model": name}} for name in ("gpt-4", "claude", "odd%2C 100%25")]
    assert "3 models" in answer[ids.subtitle(ids.MODELS)]


def test_subtitles_and_warnings_say_which_runs(page: Page) -> None:
    answer = page.answer("cost", status="failed", model="gpt-4", range="7d")["html"]
    assert (
        answer[ids.subtitle("cost")] == "Daily spend + cost per run (failed runs, model gpt-4), last 7 days"
    )
    assert "Showing wasted spend on failed runs" in words(answer[ids.warnings("cost")])


@pytest.mark.parametrize("panel", EVERY)
def test_a_bad_value_shows_no_numbers(page: Page, panel: str) -> None:
    answer = page.answer(panel, status="sucess")
    assert set(answer["html"].values()) == {""}
    assert answer["figure"] is None


def test_every_panel_has_its_queries_and_all_share_few_statements() -> None:
    filters = parse({"tz": ZONE}, now=NOW)
    asked = overview_queries(filters)
    assert set(asked) == {ids.CARDS, *ids.CHARTS, ids.MODELS}
    # What the database is asked: by period and grain and dimension; the metrics cost nothing more.
    parts = {(q.filters.start, q.filters.end, q.by, q.grain) for queries in asked.values() for q in queries}
    # The series, the failed runs in it by category, the period, its elapsed part, the one before, the models.
    assert len(parts) == 6
