"""Expectations: hand-made series whose answer is known, tails from scipy's distributions, calibration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from queries.expect import MIN_RUNS, Expected, Observed, expect
from tests.bench import alarms

# Around 100 with a median absolute deviation of 3, less than chance gives: the band is that of Poisson.
QUIET = np.array([100, 103, 97, 100, 104, 96, 99, 101, 103, 97, 100, 100, 98, 102], dtype=float)


def _flat(number: int = 84) -> np.ndarray:
    return np.resize(QUIET, number)


def _counts(values: np.ndarray, weekly: bool = False, counted: np.ndarray | None = None) -> Observed:
    every = np.ones(len(values), dtype=bool) if counted is None else counted
    rhythms = [np.arange(len(values)) % 7] if weekly else []
    return Observed("count", values, values, every, volume=True, rhythms=rhythms)


def _shares(hits: np.ndarray, runs: np.ndarray) -> Observed:
    return Observed("share", hits / runs, runs, np.ones(len(runs), dtype=bool))


def _last(found: Expected) -> tuple[float, float, float, float]:
    return tuple(float(part[-1]) for part in (found.middle, found.low, found.high, found.score))  # type: ignore[return-value]


def test_the_band_of_counts_is_that_of_poisson() -> None:
    middle, low, high, score = _last(expect(_counts(_flat()), "day", 2.0))
    assert middle == pytest.approx(100, abs=0.5)
    # A little wider than 2 sigma of Poisson(100) itself, for the spread is only estimated: t of 28 or so.
    tail = stats.norm.cdf(-2.0)
    widest = stats.t.isf(tail, 20)
    assert stats.poisson.ppf(tail, 100) - 2 <= low <= stats.poisson.ppf(tail, 100) + 1
    assert stats.poisson.isf(tail, 100) - 1 <= high <= stats.poisson.isf(stats.norm.sf(widest), 101)
    assert abs(score) < 0.5


def test_flagged_is_what_lies_outside_the_band() -> None:
    for last in range(60, 150):
        values = _flat()
        values[-1] = last
        _, low, high, score = _last(expect(_counts(values), "day", 2.0))
        assert (abs(score) > 2) == (last < low or last > high), last
        assert np.sign(score) == np.sign(last - 100) or abs(score) < 0.5


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0, 4.0])
def test_more_standard_deviations_a_wider_band(sigma: float) -> None:
    _, low, high, _ = _last(expect(_counts(_flat()), "day", sigma))
    assert low == pytest.approx(100 - 10 * sigma, abs=1 + 0.9 * sigma**2)
    assert high == pytest.approx(100 + 10 * sigma, abs=1 + 0.9 * sigma**2)


def test_an_anomaly_does_not_move_what_is_expected() -> None:
    calm, struck = _flat(), _flat()
    struck[-10] = 4000
    before, after = (expect(_counts(values, weekly=True), "day", 2.0) for values in (calm, struck))
    assert after.score[-10] > 8
    assert after.middle[-10] == before.middle[-10]
    rest = np.r_[-40:-10, -9:0]
    assert after.middle[rest] == pytest.approx(before.middle[rest], rel=0.03)
    assert (np.abs(after.score[rest]) < 2).all()


def test_the_weekly_rhythm_is_known() -> None:
    """A quiet Sunday is as expected; as many runs on a working day are not, nor is a busy Sunday."""
    week = np.array([1000, 1050, 980, 1020, 990, 250, 200.0])
    values = np.tile(week, 12) * np.resize(QUIET / 100, 84)
    found = expect(_counts(values, weekly=True), "day", 2.0)
    assert found.middle[-7:] == pytest.approx(week, rel=0.05)
    assert (np.abs(found.score[-28:]) < 2).all()
    values[-4], values[-1] = 200, 1000
    found = expect(_counts(values, weekly=True), "day", 2.0)
    assert found.score[-4] < -5
    assert found.score[-1] > 5
    assert found.middle[-1] == pytest.approx(200, rel=0.05)


def test_a_rhythm_needs_history() -> None:
    """Three weeks know no weekdays: a Sunday is compared with all days, and is not unusual for being one."""
    week = np.array([1000, 1050, 980, 1020, 990, 250, 200.0])
    found = expect(_counts(np.tile(week, 3), weekly=True), "day", 2.0)
    assert found.middle[-2] > 900
    assert found.low[-2] < 250
    assert (np.abs(found.score[7:]) < 2).all()


def test_the_finest_rhythm_that_has_history_is_used() -> None:
    """Three weeks know weekends from working days; so a busy Sunday is found."""
    week = np.array([1000, 1050, 980, 1020, 990, 250, 200.0])
    values, days = np.tile(week, 3), np.arange(21)
    values[-1] = 1000
    rhythms = [days % 7, (days % 7 >= 5).astype(int)]
    found = expect(Observed("count", values, values, np.ones(21, bool), True, rhythms), "day", 2.0)
    assert found.middle[-2] == pytest.approx(230, rel=0.15)
    assert found.score[-1] > 3


def test_the_daily_rhythm_is_known() -> None:
    day = np.array([30] * 8 + [400] * 10 + [60] * 6, dtype=float)
    hours = np.arange(24 * 21)
    values = np.tile(day, 21) * np.resize(QUIET / 100, len(hours))
    values[-10] = 30  # two in the afternoon
    rhythm = [hours % 24]
    found = expect(Observed("count", values, values, np.ones(len(hours), bool), True, rhythm), "hour", 2.0)
    assert found.middle[-24:] == pytest.approx(day, rel=0.07)
    assert found.score[-10] < -8
    others = np.r_[-48:-10, -9:0]
    assert (np.abs(found.score[others]) < 2).all()


def test_a_steady_growth_is_expected() -> None:
    """One percent a day: what is expected is where the line goes on, not where it has been."""
    values = np.round(1000 * 1.01 ** np.arange(84))
    found = expect(_counts(values), "day", 2.0)
    assert found.middle[-1] == pytest.approx(values[-1], rel=0.01)
    averages = Observed("size", values, values, np.ones(84, dtype=bool))
    # An average is not followed: it moves by steps. The median of the 21 before is eleven days old.
    assert expect(averages, "day", 2.0).middle[-1] == pytest.approx(1000 * 1.01 ** (83 - 11), rel=0.001)


def test_what_does_not_count_is_ignored() -> None:
    values, counted = _flat(), np.ones(84, dtype=bool)
    values[-1], counted[-1] = 5, False
    values[-30], counted[-30] = 9999, False
    found = expect(_counts(values, counted=counted), "day", 2.0)
    assert np.isnan(found.score[[-1, -30]]).all()
    assert np.isnan(found.middle[-1])
    assert found.middle[-2] == pytest.approx(100, abs=1)


def test_nothing_is_said_of_few_runs() -> None:
    few = np.resize([3.0, 4, 5, 4], 84)
    few[-1] = 12
    assert np.isnan(expect(_counts(few), "day", 2.0).score).all()
    runs = np.full(84, 4.0)
    hits = np.resize([0.0, 1, 0, 0], 84)
    hits[-1] = 3
    assert np.isnan(expect(_shares(hits, runs), "day", 2.0).score).all()


def test_nothing_is_said_without_history() -> None:
    assert np.isnan(expect(_counts(_flat(12)), "day", 2.0).score).all()
    assert np.isnan(expect(_counts(_flat(0)), "day", 2.0).score).all()


def test_few_runs_carry_a_share_further() -> None:
    """One of ten fails: 5 of 20 is chance, 50 of 200 is not."""
    large, small = np.full(84, 200.0), np.full(84, 200.0)
    small[-1] = MIN_RUNS
    hits = np.resize([20.0, 22, 18, 20, 23, 17], 84)
    for runs, last, unusual in ((small, 5, False), (large, 50, True)):
        struck = hits.copy()
        struck[-1] = last
        found = expect(_shares(struck, runs), "day", 2.0)
        assert (found.score[-1] > 2) is np.bool_(unusual)
        assert found.middle[-1] == pytest.approx(0.1, abs=0.005)
    # The chance of 5 or more of 20, where one of ten fails: 4.3 %.
    assert stats.binom.sf(4, 20, 0.1) == pytest.approx(0.043, abs=0.001)


def test_the_tail_of_a_share_is_binomial() -> None:
    runs, hits = np.full(84, 400.0), np.resize([40.0, 43, 37, 40, 44, 36], 84)
    hits[-1] = 56
    score = expect(_shares(hits, runs), "day", 2.0).score[-1]
    exact = stats.norm.isf(stats.binom.sf(55, 400, 0.1))
    assert exact == pytest.approx(2.5, abs=0.1)
    # Read with Student's t, so a little less.
    assert exact - 0.25 < score < exact


def test_equal_values_are_no_reason_to_divide_by_zero() -> None:
    values = np.full(84, 5.0)
    series = Observed("size", values, np.full(84, 50.0), np.ones(84, dtype=bool))
    found = expect(series, "day", 2.0)
    assert (found.score[20:] == 0).all()
    values[-1] = 6
    assert expect(series, "day", 2.0).score[-1] > 2


def test_sizes_that_are_zero_or_unknown_are_left_out() -> None:
    values = _flat() / 10
    values[[-1, -3]] = 0, np.nan
    series = Observed("size", values, np.full(84, 50.0), np.ones(84, dtype=bool))
    found = expect(series, "day", 2.0)
    assert np.isnan(found.score[[-1, -3]]).all()
    assert np.isfinite(found.score[-2])


@pytest.mark.parametrize("noise", alarms.NOISES, ids=lambda noise: noise.name)
def test_noise_alone_is_flagged_no_more_often_than_promised(noise: alarms.Noise) -> None:
    series = {"hour": 7, "day": 40, "week": 90}[noise.grain]
    seen = alarms.alarms(noise, np.random.default_rng([7, alarms.NOISES.index(noise)]), series)
    assert seen.buckets > 900
    assert seen.share <= seen.most


def test_a_planted_day_in_noise_is_found() -> None:
    """Errors four times as many on one day of thirty, in counts, and an average 12 % up in noise of 3 %."""
    rng = np.random.default_rng(20261122)
    for _ in range(20):
        runs = rng.poisson(1000, 86)
        hits = rng.binomial(runs, 0.03)
        hits[70] = rng.binomial(runs[70], 0.12)
        averages = 40 * rng.lognormal(0, 0.03, 86)
        averages[70] = 45
        assert expect(_shares(hits.astype(float), runs.astype(float)), "day", 2.0).score[70] > 4
        series = Observed("size", averages, runs, np.ones(86, dtype=bool))
        assert expect(series, "day", 2.0).score[70] > 2.5
