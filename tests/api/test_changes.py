"""GET /api/metrics/changes: what adds up as decimals, by hand; what is not split; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]


@pytest.fixture
def two_weeks(put: Put, run: Run) -> None:
    """9 Nov: a 1 run at $1, b 2 runs at $3 each. 16 Nov: a 2 at $1, b 1 at $4 (it failed), c 1 without cost."""

    def paid(start: str, model: str, cost: str | None, status: str = "success") -> tuple[Any, ...]:
        source = cost and "reported"
        return run(start, model=model, cost_usd=cost and Decimal(cost), cost_source=source, status=status)

    before, after = "2026-11-09T08:00+00:00", "2026-11-16T08:00+00:00"
    put(paid(before, "a", "1"), paid(before, "b", "3"), paid(before, "b", "3"))
    put(
        paid(after, "a", "1"), paid(after, "a", "1"), paid(after, "b", "4", "failure"), paid(after, "c", None)
    )


WEEK = "range=2026-11-16..2026-11-22"


def test_effects_by_hand(ask: Any, two_weeks: Any) -> None:
    answer = ask(f"changes?{WEEK}")
    assert (answer["metric"], answer["by"], answer["split"]) == ("cost_usd", "model", True)
    assert (answer["before"], answer["after"], answer["change"]) == (7.0, 6.0, -1.0)
    assert answer["previous"]["range"]["start"] == "2026-11-09T00:00:00Z"
    b, a, c = answer["items"]
    # b: runs 2 -> 1, mean 1.5, rate 3 -> 4, mean 3.5: quantity -3.5, rate 1.5; 3 runs with a cost in both: no volume
    assert b == {
        "name": "b", "runsBefore": 2, "runsAfter": 1, "before": 6.0, "after": 4.0,
        "volume": 0.0, "mix": -3.5, "rate": 1.5, "change": -2.0,
    }  # fmt: skip
    assert (a["mix"], a["rate"], a["change"]) == (1.0, 0.0, 1.0)
    assert (c["name"], c["before"], c["after"], c["change"]) == (
        "c",
        0.0,
        None,
        0.0,
    )  # not known, and so not said
    assert answer["effects"] == {"volume": 0.0, "mix": -2.5, "rate": 1.5}
    assert answer["sentence"].startswith("Cost fell by $1.00")
    assert (answer["shown"], answer["total"], answer["others"]) == (3, 3, None)


def test_what_the_limit_cuts_is_one_item_and_all_adds_up_as_decimals(ask: Any, two_weeks: Any) -> None:
    answer = ask(f"changes?{WEEK}&metric=success_rate&limit=1")
    assert (answer["before"], answer["after"], answer["change"]) == (100.0, 75.0, -25.0)
    parts = [*answer["items"], answer["others"]]
    assert sum(Decimal(repr(part["change"])) for part in parts) == Decimal("-25")
    assert all(
        sum(Decimal(repr(part[e])) for e in ("volume", "mix", "rate")) == Decimal(repr(part["change"]))
        for part in parts
    )
    assert (answer["shown"], answer["total"]) == (1, 3)


def test_what_is_not_split_has_old_and_new_values(ask: Any, two_weeks: Any) -> None:
    answer = ask(f"changes?{WEEK}&metric=p95_cost_usd")
    assert (answer["split"], answer["effects"], answer["others"]) == (False, None, None)
    assert [item["name"] for item in answer["items"]] == ["a", "b", "c"]  # most runs first
    assert answer["items"][1]["before"] == pytest.approx(3, rel=0.01)
    assert answer["items"][1]["change"] is None


def test_another_period_and_none_at_all(ask: Any, two_weeks: Any) -> None:
    answer = ask(f"changes?{WEEK}&against=2026-11-01..2026-11-08&metric=runs&by=status")
    assert (answer["before"], answer["after"]) == (0.0, 4.0)
    nothing = ask("changes?range=all")
    assert (nothing["previous"], nothing["change"], nothing["items"]) == (None, None, [])


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("metric=costs", "metric"),
        ("metric=success_rate_low", "metric"),
        ("by=modle", "by"),
        ("against=yesterday", "against"),
        ("against=", "against"),
        ("limit=0", "limit"),
    ],
)
def test_bad_questions_are_refused(ask: Any, query: str, parameter: str) -> None:
    assert ask.refused(f"changes?{query}")["parameter"] == parameter
