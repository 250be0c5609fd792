"""KPI cards: value, change, what it rests on, sparkline, help."""

from __future__ import annotations

import math
import re
from urllib.parse import unquote

import pytest
from dash.development.base_component import Component

from layouts import cards, ids
from layouts.changes import change, difference
from layouts.sparkline import sparkline, svg
from queries.metrics import METRIC

NAN = math.nan
ORDER = [
    "Runs", "Success rate", "Cost", "Cost per success", "Wasted on failed runs", "Average duration", "p95 duration",
    "Tokens", "Cache hit rate", "LLM calls per run", "Tool calls per run", "Files modified per run",
]  # fmt: skip
VALUES = {
    "runs": 21482, "successes": 19500, "success_rate": 0.908, "success_rate_low": 0.904, "success_rate_high": 0.912, "cost_usd": 2719.0,
    "cost_per_success": 0.139, "failed_cost_usd": 214.0, "failed_cost_share": 0.079, "avg_duration_ms": 46200.0,
    "p50_duration_ms": 38000.0, "p95_duration_ms": 97000.0, "total_tokens": 398e6, "tokens_per_run": 18500,
    "cache_hit_rate": 0.417, "llm_calls_per_run": 7.2, "llm_calls": 154670, "tool_calls_per_run": 18.4,
    "tool_calls": 395000, "files_modified_per_run": 2.6, "files_modified": 55853,
}  # fmt: skip


def words(component) -> str:
    """All text in a component, as it is read."""
    if component is None:
        return ""
    if isinstance(component, str):
        return component
    if isinstance(component, list):
        return " ".join(filter(None, map(words, component)))
    return words(getattr(component, "children", None))


def find(component, **wanted):
    """The first component inside with these properties."""
    for inner in component._traverse():
        if isinstance(inner, Component) and all(getattr(inner, k, None) == v for k, v in wanted.items()):
            return inner
    raise LookupError(wanted)


@pytest.fixture
def strip(asked, framed, one_row):
    """``strip(cost_usd=3)``: the cards of VALUES changed so; ``before`` for the previous period."""

    def build(parameters=None, before=None, **values):
        filters = asked(**(parameters or {}))
        now = one_row(cards.TOTALS, **{**VALUES, **values})
        previous = None if before is None else one_row(cards.TOTALS, **{**VALUES, **before})
        series = framed(filters, cards.SERIES) if cards.spark_grain(filters) == filters.grain else None
        assert series is not None, "ask for a range whose sparkline has the filters' grain"
        return {
            card.id: card
            for card in cards.strip(now, now if before is not None else None, previous, series, filters)
        }

    return build


def card(strip, metric):
    return strip[ids.kpi(metric)]


def part(strip, metric, name):
    return words(find(card(strip, metric), className=f"kpi-{name}"))


# ---- the strip ------------------------------------------------------------------------------------------


def test_twelve_cards_most_important_first(strip):
    assert [words(find(c, className="kpi-head").children[0]) for c in strip().values()] == ORDER


@pytest.mark.parametrize(
    ("metric", "value", "exact"),
    [
        ("runs", "21,482", "21,482"),
        ("success_rate", "90.8 \u202f%", "90.800 %"),
        ("cost_usd", "$2,719", "$2,719.00"),
        ("total_tokens", "398 \u202fM", "398,000,000 tokens"),
        ("failed_cost_usd", "$214.00", "$214.00"),
        ("p95_duration_ms", "1m 37s", "97,000 ms"),
    ],
)
def test_the_value_is_short_and_exact_on_hover(strip, metric, value, exact):
    number = find(card(strip(), metric), id=ids.kpi_value(metric))
    assert words(number) == value
    assert number.title == exact


@pytest.mark.parametrize("metric", cards.SERIES)
def test_what_is_not_known_is_a_dash(strip, metric):
    number = find(card(strip(**{metric: NAN}), metric), id=ids.kpi_value(metric))
    assert (words(number), number.title) == ("–", "not known")


