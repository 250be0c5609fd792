"""How values of each unit are written: short on cards, exact on hover."""

from __future__ import annotations

import math

import pytest

from queries.metrics import METRICS
from queries.units import NOT_KNOWN, Text, exact, missing, short


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "count", "0"),
        (21482, "count", "21,482"),
        (99_999, "count", "99,999"),
        (100_000, "count", "100 k"),
        (1_234_567, "count", "1.23 M"),
        (398_000_000, "tokens", "398 M"),
        (17_100, "tokens", "17.1 k"),
        (8_663, "tokens", "8,663"),
        (2.6, "number", "2.6"),
        (7.214, "number", "7.21"),
        (18.44, "number", "18.4"),
        (999_600, "number", "1 M"),
        (0, "usd", "$0.00"),
        (2719.4, "usd", "$2,719"),
        (214.2, "usd", "$214.20"),
        (0.1391, "usd", "$0.139"),
        (0.0042, "usd", "$0.00420"),
        (1_250_000, "usd", "$1.25 M"),
        (999_960, "usd", "$1 M"),
        (-3.5, "usd", "-$3.50"),
        (0.000_000_1, "usd", "<$0.000001"),
        (0, "ms", "0 ms"),
        (250, "ms", "250 ms"),
        (46_200, "ms", "46.2 s"),
        (59_990, "ms", "1m 00s"),
        (97_000, "ms", "1m 37s"),
        (3_599_700, "ms", "1h 00m"),
        (7_380_000, "ms", "2h 03m"),
        (200_000_000, "ms", "2d 07h"),
        (0.908, "percent", "90.8 %"),
        (0, "percent", "0.0 %"),
        (1, "percent", "100.0 %"),
        (0.9997, "percent", "99.97 %"),
        (0.0002, "percent", "0.02 %"),
        (0.99999, "percent", ">99.99 %"),
        (0.00001, "percent", "<0.01 %"),
    ],
)
def test_short_is_what_a_card_shows(value, unit, text):
    assert str(short(value, unit)) == text.replace(" ms", "\u202fms").replace(" s", "\u202fs").replace(
        " %", "\u202f%"
    ).replace(" k", "\u202fk").replace(" M", "\u202fM")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (21482, "count", "21,482"),
        (398_123_456, "tokens", "398,123,456 tokens"),
        (17_100.5, "tokens", "17,100.50 tokens"),
        (7.214, "number", "7.214"),
        (2719.5, "usd", "$2,719.50"),
        (0.000_000_123, "usd", "$0.000000123"),
        (-1.25, "usd", "-$1.25"),
        (97_000, "ms", "97,000 ms"),
        (46_200.125, "ms", "46,200.125 ms"),
        (0.90812, "percent", "90.812 %"),
    ],
)
def test_exact_keeps_every_digit_that_means_something(value, unit, text):
    assert exact(value, unit) == text


@pytest.mark.parametrize("unit", sorted({metric.unit for metric in METRICS}))
def test_not_known_is_a_dash_and_never_zero(unit):
    for nothing in (None, math.nan):
        assert missing(nothing)
        assert short(nothing, unit) == Text(NOT_KNOWN)
        assert exact(nothing, unit) == "not known"
    assert not missing(0)
    assert "0" in str(short(0, unit))


def test_the_unit_of_a_card_stands_apart():
    assert short(46_200, "ms") == Text("46.2", "s")
    assert short(0.139, "usd") == Text("$0.139")
