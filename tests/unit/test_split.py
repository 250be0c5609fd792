"""Charts that are split: what is stacked and what is not, what "other" is called, colours, multiples."""

from __future__ import annotations

import json
import math

import pytest

from layouts.chart_card import outputs
from layouts.charts import KIND, split
from layouts.charts.split import CUTS, MULTIPLES, View, cut
from layouts.dimensions import attribute, dimension, offered, plural

WEEK = {"range": "2026-11-16..2026-11-22"}  # Monday to today, a Sunday that is still filling
MODELS = ("gpt-4", "claude", None)
COLOURS = {"gpt-4": "--c1", "claude": "--c2", "bash": "--c3", "": "--c4"}


@pytest.fixture
def parts(asked, framed):
    """``parts("cost", "model", MODELS, total=9, cost_usd=[...])``: a chart of seven days, where a value is
    one number per member, the same on every day."""

    def draw(chart, key, members, total=None, look="stacked", stat="average", **values):
        filters, how, kind = asked(**WEEK), cut(chart, stat), KIND[chart]
        found = dimension(key)
        base = framed(filters, ())
        frame = base.loc[base.index.repeat(len(members))].reset_index(drop=True)
        frame[found.by] = list(members) * 7
        for metric in how.metrics:
            frame[metric] = [float(v) for v in values.get(metric, [0] * len(members))] * 7
        sums = {m: [float(frame[m][: len(members)].sum(min_count=1))] * 7 for m in how.metrics}
        whole = framed(filters, kind.metrics, **{m: v for m, v in sums.items() if m in kind.metrics})
        view = View(found, tuple(members), total or len(members), COLOURS, look)
        return split.split(chart, how, whole, frame, filters, view)

    return draw


def named(chart):
    """Name -> its first trace."""
    found = {}
    for trace in chart.figure["data"]:
        found.setdefault(trace.get("name"), trace)
    found.pop(None)
    return found


def test_what_adds_up_is_stacked_with_the_rest_in_grey_on_top(parts):
    chart = parts("cost", "model", MODELS, total=9, cost_usd=[3, 2, 1.5], runs=[1, 2, 3])
    traces = named(chart)
    assert list(traces) == ["gpt-4", "claude", "other (7)"]
    assert [t["type"] for t in traces.values()] == ["bar"] * 3
    assert [t["y"] for t in traces.values()] == [[3] * 7, [2] * 7, [1.5] * 7]
    assert [entry.colour for entry in chart.legend] == ["--c1", "--c2", "--unknown"]
    meta = chart.figure["layout"]["meta"]
    assert meta["axes"]["y"] == {"unit": "usd", "stacked": True}
    assert [c["label"] for c in chart.table] == ["gpt-4", "claude", "other (7)", "all runs"]
    assert chart.table[-1]["values"] == [6.5] * 7
    assert meta["incomplete"] == {"6": "incomplete: still filling at 14:32"}
    assert traces["gpt-4"]["marker"]["color"] == ["--c1"] * 6 + ["--c1/0.42"]


def test_the_subtitle_says_what_is_cut(parts):
    runs = {"runs": [3, 2, 1]}
    assert parts("cost", "model", MODELS, total=9, **runs).subtitle == (
        "Daily spend, top 2 of 9 models by cost and other, 16 Nov 2026 to 22 Nov 2026"
    )
    whole = parts("executions", "attr.repository", ("gpt-4", "claude", ""), **runs)
    assert whole.subtitle == "Daily runs by repository, 16 Nov 2026 to 22 Nov 2026"
    assert list(named(whole)) == ["gpt-4", "claude", "no repository"]


@pytest.mark.parametrize("chart", ["success_rate", "duration"])
def test_rates_and_averages_are_lines(parts, chart):
    metric = CUTS[chart].metric
    drawn = parts(chart, "model", MODELS, total=9, runs=[40, 20, 5], **{metric: [0.9, 0.8, 0.7]})
    assert {t["type"] for t in named(drawn).values()} == {"scatter"}
    assert "stacked" not in drawn.figure["layout"]["meta"]["axes"]["y"]
    assert not any("stackgroup" in t for t in drawn.figure["data"])
    assert {entry.shape for entry in drawn.legend} == {"line"}


def test_tools_overlap_and_are_never_stacked(parts):
    drawn = parts("executions", "tool", ("bash",), total=8, runs=[5])
    assert [t["type"] for t in named(drawn).values()] == ["scatter"]
    assert "top 1 of 8 tools by runs," in drawn.subtitle
    assert "other" not in drawn.subtitle
    assert [c.text for c in drawn.warnings] == [
        "A run counts under every tool that it used, so these do not add up"
    ]


