"""The sketch against numpy's nearest rank over the same values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.sketch import LOG_GAMMA, ZERO_BIN, decode, quantiles


def packed(values: list[float], sign: int = 1) -> bytes:
    pairs = b""
    for value in values:
        number = ZERO_BIN if value == 0 else int(np.ceil(np.log(value) / LOG_GAMMA))
        pairs += number.to_bytes(2, "big", signed=True) + sign.to_bytes(4, "big", signed=True)
    return pairs


amounts = st.one_of(st.just(0.0), st.floats(1e-9, 1e10))


@given(st.lists(amounts, min_size=1, max_size=200))
def test_a_quantile_is_within_one_percent_of_nearest_rank(values: list[float]) -> None:
    shares = (0.5, 0.9, 0.95, 0.99)
    exact = [np.quantile(values, share, method="inverted_cdf") for share in shares]
    # 1e-12: an exact power of gamma lies on the very edge of the bound.
    assert quantiles(packed(values), shares) == pytest.approx(exact, rel=0.01 + 1e-12)


def test_twenty_runs_rank_19_is_the_p95() -> None:
    values = [float(n) for n in range(1, 21)]  # ceil(0.95 * 20) = 19
    assert quantiles(packed(values), (0.95,)) == [pytest.approx(19, rel=0.01)]


def test_taking_away_is_the_inverse_of_adding() -> None:
    kept, gone = [1.0, 5.0, 0.0], [7.0, 5.0, 0.0, 0.0]
    bins, counts = decode(packed(kept) + packed(gone) + packed(gone, sign=-1))
    assert (bins.tolist(), counts.tolist()) == tuple(part.tolist() for part in decode(packed(kept)))


def test_an_empty_sketch_has_no_quantile() -> None:
    assert np.isnan(quantiles(b"", (0.5,))).all()
