"""The models of the demo: public list prices, how often each is used, how well and how fast it works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NANO = 1_000_000_000


@dataclass(frozen=True)
class Model:
    """Prices are dollars per million tokens.

    ``cache_read``/``cache_write`` are None where the provider reports no such tokens.
    ``share``: weight among the models at first and now; ``since``: days ago it came into use.
    ``failures``: share of runs that do not succeed on an ordinary day. ``speed``/``words``: factors on
    duration and on tokens.
    """

    name: str
    provider: str
    input: float
    output: float
    cache_read: float | None
    cache_write: float | None
    share: tuple[float, float]
    since: float
    failures: float
    speed: float
    words: float


ALWAYS = float("inf")

MODELS: tuple[Model, ...] = (
    Model("gpt-4", "openai", 30, 60, None, None, (22, 6), ALWAYS, 0.140, 1.32, 0.80),
    Model("gpt-4-turbo", "openai", 10, 30, None, None, (30, 16), ALWAYS, 0.104, 1.02, 0.95),
    Model("claude-3-opus", "anthropic", 15, 75, 1.50, 18.75, (18, 10), ALWAYS, 0.086, 1.22, 1.05),
    Model("claude-3-sonnet", "anthropic", 3, 15, 0.30, 3.75, (30, 20), ALWAYS, 0.099, 0.84, 1.00),
    Model("claude-sonnet-4-5", "anthropic", 3, 15, 0.30, 3.75, (16, 30), 140, 0.069, 0.92, 1.15),
    Model("gpt-5", "openai", 1.25, 10, 0.125, None, (8, 22), 78, 0.077, 1.08, 1.10),
)  # fmt: skip


def column(field: str) -> np.ndarray:
    """One number per model; nan where a model has none."""
    return np.array([_number(getattr(model, field)) for model in MODELS])


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def prices(field: str) -> np.ndarray:
    """Nano-dollars per token, whole for every list price; 0 where the provider has no such tokens."""
    return np.rint(np.nan_to_num(column(field)) * 1000).astype(np.int64)


def choose(days_ago: np.ndarray, grown: np.ndarray, dice: np.ndarray) -> np.ndarray:
    """The model of each run as a position in MODELS; ``grown`` runs from 0 to 1, ``dice`` are uniform."""
    old, new = np.array([model.share for model in MODELS]).T
    weights = old + (new - old) * grown[:, None]
    weights *= days_ago[:, None] < column("since")
    bounds = np.cumsum(weights, axis=1)
    return (dice[:, None] * bounds[:, -1:] >= bounds).sum(axis=1)


def cost_nano(
    model: np.ndarray, uncached: np.ndarray, read: np.ndarray, write: np.ndarray, output: np.ndarray
) -> np.ndarray:
    """Exact cost in nano-dollars: every kind of token times its price."""
    return (
        uncached * prices("input")[model]
        + read * prices("cache_read")[model]
        + write * prices("cache_write")[model]
        + output * prices("output")[model]
    )
