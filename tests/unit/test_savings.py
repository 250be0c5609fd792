"""What the cache saved, against list prices written down by hand (dollars per million tokens)."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pandas as pd
import pytest

from queries.prices import is_steady, rates
from queries.savings import ModelSavings, reckon

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


def whole(*rows: tuple[str, int, int, float, float]) -> pd.DataFrame:
    names = ("model", "runs", "runs_without_cache_read", "cache_read_tokens", "cache_write_tokens")
    return pd.DataFrame(rows, columns=names)


def test_reads_are_saved_at_the_difference_and_dearer_writes_taken_off() -> None:
    # claude-3-opus: input $15, cache read $1.50, cache write $18.75 a million.
    found = reckon(whole(("claude-3-opus", 12, 2, 2_000_000, 400_000)), None, MOMENT)
    assert found.models == (ModelSavings("claude-3-opus", 10, 27.0, 1.5),)  # 2 * 13.50, 0.4 * 3.75
    assert (found.net, found.runs, found.silent, found.unpriced) == (25.5, 10, 2, 0)


def test_writes_without_reads_cost_more_than_no_cache_at_all() -> None:
    found = reckon(whole(("claude-3-opus", 1, 0, 0, 1_000_000)), None, MOMENT)
    assert found.net == -3.75


def test_models_without_a_price_are_counted_and_not_guessed() -> None:
    found = reckon(
        whole(
            ("our-own", 5, 1, 9_000, 0),
            ("claude-3-opus", 3, 0, 1_000_000, math.nan),
            ("silent", 7, 7, math.nan, math.nan),
        ),
        None,
        MOMENT,
    )
    assert (found.net, found.runs) == (13.5, 3)
    assert (found.unpriced, found.unpriced_models, found.silent) == (4, ("our-own",), 8)


def test_a_list_without_a_price_for_cache_reads_says_nothing() -> None:
    # gpt-4 knew no cache: the list has input and output alone.
    found = reckon(whole(("gpt-4", 2, 0, 1_000, 0)), None, MOMENT)
    assert (found.models, found.unpriced_models, found.net) == ((), ("gpt-4",), None)


def test_nothing_said_is_nothing_known() -> None:
    assert reckon(whole(("claude-3-opus", 4, 4, math.nan, math.nan)), None, MOMENT).net is None


def test_a_price_that_changed_is_taken_of_its_day() -> None:
    # o3, as the list has it: input $10 until 10 June 2025, then $2; cache reads $0.50 all along.
    assert not is_steady("o3")
    days = pd.DataFrame(
        {
            "model": ["o3", "o3"],
            "start": pd.Series(
                [datetime(2025, 6, 5, tzinfo=UTC), datetime(2025, 6, 15, tzinfo=UTC)], dtype=object
            ),
            "cache_read_tokens": [1_000_000.0, 1_000_000.0],
            "cache_write_tokens": [math.nan, math.nan],
        }
    )
    found = reckon(whole(("o3", 2, 0, 2_000_000, math.nan)), days, MOMENT)
    assert found.net == pytest.approx(9.5 + 1.5)


def test_rates_of_a_model_are_for_one_token() -> None:
    known = rates("anthropic/claude-3-opus", MOMENT)
    assert known
    assert [
        float(rate) * 1e6 for rate in (known.uncached, known.cache_read, known.cache_write, known.output)
    ] == pytest.approx([15, 1.5, 18.75, 75])
    assert rates("our-own", MOMENT) is None
    assert rates("nobody/gpt-4o", MOMENT) is None
