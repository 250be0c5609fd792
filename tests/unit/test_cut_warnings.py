"""Splits and filters by status, error and tool that make a number misleading: each is told."""

from __future__ import annotations

import pytest

from layouts import ids
from layouts.charts.split import CUTS
from layouts.cut_warnings import SPLITS, of_filter, of_split
from layouts.dimensions import FIXED, attribute, dimension
from layouts.warnings import by_filter, warnings

SUBJECTS = (*ids.CHARTS, ids.MODELS, "wasted", "cost_per_success", "tool_calls")


# The pairs that say something else than they seem to, thought through one by one: (split, chart, loud).
@pytest.mark.parametrize(
    ("key", "chart", "loud", "says"),
    [
        ("status", "success_rate", True, "Always 0 % or 100 %"),
        ("category", "success_rate", True, "Near 0 % or 100 %"),
        ("status", "duration", False, "cut short"),
        ("category", "duration", False, "cut short"),
        ("status", "cost", False, "wasted"),
        ("category", "cost", False, "wasted"),
        ("status", "tokens", False, "before they failed"),
        ("tool", "tool_calls", True, "not those of the tool alone"),
        ("tool", "cost", True, "not of the tool alone"),
        ("tool", "duration", True, "not of the tool alone"),
        ("tool", "tokens", True, "not of the tool alone"),
        ("tool", "llm_calls", True, "not of the tool alone"),
        ("tool", "success_rate", False, "need not come from it"),
    ],
)
def test_a_split_that_misleads_says_so(key: str, chart: str, loud: bool, says: str) -> None:
    found = dimension(key)
    assert found is not None
    told = of_split(chart, found, filtered=False)
    assert told is not None
    assert says in told[0]
    assert told[1] is loud


@pytest.mark.parametrize("chart", CUTS)
def test_models_agents_versions_and_attributes_split_as_they_seem_to(chart: str) -> None:
    for found in (*(d for d in FIXED if d.key in ("model", "agent", "version")), attribute("repository")):
        assert of_split(chart, found, filtered=False) is None


def test_only_what_can_be_drawn_is_told() -> None:
    assert set(SPLITS) <= {found.key for found in FIXED}
    assert all(set(charts) <= set(CUTS) for charts in SPLITS.values())


def test_a_filter_that_says_it_already_is_not_said_again() -> None:
    for key in ("status", "category"):
        found = dimension(key)
        assert found is not None
        assert of_split("success_rate", found, filtered=True) is None
        assert of_split("cost", found, filtered=True) is not None


@pytest.mark.parametrize(
    ("asked_for", "subject", "says"),
    [
        ({"category": "timeout"}, "success_rate", "Near 0 % with this error filter"),
        ({"error": "took <n> s"}, "success_rate", "Near 0 % with this error filter"),
        ({"category": "timeout,network"}, "cost", "cost of all other runs is hidden"),
        ({"category": "timeout"}, "wasted", "Nearly all of this cost is wasted"),
        ({"category": "(none)"}, "success_rate", "Always 100 % with this error filter"),
        ({"category": "(none)"}, "wasted", "Always $0"),
        ({"category": "(none),timeout"}, "success_rate", "the rate of all runs is lower"),
        ({"category": "timeout"}, "models", "near 0 % whatever the model"),
        ({"tool": "bash"}, "tool_calls", "not those of the tool alone"),
        ({"tool": "(none)"}, "tool_calls", ""),
        ({"tool": "bash"}, "success_rate", ""),
        ({"attr.user": "ann"}, "success_rate", ""),
        ({"category": "timeout"}, "executions", ""),
    ],
)
def test_a_filter_that_misleads_says_so(asked, asked_for, subject, says):
    told = of_filter(subject, asked(**asked_for))
    assert says in told
    assert bool(told) is bool(says)
    loud = [
        caution.text for caution in warnings(subject, asked(**asked_for), {"runs": 100.0}) if caution.loud
    ]
    assert loud == ([told] if told else [])


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_the_status_filter_says_goes_first_and_alone(asked, subject):
    filters = asked(status="failed", category="timeout")
    assert by_filter(subject, filters) in (
        by_filter(subject, asked(status="failed")),
        of_filter(subject, filters),
    )
    assert len([c for c in warnings(subject, filters, {"runs": 100.0}) if c.loud]) <= 1
