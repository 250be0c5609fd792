"""What a token of a model costs: genai-prices, a maintained price list. Knows no runs and no database.

The prices come with the package: nothing is fetched, and the same package gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

_ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rates:
    """Dollars for one token. ``uncached`` is for input neither read from nor written to the cache.

    ``lists_cache_reads``: the list has a price of their own; without one they are charged as uncached.
    """

    uncached: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal
    lists_cache_reads: bool


@dataclass(frozen=True)
class _Listed:
    """How the list knows a model; ``steady``: its prices have never changed and know no time of day."""

    name: str
    provider: str | None
    steady: bool


def rates(model: str, moment: datetime) -> Rates | None:
    """The prices of ``model`` at ``moment``; None where they are not known.

    Prices that rise with the size of a request are given at their lowest step.
    """
    listed = _listed(model)
    if listed is None:
        return None
    hour = _ANY_TIME if listed.steady else moment.replace(minute=0, second=0, microsecond=0)
    return _rates(listed, hour)


def is_steady(model: str) -> bool:
    """Whether one moment's prices are those of any other; so they are where none is known."""
    listed = _listed(model)
    return listed is None or listed.steady


@lru_cache(maxsize=10_000)
def _listed(model: str) -> _Listed | None:
    provider, _, name = model.rpartition("/")  # openai/gpt-4o
    for asked, of in ((model, None), (name, provider or None)):
        try:
            found = _price({"input_tokens": 1, "output_tokens": 1}, asked, of, _ANY_TIME)
        except LookupError:
            if not provider:
                return None
        else:
            prices = found.model.prices
            return _Listed(asked, of, not isinstance(prices, list) or len(prices) < 2)
    return None


@lru_cache(maxsize=50_000)
def _rates(listed: _Listed, hour: datetime) -> Rates | None:
    """One calculation of the library takes 0.1 ms, so rates are asked for once an hour and model."""

    def price(**tokens: int) -> Any:
        return _price(tokens, listed.name, listed.provider, hour)

    known = price(input_tokens=1, output_tokens=1).model_price
    # A list that has no price for input or output would make its tokens look free.
    if getattr(known, "input_mtok", None) is None or getattr(known, "output_mtok", None) is None:
        return None
    return Rates(
        price(input_tokens=1).total_price,
        price(input_tokens=1, cache_read_tokens=1).total_price,
        price(input_tokens=1, cache_write_tokens=1).total_price,
        price(output_tokens=1).total_price,
        getattr(known, "cache_read_mtok", None) is not None,
    )


def _price(tokens: dict[str, int], model: str, provider: str | None, hour: datetime) -> Any:
    from genai_prices import Usage, calc_price  # a third of a second that most programs need not pay

    return calc_price(Usage(**tokens), model, provider_id=provider, genai_request_timestamp=hour)
