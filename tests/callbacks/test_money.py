"""The money page: every figure is that of rows made by hand, and its link opens exactly these runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import Engine

from ingest.write import Writer
from layouts import ids, waste
from queries import run_query, runs
from queries.filters import parse
from queries.store import Store
from tests.callbacks.conftest import Page, words
from tests.callbacks.rows import NOW, ZONE

Run = Callable[..., tuple[Any, ...]]
PANEL = {waste.NO_CHANGE: ids.WASTE_FILES, waste.MANY_CALLS: ids.WASTE_RAW}


@pytest.fixture
def money(bare_page: Page, engine: Engine, run: Run) -> Page:
    """200 cheap successes and what is told apart below; all on 10 November, but for the budget's sake."""
    ten = "2026-11-10T10:00+00:00"
    rows = [run(ten, cost_usd=Decimal("0.01"), llm_call_count=2, files_modified_count=1) for _ in range(200)]
    rows += [
        run(ten, status="failure", cost_usd=Decimal("5"), llm_call_count=2),
        run(ten, status="error", cost_usd=Decimal("3"), llm_call_count=50),
        run(ten, status="error", llm_call_count=2),
        run(ten, cost_usd=Decimal("2"), llm_call_count=2, files_modified_count=0),
        run(ten, cost_usd=Decimal("1"), llm_call_count=40, tool_call_count=0, files_modified_count=0),
        run(ten, cost_usd=Decimal("0.50")),
        # claude-3-opus: input $15 a million, $1.50 from the cache.
        run(
            ten,
            model="claude-3-opus",
            input_tokens=2_000_000,
            cache_read_tokens=1_000_000,
            files_modified_count=2,
        ),
        run(ten, model="claude-3-opus", input_tokens=9, files_modified_count=2),
        run(ten, model="our-own", input_tokens=9, cache_read_tokens=3, files_modified_count=2),
        run("2026-10-01T10:00+00:00", status="error", cost_usd=Decimal("100")),
    ]
    with Writer(engine) as writer:
        writer.write(rows)
    return bare_page


def said(page: Page, card: waste.Card, **asked: str) -> str:
    panel = PANEL.get(card, ids.WASTE)
    return words(page.answer(panel, **asked)["html"][card.body])


def test_waste_is_told_in_dollars_runs_and_share(money: Page) -> None:
    # In all: 200 * 0.01 + 5 + 3 + 2 + 1 + 0.50 = $13.50.
    assert "$8.00 3 runs · 59.3 % of the cost" in said(money, waste.FAILED)
    assert "$3.00 2 runs · 22.2 % of the cost 1 success reports no files" in said(money, waste.NO_CHANGE)
    # gpt-4: (202 * 2 + 2 + 50 + 40) / 205 = 2.42 LLM calls and 0 tool calls on average; many is 4.84.
    assert "from 5" in said(money, waste.MANY_CALLS)
    assert "$4.00 2 runs" in said(money, waste.MANY_CALLS)
    # 205 runs with a known cost: the dearest three are $5, $3 and $2.
    assert "$10.00 3 runs · 74.1 % of the cost each at least $2.00" in said(money, waste.TOP)


def test_what_the_cache_saved_says_for_how_many_runs_it_cannot_be_told(money: Page) -> None:
    text = said(money, waste.SAVED)
    assert text.startswith("$13.50 1 run: $13.50 less for reads")
    assert (
        "Cannot be told for 207 runs report no cache reads and 1 run of models without a known cache price"
        in text
    )
    table = words(money.answer(ids.SAVINGS)["html"][ids.body(ids.SAVINGS)])
    assert "claude-3-opus 1 $13.50 $0.00 $13.50" in table
    subtitle = money.answer(ids.SAVINGS)["html"][ids.subtitle(ids.SAVINGS)]
    assert subtitle == "last 30 days, 1 model; no known price: our-own"


@pytest.mark.parametrize(
    "asked", [{}, {"model": "gpt-4"}, {"range": "all"}, {"status": "error"}, {"model": "claude-3-opus"}]
)
@pytest.mark.parametrize("card", waste.CARDS, ids=lambda card: card.name)
def test_the_link_opens_exactly_the_runs_that_are_counted(
    money: Page, store: Store, card: waste.Card, asked: dict[str, str]
) -> None:
    panel = PANEL.get(card, ids.WASTE)
    markup = money.answer(panel, **asked)["html"][card.body]
    text = words(markup)
    counted = re.search(r"(\d+) runs?\b", text)
    link = re.search(r'href="/runs\?([^"]+)"', markup)
    if link is None:
        assert "See" not in text
        return
    assert counted
    given = dict(parse_qsl(link[1].replace("&amp;", "&")))
    filters = parse(given, now=NOW, extent=store.extent)
    query = run_query.parse(given, filters)
    found = runs.page(store, query, limit=500)
    assert len(found.rows) == runs.total(store, query).number == int(counted[1])


def test_nothing_to_tell_is_said(money: Page) -> None:
    assert "No failed run passes the status filter" in said(money, waste.FAILED, status="success")
    assert "Fewer than a hundred runs" in said(money, waste.TOP, model="claude-3-opus")
    assert said(money, waste.NO_CHANGE, status="failed").startswith("$0.00 0 runs")


def test_a_bad_value_shows_no_numbers(money: Page) -> None:
    for panel in (ids.BUDGET, ids.SPEND, ids.WASTE, ids.WASTE_FILES, ids.WASTE_RAW, ids.SAVINGS):
        assert set(money.answer(panel, status="sucess")["html"].values()) == {""}


def test_the_month_is_told_whatever_the_filters_say(money: Page) -> None:
    whole, narrowed = (
        words(money.answer(ids.SPEND, **asked)["html"][ids.body(ids.SPEND)])
        for asked in ({}, {"model": "gpt-4", "status": "error"})
    )
    assert whole == narrowed
    assert whole.startswith("$13.50 spent since 1 November, all runs")
    assert "MONTHLY_BUDGET=2500" in whole
    answer = money.answer(ids.BUDGET)
    spent = next(c for c in answer["figure"]["layout"]["meta"]["columns"] if c["label"] == "spent")
    # 10 November is the tenth day; 20 November is today.
    assert spent["values"] == [0] * 9 + [13.5] * 11 + [None] * 10
    assert "3 runs have no known cost" not in answer["html"][ids.warnings(ids.BUDGET)]
    assert "4 runs have no known cost and count as nothing" in words(answer["html"][ids.warnings(ids.BUDGET)])


def test_now_and_zone_are_those_of_the_page(money: Page) -> None:
    assert datetime(2026, 11, 20, 12, 7, tzinfo=UTC) == NOW
    assert ZONE in money.answer(ids.BUDGET)["html"][ids.subtitle(ids.BUDGET)]
