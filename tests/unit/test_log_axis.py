"""Labels of logarithmic axes: round, few, and told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts.charts.log_axis import MOST, labels


def texts(first: float, last: float, unit: str) -> list[str]:
    return [text.replace("\u202f", " ") for _, text in labels(first, last, unit)]


@pytest.mark.parametrize(
    ("first", "last", "unit", "shown"),
    [
        (5_000, 700_000, "ms", ["10 s", "30 s", "1 min", "3 min", "10 min"]),
        (0.5, 9e7, "ms", ["1 ms", "1 s", "1 min", "1 h", "1 d"]),
        (20_000, 70_000, "ms", ["20 s", "30 s", "45 s", "1 min"]),
        (0.004, 0.3, "usd", ["$0.005", "$0.01", "$0.02", "$0.05", "$0.10", "$0.20"]),
        (0.02, 90, "usd", ["$0.10", "$1", "$10"]),
        (1, 1.02, "usd", ["$1"]),
        (4.1, 4.2, "usd", ["$4.10"]),
    ],
)
def test_labels(first: float, last: float, unit: str, shown: list[str]) -> None:
    assert texts(first, last, unit) == shown


@given(st.floats(1e-6, 1e9), st.floats(1.02, 1e6), st.sampled_from(["ms", "usd"]))
def test_there_is_always_one_and_never_too_many_and_each_is_another(
    first: float, factor: float, unit: str
) -> None:
    found = texts(first, first * factor, unit)
    assert 1 <= len(found) <= MOST
    assert len(set(found)) == len(found)
