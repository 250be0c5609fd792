"""Failed runs by category: the layers add up to the failed runs of each bucket, in colours of their own."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from layouts.charts.failures import FAILURES, failures
from layouts.theme import category_colours

WEEK = {"range": "2026-11-16..2026-11-22"}


@pytest.fixture
def drawn(asked: Any, framed: Any) -> Any:
    """The chart of a week whose categories have these runs day by day."""

    def draw(categories: dict[str, list[int]], runs: int = 40, **filters: str) -> Any:
        asks = asked(**(WEEK | filters))
        failed = [float(sum(day)) for day in zip(*categories.values(), strict=True)] or [0.0] * 7
        frame = framed(asks, FAILURES, runs=[float(runs)] * 7, failed=failed)
        order = sorted(categories, key=lambda name: -sum(categories[name]))
        cells = [
            {"start": start, "error_category": name, "runs": float(categories[name][day])}
            for day, start in enumerate(frame["start"])
            for name in order
        ]
        return failures(frame, asks, pd.DataFrame(cells, columns=["start", "error_category", "runs"]))

    return draw


def layers(chart: Any) -> dict[str, list[int]]:
    return {trace["name"]: trace["y"] for trace in chart.figure["data"] if "name" in trace}


def test_a_layer_for_each_category_most_runs_first(drawn: Any) -> None:
    chart = drawn({"timeout": [1, 0, 0, 2, 0, 0, 0], "rate_limit": [0, 5, 0, 0, 0, 0, 1], "": [1] + [0] * 6})
    assert layers(chart) == {
        "Rate limit": [0, 5, 0, 0, 0, 0, 1],
        "Timeout": [1, 0, 0, 2, 0, 0, 0],
        "No category": [1, 0, 0, 0, 0, 0, 0],
    }
    table = {column["label"]: column.get("values") for column in chart.table}
    assert table["runs that failed"] == [2, 5, 0, 2, 0, 0, 1]
    assert table["share"] == [0.05, 0.125, 0, 0.05, 0, 0, 0.025]
    assert table["runs"] == [40] * 7
    assert (
        chart.subtitle == "Daily runs that failed, by the category of their error, 16 Nov 2026 to 22 Nov 2026"
    )


def test_beyond_six_the_rest_is_one(drawn: Any) -> None:
    names = [
        "timeout",
        "rate_limit",
        "network",
        "other",
        "cancelled",
        "billing",
        "out_of_memory",
        "tool_failure",
    ]
    chart = drawn({name: [9 - place] + [0] * 6 for place, name in enumerate(names)})
    assert list(layers(chart))[-2:] == ["Billing", "2 other categories"]
    assert layers(chart)["2 other categories"][0] == 3 + 2
    seven = drawn({name: [9] + [0] * 6 for name in names[:7]})
    assert len(layers(seven)) == 7


def test_a_click_opens_the_runs_of_the_layer(drawn: Any) -> None:
    names = ["timeout", "rate_limit", "network", "other", "cancelled", "", "a,b", "c"]
    runs = drawn({name: [9 - place] + [0] * 6 for place, name in enumerate(names)}).figure["layout"]["meta"][
        "runs"
    ]
    assert runs[""] == {"status": "failed"}
    assert runs["Timeout"] == {"status": "failed", "category": "timeout"}
    assert runs["No category"] == {"status": "failed", "category": "(none)"}
    assert runs["2 other categories"] == {"status": "failed", "category": "a%2Cb,c"}


def test_only_one_status_of_the_failed_ones(drawn: Any) -> None:
    runs = drawn({"timeout": [1] * 7}, status="error").figure["layout"]["meta"]["runs"]
    assert runs["Timeout"]["status"] == "error"


@pytest.mark.parametrize(
    ("status", "text"), [("all", "No failed run"), ("success", "No failed run passes the status filter")]
)
def test_nothing_to_draw_says_why(drawn: Any, status: str, text: str) -> None:
    chart = drawn({}, status=status)
    assert chart.figure["layout"]["annotations"][0]["text"] == text


def test_two_hours_of_one_clock_time_stay_two(asked: Any, framed: Any) -> None:
    filters = asked(range="2026-10-25..2026-10-25", grain="hour")
    frame = framed(filters, FAILURES, runs=[9.0] * 25, failed=[float(n) for n in range(25)])
    parts = pd.DataFrame({"start": frame["start"], "error_category": "timeout", "runs": frame["failed"]})
    assert layers(failures(frame, filters, parts))["Timeout"] == list(range(25))


def test_a_category_keeps_its_colour_and_no_two_share_one() -> None:
    few = category_colours(["timeout", "mine"])
    many = category_colours(["rate_limit", "timeout", "network", "mine", "yours", "ours", "other"])
    assert few["timeout"] == many["timeout"]
    assert len(set(many.values())) == 7
