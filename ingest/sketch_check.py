"""Compares many sketches at once, bin by bin, whatever the order and number of their pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from queries.sketch import PAIR, PAIR_BYTES, ZERO_BIN

_BINS = 1 << 16


@dataclass(frozen=True)
class BinDifference:
    position: int  # in the sequences compared
    bin: int
    left: int
    right: int


def differing_bins(left: Sequence[bytes], right: Sequence[bytes]) -> Iterator[BinDifference]:
    """Every bin that counts otherwise in ``left`` than in ``right`` at the same position."""
    places = [_places(sketches) for sketches in (left, right)]
    counts = [np.frombuffer(b"".join(sketches), PAIR)["n"] for sketches in (left, right)]
    all_places, inverse = np.unique(np.concatenate(places), return_inverse=True)
    split = len(places[0])
    lefts, rights = (
        np.bincount(some, weights=n, minlength=len(all_places)).astype(np.int64)
        for some, n in zip((inverse[:split], inverse[split:]), counts, strict=True)
    )
    for wrong in np.flatnonzero(lefts != rights):
        position, bin_ = divmod(int(all_places[wrong]), _BINS)
        yield BinDifference(position, bin_ + ZERO_BIN, int(lefts[wrong]), int(rights[wrong]))


def _places(sketches: Sequence[bytes]) -> np.ndarray:
    """One number for the position and the bin of every pair."""
    lengths = [len(sketch) // PAIR_BYTES for sketch in sketches]
    positions = np.repeat(np.arange(len(sketches), dtype=np.int64), lengths)
    bins = np.frombuffer(b"".join(sketches), PAIR)["bin"].astype(np.int64)
    return positions * _BINS + bins - ZERO_BIN
