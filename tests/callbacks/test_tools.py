"""The tools page, through its callback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.write import Writer
from layouts import ids
from tests.callbacks.conftest import Page, make_page, words

START = datetime(2026, 11, 19, 9, tzinfo=UTC)


@pytest.fixture
def tools(database_url: str, engine: Engine, run: Callable[..., Any], tmp_path: Path) -> Any:
    """Forty runs with bash ($2, half of them failed), forty without ($1, all succeeded), ten that do not say."""
    rows = []
    for n in range(40):
        start = START + timedelta(minutes=n)
        rows.append(run(start, status="error" if n % 2 else "success", tools_used='{"bash": 3}', cost_usd=2))
        rows.append(run(start, status="success", tools_used='{"edit, all": 1}', cost_usd=1))
    rows += [run(START, status="success") for _ in range(10)]
    with Writer(engine) as writer:
        writer.write(rows)
    page, close = make_page(database_url, tmp_path)
    yield page
    close()


def test_each_tool_with_and_without(tools: Page) -> None:
    answer = tools.answer(ids.TOOLS)["html"]
    text = words(answer[ids.body(ids.TOOLS)])
    assert "bash 40 50.0 % of runs 120 3 50.0 % without 100.0 %" in text
    assert "$2.00 without $1.00 +100.0 % (+$1.00 to +$1.00)" in text
    subtitle = words(answer[ids.subtitle(ids.TOOLS)])
    assert subtitle.endswith("last 30 days, 2 tools in 80 runs that report theirs")
    said = words(answer[ids.warnings(ids.TOOLS)])
    assert "A difference is not a cause" in said
    assert "10 runs (11.1 %) do not say which tools were used and are left out" in said


def test_a_tool_opens_its_runs_with_their_bounds(tools: Page) -> None:
    body = tools.answer(ids.TOOLS, status="failed")["html"][ids.body(ids.TOOLS)]
    assert 'href="/runs?range=2026-10-21T22%3A00Z..2026-11-20T23%3A00Z&amp;status=failed' in body
    assert "tool=bash" in body
    assert "tool=edit%252C%20all" in tools.answer(ids.TOOLS)["html"][ids.body(ids.TOOLS)]
    # Runs with both tools cannot be named by a filter, which means any of its tools.
    assert "tool=edit" not in tools.answer(ids.TOOLS, tool="bash")["html"][ids.body(ids.TOOLS)]


def test_no_run_says_which_tools_it_used(page: Page) -> None:
    assert "No run says which tools it used" in page.words(ids.TOOLS, ids.body(ids.TOOLS))


def test_few_runs_are_no_difference(tools: Page) -> None:
    text = tools.words(ids.TOOLS, ids.body(ids.TOOLS), range="2026-11-19T09:00Z..2026-11-19T09:15Z")
    assert "few runs" in text
