"""Figures: honest (zeros, gaps, what is incomplete), exact, small, in tokens."""

from __future__ import annotations

import json
import math
import re

import pytest

from layouts import ids
from layouts.chart_card import outputs, warning_lines
from layouts.charts import KIND, KINDS
from layouts.marks import areas, band, bars, lines, lonely, numbers
from layouts.warnings import Caution
from queries.calendar import zone
from queries.metrics import METRIC

NAN = math.nan
SERIES = [kind for kind in KINDS if kind.series]
WEEK = {"range": "2026-11-16..2026-11-22"}  # Monday to today, a Sunday that is still filling
INCOMPLETE = {"6": "incomplete: still filling at 14:32"}


@pytest.fixture
def drawn(asked, framed):
    """``drawn("cost", cost_usd=[...])``: the chart of seven days, with ten runs a day unless given."""

    def draw(name, parameters=WEEK, **columns):
        filters, kind = asked(**parameters), KIND[name]
        columns.setdefault("runs", [10.0] * 7)
        return kind.draw(framed(filters, kind.metrics, **columns), filters)

    return draw


def trace(chart, name):
    """The first trace of a name: the one over the complete buckets."""
    return next(t for t in chart.figure["data"] if t.get("name") == name)


def meta(chart):
    return chart.figure["layout"]["meta"]


def column(chart, label):
    found = next(c for c in chart.table if c["label"] == label)
    return found["values"] if "values" in found else chart.figure["data"][found["trace"]]["y"]


# ---- every chart ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_figure_is_plain_json_in_tokens(kind, asked, framed, one_row):
    """No NaN, which is no JSON; no colour but tokens, so that the theme is the browser's affair."""
    filters = asked(**WEEK)
    values = {"runs": [7.0, NAN, 3.0, 0.0, 1.0, 2.0, 9.0]}
    frame = (
        framed(filters, kind.metrics, **values)
        if kind.series
        else one_row(kind.metrics, runs=20, successes=18, errors=2)
    )
    figure = kind.draw(frame, filters).figure
    text = json.dumps(figure, allow_nan=False)
    assert re.findall(r"#[0-9a-f]{3,6}\b|rgba?\((?!0,0,0,0)", text) == []
    assert figure["layout"]["meta"]["chart"] == kind.name


@pytest.mark.parametrize("kind", SERIES, ids=lambda kind: kind.name)
def test_a_month_is_a_small_answer(kind, asked, framed):
    filters = asked()
    some = {name: [1234.567891 / (i + 1) for i in range(30)] for name in kind.metrics}
    figure = kind.draw(framed(filters, kind.metrics, **some), filters).figure
    assert len(json.dumps(figure, separators=(",", ":"))) < 9000


