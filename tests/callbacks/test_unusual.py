"""The strip and what the charts mark, through the page's own callback on rows made by hand."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from layouts import ids
from tests.callbacks.bad_day import NOW, put_bad_day
from tests.callbacks.conftest import Page, make_page, words

ASKED = {"tz": "UTC", "now": NOW.isoformat()}


@pytest.fixture(scope="module")
def strip(
    module_engine: Engine, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    put_bad_day(module_engine, run)
    url = module_engine.url.render_as_string(hide_password=False)
    page, close = make_page(url, tmp_path_factory.mktemp("data"))
    yield page
    close()


def carried(page: Page, **asked: str) -> dict[str, Any]:
    markup = page.answer(ids.UNUSUAL, **ASKED | asked)["html"][ids.UNUSUAL]
    found = re.search(r'data-unusual="([^"]*)"', markup)
    assert found
    data: dict[str, Any] = json.loads(html.unescape(found[1]))
    return data


def test_the_strip_names_the_bad_day_and_why(strip: Page) -> None:
    text = words(strip.answer(ids.UNUSUAL, **ASKED)["html"][ids.UNUSUAL])
    # Twelve errors on that day; on two of three others one, so less than one is expected.
    assert text.startswith("Unusual in these 30 days 13 Nov errors 12 where at most ")
    assert text.endswith("are expected, mostly rate limit and on gpt-5")


def test_it_links_to_those_runs(strip: Page) -> None:
    markup = strip.answer(ids.UNUSUAL, **ASKED)["html"][ids.UNUSUAL]
    link = html.unescape(re.findall(r'href="([^"]*)"', markup)[0])
    assert link == "/runs?range=2026-11-13T00%3A00Z..2026-11-14T00%3A00Z&status=error&tz=UTC"


def test_charts_mark_that_day_and_no_other(strip: Page) -> None:
    flags = carried(strip)["flags"]
    marked = {chart: {flag["x"] for flag in found} for chart, found in flags.items() if found}
    assert marked == {"executions": {"2026-11-13T00:00"}, "success_rate": {"2026-11-13T00:00"}}
    (errors,) = flags["executions"]
    assert (errors["y"], errors["tone"], errors["up"]) == (None, "worse", True)
    # Of all runs, with its cause, and of the model that is to blame.
    assert [text.split(" where")[0] for text in errors["words"]] == ["errors 12", "errors on gpt-5 12"]
    assert errors["words"][0].endswith("mostly rate limit and on gpt-5")
    (rate,) = flags["success_rate"]
    assert (rate["y"], rate["axis"], rate["up"]) == (0.7, "y", False)  # 28 of 40
    assert rate["words"][0].startswith("success rate 70.0\u202f%, 28.3 points below the expected 98.3")


def test_bands_are_sent_only_where_they_are_asked_for(strip: Page) -> None:
    assert carried(strip)["bands"] == {}
    found = carried(strip, band="1")
    assert found["band"] is True
    assert len(found["x"]) == 30
    (runs,) = found["bands"]["executions"]
    assert runs["of"] == "runs"
    # Forty a day, every day: nothing but counting makes them differ. Today is incomplete.
    assert runs["middle"][:-1] == pytest.approx([40] * 29, abs=0.5)
    assert runs["middle"][-1] is None
    assert 25 <= runs["low"][3] <= 29
    assert 52 <= runs["high"][3] <= 56


def test_quiet_where_there_is_nothing(strip: Page) -> None:
    text = words(strip.answer(ids.UNUSUAL, **ASKED, range="7d")["html"][ids.UNUSUAL])
    assert re.fullmatch(r"Nothing unusual in these 7 days: \d+ values compared with what came before\.", text)


def test_filters_are_told_and_kept(strip: Page) -> None:
    answer = strip.answer(ids.UNUSUAL, **ASKED, model="gpt-5")["html"][ids.UNUSUAL]
    assert words(answer).startswith("Unusual in these 30 days (model gpt-5) 13 Nov errors 12 where at most")
    assert "model=gpt-5" in answer
    assert words(answer).endswith("mostly rate limit")  # which model is no news then
    # Of the errors alone nobody can tell that they are many of the runs.
    failed = carried(strip, status="failed")["flags"]
    assert failed["success_rate"] == []


def test_an_empty_database_is_no_error(bare_page: Page) -> None:
    assert bare_page.words(ids.UNUSUAL, ids.UNUSUAL).startswith("Too few runs")