def test_a_rate_of_few_runs_is_marked_and_the_axis_begins_under_all(parts):
    values = {"success_rate": [0.9, 0.8, 0.7], "runs": [40, 20, 5], "unknowns": [0, 1, 0]}
    drawn = parts("success_rate", "model", MODELS, total=9, **values)
    assert [c.get("of", [None])[0] for c in drawn.table] == [40, 19, 5, None]
    assert {c.get("few") for c in drawn.table[:3]} == {30}
    assert drawn.figure["layout"]["meta"]["axes"]["y"]["min"] == 0.65  # under 0.7, by twentieths


def test_the_duration_is_told_by_what_the_reader_chose(parts):
    drawn = parts(
        "duration", "model", MODELS, total=9, stat="p95", runs=[9, 9, 9], p95_duration_ms=[3000, 2000, 1000]
    )
    assert drawn.subtitle.startswith("Daily p95, top 2 of 9 models by runs and other")
    assert [t["y"][0] for t in named(drawn).values()] == [3000, 2000, 1000]


@pytest.mark.parametrize("chart", CUTS)
def test_small_multiples_share_an_axis_and_bear_their_names(parts, chart):
    metric = CUTS[chart].metric
    values = (
        {"runs": [40, 20, 5]}
        | {metric: [0.9, 0.8, 0.7]}
        | ({"runs": [40, 20, 5]} if metric == "runs" else {})
    )
    drawn = parts(chart, "model", MODELS, total=9, look=MULTIPLES, **values)
    meta = drawn.figure["layout"]["meta"]
    assert meta["multiples"] == [
        {"label": "gpt-4", "color": "--c1"},
        {"label": "claude", "color": "--c2"},
        {"label": "other (7)", "color": "--unknown"},
    ]
    assert drawn.legend == []
    axes = {t["name"]: t.get("yaxis", "y") for t in drawn.figure["data"] if t.get("name")}
    assert axes == {"gpt-4": "y", "claude": "y2", "other (7)": "y3"}
    # A place for the pointer in every panel.
    unseen = [t.get("xaxis", "x") for t in drawn.figure["data"] if t.get("hoverinfo") == "none"]
    assert unseen == ["x", "x2", "x3"]
    assert "stacked" not in meta["axes"]["y"]


def test_small_multiples_of_a_rate_show_its_interval(parts):
    values = {"success_rate": [0.9, 0.8], "success_rate_low": [0.8, 0.5], "success_rate_high": [1, 0.9]}
    drawn = parts("success_rate", "model", ("gpt-4", "claude"), look=MULTIPLES, runs=[40, 40], **values)
    filled = [t for t in drawn.figure["data"] if t.get("fill") == "toself"]
    assert {t.get("yaxis", "y") for t in filled} == {"y", "y2"}


def test_a_click_on_a_member_narrows_to_it_and_the_rest_has_no_filter(parts):
    drawn = parts("cost", "model", ("gpt-4", "claude", None), total=5, cost_usd=[1, 1, 1], runs=[1, 1, 1])
    assert drawn.figure["layout"]["meta"]["runs"] == {
        "gpt-4": {"model": "gpt-4"},
        "claude": {"model": "claude"},
        "other (3)": None,
    }
    assert attribute("repository").narrow("") == {"attr.repository": "(none)"}
    assert dimension("version").narrow("1,5") == {"version": "1%2C5"}


def test_members_without_a_value_are_gaps(parts):
    drawn = parts("duration", "model", ("gpt-4", "claude"), runs=[5, 5], avg_duration_ms=[math.nan, 3])
    assert drawn.figure is not None
    assert named(drawn)["gpt-4"]["y"] == [None] * 7


def test_nothing_to_draw_says_why(parts):
    drawn = parts("cost", "model", ("gpt-4",), runs=[5], cost_usd=[math.nan])
    assert drawn.figure["layout"]["annotations"][0]["text"] == "No run with a known cost"
    assert drawn.subtitle.startswith("Daily spend by model")


def test_a_split_chart_is_small_plain_json(parts):
    members = ("gpt-4", "claude", "bash", "", None)
    for look in ("stacked", MULTIPLES):
        drawn = parts("cost", "model", members, total=41, look=look, runs=[3] * 5, cost_usd=[1.123456789] * 5)
        assert len(json.dumps(outputs(drawn)[0], allow_nan=False)) < 6000


def test_dimensions_and_their_words():
    assert [found.key for found in offered(("repository", "team"))] == [
        "model", "agent", "version", "status", "category", "tool", "attr.repository", "attr.team",
    ]  # fmt: skip
    assert [plural(word) for word in ("repository", "task", "class", "branch", "key")] == [
        "repositories", "tasks", "classes", "branches", "keys",
    ]  # fmt: skip
    assert dimension("attr.") is None
    assert dimension("colour") is None
