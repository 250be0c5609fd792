"""The data page on rows made by hand: what is lacking, odd, waiting, imported; and links to these runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import Engine, text

from dashboard.leading import Leadership
from ingest import imports
from ingest.write import Writer, finish_import, start_import, take_back
from layouts import ids
from queries import run_query, runs
from queries.filters import parse
from queries.store import Store
from tests.callbacks.conftest import Page, words
from tests.callbacks.rows import NOW

Run = Callable[..., tuple[Any, ...]]
TEN = datetime(2026, 11, 10, 10, tzinfo=UTC)


@pytest.fixture
def data(bare_page: Page, engine: Engine, run: Run) -> Page:
    brought = start_import(engine, "<runs> of november.jsonl")
    tokens = {"input_tokens": 1_000_000, "output_tokens": 0, "cache_read_tokens": 0}
    rows = [
        # claude-3-opus: input $15 a million.
        run(TEN, model="claude-3-opus", cost_usd=Decimal("12"), cost_source="reported", **tokens),
        run(TEN, model="gpt-4", cost_usd=Decimal("4"), cost_source="estimated", **tokens),
        run(TEN, model="our-own", status="unknown", end_time=TEN.replace(second=30), duration_ms=20_000),
        run(TEN, model="our-own", attributes='{"start_time_assumed": true}', duration_ms=5),
        run("2026-12-01T10:00+00:00", model="ahead"),
    ]
    with Writer(engine, import_id=brought) as writer:
        writer.write(rows)
    counts = {"read": 9, "inserted": 5, "already_there": 2, "differing": 1, "rejected": 2}
    finish_import(engine, brought, counts)
    finish_import(engine, start_import(engine, "again.jsonl"), {"read": 5, "already_there": 5})
    return bare_page


def said(page: Page, panel: str, **asked: str) -> str:
    return words(page.answer(panel, **asked)["html"][ids.body(panel)])


def test_what_runs_lack_is_told_with_its_share(data: Page) -> None:
    # Four runs in the last 30 days: two know tokens and cost, two their duration.
    table = said(data, ids.LACKING)
    assert "Known outcome 1 25.0 %" in table
    assert "Cost 2 50.0 %" in table
    assert "Number of LLM calls 4 100.0 %" in table
    assert "Cache writes 4 100.0 %" in table
    assert "Duration 2 50.0 %" in table
    assert data.answer(ids.LACKING)["html"][ids.subtitle(ids.LACKING)] == "4 runs, last 30 days"
    assert "Cost none –" in said(data, ids.LACKING, model="claude-3-opus")


@pytest.mark.parametrize(
    ("panel", "asked"),
    [
        *((panel, asked) for panel in (ids.LACKING, ids.CLOCKS) for asked in ({}, {"model": "our-own"})),
        (ids.LIST_PRICES, {}),
        (ids.COSTS, {}),
        (ids.IMPORTS, {}),
    ],
)
def test_links_open_exactly_the_runs_that_are_counted(
    data: Page, store: Store, panel: str, asked: dict[str, str]
) -> None:
    markup = data.answer(panel, **asked)["html"][ids.body(panel)]
    links = re.findall(r'href="/runs\?([^"]+)"[^>]*>([\d,]+)<', markup)
    assert links
    for link, number in links:
        given = dict(parse_qsl(link.replace("&amp;", "&")))
        query = run_query.parse(given, parse(given, now=NOW, extent=store.extent))
        assert runs.total(store, query).number == len(runs.page(store, query).rows) == int(number), link


def test_odd_clocks_are_counted(data: Page) -> None:
    told = said(data, ids.CLOCKS)
    assert "Ends before it starts none" in told
    assert "Duration is not end less start 1 " in told  # 20 s, and 30 s from start to end
    assert "Start was assumed 1 " in told
    assert "Without an end 2 " in told
    assert "Starts in the future 1 " in told


def test_costs_are_told_by_model_and_in_sum(data: Page) -> None:
    answer = data.answer(ids.COSTS)["html"]
    assert answer[ids.subtitle(ids.COSTS)] == (
        "last 30 days, $12.00 reported, $4.00 estimated from tokens (25.0\u202f%), no known price: our-own"
    )
    table = words(answer[ids.body(ids.COSTS)])
    assert "claude-3-opus 1 $12.00 – –" in table
    assert "gpt-4 1 – $4.00 –" in table
    assert "our-own no known price 2 – – 2" in table


def test_list_prices_are_held_against_what_was_reported(data: Page) -> None:
    answer = data.answer(ids.LIST_PRICES)["html"]
    assert words(answer[ids.subtitle(ids.LIST_PRICES)]) == (
        "last 30 days, 1 run that report cost and tokens, off by +25.0 % in all"
    )
    assert "claude-3-opus 1 $12.00 $15.00 +25.0 %" in words(answer[ids.body(ids.LIST_PRICES)])
    nothing = data.answer(ids.LIST_PRICES, model="gpt-4")["html"][ids.body(ids.LIST_PRICES)]
    assert "No run of a model with a known price reports both" in words(nothing)


def test_freshness_is_told_in_the_zone(data: Page, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE agent_execution SET ingested_at = start_time + interval '90 s'"))
        connection.execute(text("UPDATE data_import SET finished_at = '2026-11-20T11:00Z'"))
    told = said(data, ids.FRESH)
    assert "Newest run started 1 Dec 2026, 11:00 10d 21h ahead of now" in told
    assert "It came in 1 Dec 2026, 11:01 1m 30s after its start" in told
    assert "Last import 20 Nov 2026, 12:00 2 imports in all" in told


def test_what_waits_to_be_rolled_up_is_told(data: Page) -> None:
    told = said(data, ids.ROLLUPS)
    assert "Rolled up model, agent, version, status, error category" in told
    assert "tools known" not in told  # one of those that serve a panel, and that nobody can ask for
    assert "Hours to be made again 2 " in told
    # Four keys at ten o'clock on 10 November: three models, one with two statuses; one on 1 December.
    assert "Rows not folded in yet 5 " in told


def test_the_log_says_what_each_import_brought(data: Page, engine: Engine) -> None:
    answer = data.answer(ids.IMPORTS)["html"]
    rows = re.findall(r"<tr data-import.*?</tr>", answer[ids.body(ids.IMPORTS)])
    again, brought = map(words, rows)
    assert "again.jsonl no. 2" in again
    assert "5 0 5 0 0" in again
    assert "Take back" not in again
    assert "<runs> of november.jsonl no. 1" in brought
    assert "9 5 2 1 differing 2 5 Take back" in brought
    assert 'data-take-back="1"' in rows[1]
    assert answer[ids.subtitle(ids.IMPORTS)].startswith("2 imports, the newest first")
    with imports._alone(engine, 1):
        assert "Taking back: 0 runs so far" in said(data, ids.IMPORTS)
    take_back(engine, 1)
    assert "5 runs taken back on" in said(data, ids.IMPORTS)
    assert "data-take-back" not in data.answer(ids.IMPORTS)["html"][ids.body(ids.IMPORTS)]


def test_an_empty_database_is_told_without_numbers(bare_page: Page) -> None:
    assert "there are no runs" in said(bare_page, ids.FRESH)
    assert "Nothing has been imported yet" in said(bare_page, ids.IMPORTS)
    for panel in ids.DATA_PANELS:
        assert bare_page.answer(panel)["html"][ids.body(panel)]


def test_a_bad_value_shows_no_numbers(data: Page) -> None:
    for panel in ids.DATA_PANELS:
        assert set(data.answer(panel, range="31d")["html"].values()) == {""}


def test_what_the_worker_does_is_told_with_what_fails(data: Page, engine: Engine, database_url: str) -> None:
    assert said(data, ids.WORKER).startswith("No worker runs")
    note = text(
        "INSERT INTO worker_job VALUES ('compaction', '2026-11-20 12:00+00', '3 rows', NULL, 0, NULL), "
        "('<alerts>', NULL, NULL, '2026-11-20 12:01+00', 2, 'ValueError: <no> such rule')"
    )
    with engine.begin() as connection:
        connection.execute(note)
    leader = Leadership(database_url)
    assert leader.seek()
    answer = data.answer(ids.WORKER)["html"]
    leader.resign()
    assert answer[ids.subtitle(ids.WORKER)] == "A worker leads"
    assert "<alerts>" not in answer[ids.body(ids.WORKER)]
    table = words(answer[ids.body(ids.WORKER)])
    assert "<alerts> never failed 2 times: ValueError: <no> such rule" in table
    assert "compaction 20 Nov 2026, 13:00 3 rows as it should be" in table
