"""A change in figures that add up and in one sentence; the examples are worked out in test_decompose."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts.dimensions import FIXED, Dimension, attribute
from layouts.explained import Explained, explained
from layouts.tally import tally
from layouts.told import sentence, without_split
from queries.changes import Change, Member, Periods, Side, split
from queries.filters import parse
from queries.measures import MEASURES
from queries.metrics import METRIC

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BY = {dimension.key: dimension for dimension in FIXED}
Rows = dict[str, list[float | str]]


def rows(*members: dict[str, object]) -> Rows:
    """Sums by member and status; what is not given is 0."""
    columns: Rows = {name: [] for name in ("key", "status", *(m.name for m in MEASURES))}
    for member in members:
        filled = {"status": "success", "key": ""} | dict.fromkeys((m.name for m in MEASURES), 0.0) | member
        for name, column in columns.items():
            column.append(filled[name])  # type: ignore[arg-type]
    return columns


def paid(key: str, runs: int, cost: float, known: int | None = None) -> dict[str, object]:
    return {"key": key, "runs": runs, "cost_usd": cost, "cost_known": runs if known is None else known}


def make(metric: str, before: Rows, after: Rows) -> Change:
    filters = parse({}, now=NOW)
    periods = Periods(filters.previous() or filters, filters)
    found = split(METRIC[metric], before, after)  # type: ignore[arg-type]
    assert found is not None
    sides = [
        Side(int(sum(map(float, side["runs"]))), float(value))
        for side, value in ((before, found.before), (after, found.after))
    ]
    return Change(METRIC[metric], "model", periods, Member("", *sides), {}, found, (0, 0))


def told(metric: str, before: Rows, after: Rows, by: Dimension = BY["model"]) -> str:
    found = explained(make(metric, before, after))
    assert found is not None
    return sentence(found, by).replace("\u202f", " ")


BEFORE = rows(paid("cheap", 10, 10), paid("dear", 10, 30))
AFTER = rows(paid("cheap", 10, 10), paid("dear", 30, 120))


def test_runs_that_moved_to_another_member() -> None:
    # dear: volume 43.75 + mix 26.25 = 70 by its runs, 20 by its rate; cheap: 7.5 - 7.5 = 0
    assert told("cost_usd", BEFORE, rows(paid("cheap", 2, 2), paid("dear", 18, 72))) == (
        "Cost rose by $34.00 (+85.0 %): $28.00 because more runs used model dear, "
        "$14.00 because its runs cost more each, −$8.00 because fewer runs used model cheap."
    )  # dear 10 -> 18 runs at $3 -> $4: 8 * 3.5 = 28 and 14 * 1 = 14; cheap 10 -> 2 at $1: -8


def test_growth_of_all_is_told_as_such() -> None:
    # twice the runs of both; dear at $4 instead of $3: volume 20 * (0.5 * 1 + 0.5 * 3.5) = 45, rate 15 * 1
    assert told("cost_usd", BEFORE, rows(paid("cheap", 20, 20), paid("dear", 20, 80))) == (
        "Cost rose by $60.00 (+150.0 %): $45.00 because there were 100.0 % more runs, "
        "$15.00 because runs of model dear cost more each."
    )


def test_a_fall_signs_every_figure() -> None:
    assert told("cost_usd", AFTER, BEFORE) == (
        "Cost fell by $90.00 (−69.2 %): −$70.00 because fewer runs used model dear, "
        "−$20.00 because its runs cost less each."
    )


def test_a_ratio_is_told_by_shares_and_rates() -> None:
    assert told("cost_per_run", BEFORE, AFTER) == (
        "Cost per run rose by $1.25 (+62.5 %): "
        "$0.62 because runs of model dear cost more each, "
        "$0.41 because a smaller share of the runs used model cheap (cheaper than average), "
        "$0.22 because a larger share of the runs used model dear (more expensive than average)."
    )  # 0.625, 0.40625, 0.21875: the largest remainders get the cents that 1.25 has


def test_a_rate_is_told_in_points() -> None:
    def ended(key: str, status: str, runs: int) -> dict[str, object]:
        return {"key": key, "status": status, "runs": runs}

    before = rows(ended("a", "success", 90), ended("a", "failure", 10))
    after = rows(ended("a", "success", 80), ended("a", "failure", 20))
    assert told("success_rate", before, after) == (
        "Success rate fell by 10.0 pt (from 90.0 % to 80.0 %): "
        "−10.0 pt because runs of model a succeeded less often."
    )


def test_new_and_gone_members_are_named_as_such() -> None:
    said = told("cost_usd", rows(paid("old", 5, 10)), rows(paid("new", 5, 40)), attribute("repository"))
    assert said == (
        "Cost rose by $30.00 (+300.0 %): $40.00 because 5 runs had repository new, none before, "
        "−$10.00 because no run had repository old any more."
    )


def test_runs_without_the_value_are_not_spoken_for() -> None:
    before, after = rows(paid("a", 10, 10, known=5)), rows(paid("a", 10, 20, known=10))
    assert told("cost_usd", before, after) == (
        "Cost rose by $10.00 (+100.0 %): $10.00 because there were 100.0 % more runs with a known cost."
    )


def test_runs_are_told_by_member() -> None:
    before, after = rows(paid("a", 10, 0), paid("", 10, 0)), rows(paid("a", 30, 0), paid("", 9, 0))
    assert told("runs", before, after, BY["version"]) == (
        "Runs rose by 19 (+95.0 %): 20 because more runs had version a, "
        "−1 because fewer runs had no known version."
    )


def test_nothing_changed() -> None:
    assert told("cost_usd", BEFORE, BEFORE) == "Cost did not change: $40.00."


def test_without_a_split() -> None:
    filters = parse({}, now=NOW)
    whole = Member("", Side(10, 97_000.0), Side(10, 104_000.0))
    change = Change(METRIC["p95_duration_ms"], "model", Periods(filters, filters), whole, {}, None, (0, 0))
    assert without_split(change).replace("\u202f", " ") == "p95 duration rose from 1m 37s to 1m 44s (+7.2 %)."
    lost = Member("", Side(0, float("nan")), Side(10, 104_000.0))
    nothing = Change(METRIC["p95_duration_ms"], "model", Periods(filters, filters), lost, {}, None, (0, 0))
    assert without_split(nothing) == "p95 duration has no value before, so there is no change to explain."


@pytest.mark.parametrize(
    ("unit", "change", "value", "shown"),
    [
        ("usd", "412.335", "1739.43", "$412"),
        ("usd", "4.1233", "1739.43", "$4.12"),
        ("usd", "0.0041233", "0.139", "$0.00412"),
        ("count", "866", "21482", "866"),
        ("percent", "-0.009123", "0.908", "0.912 pt"),
        ("ms", "2400", "46200", "2.40 s"),
        ("ms", "240000", "460000", "4.00 min"),
        ("tokens", "34123456", "398000000", "34.1 M"),
        ("tokens", "1234", "398000000", "1,234"),
        ("number", "0.312", "7.2", "0.312"),
    ],
)
def test_figures_have_three_digits_of_the_change(unit: str, change: str, value: str, shown: str) -> None:
    steps = tally(unit, Fraction(change), Fraction(value))
    assert steps.size(round(Fraction(change) / steps.step)).replace("\u202f", " ") == shown


_PAID = st.builds(
    paid, st.sampled_from("abcdef"), st.integers(1, 10**6), st.integers(0, 10**9).map(lambda n: n / 10**4)
)


@given(st.lists(_PAID, min_size=1, max_size=8), st.lists(_PAID, min_size=1, max_size=8), st.integers(1, 4))
def test_what_is_shown_adds_up(
    before: list[dict[str, object]], after: list[dict[str, object]], most: int
) -> None:
    found: Explained | None = explained(make("cost_usd", rows(*before), rows(*after)), shown=most)
    assert found is not None
    assert found.before + sum(line.total for line in found.every) == found.after
    assert sum(found.effect(name) for name in ("volume", "mix", "rate")) == found.moved
    lines, others = found.top(2)
    assert sum(line.total for line in (*lines, *([others] if others else []))) == found.moved


def test_where_no_member_stands_out_the_effects_are_told() -> None:
    # twelve equal members with 10 runs each at $1 -> $2: 12 * 10 * 1; nothing else moved
    before = rows(*(paid(f"m{i}", 10, 10) for i in range(12)))
    after = rows(*(paid(f"m{i}", 10, 20) for i in range(12)))
    assert told("cost_usd", before, after) == (
        "Cost rose by $120 (+100.0 %): $120 because runs of the same model cost more each on balance."
    )
    # half of the runs of six of them moved to the six that cost $3
    before = rows(*(paid(f"m{i}", 10, 10) for i in range(6)), *(paid(f"n{i}", 10, 30) for i in range(6)))
    after = rows(*(paid(f"m{i}", 5, 5) for i in range(6)), *(paid(f"n{i}", 15, 45) for i in range(6)))
    assert told("cost_usd", before, after) == (
        "Cost rose by $60.00 (+25.0 %): $60.00 because runs moved to more expensive models."
    )
