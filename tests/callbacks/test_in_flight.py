"""Runs in flight on the overview and on the runs page: a line and a list, or nothing at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from ingest.in_flight import announce, row
from ingest.record import Canon
from layouts import ids
from tests.callbacks.conftest import Page, words
from tests.callbacks.rows import NOW


@pytest.fixture
def flying(bare_page: Page, engine: Engine) -> Page:
    sent = [("<i>late</i>", 184, "gpt-4"), ("soon", 12, "opus")]
    records = [
        {"invocation_id": name, "start_time": (NOW - timedelta(minutes=minutes)).isoformat(), "model": model}
        for name, minutes, model in sent
    ]
    announce(engine, [row(record, Canon(), NOW) for record in records])
    with engine.begin() as connection:
        connection.execute(text("UPDATE run_in_flight SET heard_at = :now"), {"now": NOW})
    return bare_page


@pytest.mark.parametrize("place", [ids.IN_FLIGHT, ids.IN_FLIGHT_RUNS])
def test_nothing_is_shown_where_nothing_flies(bare_page: Page, place: str) -> None:
    assert bare_page.answer(place)["html"] == {place: ""}


def test_the_overview_says_how_many_since_when_and_how_many_are_overdue(flying: Page) -> None:
    said = flying.words(ids.IN_FLIGHT, ids.IN_FLIGHT, range="7d")
    assert said == "2 runs in flight the oldest for 3h 04m 1 overdue"
    assert 'href="/runs?range=7d&amp;tz=' in flying.answer(ids.IN_FLIGHT, range="7d")["html"][ids.IN_FLIGHT]
    assert (
        flying.words(ids.IN_FLIGHT, ids.IN_FLIGHT, model="opus") == "1 run in flight the oldest for 12m 00s"
    )


def test_the_runs_page_lists_them_and_names_are_text(flying: Page) -> None:
    found = flying.answer(ids.IN_FLIGHT_RUNS)["html"][ids.IN_FLIGHT_RUNS]
    assert "<i>" not in found.replace('<i class="', "")
    said = flying.words(ids.IN_FLIGHT_RUNS, ids.IN_FLIGHT_RUNS)
    assert "<i>late</i> 3h 04m overdue fixer gpt-4" in said
    assert "soon 12m 00s fixer opus" in said
    assert said.count("overdue") == 2  # once in the line, once in the row
    assert 'data-give-up="[&quot;&lt;i&gt;late&lt;/i&gt;&quot;]"' in found


def test_asked_again_alone_it_is_of_that_moment(flying: Page) -> None:
    later = (NOW + timedelta(minutes=5)).isoformat()
    said = flying.answer(ids.IN_FLIGHT, flying=later, range="7d")
    assert "the oldest for 3h 09m" in words(said["html"][ids.IN_FLIGHT])
    assert said["flying"].startswith("2:")
    assert "the oldest for 3h 04m" in flying.words(ids.IN_FLIGHT, ids.IN_FLIGHT, range="7d")
