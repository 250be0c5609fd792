"""The bins of sketches added up to bars that can be read. Pure.

A bar holds a whole number of the sketch's bins: with round edges some bars would hold one more than their
neighbours, and stand out for no reason. What is round are the labels of the axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from queries.sketch import GAMMA, LOG_GAMMA
from queries.stats import Histogram

MOST = 42


@dataclass(frozen=True)
class Bars:
    """``edges``: of the bars, ascending and evenly apart on a logarithmic axis, one more than bars.
    ``counts``: per distribution the runs in each bar; ``zeros``: its runs with a value of 0, which has no
    place on such an axis."""

    edges: np.ndarray
    counts: tuple[np.ndarray, ...]
    zeros: tuple[int, ...]


def bars(distributions: Sequence[Histogram], most: int = MOST) -> Bars | None:
    """At most ``most`` bars, the same for all ``distributions``; None where none has a value above 0."""
    numbered = [_numbered(each) for each in distributions]
    known = [numbers for numbers, _ in numbered if len(numbers)]
    if not known:
        return None
    low, high = min(int(n.min()) for n in known), max(int(n.max()) for n in known)
    width = max(1, math.ceil((high - low + 1) / most))
    first = math.floor(low / width)
    number = math.floor(high / width) - first + 1
    if number > most:  # the grid of whole multiples cuts both ends
        width, first = width + 1, math.floor(low / (width + 1))
        number = math.floor(high / width) - first + 1
    counts = tuple(
        np.bincount(n // width - first, weights=c, minlength=number).astype(int) for n, c in numbered
    )
    edges = np.exp(LOG_GAMMA * (np.arange(number + 1) + first) * width)
    zeros = tuple(int(each.counts[each.values == 0].sum()) for each in distributions)
    return Bars(edges, counts, zeros)


def _numbered(distribution: Histogram) -> tuple[np.ndarray, np.ndarray]:
    """The bins above 0, numbered so that bin i holds what is in (g^i, g^(i+1)], and their counts."""
    above = distribution.values > 0
    numbers = np.rint(np.log(distribution.values[above] * (GAMMA + 1) / 2) / LOG_GAMMA).astype(int) - 1
    return numbers, distribution.counts[above]