@pytest.mark.parametrize("kind", SERIES, ids=lambda kind: kind.name)
def test_the_table_behind_a_chart_has_every_bucket(kind, asked, framed):
    filters = asked(**WEEK)
    some = {name: [0.5] * 7 for name in kind.metrics}
    chart = kind.draw(framed(filters, kind.metrics, **some), filters)
    assert [c["label"] for c in chart.table][-1].startswith("runs")
    for c in chart.table:
        assert len(column(chart, c["label"])) == len(meta(chart)["x"]) == 7
        assert c["unit"] in {metric.unit for metric in METRIC.values()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_legend_entry_names_traces_that_are_there(kind, asked, framed, one_row):
    filters = asked(**WEEK)
    some = {name: [0.5] * 7 for name in kind.metrics}
    frame = (
        framed(filters, kind.metrics, **some)
        if kind.series
        else one_row(kind.metrics, runs=3, successes=2, errors=1)
    )
    chart = kind.draw(frame, filters)
    names = {t.get("name") for t in chart.figure["data"]} | set(meta(chart).get("labels", ()))
    assert {entry.label for entry in chart.legend} <= names
    assert chart.legend


@pytest.mark.parametrize("kind", SERIES, ids=lambda kind: kind.name)
def test_what_is_still_filling_is_named_and_drawn_apart(kind, asked, framed):
    filters = asked(**WEEK)
    some = {name: [0.5] * 7 for name in kind.metrics}
    figure = kind.draw(framed(filters, kind.metrics, **some), filters).figure
    assert figure["layout"]["meta"]["incomplete"] == INCOMPLETE
    text = json.dumps(figure["data"])
    assert '"dash": "dot"' in text or '/0.42"' in text or "incomplete0" in text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_callback_gets_its_four_answers(kind, asked, framed, one_row):
    filters = asked(**WEEK, status="failed")
    some = {name: [0.5] * 7 for name in kind.metrics}
    frame = framed(filters, kind.metrics, **some) if kind.series else one_row(kind.metrics, runs=3, errors=3)
    figure, subtitle, warnings, legend = outputs(kind.draw(frame, filters))
    assert figure["layout"]["meta"]["chart"] in ids.CHARTS
    assert "failed runs" in subtitle
    assert [w.className for w in warnings][:1] == (
        ["warning"] if kind.name not in ("executions", "failures") else []
    )
    assert all(entry.to_plotly_json()["props"]["data-chart"] == kind.name for entry in legend)


# ---- buckets --------------------------------------------------------------------------------------------


def test_buckets_are_utc_instants(drawn):
    """Midnight in Berlin is 23:00 of the day before."""
    got = meta(drawn("executions"))
    assert got["x"][:2] == ["2026-11-15T23:00", "2026-11-16T23:00"]
    assert (got["from"], got["end"]) == ("2026-11-15T23:00Z", "2026-11-22T23:00Z")
    assert (got["tz"], got["grain"]) == ("Europe/Berlin", "day")


def test_the_hour_that_comes_twice_stands_in_two_places(asked, framed):
    """25 October 2026, clocks go back at 03:00: two buckets are called 02:00 and must not share an x."""
    filters = asked(range="2026-10-25..2026-10-25", grain="hour")
    kind = KIND["executions"]
    x = meta(kind.draw(framed(filters, kind.metrics), filters))["x"]
    assert len(x) == len(set(x)) == 25
    assert x[2:4] == ["2026-10-25T00:00", "2026-10-25T01:00"]


def test_a_week_cut_by_the_range_is_named_and_stands_on_its_monday(asked, framed):
    """30 days end on Sunday 22 November and begin on Saturday 24 October."""
    filters = asked(grain="week")
    frame = framed(filters, KIND["executions"].metrics)
    got = meta(KIND["executions"].draw(frame, filters))
    assert got["incomplete"] == {
        "0": "incomplete: cut off by the date range",
        "4": "incomplete: still filling at 14:32",
    }
    assert got["x"][0] == "2026-10-18T22:00", "the Monday before"
    assert got["from"] == "2026-10-23T22:00Z", "where the range begins"
    assert frame["start"].iloc[0].astimezone(zone("Europe/Berlin")).isoformat() == "2026-10-24T00:00:00+02:00"


def test_a_range_of_whole_days_in_the_past_is_complete(asked, framed):
    filters = asked(range="2026-10-01..2026-10-07")
    kind = KIND["executions"]
    assert meta(kind.draw(framed(filters, kind.metrics), filters))["incomplete"] == {}


@pytest.mark.parametrize("kind", SERIES, ids=lambda kind: kind.name)
def test_the_pointer_finds_every_bucket_once(kind, asked, framed):
    """Only one trace answers to it, with a place per bucket, so that a gap does not give a neighbour."""
    filters = asked(**WEEK)
    some = {name: [0.5, NAN, 0.5, NAN, NAN, 0.5, 0.5] for name in kind.metrics} | {"runs": [1.0] * 7}
    traces = kind.draw(framed(filters, kind.metrics, **some), filters).figure["data"]
    (answering,) = [t for t in traces if t["hoverinfo"] != "skip"]
    assert len(answering["y"]) == 7
    assert None not in answering["y"]


# ---- zero and not known ---------------------------------------------------------------------------------


def test_counts_are_zero_where_nothing_ran(drawn):
    chart = drawn("executions", runs=[0.0] * 7, successes=[0.0] * 7)
    assert trace(chart, "success")["y"] == [0] * 7


def test_rates_are_gaps_where_nothing_ran(drawn):
    rate = [0.9, NAN, 0.8, NAN, 1.0, 0.9, 0.5]
    chart = drawn("success_rate", success_rate=rate, success_rate_low=rate, success_rate_high=rate)
    assert trace(chart, "success rate")["y"] == [0.9, None, 0.8, None, 1, 0.9, None]
    assert column(chart, "success rate") == [0.9, None, 0.8, None, 1, 0.9, 0.5]


def test_a_point_without_neighbours_gets_a_mark(drawn):
    p50 = [1000.0, NAN, 3000.0, NAN, NAN, 2000.0, 1000.0]
    got = trace(drawn("duration", p50_duration_ms=p50), "p50")
    assert got["mode"] == "lines+markers"
    assert got["marker"]["size"] == [8, 0, 8, 0, 0, 8, 0]


def test_the_line_to_the_incomplete_bucket_is_dotted(drawn):
    p50 = [1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0, 7000.0]
    solid, dotted = [
        t for t in drawn("duration", p50_duration_ms=p50).figure["data"] if t.get("name") == "p50"
    ]
    assert solid["y"] == [1000, 2000, 3000, 4000, 5000, 6000, None]
    assert dotted["y"] == [None, None, None, None, None, 6000, 7000]
    assert (solid["line"]["dash"], dotted["line"]["dash"]) == ("solid", "dot")


@pytest.mark.parametrize(
    ("name", "columns", "text"),
    [
        ("cost", {"cost_usd": [NAN] * 7, "runs_without_cost": [10.0] * 7}, "No run with a known cost"),
        (
            "duration",
            {
                name: [NAN] * 7
                for name in ("avg_duration_ms", "p50_duration_ms", "p95_duration_ms", "p99_duration_ms")
            },
            "No run with a known duration",
        ),
        (
            "tokens",
            {
                name: [NAN] * 7
                for name in (
                    "uncached_input_tokens",
                    "cache_read_tokens",
                    "cache_write_tokens",
                    "output_tokens",
                )
            },
            "No run with known tokens",
        ),
        ("success_rate", {"success_rate": [NAN] * 7}, "No run with a known outcome"),
        ("llm_calls", {"llm_calls": [NAN] * 7}, "No run with a known number of LLM calls"),
        ("tool_calls", {"tool_calls": [NAN] * 7}, "No run with a known number of tool calls"),
    ],
)
def test_what_no_run_knows_is_said_and_not_drawn(drawn, name, columns, text):
    chart = drawn(name, **columns)
    assert chart.figure["data"] == []
    assert [note["text"] for note in chart.figure["layout"]["annotations"]] == [text]
    assert chart.warnings == []


# ---- one by one -----------------------------------------------------------------------------------------


def test_executions_are_stacked_by_outcome(drawn):
    chart = drawn("executions", successes=[8.0] * 7, failures=[1.0] * 7, errors=[1.0] * 7)
    assert [entry.label for entry in chart.legend] == ["success", "failure", "error"]
    assert [t.get("name") for t in chart.figure["data"]] == ["success", "failure", "error", None]
    assert chart.figure["layout"]["barmode"] == "stack"
    assert trace(chart, "error")["marker"]["color"][5:] == ["--error", "--error/0.42"]


def test_unknown_outcomes_show_where_there_are_any(drawn):
    assert [entry.label for entry in drawn("executions", unknowns=[0.0] * 6 + [1.0]).legend][-1] == "unknown"


def test_only_what_passes_the_status_filter_is_in_the_legend(drawn):
    chart = drawn("executions", {**WEEK, "status": "failed"}, failures=[1.0] * 7)
    assert [entry.label for entry in chart.legend] == ["failure", "error"]


def test_outcomes_are_a_ring_with_the_rate_in_its_middle(asked, one_row):
    frame = one_row(
        KIND["outcomes"].metrics,
        runs=1000,
        successes=900,
        failures=60,
        errors=30,
        unknowns=10,
        success_rate=900 / 990,
    )
    chart = KIND["outcomes"].draw(frame, asked())
    (ring,) = chart.figure["data"]
    assert dict(zip(ring["labels"], ring["values"], strict=True)) == {
        "success": 900,
        "failure": 60,
        "error": 30,
        "unknown": 10,
    }
    assert [entry.note for entry in chart.legend] == ["90.0\u202f%", "6.0\u202f%", "3.0\u202f%", "1.0\u202f%"]
    assert [note["text"] for note in chart.figure["layout"]["annotations"]] == [
        "<b>90.9\u202f%</b>",
        "succeeded",
    ]
    assert chart.subtitle == "Share of each outcome, last 30 days, 1,000 runs"


def test_outcomes_that_nobody_knows_have_no_rate(asked, one_row):
    frame = one_row(KIND["outcomes"].metrics, runs=5, unknowns=5, success_rate=NAN)
    notes = KIND["outcomes"].draw(frame, asked()).figure["layout"]["annotations"]
    assert [note["text"] for note in notes] == ["<b>–</b>", "no known outcome"]


def test_outcomes_of_no_runs_say_so(asked, one_row):
    figure = KIND["outcomes"].draw(one_row(KIND["outcomes"].metrics), asked()).figure
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["No runs"]


@pytest.mark.parametrize(
    ("rate", "low", "runs", "floor"),
    [
        ([0.9] * 7, [0.88] * 7, [800.0] * 7, 0.85),
        ([0.99] * 7, [0.985] * 7, [800.0] * 7, 0.95),
        ([0.9] * 6 + [0.3], [0.88] * 6 + [0.25], [800.0] * 7, 0.0),
        ([0.9] * 6 + [1.0], [0.88] * 6 + [0.2], [800.0] * 6 + [1.0], 0.85),
    ],
    ids=[
        "around 90 %",
        "near all",
        "a bad day is not cut off",
        "a day of one run does not flatten the others",
    ],
)
def test_the_axis_of_the_rate_fits_the_rate(drawn, rate, low, runs, floor):
    chart = drawn(
        "success_rate", success_rate=rate, success_rate_low=low, success_rate_high=[1.0] * 7, runs=runs
    )
    assert meta(chart)["axes"]["y"]["min"] == pytest.approx(floor)


def test_cost_has_its_rate_on_a_second_axis(drawn):
    chart = drawn("cost", cost_usd=[10.0] * 7, cost_per_run=[1.0] * 7)
    assert trace(chart, "total cost")["type"] == "bar"
    assert trace(chart, "cost per run")["yaxis"] == "y2"
    assert meta(chart)["axes"] == {"y": {"unit": "usd"}, "y2": {"unit": "usd"}}
    assert [(entry.label, entry.note) for entry in chart.legend] == [
        ("total cost", "(left)"),
        ("cost per run", "(right)"),
    ]
    assert column(chart, "total cost") == [10] * 7


def test_tokens_are_areas_and_a_single_bucket_is_a_bar(asked, framed, drawn):
    chart = drawn("tokens", output_tokens=[5.0] * 7)
    layers = [t for t in chart.figure["data"] if t.get("name") == "output"]
    assert [(t["stackgroup"], t["y"]) for t in layers] == [("complete0", [5] * 6), ("incomplete0", [5, 5])]
    filters, kind = asked(range="2026-11-21..2026-11-21"), KIND["tokens"]
    one = kind.draw(framed(filters, kind.metrics, runs=[1.0], output_tokens=[5.0]), filters)
    assert trace(one, "output")["type"] == "bar"


# ---- marks ----------------------------------------------------------------------------------------------


def test_numbers_are_json_without_needless_digits():
    assert numbers([1.0, 0.123456789, NAN, 1e15], "percent") == [1, 0.123457, None, 10**15]
    assert numbers([97123.456], "ms") == [97123.5]
    assert numbers([0.000012345678], "usd") == [0.00001235]


@pytest.mark.parametrize(
    ("y", "alone"),
    [
        ([1], {0}),
        ([1, 2], set()),
        ([1, None, 2], {0, 2}),
        ([None, 1, 2, None, 3], {4}),
        ([None], set()),
        ([], set()),
    ],
)
def test_lonely_points(y, alone):
    assert lonely(y) == alone


def test_bars_of_complete_buckets_share_one_colour():
    assert bars("runs", [1, 2], "--c1", [])["marker"]["color"] == "--c1"
    assert bars("runs", [1, 2], "--c1", [0])["marker"]["color"] == ["--c1/0.42", "--c1"]


def test_incomplete_at_both_ends_is_dotted_at_both_ends():
    solid, dotted = lines("p50", [1, 2, 3, 4], "--c1", {0, 3})
    assert solid["y"] == [None, 2, 3, None]
    assert dotted["y"] == [1, 2, 3, 4]


def test_dots_do_not_cross_what_is_complete():
    _, dotted = lines("p50", [1, 2, 3, 4, 5], "--c1", {0, 4})
    assert dotted["y"] == [1, 2, None, 4, 5]


def test_the_band_breaks_at_gaps_and_marks_lone_intervals():
    x = ["a", "b", "c", "d", "e"]
    shape, whisker = band("95 %", x, [1, 2, None, 4, None], [3, 4, None, 6, None], "--success", {})
    assert shape["x"] == ["a", "b", "b", "a", None]
    assert shape["y"] == [1, 2, 4, 3, None]
    assert whisker["y"] == [None, None, None, 5, None]
    assert whisker["error_y"]["array"] == [0, 0, 0, 1, 0]


def test_the_band_is_lighter_towards_the_incomplete():
    full, light = band("95 %", ["a", "b", "c"], [1, 1, 1], [2, 2, 2], "--success", {2})
    assert (full["x"], full["fillcolor"]) == (["a", "b", "b", "a", None], "--success/0.16")
    assert (light["x"], light["fillcolor"]) == (["b", "c", "c", "b", None], "--success/0.08")


def test_areas_are_cut_where_they_become_incomplete():
    layers = areas("output", ["a", "b", "c", "d"], [1, 2, 3, 4], "--c4", {0, 3})
    assert [(t["stackgroup"], t["x"]) for t in layers] == [
        ("complete0", ["b", "c"]),
        ("incomplete0", ["a", "b"]),
        ("incomplete1", ["c", "d"]),
    ]


def test_what_a_filter_does_is_loud_and_what_the_data_lack_is_one_quiet_line():
    lines = warning_lines(
        [
            Caution("Showing failed runs", True),
            Caution("3 runs lack a cost", False),
            Caution("All estimated", False),
        ]
    )
    assert [(line.className, line.children[1].children) for line in lines] == [
        ("warning", "Showing failed runs"),
        ("warning quiet", "3 runs lack a cost · All estimated"),
    ]
    assert warning_lines([]) == []
