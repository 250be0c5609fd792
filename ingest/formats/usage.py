"""Tokens and cost of a run's answers, added up by model: one is the run's, the others are told beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ingest import prices
from ingest.formats.fields import amount, count, known, total


@dataclass(frozen=True)
class Usage:
    """``input`` holds cache reads and writes; ``cost`` is what the source says, None where it does not."""

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None
    cost: float | None = None

    def plus(self, other: Usage) -> Usage:
        cost = None if self.cost is None and other.cost is None else (self.cost or 0) + (other.cost or 0)
        return Usage(
            total(self.input, other.input),
            total(self.cache_read, other.cache_read),
            total(self.cache_write, other.cache_write),
            total(self.output, other.output),
            cost,
        )

    @property
    def is_empty(self) -> bool:
        return not (self.input or self.output)


def anthropic(usage: Mapping[str, object], cost: object = None) -> Usage:
    """As Anthropic reports it: the cache's tokens stand apart from the input."""
    read = count(usage.get("cache_read_input_tokens"))
    write = count(usage.get("cache_creation_input_tokens"))
    return apart(count(usage.get("input_tokens")), read, write, count(usage.get("output_tokens")), cost)


def apart(
    uncached: int | None, read: int | None, write: int | None, output: int | None, cost: object = None
) -> Usage:
    every = None if uncached is None else uncached + (read or 0) + (write or 0)
    # Parts of an input that is not known would be refused as more than it.
    parts = (None, None) if every is None else (read, write)
    return Usage(every, *parts, output, amount(cost))


UNKNOWN = "unknown"


class Spending:
    """What each model was given and gave. ``cost``: of all together, where the source says it."""

    def __init__(self, cost: float | None = None) -> None:
        self._cost_told = cost
        self._told: dict[str | None, Usage] = {}  # answers whose cost the source says
        self._untold: dict[str | None, Usage] = {}

    def add(self, model: str | None, usage: Usage) -> None:
        place = self._untold if usage.cost is None else self._told
        place[model] = place.get(model, Usage()).plus(usage)

    def models(self) -> dict[str | None, Usage]:
        """By output, the most first."""
        every = dict(self._told)
        for model, usage in self._untold.items():
            every[model] = every.get(model, Usage()).plus(usage)
        return dict(sorted(every.items(), key=lambda item: (-(item[1].output or 0), -(item[1].input or 0))))

    def fields(self, start: datetime | None) -> dict[str, object]:
        """The fields of a run, whose model is the one with most output; ``tokens_by_model`` tells several."""
        models = self.models()
        whole = Usage()
        for usage in models.values():
            whole = whole.plus(usage)
        return known(
            model=next(filter(None, models), None),
            input_tokens=whole.input,
            cache_read_tokens=whole.cache_read,
            cache_write_tokens=whole.cache_write,
            output_tokens=whole.output,
            tokens_by_model={name or UNKNOWN: _tokens(usage) for name, usage in models.items()}
            if len(models) > 1
            else None,
            **self._cost(start),
        )

    def _cost(self, start: datetime | None) -> dict[str, object]:
        if self._cost_told is not None:
            return {"cost_usd": self._cost_told, "cost_source": "reported"}
        told = sum((Decimal(repr(usage.cost)) for usage in self._told.values()), Decimal(0))
        open_ends = {model: usage for model, usage in self._untold.items() if not usage.is_empty}
        if not open_ends:
            return {"cost_usd": told, "cost_source": "reported"} if self._told else {}
        guesses = [_estimate(model, start, usage) for model, usage in open_ends.items()]
        # A sum without the part whose price is not known would be too low.
        if None in guesses:
            return {}
        return {"cost_usd": told + sum(filter(None, guesses)), "cost_source": "estimated"}


def _estimate(model: str | None, start: datetime | None, usage: Usage) -> Decimal | None:
    if model is None or start is None or usage.input is None or usage.output is None:
        return None
    cached = (usage.cache_read or 0, usage.cache_write or 0)
    return prices.estimate(model, start, usage.input, *cached, usage.output)


def _tokens(usage: Usage) -> dict[str, object]:
    return known(input_tokens=usage.input, output_tokens=usage.output)
