"""Subtitles, hints and warnings: every row of the seed document's tables, and their kin."""

from __future__ import annotations

import json
import math

import pytest

from layouts import ids
from layouts.charts import KINDS
from layouts.pages import contents
from layouts.warnings import by_data, by_status, warnings
from layouts.words import HINTS, TITLES, count, hint, listed, subtitle

ALL = {"runs": 3400.0}


# ---- subtitles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chart", "parameters", "text"),
    [
        ("cost", {}, "Daily spend + cost per run, last 30 days"),
        ("cost", {"status": "success"}, "Daily spend + cost per run (successful runs), last 30 days"),
        ("cost", {"status": "failed"}, "Daily spend + cost per run (failed runs), last 30 days"),
        (
            "cost",
            {"status": "failure"},
            "Daily spend + cost per run (runs with status failure), last 30 days",
        ),
        (
            "cost",
            {"status": "failed", "model": "gpt-4"},
            "Daily spend + cost per run (failed runs, model gpt-4), last 30 days",
        ),
        ("executions", {"grain": "hour", "range": "24h"}, "Hourly runs by outcome, last 24 hours"),
        ("duration", {"grain": "week", "range": "all"}, "Weekly average and percentiles, all time"),
        (
            "tokens",
            {"agent": "fixer", "version": "2.4.0"},
            "Daily tokens by kind (agent fixer, version 2.4.0), last 30 days",
        ),
        (
            "success_rate",
            {"range": "2026-11-01..2026-11-07"},
            "Daily share of runs that succeeded, with its 95 % interval, 1 Nov 2026 to 7 Nov 2026",
        ),
        ("outcomes", {"model": "a,b"}, "Share of each outcome (model a or b), last 30 days"),
        ("llm_calls", {"version": "(none)"}, "Daily calls + calls per run (version not known), last 30 days"),
    ],
)
def test_the_subtitle_says_which_runs(asked, chart, parameters, text):
    assert subtitle(chart, asked(**parameters)) == text


def test_every_filter_in_force_is_in_every_subtitle(asked):
    filters = asked(status="error", model="gpt-4", agent="fixer", version="2.5.0", range="7d")
    for chart in (*ids.CHARTS, ids.MODELS):
        text = subtitle(chart, filters)
        for word in ("status error", "model gpt-4", "agent fixer", "version 2.5.0", "last 7 days"):
            assert word in text, (chart, word)


@pytest.mark.parametrize(
    ("chart", "text"),
    [
        ("tokens", "Tokens drive Cost"),
        ("cost", "Cost = f(Tokens, Model)"),
        ("duration", "Includes non-LLM time"),
    ],
)
def test_the_hints_of_the_seed_document(chart, text):
    assert hint(chart) == text


def test_titles_and_hints_belong_to_charts_of_the_page():
    names = {*ids.CHARTS, ids.MODELS}
    assert names <= set(TITLES)
    # Those of other pages: each has its card there.
    drawn = json.dumps(contents())
    assert [name for name in TITLES if f"answer-{name}" not in drawn] == []
    assert set(HINTS) < set(TITLES)
    assert [kind.name for kind in KINDS] == list(ids.CHARTS)


# ---- what the status filter does ------------------------------------------------------------------------

# The table of section 7, word for word, and what it becomes where only one kind of failed runs is shown.
SEED_DOCUMENT = [
    ("success", "cost", "Showing only successful runs - cost of failed runs is hidden"),
    ("failed", "cost", "Showing wasted spend on failed runs"),
    ("failed", "duration", "Showing time spent on failed runs (may include partial execution)"),
    ("failed", "tokens", "Tokens consumed before failure occurred"),
    ("failure", "cost", "Showing wasted spend on failed runs (status failure only)"),
    (
        "failure",
        "duration",
        "Showing time spent on failed runs (may include partial execution) (status failure only)",
    ),
    ("failure", "tokens", "Tokens consumed before failure occurred (status failure only)"),
    ("error", "cost", "Showing wasted spend on failed runs (status error only)"),
    (
        "error",
        "duration",
        "Showing time spent on failed runs (may include partial execution) (status error only)",
    ),
    ("error", "tokens", "Tokens consumed before failure occurred (status error only)"),
    ("failure,error", "cost", "Showing wasted spend on failed runs"),
]
KIN = [
    ("success", "duration", "Showing only successful runs - time spent on failed runs is hidden"),
    ("success", "tokens", "Showing only successful runs - tokens of failed runs are hidden"),
    ("success", "llm_calls", "Showing only successful runs - LLM calls of failed runs are hidden"),
    ("success", "tool_calls", "Showing only successful runs - tool calls of failed runs are hidden"),
    ("success", "success_rate", "Always 100 % with this status filter - clear it to see the rate"),
    ("success", "outcomes", "Only successful runs pass the status filter - these are not shares of all runs"),
    ("success", "wasted", "Always $0 - only successful runs pass the status filter"),
    ("success", "cost_per_success", "Showing only successful runs - cost of failed tries is hidden"),
    ("failed", "success_rate", "Always 0 % with this status filter - clear it to see the rate"),
    ("failed", "outcomes", "Only failed runs pass the status filter - these are not shares of all runs"),
    ("failed", "wasted", "All of this cost is wasted - only failed runs pass the status filter"),
    ("failed", "cost_per_success", "No value - only failed runs pass the status filter"),
    ("failed", "llm_calls", "LLM calls made before failure occurred"),
    ("failed", "tool_calls", "Tool calls made before failure occurred"),
    (
        "error",
        "success_rate",
        "Always 0 % with this status filter - clear it to see the rate (status error only)",
    ),
    ("unknown", "success_rate", "No rate - only runs with an unknown outcome pass the status filter"),
    (
        "unknown",
        "cost",
        "Only unknown runs pass the status filter - cost of success, failure and error runs is hidden",
    ),
    (
        "success,failure",
        "success_rate",
        "Only success and failure runs pass the status filter - the success rate leaves out error runs",
    ),
    (
        "success,failure",
        "tokens",
        "Only success and failure runs pass the status filter - tokens of error and unknown runs are hidden",
    ),
    (
        "success,failure",
        "wasted",
        "Only success and failure runs pass the status filter - waste on error runs is hidden",
    ),
    (
        "success,error",
        "outcomes",
        "Only success and error runs pass the status filter - these are not shares of all runs",
    ),
    (
        "success,failed",
        "cost",
        "Only success, failure and error runs pass the status filter - cost of unknown runs is hidden",
    ),
]