@pytest.mark.parametrize(
    ("metric", "values", "note"),
    [
        ("runs", {}, ""),
        ("runs", {"unknowns": 640}, "640 with unknown outcome"),
        ("success_rate", {}, "± 0.4"),
        ("success_rate", {"success_rate_low": NAN}, ""),
        ("cost_usd", {"estimated_cost_usd": 84.3}, "3.1 % estimated"),
        ("cost_usd", {"estimated_cost_usd": 2719.0}, "all estimated"),
        ("cost_usd", {"runs_without_cost": 12}, "12 unknown"),
        ("cost_usd", {"runs_without_cost": 21482, "cost_usd": NAN}, "unknown for all runs"),
        (
            "cost_per_success",
            {"estimated_cost_usd": 84.3, "runs_without_cost": 12},
            "3.1 % estimated · 12 unknown",
        ),
        ("failed_cost_usd", {"estimated_cost_usd": 84.3}, "7.9 % of the cost · 3.1 % estimated"),
        ("avg_duration_ms", {"runs_without_duration": 3}, "median 38 s · 3 unknown"),
        ("total_tokens", {}, "18.5 k per run"),
        ("cache_hit_rate", {"runs_without_cache_read": 4100}, "4,100 unknown"),
        ("llm_calls_per_run", {}, "155 k in all"),
        (
            "files_modified_per_run",
            {"runs_without_files": 9},
            "55,853 in all · 9 unknown",
        ),
    ],
)
def test_what_else_must_be_said(strip, metric, values, note):
    assert part(strip(**values), metric, "note").replace("\u202f", " ") == note


@pytest.mark.parametrize(
    ("metric", "values", "tag"),
    [
        ("success_rate", {"runs": 29}, "few (29)"),
        ("success_rate", {"runs": 60, "unknowns": 50}, "few (10)"),
        ("success_rate", {"runs": 30}, None),
        ("p95_duration_ms", {"runs": 60, "runs_without_duration": 40}, "few (20)"),
        ("cost_per_success", {"successes": 3}, "few (3)"),
        ("runs", {"runs": 3}, None),
    ],
)
def test_few_are_marked_as_few(strip, metric, values, tag):
    note = find(card(strip(**values), metric), className="kpi-note")
    tags = [c.children for c in note.children if getattr(c, "className", "") == "tag warn"]
    assert tags == ([tag] if tag else [])


def test_the_help_is_the_records_and_can_be_reached_by_keyboard(strip):
    for metric, c in zip(cards.SERIES, strip().values(), strict=True):
        button = find(c, id=ids.help_button(metric))
        text = find(c, role="tooltip")
        assert METRIC[metric].help in words(text)
        assert type(button).__name__ == "Button"
        props = button.to_plotly_json()["props"]
        assert props["aria-describedby"] == text.id
        assert props["aria-label"] == f"About {METRIC[metric].label}"


def test_the_help_says_the_exact_value_the_interval_and_what_lacks(strip):
    got = strip(runs_without_cost=12)
    assert "95 % interval: 90.4\u202f% to 91.2\u202f%." in words(card(got, "success_rate"))
    assert "Not known for 12 of 21,482 runs (0.1\u202f%)." in words(card(got, "cost_usd"))
    assert "Exact value: $2,719.00." in words(card(got, "cost_usd"))


def test_a_filter_that_misleads_is_said_on_the_card(strip):
    got = strip({"status": "failed"})
    rate = find(card(got, "success_rate"), id=ids.help_button("success_rate"))
    assert (words(rate), rate.className) == ("!", "help caution")
    assert "Always 0 % with this status filter" in words(card(got, "success_rate"))
    assert "All of this cost is wasted" in words(card(got, "failed_cost_usd"))
    runs = find(card(got, "runs"), id=ids.help_button("runs"))
    assert (words(runs), runs.className) == ("?", "help")


@pytest.mark.parametrize(
    ("range_", "grain"), [("24h", "hour"), ("7d", "day"), ("90d", "day"), ("2026-01-01..2026-11-01", "week")]
)
def test_a_sparkline_has_some_hundred_steps_at_most(asked, range_, grain):
    assert cards.spark_grain(asked(range=range_)) == grain


