"""The errors page: groups with their figures, and each number's link opens exactly its runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import Engine

from ingest.write import Writer
from layouts import ids
from queries import run_query, runs
from queries.filters import parse
from queries.store import Store
from tests.callbacks.conftest import Page, Reader, words
from tests.callbacks.rows import NOW, ZONE

Run = Callable[..., tuple[Any, ...]]
TEMPLATE = "took <n> s, 50 % of '<text>'"


@pytest.fixture
def errors(bare_page: Page, engine: Engine, run: Run) -> Page:
    """Asked for the last seven days: 14 to 20 November in Berlin. The seven days before begin on the 7th."""
    slow = {"error_template": TEMPLATE, "error_category": "timeout"}
    gone = {"error_template": "gone, with a comma", "error_category": "network"}
    rows = [run("2026-11-16T10:00+00:00") for _ in range(12)]
    rows += [
        run("2026-11-16T10:00+00:00", status="error", error_message="took 3 s, 50 % of 'a'", cost_usd=Decimal(2), **slow),
        run("2026-11-19T22:59:59+00:00", status="failure", error_message="took 4 s, 50 % of '<b>'", cost_usd=Decimal(1), **slow),
        run("2026-11-17T10:00+00:00", status="failure", error_category="other"),
        run("2026-11-17T10:00+00:00", **slow),  # a success: no failed run
        run("2026-11-08T10:00+00:00", status="error", error_message="gone, with a comma", **gone),
        run("2026-11-08T10:00+00:00", status="error", error_message="took 9 s, 50 % of 'c'", **slow),
    ]  # fmt: skip
    with Writer(engine) as writer:
        writer.write(rows)
    return bare_page


def shown(page: Page, **asked: str) -> tuple[str, str]:
    answer = page.answer(ids.ERRORS, range="7d", **asked)["html"]
    return answer[ids.body(ids.ERRORS)], words(answer[ids.subtitle(ids.ERRORS)])


def rows_of(html: str) -> dict[str, str]:
    """Group -> the markup of its row."""
    found = re.findall(r'<tr data-group="([^"]*)">(.*?)</tr>', html, re.DOTALL)
    return {unescape(name): row for name, row in found}


def test_the_table_says_how_many_of_what(errors: Page) -> None:
    body, subtitle = shown(errors)
    assert (
        subtitle
        == "Failed runs by message, last 7 days: 3 runs of 16 (18.8 %), $3.00 wasted, 3 of 3 groups shown, 1 of them gone"
    )
    rows = rows_of(body)
    assert list(rows) == [TEMPLATE, "", "gone, with a comma"]
    told = words(rows[TEMPLATE])
    assert told.startswith(
        "took number s, 50 % of ' text ' Timeout Last message took 4 s, 50 % of '<b>' The run 2 66.7 % 1 $3.00"
    )
    assert told.endswith("8 Nov 11:00 19 Nov 23:59")
    assert words(rows[""]).startswith("Failed without a message new Other Last: The run 1 33.3 % 0 – ")
    assert words(rows["gone, with a comma"]).startswith(
        "gone, with a comma gone Last message gone, with a comma The run 0 0.0 % 1 –"
    )
    # By template, the default, is not in the URL.
    assert {"set": {"by": "category"}} in Reader(body).asks
    assert {"set": {"by": ""}} in Reader(body).asks


def test_by_category(errors: Page) -> None:
    body, _ = shown(errors, by="category")
    rows = rows_of(body)
    assert list(rows) == ["timeout", "other", "network"]
    assert 'href="/errors?category=timeout&amp;range=7d&amp;tz=Europe%2FBerlin"' in rows["timeout"]
    assert words(rows["timeout"]).startswith("Timeout Its messages Last message")


def followed(page: Page, store: Store, row: str, which: str) -> int:
    """How many runs the link with this accessible name opens."""
    (href,) = re.findall(rf'<a aria-label="[^"]*{which}[^"]*" href="([^"]*)"', row)
    parts = urlsplit(unescape(href))
    assert parts.path == "/runs"
    asked = dict(parse_qsl(parts.query))
    query = run_query.parse(asked, parse(asked, now=NOW, default_tz=ZONE))
    found = runs.page(store, query, limit=500)
    assert len(found.rows) == runs.total(store, query).number
    return len(found.rows)


@pytest.mark.parametrize("by", ["template", "category"])
def test_each_number_opens_exactly_its_runs(errors: Page, store: Store, by: str) -> None:
    expected = {TEMPLATE: (2, 1), "": (1, 0), "gone, with a comma": (0, 1)}
    if by == "category":
        expected = {"timeout": (2, 1), "other": (1, 0), "network": (0, 1)}
    rows = rows_of(shown(errors, by=by)[0])
    for name, (now, before) in expected.items():
        if now:
            assert followed(errors, store, rows[name], f"{now} run[^i]*: show them") == now
        if before:
            assert followed(errors, store, rows[name], "in the previous period") == before


def test_sorting_is_in_the_url_and_turns_round(errors: Page) -> None:
    body, _ = shown(errors)
    assert body.count('aria-sort="descending"') == 1
    asks = Reader(body).asks
    assert {"set": {"sort": "runs"}} in asks  # the other way round
    assert {"set": {"sort": "-cost"}} in asks
    body, _ = shown(errors, sort="-last")
    assert list(rows_of(body)) == [TEMPLATE, "", "gone, with a comma"]
    body, _ = shown(errors, sort="name")
    assert list(rows_of(body)) == ["", "gone, with a comma", TEMPLATE]
    assert {"set": {"sort": ""}} in Reader(body).asks


@pytest.mark.parametrize(
    ("key", "value", "allowed"), [("by", "model", "template, category"), ("sort", "size", "runs, cost")]
)
def test_a_bad_value_is_named(errors: Page, key: str, value: str, allowed: str) -> None:
    body, subtitle = shown(errors, **{key: value})
    assert f"{key} '{value}' is not known here" in words(body)
    assert f"Allowed: {allowed}" in words(body)
    assert subtitle == ""


def test_no_failed_runs(errors: Page) -> None:
    body, subtitle = shown(errors, status="success")
    assert "The status filter lets no failed run through" in words(body)
    assert subtitle == "Failed runs by message, last 7 days, successful runs: none"
    body, _ = shown(errors, model="nobody")
    assert "No run failed here" in words(body)


def test_more_than_fit_are_said(bare_page: Page, engine: Engine, run: Run) -> None:
    with Writer(engine) as writer:
        writer.write(
            [
                run(
                    "2026-11-16T10:00+00:00",
                    status="error",
                    error_template=f"kind {chr(97 + n // 26)}{chr(97 + n % 26)}",
                )
                for n in range(60)
            ]
        )
    body, subtitle = shown(bare_page)
    assert "50 of 60 groups shown" in subtitle
    assert "Show 10 more" in words(body)
    assert {"set": {"show": "all"}} in Reader(body).asks
    body, subtitle = shown(bare_page, show="all")
    assert "60 of 60 groups shown" in subtitle
    assert "more" not in words(body)


def test_a_last_seen_is_the_readers_clock(errors: Page) -> None:
    body, _ = shown(errors, tz="America/New_York")
    row = rows_of(body)[TEMPLATE]
    moment = datetime(2026, 11, 19, 22, 59, 59, tzinfo=UTC)
    assert f'dateTime="{moment.isoformat()}"' in row
    assert 'title="2026-11-19 17:59:59 America/New_York"' in row


def test_the_overview_stacks_failed_runs_by_category(errors: Page) -> None:
    figure = errors.answer("failures", range="7d")["figure"]
    layers = {trace["name"]: trace["y"] for trace in figure["data"] if "name" in trace}
    # 14 to 20 November in Berlin: one on the 16th, one on the 17th, one a second before midnight of the 19th.
    assert layers == {"Timeout": [0, 0, 1, 0, 0, 1, 0], "Other": [0, 0, 0, 1, 0, 0, 0]}
    assert figure["layout"]["meta"]["runs"]["Timeout"] == {"status": "failed", "category": "timeout"}
    figure = errors.answer("failures", range="7d", status="success")["figure"]
    assert figure["layout"]["annotations"][0]["text"] == "No failed run passes the status filter"
