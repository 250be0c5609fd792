"""Histograms of the overview on the runs made by hand (tests/callbacks/rows.py).

Of the ten of the last 30 days nine have a duration: 30, 40, 10, 60, 50, 20, 60, 90, 45 s; median 45 s, p95
90 s, each within the 1 % of a sketch. Eight have a cost: 0.10, 0.20, 0.05, 0.30, 0.40, 1, 2, 0.50.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from callbacks.asked import read
from layouts import ids
from queries.run_query import parse
from queries.runs import page as runs_page
from tests.callbacks.conftest import Page, words
from tests.callbacks.rows import NOW, ZONE

DURATIONS, COSTS = ids.DISTRIBUTIONS


def texts(figure: dict) -> list[str]:
    return [note["text"].replace("\u202f", " ") for note in figure["layout"]["annotations"]]


def test_bars_hold_the_runs_of_their_bounds(page: Page) -> None:
    answer = page.answer(DURATIONS)
    meta = answer["figure"]["layout"]["meta"]
    share, runs = meta["columns"]
    assert sum(runs["values"]) == 9
    assert sum(share["values"]) == pytest.approx(1, abs=1e-5)
    assert max(runs["values"]) == 2  # the two of 60 s
    assert meta["head"] == "Duration"
    assert texts(answer["figure"]) == ["median 44.8 s", "p95 1m 30s"]
    assert (
        words(answer["html"][ids.subtitle(DURATIONS)])
        == "Share of runs by duration, logarithmic, last 30 days"
    )
    assert "1 run (10.0 %) lacks a duration and is left out" in words(answer["html"][ids.warnings(DURATIONS)])


def test_costs(page: Page) -> None:
    answer = page.answer(COSTS, status="success")
    meta = answer["figure"]["layout"]["meta"]
    assert sum(meta["columns"][1]["values"]) == 5  # 0.10, 0.20, 0.30, 1, 0.50
    assert texts(answer["figure"])[0].startswith("median $0.298")
    assert "cost of failed runs is hidden" in words(answer["html"][ids.warnings(COSTS)])
    assert answer["figure"]["layout"]["xaxis"]["ticktext"] == ["$0.10", "$0.20", "$0.50", "$1"]


def test_nothing_known_says_so(page: Page) -> None:
    figure = page.answer(COSTS, status="unknown")["figure"]
    assert figure["data"] == []
    assert texts(figure) == ["No run with a known cost"]


@pytest.mark.parametrize("chart", ids.DISTRIBUTIONS)
def test_each_bar_opens_exactly_its_runs(page: Page, chart: str, module_store) -> None:
    meta = page.answer(chart)["figure"]["layout"]["meta"]
    runs = meta["columns"][1]["values"]
    assert len(meta["links"]) == len(runs)
    for number, link in zip(runs, meta["links"], strict=True):
        asked = dict(parse_qsl(urlsplit(link).query)) | {"now": NOW.isoformat()}
        assert urlsplit(link).path == "/runs"
        query = parse(asked, read({"tz": ZONE} | asked, module_store))
        assert len(runs_page(module_store, query).rows) == number, link


def test_a_bar_of_exactly_zero_opens_the_runs_that_cost_nothing() -> None:
    import numpy as np

    from layouts.charts.distributions import alone
    from queries.filters import parse as filters_of
    from queries.sketch import ACCURACY
    from queries.stats import Histogram

    found = Histogram(np.array([0.0, 0.099, 0.2]), np.array([3, 1, 1]), ACCURACY)
    chart = alone(COSTS, found, filters_of({"tz": ZONE}, now=NOW), {"runs": 5})
    meta = chart.figure["layout"]["meta"]
    assert (meta["labels"][0], meta["columns"][1]["values"][0]) == ("exactly $0", 3)
    assert "max_cost=0&min_cost=0&" in meta["links"][0]
