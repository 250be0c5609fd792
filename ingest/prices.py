"""What a run's tokens cost where its source does not say: an estimate by queries.prices."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from queries.prices import rates

_NANO = Decimal("0.000000001")


def estimate(
    model: str, start: datetime, input_tokens: int, cache_read: int, cache_write: int, output_tokens: int
) -> Decimal | None:
    """The cost of a run's tokens at the model's prices when it started; None where they are not known.

    A run is many requests, and how large each was is not known: prices that rise with the size of a
    request are taken at their lowest step.
    """
    known = rates(model, start)
    if known is None:
        return None
    cost = (
        (input_tokens - cache_read - cache_write) * known.uncached
        + cache_read * known.cache_read
        + cache_write * known.cache_write
        + output_tokens * known.output
    )
    return cost.quantize(_NANO, ROUND_HALF_UP)
