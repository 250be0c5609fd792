"""The change between two periods from the database, against plain SQL over the raw rows and by hand.

Week of 9 Nov (before)                       week of 16 Nov (now)
  model  runs  cost           status           runs  cost           status
  a       4    1 each = $4    4 success         6    1 each = $6    5 success, 1 failure
  b       2    3 each = $6    1 success, 1 f.   4    4 each = $16   2 success, 1 failure, 1 error
  c       1    $5             failure           -
  d       -                                     1    not known      unknown
  all     7    $15                              11   $22
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.write import Writer
from queries.changes import EXPLAINED, Change, Periods, change, explainable, periods
from queries.decompose import EFFECTS
from queries.errors import QueryError
from queries.filters import parse
from queries.metrics import METRIC
from queries.store import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE = datetime(2026, 11, 9, 8, tzinfo=UTC)
AFTER = datetime(2026, 11, 16, 8, tzinfo=UTC)
_RUNS = (
    *((BEFORE, "a", "success", "1") for _ in range(4)),
    (BEFORE, "b", "success", "3"),
    (BEFORE, "b", "failure", "3"),
    (BEFORE, "c", "failure", "5"),
    *((AFTER, "a", "success", "1") for _ in range(5)),
    (AFTER, "a", "failure", "1"),
    *((AFTER, "b", "success", "4") for _ in range(2)),
    (AFTER, "b", "failure", "4"),
    (AFTER, "b", "error", "4"),
    (AFTER, "d", "unknown", None),
)


@pytest.fixture(scope="module")
def weeks(module_engine: Engine, module_store: Store, run: Callable[..., Any]) -> Store:
    rows = []
    for number, (start, model, status, cost) in enumerate(_RUNS):
        money = {"cost_usd": cost and Decimal(cost), "cost_source": cost and "reported"}
        tools = '{"bash": 2}' if number % 2 else '{"bash": 1, "edit": 1}'
        attributes = f'{{"repository": "web/{model}"}}' if model != "c" else "{}"
        seconds = Decimal(1000 * (number + 1))
        more = {"tools_used": tools, "attributes": attributes, "duration_ms": seconds}
        rows.append(run(start + timedelta(minutes=number), model=model, status=status, **money, **more))
    with Writer(module_engine) as writer:
        writer.write(rows)
    return module_store


def asked(store: Store, **params: str) -> Periods:
    given = {"range": "2026-11-16..2026-11-22", "tz": "UTC"} | params
    found = periods(parse(given, now=NOW), params.get("against", ""), store.extent)
    assert found is not None
    return found


def explain(store: Store, metric: str, by: str = "model", **params: str) -> Change:
    return change(store, METRIC[metric], by, asked(store, **params))


def test_cost_by_model_by_hand(weeks: Store) -> None:
    found = explain(weeks, "cost_usd")
    assert found.split is not None
    assert (found.split.before, found.split.after) == (15, 22)
    totals = {item.name: (item.total, item.state) for item in found.split.items}
    assert totals == {"a": (2, ""), "b": (10, ""), "c": (-5, "gone"), "d": (0, "")}
    # b: runs with a known cost 2 -> 4, mean 3; its rate 3 -> 4: 3 * 1
    assert found.split.of("b").rate == 3
    # of 7 and of 10 runs with a known cost: shares 2/7 and 4/10, mean 12/35; 3 * 12/35 * 3.5
    assert found.split.of("b").volume == 3 * Fraction(12, 35) * Fraction(7, 2)
    assert found.lacking == (0, 1)
    assert (found.members["d"].after.runs, math.isnan(found.members["d"].after.value)) == (1, True)


def test_success_rate_by_model_by_hand(weeks: Store) -> None:
    found = explain(weeks, "success_rate")
    assert found.split is not None
    assert (found.split.before, found.split.after) == (Fraction(5, 7), Fraction(7, 10))
    # a: 4 of 4 -> 5 of 6, of 7 and 10 rated runs: mean share (4/7 + 6/10) / 2 = 41/70
    assert found.split.of("a").rate == Fraction(41, 70) * Fraction(-1, 6)


DIMENSIONS = {
    "model": "r.model",
    "agent": "r.agent",
    "agent_version": "coalesce(r.agent_version, '')",
    "status": "r.status",
    "error_category": "coalesce(r.error_category, '')",
    "attr.repository": "coalesce(r.attributes->>'repository', '')",
}


@pytest.mark.parametrize("by", list(DIMENSIONS))
def test_members_are_those_of_the_raw_rows_in_every_dimension(
    weeks: Store, module_engine: Engine, by: str
) -> None:
    found = explain(weeks, "cost_usd", by)
    assert found.split is not None
    query = text(
        f"SELECT {DIMENSIONS[by]} AS name, start_time >= '2026-11-16 00:00+00' AS now, sum(cost_usd) AS cost, "
        "count(cost_usd) AS known FROM agent_execution r GROUP BY 1, 2"
    )
    with module_engine.connect() as connection:
        raw = {(row.name, row.now): (row.cost, row.known) for row in connection.execute(query)}
    for item in found.split.items:
        for side, now in ((item.before, False), (item.after, True)):
            cost, known = raw.get((item.name, now), (None, 0))
            assert (side.value, side.weight) == (Fraction(cost or 0), known)
    assert sum(found.split.effect(name) for name in EFFECTS) == 7


@pytest.mark.parametrize("record", [r for r in EXPLAINED if r.kind != "percentile"], ids=lambda r: r.name)
def test_every_sum_and_ratio_is_split_exactly_between_the_values_shown(weeks: Store, record: Any) -> None:
    found = explain(weeks, record.name)
    values = (found.whole.before.value, found.whole.after.value)
    if any(map(math.isnan, values)):  # no run has it in this data
        assert found.split is None
        return
    assert found.split is not None
    assert (float(found.split.before), float(found.split.after)) == pytest.approx(values, rel=1e-12)
    assert sum(found.split.effect(name) for name in EFFECTS) == found.split.change


def test_tools_and_percentiles_are_not_split(weeks: Store) -> None:
    tools = explain(weeks, "runs", "tool")
    assert tools.split is None
    assert {name: (m.before.runs, m.after.runs) for name, m in tools.members.items()} == {
        "bash": (7, 11),
        "edit": (4, 5),  # every other run, beginning with the first: 4 of 7, then 5 of 11
    }
    durations = explain(weeks, "p95_duration_ms")
    assert durations.split is None
    assert durations.members["b"].before.value == pytest.approx(6000, rel=0.01)  # 5 and 6 s
    assert durations.members["c"].after.runs == 0


def test_filters_hold_in_both_periods(weeks: Store) -> None:
    found = explain(weeks, "cost_usd", status="failed")
    assert found.split is not None
    assert (found.split.before, found.split.after) == (8, 9)  # 3 + 5, then 1 + 4 + 4


def test_the_periods(weeks: Store) -> None:
    default = asked(weeks, range="7d")  # 17 to 23 Nov, of which half of the 23rd has passed
    assert (default.after.start, default.after.end) == (datetime(2026, 11, 17, tzinfo=UTC), NOW)
    assert (default.before.start, default.before.end) == (
        datetime(2026, 11, 10, tzinfo=UTC),
        datetime(2026, 11, 16, 12, tzinfo=UTC),
    )
    other = asked(weeks, against="2026-10-01..2026-10-31")
    assert (other.before.start, other.before.end) == (
        datetime(2026, 10, 1, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert (other.days, other.overlap) == ((31.0, 7.0), False)
    assert asked(weeks, against="2026-11-10..2026-11-17").overlap
    assert periods(parse({"range": "all"}, now=NOW), "", weeks.extent) is None
    assert (
        periods(parse({"compare": "none"}, now=NOW), "", weeks.extent) is not None
    )  # here it is the question


def test_bad_questions(weeks: Store) -> None:
    with pytest.raises(QueryError) as bad:
        periods(parse({}, now=NOW), "yesterday", weeks.extent)
    assert bad.value.parameter == "against"
    with pytest.raises(QueryError, match="not explained"):
        explainable("success_rate_low")
    with pytest.raises(QueryError, match="not a metric"):
        explainable("cost")


def test_a_dimension_of_thousands_is_explained_as_any_other(weeks: Store, module_engine: Engine) -> None:
    """Of one that has days only, no more than the metric's own measures are read."""
    by = "attr.repository"
    told = {record.name: explain(weeks, record.name, by) for record in EXPLAINED}
    with module_engine.begin() as connection:
        connection.execute(text("UPDATE rollup_facet SET hours = false WHERE facet = 'attr.repository'"))
        connection.execute(text("UPDATE data_state SET identity = gen_random_uuid()"))
    assert weeks.facets()[by] is False
    for name, before in told.items():
        found = explain(weeks, name, by)
        for part in ("split", "lacking", "whole", "members"):
            assert repr(getattr(found, part)) == repr(getattr(before, part)), name  # NaN among them
    assert set(told["cost_usd"].members) == {"", "web/a", "web/b", "web/d"}
