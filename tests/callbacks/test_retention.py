"""What the pages tell where single runs are no longer kept: everything that is known, and what is not.

Of the twelve runs made by hand, those of 10 January and 15 September are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.facets import refresh
from ingest.retention import retain
from layouts import ids
from tests.callbacks.conftest import Page, make_page, words
from tests.callbacks.rows import NOW, put_rows

JANUARY = "2026-01-01..2026-01-31"


@pytest.fixture(scope="module")
def page(
    module_engine: Engine, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    put_rows(module_engine, run)
    refresh(module_engine)
    gone = retain(module_engine, 40, NOW)
    assert gone == ["agent_execution_2026_01", "agent_execution_2026_09"]
    url = module_engine.url.render_as_string(hide_password=False)
    made, close = make_page(url, tmp_path_factory.mktemp("data"))
    yield made
    close()


def test_totals_are_complete_and_the_page_says_what_is_not(page: Page) -> None:
    assert "12" in page.words(ids.CARDS, ids.CARDS, range="all")
    note = page.words(ids.STANDING, ids.KEPT_NOTE, range="all")
    assert note.startswith("Single runs are kept from 1 Oct 2026 on (UTC). Totals and charts are complete.")
    assert page.words(ids.STANDING, ids.KEPT_NOTE, range="30d") == ""


def test_the_table_of_runs_names_the_period_that_it_covers(page: Page) -> None:
    answer = page.answer(ids.RUNS, path="/runs", range="all")["html"]
    assert words(answer[ids.RUNS_COUNT]) == "10 runs"
    assert answer[ids.body(ids.RUNS)].count("<tr") == 11
    assert "1 Oct 2026 02:00 to" in words(answer[ids.subtitle(ids.RUNS)])


def test_where_nothing_is_kept_no_table_is_drawn(page: Page) -> None:
    said = page.words(ids.RUNS, ids.body(ids.RUNS), path="/runs", range=JANUARY)
    assert said.startswith("Not kept for so long Single runs of this period are no longer kept.")
    assert "a range from 2026-10-01 on" in said
    assert page.words(ids.STANDING, ids.NOTICE, range=JANUARY) == ""


def test_a_combination_that_only_single_runs_know_is_refused_and_not_counted_short(page: Page) -> None:
    asked = {"range": "all", "category": "other", "tool": "bash"}
    assert "Not kept for so long" in page.words(ids.CARDS, ids.CARDS, **asked)
    assert "Not kept for so long" in page.words(ids.STANDING, ids.NOTICE, **asked)
    kept = page.words(ids.CARDS, ids.CARDS, range="30d", compare="none", category="other", tool="bash")
    assert "Not kept" not in kept


def test_panels_that_look_at_single_runs_name_the_period_that_they_cover(page: Page) -> None:
    said = page.words(ids.CLOCKS, ids.subtitle(ids.CLOCKS), path="/data", range="all")
    assert "1 Oct 2026 02:00 to" in said
    many = page.answer(ids.WASTE_RAW, path="/money", range=JANUARY)["html"]
    assert "Not kept for so long" in words("".join(many.values()))


def test_first_and_last_sight_of_an_error_are_known_to_the_hour(page: Page) -> None:
    """The run of 10 January, 12:00 UTC, in error; its message is gone with it."""
    answer = page.answer(ids.ERRORS, path="/errors", range="all", by="category")
    said = words("".join(answer["html"].values()))
    assert "10 Jan" in said


def test_a_page_in_use_is_told_how_many_runs_came_in(page: Page) -> None:
    answer = page.answer(ids.RUNS, path="/runs", range="all", seen="8")["html"]
    assert words(answer[ids.RUNS_NEW]) == "2 new runs"
    assert answer.keys() == {ids.RUNS_NEW}
    assert page.answer(ids.RUNS, path="/runs", range="all", seen="10")["html"] == {ids.RUNS_NEW: ""}


EVERY_PANEL = (
    *(ids.CARDS, *ids.CHARTS, *ids.DISTRIBUTIONS, ids.MODELS, ids.UNUSUAL, ids.SPLIT, ids.MARKERS),
    *(ids.ERRORS, ids.TOOLS, ids.CHANGES, ids.MARKED, ids.COMPARED, ids.COMPARE_DURATION, ids.COMPARE_COST),
    *(ids.BUDGET, ids.SPEND, ids.WASTE, ids.WASTE_FILES, ids.WASTE_RAW, ids.SAVINGS, *ids.DATA_PANELS),
    *(ids.RUNS, ids.STANDING),
)


@pytest.mark.parametrize("asked", [JANUARY, "all", "2026-09-10..2026-10-31"])
def test_no_panel_breaks_where_single_runs_are_gone(page: Page, asked: str) -> None:
    sides = {"a": "model=gpt-4", "b": "model=claude"}
    said = {
        panel: "".join(page.answer(panel, range=asked, **sides)["html"].values()) for panel in EVERY_PANEL
    }
    assert [panel for panel, markup in said.items() if "could not be shown" in markup] == []
