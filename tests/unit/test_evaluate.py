"""The Wilson interval against scipy's and against a published example."""

import numpy as np
import pytest
from scipy.stats import binomtest

from queries.evaluate import wilson


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (5, 5), (1, 2), (81, 263), (915, 1000)])
def test_wilson_interval_equals_scipys(successes: int, trials: int) -> None:
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    found = [wilson(np.array([successes]), np.array([trials]), bound)[0] for bound in (-1, 1)]
    assert found == pytest.approx([expected.low, expected.high], rel=1e-12)


def test_wilson_interval_of_a_published_example() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", Stat. Med. 17 (1998),
    # table I, method 3: 81 of 263 gives 0.2553 to 0.3662.
    found = [wilson(np.array([81.0]), np.array([263.0]), bound)[0] for bound in (-1, 1)]
    assert [round(end, 4) for end in found] == [0.2553, 0.3662]


def test_without_trials_there_is_no_interval() -> None:
    assert np.isnan(wilson(np.array([0.0]), np.array([0.0]), -1)).all()
