"""GET /api/metrics/unusual on the bad day made by hand: items, flags, bands, and the runs they lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.api.unusual import SIGMA
from tests.api.conftest import Asking
from tests.callbacks.bad_day import NOW, put_bad_day

BAD_DAY = ("2026-11-13T00:00:00Z", "2026-11-14T00:00:00Z")


@pytest.fixture(scope="module")
def ask(module_engine: Engine, run: Callable[..., Any], asking: Callable[..., Asking]) -> Asking:
    put_bad_day(module_engine, run)
    return asking(module_engine, NOW)


def test_the_bad_day_is_the_one_item(ask: Asking) -> None:
    answer = ask("unusual")
    [item] = answer["items"]
    assert (item["when"], item["start"], item["end"], item["buckets"]) == ("13 Nov", *BAD_DAY, 1)
    # Ten of its twelve errors by a rate limit, all on gpt-5, which half of the other runs use.
    told = (item["statuses"], item["mostlyCategory"], item["mostlyModel"])
    assert told == (["error"], "rate_limit", "gpt-5")
    assert item["words"].startswith("errors 12 where at most ")
    assert item["words"].endswith(" are expected, mostly rate limit and on gpt-5")
    peak = item["peak"]
    assert (peak["metric"], peak["model"], peak["value"], peak["direction"]) == ("errors", None, 12, "above")
    # On two days of three one error, so less than one is expected.
    assert 0 <= peak["low"] <= peak["expected"] < 1 < peak["high"] < 12
    assert (peak["worse"], peak["listed"]) == (True, True)
    assert (answer["standardDeviations"], answer["range"]["grain"]) == (2.0, "day")


def test_the_flags_are_those_of_the_charts(ask: Asking) -> None:
    flags = {(flag["metric"], flag["model"]): flag for flag in ask("unusual")["flags"]}
    assert flags.keys() == {("errors", None), ("errors", "gpt-5"), ("success_rate", None)}
    assert {(flag["start"], flag["end"]) for flag in flags.values()} == {BAD_DAY}
    rate = flags["success_rate", None]
    # 28 of 40, where two days of three have 39 of 40.
    assert (rate["value"], rate["direction"], rate["worse"]) == (70.0, "below", True)
    assert rate["expected"] == pytest.approx(100 * (1 - 2 / 3 / 40), abs=0.5)
    assert rate["score"] < -2


def test_what_is_told_leads_to_exactly_its_runs(ask: Asking) -> None:
    answer = ask("unusual")
    for flag in (answer["items"][0]["peak"], *answer["flags"]):
        path, _, query = flag["runsUrl"].partition("?")
        assert path == "/runs"
        assert ask(f"summary?{query}")["totalRuns"] == 12
    assert ask(f"summary?{answer['items'][0]['runsUrl'].partition('?')[2]}")["totalRuns"] == 12


def test_bands_come_when_they_are_asked_for(ask: Asking) -> None:
    assert "bands" not in ask("unusual")
    bands = {band["metric"]: band for band in ask("unusual?band=1")["bands"]}
    runs = bands["runs"]
    assert [len(runs[part]) for part in ("starts", "low", "expected", "high")] == [30] * 4
    # Forty a day, every day; today is not over, so nothing is said of it.
    assert runs["expected"][:-1] == pytest.approx([40] * 29, abs=0.5)
    assert (runs["starts"][-1], runs["expected"][-1]) == ("2026-11-22T00:00:00Z", None)
    assert bands["success_rate"]["expected"][0] == pytest.approx(98.3, abs=0.7)


def test_the_setting_decides_what_is_unusual(ask: Asking) -> None:
    ask.app.config[SIGMA] = 10.0
    try:
        answer = ask("unusual")
    finally:
        ask.app.config[SIGMA] = 2.0
    assert (answer["standardDeviations"], answer["items"], answer["flags"]) == (10.0, [], [])


def test_quiet_and_filtered_periods(ask: Asking) -> None:
    quiet = ask("unusual?range=7d")
    assert (quiet["items"], quiet["flags"]) == ([], [])
    assert quiet["judged"] > 0
    other = ask("unusual?model=gpt-4")
    assert (other["items"], other["filters"]["model"]) == ([], ["gpt-4"])
    # Of the failed runs alone nobody can tell that they are many.
    assert {flag["metric"] for flag in ask("unusual?status=failed")["flags"]} <= {"runs", "cost_usd"}


@pytest.mark.parametrize(("query", "parameter"), [("band=2", "band"), ("sigma=3", "sigma")])
def test_bad_questions_are_refused(ask: Asking, query: str, parameter: str) -> None:
    assert ask.refused(f"unusual?{query}")["parameter"] == parameter
