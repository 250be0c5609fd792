"""A against B in the API: the figures of the page, by the same parser; worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.api.conftest import Asking


@pytest.fixture
def asked(ask: Asking, put: Callable[..., None], run: Callable[..., tuple[Any, ...]]) -> Asking:
    def rows(model: str, number: int, failed: int, cost: str) -> list[tuple[Any, ...]]:
        return [
            run("2026-11-10T10:00Z", model=model, status="failure" if n < failed else "success",
                cost_usd=Decimal(cost), cost_source="reported")
            for n in range(number)
        ]  # fmt: skip

    put(*rows("dear", 50, 25, "2"), *rows("cheap", 40, 4, "1"))
    return ask


def test_two_models(asked: Asking) -> None:
    found = asked("compare")
    assert (found["by"], found["a"]["search"], found["b"]["search"]) == ("model", "model=dear", "model=cheap")
    assert (found["a"]["runs"], found["b"]["runs"]) == (50, 40)
    items = {item["metric"]: item for item in found["items"]}
    low, high = confint_proportions_2indep(25, 50, 36, 40, method="newcomb", compare="diff")
    rate = items["success_rate"]
    assert (rate["a"], rate["b"], rate["difference"]) == (50, 90, -40)
    assert (rate["low"], rate["high"]) == pytest.approx((low * 100, high * 100))
    assert rate["verdict"] == "apart"
    assert rate["words"].startswith("B is better by 40.0 points (95 %: ")
    assert (items["cost_per_run"]["difference"], items["cost_per_run"]["verdict"]) == (1, "apart")
    assert (items["runs"]["difference"], items["runs"]["low"]) == (10, None)
    assert items["cache_hit_rate"]["words"] == "No value on either side"