@pytest.mark.parametrize(("status", "subject", "text"), [*SEED_DOCUMENT, *KIN])
def test_what_a_status_filter_makes_of_a_metric_is_said(asked, status, subject, text):
    assert by_status(subject, asked(status=status)) == text
    assert warnings(subject, asked(status=status), ALL)[0] == (text, True)


@pytest.mark.parametrize("subject", [*ids.CHARTS, ids.MODELS, "wasted", "cost_per_success"])
def test_without_a_status_filter_nothing_is_misleading(asked, subject):
    assert by_status(subject, asked(model="gpt-4", range="7d")) == ""


def test_the_rate_of_all_known_outcomes_is_the_rate(asked):
    """Unknown outcomes count in no rate: leaving them out changes nothing."""
    assert by_status("success_rate", asked(status="success,failed")) == ""


@pytest.mark.parametrize("status", ["success", "failure", "error", "failed", "unknown", "success,error"])
@pytest.mark.parametrize(
    "subject", ["success_rate", "outcomes", "cost", "duration", "tokens", "llm_calls", "tool_calls", "models"]
)
def test_no_status_filter_goes_by_in_silence(asked, status, subject):
    assert by_status(subject, asked(status=status))


# ---- what the data lack ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "totals", "text"),
    [
        ("cost", {"runs_without_cost": 12}, "12 runs (0.4 %) lack a cost and are left out"),
        ("cost", {"runs_without_cost": 1}, "1 run (0.03 %) lacks a cost and is left out"),
        ("cost", {"runs_without_cost": 3400}, "No run has a known cost"),
        (
            "cost",
            {"cost_usd": 100, "estimated_cost_usd": 3.1},
            "3.1 % of the cost is estimated from tokens, not reported",
        ),
        (
            "cost",
            {"cost_usd": 100, "estimated_cost_usd": 100},
            "All of the cost is estimated from tokens, not reported",
        ),
        (
            "duration",
            {"runs_without_duration": 34},
            "34 runs (1.0 %) lack a duration and are left out",
        ),
        ("duration", {"runs": 40}, "Few runs (40) - p99 is hardly more than the slowest run"),
        (
            "tokens",
            {"runs_without_total_tokens": 34},
            "34 runs (1.0 %) lack a token count and are left out",
        ),
        (
            "tokens",
            {"runs_without_cache_read": 340},
            "340 runs (10.0 %) report no cache figures, so all their input counts as uncached",
        ),
        (
            "tokens",
            {"runs_without_cache_read": 3400},
            "No run reports cache figures, so all input counts as uncached",
        ),
        (
            "success_rate",
            {"unknowns": 340},
            "340 runs (10.0 %) have an unknown outcome and count in no rate",
        ),
        (
            "success_rate",
            {"unknowns": 1},
            "1 run (0.03 %) has an unknown outcome and counts in no rate",
        ),
        ("success_rate", {"unknowns": 3400}, "No run says how it ended - there is no rate"),
        ("success_rate", {"runs": 12}, "Few runs (12) - chance alone could move this rate far"),
        (
            "outcomes",
            {"unknowns": 340},
            "340 runs (10.0 %) have an unknown outcome and count in no rate",
        ),
        (
            "llm_calls",
            {"runs_without_llm_calls": 340},
            "340 runs (10.0 %) lack a number of LLM calls and are left out",
        ),
        (
            "tool_calls",
            {"runs_without_tool_calls": 340},
            "340 runs (10.0 %) lack a number of tool calls and are left out",
        ),
    ],
)
def test_what_runs_lack_is_said(asked, subject, totals, text):
    found = warnings(subject, asked(), {**ALL, **totals})
    assert found == [(text.replace(" %", "\u202f%"), False)]


@pytest.mark.parametrize("subject", [*ids.CHARTS, ids.MODELS, "wasted", "cost_per_success", "cache", "files"])
@pytest.mark.parametrize(
    "totals", [ALL, {}, {"runs": 0.0}, {"runs": 3400.0, "estimated_cost_usd": math.nan, "cost_usd": math.nan}]
)
def test_where_nothing_is_lacking_nothing_is_said(subject, totals):
    assert [text for text in by_data(subject, totals) if text] == []


def test_a_filter_is_named_before_what_the_data_lack(asked):
    found = warnings("cost", asked(status="failed"), {**ALL, "runs_without_cost": 3.0})
    assert [loud for _, loud in found] == [True, False]


# ---- small words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1204, "1,204 runs")]
)
def test_counts_have_their_plural(number, text):
    assert count(number, "run") == text


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_people_write_them(words, text):
    assert listed(words) == text
