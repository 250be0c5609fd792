"""What tokens cost where the source does not say: estimates by genai-prices, a maintained price list.

The prices come with the package: nothing is fetched, and the same package gives the same estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_NANO = Decimal("0.000000001")


@dataclass(frozen=True)
class Rates:
    """Dollars for one token. ``uncached`` is for input neither read from nor written to the cache."""

    uncached: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal


def estimate(
    model: str, start: datetime, input_tokens: int, cache_read: int, cache_write: int, output_tokens: int
) -> Decimal | None:
    """The cost of a run's tokens at the model's prices when it started; None where they are not known.

    A run is many requests, and how large each was is not known: prices that rise with the size of a
    request are taken at their lowest step.
    """
    rates = _rates(model, start.replace(minute=0, second=0, microsecond=0))
    if rates is None:
        return None
    cost = (
        (input_tokens - cache_read - cache_write) * rates.uncached
        + cache_read * rates.cache_read
        + cache_write * rates.cache_write
        + output_tokens * rates.output
    )
    return cost.quantize(_NANO, ROUND_HALF_UP)


@lru_cache(maxsize=50_000)
def _rates(model: str, hour: datetime) -> Rates | None:
    """One calculation of the library takes 0.1 ms, so rates are asked for once an hour and model."""
    provider, _, name = model.rpartition("/")  # openai/gpt-4o
    try:
        return _ask(model, hour, None)
    except LookupError:
        pass
    try:
        return _ask(name, hour, provider) if provider else None
    except LookupError:
        return None


def _ask(model: str, hour: datetime, provider: str | None) -> Rates | None:
    from genai_prices import Usage, calc_price  # a third of a second that most imports need not pay

    def price(**tokens: int) -> Decimal:
        usage = Usage(**tokens)
        return calc_price(usage, model, provider_id=provider, genai_request_timestamp=hour).total_price

    known = calc_price(
        Usage(input_tokens=1, output_tokens=1), model, provider_id=provider, genai_request_timestamp=hour
    ).model_price
    # A list that has no price for input or output would make its tokens look free.
    if getattr(known, "input_mtok", None) is None or getattr(known, "output_mtok", None) is None:
        return None
    return Rates(
        price(input_tokens=1),
        price(input_tokens=1, cache_read_tokens=1),
        price(input_tokens=1, cache_write_tokens=1),
        price(output_tokens=1),
    )