# ---- change ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "now", "before", "text"),
    [
        ("runs", 21482, 20616, "+4.2 % from 20,616"),
        ("runs", 90, 100, "−10.0 % from 100"),
        ("runs", 5, 0, "new from 0"),
        ("runs", 0, 5, "−100.0 % from 5"),
        ("runs", 5, 5, "unchanged from 5"),
        ("runs", 0, 0, "unchanged from 0"),
        ("runs", 12345, 10, "+>99,999 % from 10"),
        ("cost_usd", 2719, 2436, "+11.6 % worse from $2,436"),
        ("cost_usd", 2436, 2719, "−10.4 % better from $2,719"),
        ("cost_usd", 1, 0, "new from $0.00"),
        ("success_rate", 0.908, 0.917, "−0.9 pt worse from 91.7 %"),
        ("success_rate", 0.917, 0.908, "+0.9 pt better from 90.8 %"),
        ("success_rate", 0.5, 0, "+50.0 pt better from 0.0 %"),
        ("success_rate", 0.9080001, 0.908, "under 0.1 pt from 90.8 %"),
        ("p95_duration_ms", 97000, 104000, "−6.7 % better from 1m 44s"),
        ("total_tokens", 398e6, 364e6, "+9.3 % from 364 M"),
        ("runs", NAN, 5, "–"),
        ("success_rate", 0.9, NAN, "–"),
    ],
)
def test_a_change_is_told_in_the_words_of_its_metric(metric, now, before, text):
    told = change(METRIC[metric], now, before)
    # A number and its unit stay on one line.
    assert words(told) == re.sub(r" (%|pt|M)(?= |$)", "\u202f\\1", text)


@pytest.mark.parametrize(
    ("metric", "now", "before", "kind"),
    [
        ("cost_usd", 2, 1, "worse"),
        ("cost_usd", 1, 2, "better"),
        ("success_rate", 0.9, 0.8, "better"),
        ("cache_hit_rate", 0.3, 0.4, "worse"),
        ("avg_duration_ms", 2, 1, "worse"),
        ("runs", 2, 1, "same"),
        ("llm_calls_per_run", 2, 1, "same"),
        ("cost_usd", 1, 1, "same"),
        ("cost_usd", 1, 0, "same"),
    ],
)
def test_the_colour_is_of_better_or_worse_not_of_up_or_down(metric, now, before, kind):
    assert change(METRIC[metric], now, before)[0].className == kind


def test_from_zero_there_is_no_percentage():
    assert difference(METRIC["cost_usd"], 5, 0) == "new"


def test_without_a_previous_period_nothing_is_compared(strip):
    assert part(strip(), "runs", "change") == ""
    assert part(strip(before={"runs": 20000}), "runs", "change") == "+7.4\u202f% from 20,000"


# ---- sparkline ------------------------------------------------------------------------------------------


def test_a_sparkline_is_a_line_over_its_area():
    picture = svg([1, 3, 2], ())
    assert "<polyline points='0,27 50,3 100,15'" in picture
    assert "<polygon points='0,27 50,3 100,15 100,30 0,30'" in picture
    assert "dasharray" not in picture


def test_its_last_step_is_dotted_while_it_fills():
    solid, dotted = svg([1, 3, 2], {2}).split("<polyline")[1:]
    assert "points='0,27 50,3'" in solid
    assert "points='50,3 100,15'" in dotted
    assert "dasharray" in dotted


def test_its_gaps_stay_gaps_and_lone_points_are_dots():
    picture = svg([1, 2, None, 3, None], ())
    assert "<polyline points='0,27 25,15'" in picture
    assert picture.count("<polyline") == 1
    assert "<path d='M75,3h.01'" in picture


@pytest.mark.parametrize("y", [[], [None, None], [None]])
def test_nothing_known_draws_nothing(y):
    assert svg(y, ()).endswith("preserveAspectRatio='none'></svg>")


def test_what_never_changes_lies_in_the_middle():
    assert "points='0,15 100,15'" in svg([5, 5], ())
    assert "M50,15h.01" in svg([5], ())


def test_it_takes_its_colour_from_the_theme():
    spark = sparkline([1, 2], (), "--c4")
    assert spark.style["--colour"] == "var(--c4)"
    assert unquote(spark.style["--picture"]).startswith(
        "url(\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'"
    )
    assert spark.to_plotly_json()["props"]["aria-hidden"] == "true"
