"""Bars of sketches against numpy's histogram of the values themselves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from queries.histogram import MOST, bars
from queries.sketch import ACCURACY, LOG_GAMMA, values
from queries.stats import Histogram


def sketched(sample: list[float]) -> Histogram:
    positive = np.array([v for v in sample if v > 0])
    bins, counts = np.unique(np.ceil(np.log(positive) / LOG_GAMMA).astype(int), return_counts=True)
    zeros = len(sample) - len(positive)
    found, numbers = values(bins), counts
    if zeros:
        found, numbers = np.concatenate([[0.0], found]), np.concatenate([[zeros], counts])
    return Histogram(found, numbers, ACCURACY)


def test_bars_count_what_lies_between_their_edges() -> None:
    sample = np.random.default_rng(1).lognormal(9, 1.1, 5000)
    found = bars([sketched(sample.tolist())])
    assert found is not None
    assert len(found.edges) <= MOST + 1
    inside = [
        ((sample > low) & (sample <= high)).sum()
        for low, high in zip(found.edges, found.edges[1:], strict=False)
    ]
    assert found.counts[0].tolist() == inside
    assert found.counts[0].sum() == 5000


def test_bars_are_evenly_apart_on_a_logarithmic_axis() -> None:
    found = bars([sketched([1.0, 40.0, 90_000.0])])
    assert found is not None
    steps = np.diff(np.log(found.edges))
    assert np.allclose(steps, steps[0])
    # Of a whole number of bins each: no bar is wider than its neighbour.
    assert np.isclose(steps[0] / LOG_GAMMA, round(steps[0] / LOG_GAMMA))


def test_two_distributions_share_their_edges_and_zero_is_apart() -> None:
    found = bars([sketched([0.0, 0.0, 2.0]), sketched([300.0, 310.0])])
    assert found is not None
    assert found.zeros == (2, 0)
    assert [int(counts.sum()) for counts in found.counts] == [1, 2]
    assert found.edges[0] < 2 <= found.edges[-1]
    assert found.edges[-1] >= 310


def test_nothing_above_zero_gives_no_bars() -> None:
    assert bars([]) is None
    assert bars([Histogram(np.array([0.0]), np.array([3]))]) is None


@given(
    st.lists(
        st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)), min_size=1, max_size=60),
        min_size=1,
        max_size=3,
    )
)
def test_no_run_is_lost_and_bars_are_never_too_many(samples: list[list[float]]) -> None:
    found = bars([sketched(sample) for sample in samples])
    above = [sum(v > 0 for v in sample) for sample in samples]
    if found is None:
        assert not any(above)
        return
    assert [int(counts.sum()) for counts in found.counts] == above
    assert 1 <= len(found.counts[0]) <= MOST
