"""Estimated costs: from a maintained price list, marked, and never made up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price

from ingest.prices import estimate
from ingest.record import FIELDS, canonical

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
START = datetime(2026, 10, 1, 8, 20, tzinfo=UTC)


def run(raw: dict[str, object]) -> dict[str, object]:
    return dict(zip(FIELDS, canonical({"start_time": START.isoformat(), **raw}, now=NOW), strict=True))


@pytest.mark.parametrize("model", ["gpt-4", "gpt-4o-mini-2024-07-18", "claude-opus-4-6", "gemini-2.5-pro"])
def test_the_estimate_is_the_librarys_own(model: str) -> None:
    usage = Usage(input_tokens=10_000, cache_read_tokens=4_000, cache_write_tokens=1_000, output_tokens=300)
    price = calc_price(usage, model, genai_request_timestamp=START).total_price
    assert estimate(model, START, 10_000, 4_000, 1_000, 300) == price


def test_a_cost_that_is_not_reported_is_estimated_and_marked() -> None:
    row = run({"model": "gpt-4", "input_tokens": 1_000, "output_tokens": 100})
    assert (row["cost_usd"], row["cost_source"]) == (Decimal("0.036"), "estimated")


def test_a_provider_before_the_name_is_understood() -> None:
    assert estimate("openai/gpt-4o", START, 1_000, 0, 0, 100) == estimate("gpt-4o", START, 1_000, 0, 0, 100)


@pytest.mark.parametrize("model", ["unknown", "our-own-model", "nobody/gpt-4o", ""])
def test_a_model_without_a_known_price_has_no_cost(model: str) -> None:
    row = run({"model": model, "input_tokens": 1_000, "output_tokens": 100})
    assert (row["cost_usd"], row["cost_source"]) == (None, None)


@pytest.mark.parametrize(
    "tokens", [{"input_tokens": 1_000}, {"output_tokens": 100}, {"total_tokens": 1_100}, {}]
)
def test_without_both_token_counts_there_is_no_estimate(tokens: dict[str, object]) -> None:
    row = run({"model": "gpt-4", **tokens})
    assert (row["cost_usd"], row["cost_source"]) == (None, None)


def test_a_reported_cost_stays_also_where_it_is_zero() -> None:
    row = run({"model": "gpt-4", "input_tokens": 1_000, "output_tokens": 100, "cost": 0})
    assert (row["cost_usd"], row["cost_source"]) == (0, "reported")


def test_a_source_that_marks_its_own_estimate_is_believed() -> None:
    assert run({"cost_usd": 1, "cost_source": "estimated"})["cost_source"] == "estimated"
    assert run({"cost_source": "reported"})["cost_source"] is None
