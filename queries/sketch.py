"""A mergeable sketch of a distribution with a guaranteed relative error of 1 %.

DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
guarantees", VLDB 2019): bin i holds the values in (g^(i-1), g^i] with g = (1 + a) / (1 - a), a = 0.01,
and stands for 2 g^i / (g + 1). Zero has a bin of its own. A sketch is a ``bytea`` of packed pairs
(bin int2, signed count int4), big endian; merging is concatenation; a bin may occur more than once.
"""

from __future__ import annotations

import math

import numpy as np

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
LOG_GAMMA = math.log(GAMMA)
ZERO_BIN = -32768
PAIR_BYTES = 6
PAIR = np.dtype([("bin", ">i2"), ("n", ">i4")])


def bin_sql(column: str) -> str:
    """SQL for the bin (integer) of a value >= 0; null for null."""
    logarithm = f"ceil(ln({column}::float8) / {LOG_GAMMA!r})::int"
    return f"CASE WHEN {column} > 0 THEN {logarithm} WHEN {column} = 0 THEN {ZERO_BIN} END"


def normalise_sql(sketch: str) -> str:
    """SQL for the same sketch with every bin once, in order; empty bins gone.

    ``sketch`` is evaluated into a fresh value first: on a stored, compressed one each get_byte would
    unpack it again (8 ms against 12.8 s); OFFSET 0 keeps the planner from undoing that.
    """
    byte = "get_byte(s, i + {0})".format
    # PostgreSQL gives << and | the same precedence; + and - bind tighter than both.
    bin_ = f"((({byte(0)} << 8) | {byte(1)}) # 32768) - 32768"
    count = f"(({byte(2)} << 24) | ({byte(3)} << 16) | ({byte(4)} << 8) | {byte(5)})"
    return (
        "(SELECT coalesce(string_agg(int2send(b::int2) || int4send(n::int4), ''::bytea ORDER BY b), "
        "''::bytea) "
        f"FROM (SELECT {bin_} AS b, sum({count}) AS n "
        f"FROM (SELECT {sketch} || ''::bytea AS s OFFSET 0) AS v, "
        f"generate_series(0, length(s) - 1, {PAIR_BYTES}) AS i GROUP BY 1 HAVING sum({count}) <> 0) AS p)"
    )


def decode(sketch: bytes) -> tuple[np.ndarray, np.ndarray]:
    """(bins ascending, their counts > 0) of a sketch; both empty for an empty one."""
    pairs = np.frombuffer(sketch, dtype=PAIR)
    if not len(pairs):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # Counted from just below the lowest bin, so that the array is short; zero's bin takes that place.
    zero = pairs["bin"] == ZERO_BIN
    floor = int(pairs["bin"][~zero].min(initial=0)) - 1
    counts = np.bincount(np.where(zero, 0, pairs["bin"].astype(np.int64) - floor), weights=pairs["n"])
    places = np.flatnonzero(counts > 0)
    return np.where(places == 0, ZERO_BIN, places + floor), counts[places].astype(np.int64)


def values(bins: np.ndarray) -> np.ndarray:
    """What each bin stands for, in the unit of the sketched column."""
    return np.where(bins == ZERO_BIN, 0.0, 2 * np.exp(bins * LOG_GAMMA) / (GAMMA + 1))


def bin_value(value: float) -> float:
    """What the bin of a value >= 0 stands for."""
    if value == 0:
        return 0.0
    return 2 * math.exp(math.ceil(math.log(value) / LOG_GAMMA) * LOG_GAMMA) / (GAMMA + 1)


def quantiles(sketch: bytes, shares: tuple[float, ...]) -> list[float]:
    """Nearest rank: for each share, the value of the run at rank ceil(share * n); NaN without runs."""
    bins, counts = decode(sketch)
    if not len(bins):
        return [math.nan] * len(shares)
    cumulative = np.cumsum(counts)
    # The tolerance keeps ceil(0.95 * 100) at 95 where floating point makes it 95.00000000000001.
    ranks = [max(1, math.ceil(share * cumulative[-1] - 1e-9)) for share in shares]
    return [float(v) for v in values(bins[np.searchsorted(cumulative, ranks)])]
