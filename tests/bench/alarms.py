"""How often flat, noisy series are called unusual: what the setting promises, and what is measured.

Each series is made by chance alone, so every flag is a false alarm. `make bench ARGS="--only alarms"`
prints the table; tests/unit/test_expect.py asserts it with a fixed seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from queries.expect import Observed, expect
from tests.bench.report import judged, table

RNG_SEED = 20261122
SIGMA = 2.0
PROMISED = 2 * NormalDist().cdf(-SIGMA)  # 4.55 %
_WEEK = np.array([1, 1, 1, 1, 1, 0.3, 0.25])
_HOURS = np.array([9, 13, 8, 20, 50, 90, 100, 80, 95, 98, 50, 25]).repeat(2) / 60
# Before the visible period, and in it: what the page asks for in 30 days by day, 7 days by hour.
_LENGTH = {"day": (56, 30), "hour": (28 * 24, 7 * 24), "week": (26, 13)}

Draw = Callable[[np.random.Generator, int], Observed]


@dataclass(frozen=True)
class Noise:
    """``draw`` makes a series of so many buckets."""

    name: str
    grain: str
    draw: Draw


@dataclass(frozen=True)
class Alarms:
    """``most``: what chance may make of the promise, with so many buckets judged (three standard errors)."""

    flagged: int
    buckets: int

    @property
    def share(self) -> float:
        return self.flagged / self.buckets

    @property
    def most(self) -> float:
        return PROMISED + 3 * math.sqrt(PROMISED * (1 - PROMISED) / self.buckets)


def _phases(grain: str, number: int) -> list[np.ndarray]:
    i = np.arange(number)
    if grain == "hour":
        return [i % 24 + 24 * (i // 24 % 7 >= 5), i % 24]
    return [i % 7] if grain == "day" else []


def _series(grain: str, kind: str, values: np.ndarray, runs: np.ndarray, volume: bool) -> Observed:
    every = np.ones(len(values), dtype=bool)
    return Observed(kind, values.astype(float), runs, every, volume, _phases(grain, len(values)))  # type: ignore[arg-type]


def counts(mean: float, *, grain: str = "day", rhythm: bool = False, noise: float = 0.0) -> Draw:
    """Poisson counts; with ``noise``, around a mean that is itself lognormal."""

    def draw(rng: np.random.Generator, number: int) -> Observed:
        around = mean * (_rhythm(grain, number) if rhythm else np.ones(number))
        drawn = rng.poisson(around * rng.lognormal(0, noise, number))
        return _series(grain, "count", drawn, drawn, volume=True)

    return draw


def shares(runs: int, share: float, *, grain: str = "day", rhythm: bool = False) -> Draw:
    """Binomial: which share of the runs of a bucket failed."""

    def draw(rng: np.random.Generator, number: int) -> Observed:
        size = rng.poisson(runs * (_rhythm(grain, number) if rhythm else np.ones(number)))
        return _series(grain, "share", rng.binomial(size, share) / np.maximum(size, 1), size, volume=False)

    return draw


def sizes(runs: int, *, average: bool) -> Draw:
    """Sums or averages of lognormal costs of single runs, over weeks with quiet weekends."""

    def draw(rng: np.random.Generator, number: int) -> Observed:
        size = rng.poisson(runs * _rhythm("day", number))
        sums = np.array([rng.lognormal(0, 0.6, n).sum() for n in size])
        values = sums / np.maximum(size, 1) if average else sums
        return _series("day", "size", values, size, volume=not average)

    return draw


def _rhythm(grain: str, number: int) -> np.ndarray:
    i = np.arange(number)
    if grain == "hour":
        return _HOURS[i % 24] * _WEEK[i // 24 % 7]
    return _WEEK[i % 7] if grain == "day" else np.ones(number)


NOISES = (
    Noise("counts around 25 a day", "day", counts(25)),
    Noise("counts around 1,000 a day", "day", counts(1000)),
    Noise("counts around 100 a day, quiet weekends", "day", counts(100, rhythm=True)),
    Noise("counts around 20,000 a day, days differ by 7 % beside chance", "day", counts(20_000, rhythm=True, noise=0.07)),
    Noise("1 of 50 runs failing, 100 a day", "day", shares(100, 0.02)),
    Noise("1 of 100 runs failing, 60 a day", "day", shares(60, 0.01)),
    Noise("1 of 10 runs failing, 200 a day, quiet weekends", "day", shares(200, 0.1, rhythm=True)),
    Noise("1 of 10 runs failing, 100,000 a day", "day", shares(100_000, 0.1)),
    Noise("cost of 200 runs a day, quiet weekends", "day", sizes(200, average=False)),
    Noise("cost per run of 200 runs a day", "day", sizes(200, average=True)),
    Noise("counts around 200 an hour, days and weekends", "hour", counts(200, grain="hour", rhythm=True)),
    Noise("counts around 2,000 an hour, hours differ by 7 % beside chance", "hour",
          counts(2000, grain="hour", rhythm=True, noise=0.07)),
    Noise("1 of 12 runs failing, 200 an hour", "hour", shares(200, 0.08, grain="hour", rhythm=True)),
    Noise("counts around 500 a week", "week", counts(500, grain="week", noise=0.05)),
)  # fmt: skip


def alarms(noise: Noise, rng: np.random.Generator, series: int) -> Alarms:
    """How many of the visible buckets of so many series are flagged."""
    before, visible = _LENGTH[noise.grain]
    flagged = buckets = 0
    for _ in range(series):
        score = expect(noise.draw(rng, before + visible), noise.grain, SIGMA).score[before:]
        flagged += int((np.abs(score) > SIGMA).sum())
        buckets += int(np.isfinite(score).sum())
    return Alarms(flagged, buckets)


def found(scale: float = 1.0) -> Iterator[tuple[Noise, Alarms]]:
    """Every noise with its alarms; ``scale`` 1 judges some 6,000 buckets of each."""
    for position, noise in enumerate(NOISES):
        rng = np.random.default_rng([RNG_SEED, position])
        yield noise, alarms(noise, rng, round(scale * 6000 / _LENGTH[noise.grain][1]))


def measure() -> None:
    row = table("noise", "buckets judged", "flagged", f"promised at {SIGMA:g} standard deviations")
    for noise, seen in found():
        shown = f"{seen.share:.2%}"
        row(noise.name, f"{seen.buckets:,}", shown, judged(seen.share * 100, round(seen.most * 100, 2), "%"))
