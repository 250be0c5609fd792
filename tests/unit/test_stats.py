"""The methods of queries.stats against published examples, against scipy.stats and statsmodels, and, for
the approximations, against what a 95 % interval promises: to hold the truth 95 times of 100."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from queries.sketch import ACCURACY, LOG_GAMMA, values
from queries.stats import (
    Histogram,
    Interval,
    Mixture,
    Spread,
    holm,
    more_runs,
    mover,
    newcombe,
    p_value,
    ranks,
    spread_of,
    welch,
    wilson,
)

PAIRS = [
    ((56, 70), (48, 80)),
    ((9, 10), (3, 10)),
    ((5, 56), (0, 29)),
    ((0, 10), (0, 10)),
    ((960, 1000), (1990, 2000)),
]


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [  # Newcombe (1998), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombes_own_examples(a: tuple[int, int], b: tuple[int, int], low: float, high: float) -> None:
    assert newcombe(a, b) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_proportions_as_statsmodels(a: tuple[int, int], b: tuple[int, int], level: float) -> None:
    found = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff", alpha=1 - level)
    assert newcombe(a, b, level) == pytest.approx(found, abs=1e-12)
    assert wilson(*a, level) == pytest.approx(
        proportion_confint(*a, alpha=1 - level, method="wilson"), abs=1e-12
    )


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_means_as_statsmodels(level: float) -> None:
    random = np.random.default_rng(1)
    a, b = random.lognormal(1, 1, 80), random.lognormal(1.2, 0.7, 45)
    wanted = CompareMeans(DescrStatsW(a), DescrStatsW(b)).tconfint_diff(alpha=1 - level, usevar="unequal")
    spreads = [Spread(np.var(x, ddof=1) / len(x), len(x)) for x in (a, b)]
    assert welch(a.mean() - b.mean(), *spreads, level) == pytest.approx(wanted, rel=1e-9)
    p = scipy_stats.ttest_ind(a, b, equal_var=False).pvalue
    assert p_value(lambda level: welch(a.mean() - b.mean(), *spreads, level)) == pytest.approx(p, rel=1e-6)


def test_without_any_spread_the_difference_is_certain() -> None:
    assert welch(3.0, Spread(0, 10), Spread(0, 10)) == (3, 3)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("n", [80, 417, 5000])
def test_ranks_as_scipys_quantile_test(share: float, n: int) -> None:
    found = scipy_stats.quantile_test(np.arange(1, n + 1), q=0, p=share).confidence_interval()
    assert ranks(n, share) == (found.low, found.high)


def test_a_p95_of_72_runs_has_no_upper_end_and_one_of_73_has() -> None:
    # The largest of n lies above the p95 with a chance of 1 - 0.95^n: 97.5 % from n = 72 on.
    assert 0.95**71 > 0.025 >= 0.95**72
    assert ranks(71, 0.95) is None
    found = ranks(72, 0.95)
    assert found is not None
    assert found[1] == 72
    assert ranks(5, 0.5) is None  # 0.5^5 = 3.1 %
    assert ranks(6, 0.5) == (1, 6)  # 0.5^6 = 1.6 %


def test_squaring_and_adding_by_hand() -> None:
    # 10 in (7, 14) against 4 in (3, 6): 6 - sqrt(3² + 2²) to 6 + sqrt(4² + 1²).
    found = mover((10, 4), Interval(7, 14), Interval(3, 6))
    assert found == pytest.approx((6 - math.sqrt(13), 6 + math.sqrt(17)))


def binned(sample: np.ndarray) -> Histogram:
    """As a sketch holds it."""
    bins, counts = np.unique(np.ceil(np.log(sample) / LOG_GAMMA).astype(int), return_counts=True)
    return Histogram(values(bins), counts, ACCURACY)


def test_a_quantile_and_its_interval_hold_those_of_the_values_themselves() -> None:
    sample = np.sort(np.random.default_rng(2).lognormal(3, 1.2, 901))
    for share in (0.5, 0.95):
        assert binned(sample).quantile(share) == pytest.approx(
            np.quantile(sample, share, method="inverted_cdf"), rel=ACCURACY
        )
        low, high = scipy_stats.quantile_test(sample, q=0, p=share).confidence_interval()
        found = binned(sample).interval(share)
        assert found is not None
        assert low * (1 - 2 * ACCURACY) < found.low <= low
        assert high <= found.high < high * (1 + 3 * ACCURACY)


def test_a_mixture_by_hand() -> None:
    # 1, 2, 3, 4 with weight 0.75 and 10, 20 with 0.25: shares below are .1875 .375 .5625 .75 .875 1.
    one = Histogram(np.array([1.0, 2, 3, 4]), np.array([1, 1, 1, 1]))
    two = Histogram(np.array([10.0, 20]), np.array([5, 5]))
    mixture = Mixture((one, two), (0.75, 0.25))
    assert [mixture.quantile(share) for share in (0.1, 0.5, 0.75, 0.8, 0.95)] == [1, 3, 4, 10, 20]
    assert mixture.n == 14
    assert mixture.interval(0.95) is None


def test_a_mixture_of_one_is_that_one() -> None:
    histogram = binned(np.random.default_rng(3).lognormal(3, 1, 4000))
    alone = Mixture((histogram,), (1.0,))
    for share in (0.5, 0.9, 0.95):
        assert alone.quantile(share) == histogram.quantile(share)
        found, exact = alone.interval(share), histogram.interval(share)
        assert found is not None
        assert found == pytest.approx(exact, rel=3 * ACCURACY)


@pytest.mark.parametrize("a", [(56, 70), (48, 70), (40, 70), (39, 70)])
def test_the_p_value_is_below_5_percent_exactly_where_the_interval_leaves_zero_out(
    a: tuple[int, int],
) -> None:
    b = (48, 80)
    low, high = newcombe(a, b)
    p = p_value(lambda level: newcombe(a, b, level))
    assert (p < 0.05) is not (low <= 0 <= high)
    edge = newcombe(a, b, 1 - p)
    assert min(abs(edge.low), abs(edge.high)) < 1e-6


def test_p_values_at_the_ends() -> None:
    assert p_value(lambda level: None) == pytest.approx(1)
    assert p_value(lambda level: Interval(0, 0)) == pytest.approx(1)
    assert p_value(lambda level: Interval(2, 2)) <= 1e-12


def test_holm_by_hand() -> None:
    # 0.001 <= 0.05/5, 0.01 <= 0.05/4, 0.03 > 0.05/3: it ends there, whatever comes after.
    assert holm([0.03, 0.001, 0.04, 0.01, 0.049]) == [False, True, False, True, False]
    assert holm([]) == []


def test_holm_as_statsmodels() -> None:
    random = np.random.default_rng(4)
    for _ in range(200):
        values = random.uniform(0, 0.06, random.integers(1, 20)).tolist()
        assert holm(values) == multipletests(values, alpha=0.05, method="holm")[0].tolist()


def test_more_runs_as_statsmodels() -> None:
    # Two groups of 200 with a spread of 10 and 1 apart: how many each for a power of 80 %?
    spread = Spread(10**2 / 200, 200)
    wanted = NormalIndPower().solve_power(effect_size=0.1, alpha=0.05, power=0.8, ratio=1)
    assert 200 + more_runs(1.0, spread, spread) == pytest.approx(wanted, rel=1e-4)


def test_more_runs_of_unequal_groups_give_the_power_that_was_asked_for() -> None:
    a, b = Spread(4.0 / 50, 50), Spread(90.0 / 400, 400)
    more = more_runs(0.7, a, b)
    error = math.sqrt(4.0 / (50 + more) + 90.0 / (400 + more))
    power = scipy_stats.norm.sf(1.959963984540054 - 0.7 / error)
    assert power == pytest.approx(0.8, abs=1e-6)
    assert more_runs(70, a, b) == 0
    assert more_runs(0, a, b) == math.inf


def test_a_spread_from_an_interval_and_back() -> None:
    spread = spread_of(Interval(2.0, 4.0), 100)
    assert welch(3.0, spread, Spread(0, 1e9)) == pytest.approx((2.0, 4.0), abs=0.02)


def coverage(
    interval: Callable[[np.random.Generator], Interval | None], truth: float, times: int = 1000
) -> float:
    random = np.random.default_rng(20261122)
    found = [interval(random) for _ in range(times)]
    return sum(one is not None and one.low <= truth <= one.high for one in found) / times


def test_the_difference_of_percentiles_holds_the_truth_95_times_of_100() -> None:
    for share in (0.5, 0.95):
        z = scipy_stats.norm.ppf(share)
        truth = math.exp(3 + z) - math.exp(3.2 + 0.7 * z)

        def one(random: np.random.Generator, share: float = share) -> Interval | None:
            a, b = binned(random.lognormal(3, 1, 300)), binned(random.lognormal(3.2, 0.7, 500))
            ends = a.interval(share), b.interval(share)
            assert ends[0]
            assert ends[1]
            return mover((a.quantile(share), b.quantile(share)), ends[0], ends[1])

        # Never below what it promises; the bins' edges and whole ranks may make it hold a little more often.
        assert 0.94 <= coverage(one, truth) <= 0.985, share


def test_the_difference_of_success_rates_holds_the_truth_95_times_of_100() -> None:
    for p, q, n, m in ((0.97, 0.95, 150, 90), (0.6, 0.5, 40, 35)):

        def one(random: np.random.Generator, p: float = p, q: float = q, n: int = n, m: int = m) -> Interval:
            return newcombe((random.binomial(n, p), n), (random.binomial(m, q), m))

        assert 0.935 <= coverage(one, p - q) <= 0.975, (p, q)
