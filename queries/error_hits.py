"""What a group of failed runs hits: the models and versions that have more of it than their share.

A group hits a model or version where that has a share of the group's runs which is a quarter or more above
its share of all runs, by three standard deviations, and five runs at least.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from queries import error_reads
from queries.facets import HIT_CHARS
from queries.filters import Filters
from queries.frames import Query
from queries.store import Store

SIGMAS = 3.0
LEAST_RATIO = 1.25
LEAST_HITS = 5
HITS_TOLD = 3
_KINDS = ("model", "agent_version")


@dataclass(frozen=True)
class Hit:
    """``name`` of a model or version (``kind``) has ``ratio`` times its share among the group's runs."""

    kind: str
    name: str
    runs: int
    ratio: float


@dataclass(frozen=True)
class Hits:
    """Of one group. ``categories``: of its runs, the most frequent first."""

    hits: tuple[Hit, ...]
    categories: tuple[str, ...]


def hits(
    store: Store, failed: Filters, everything: Filters, by: str, runs: Mapping[str, int]
) -> dict[str, Hits]:
    """Group -> its hits; ``runs``: how many each group has. ``everything``: the runs that have the shares."""
    shares = {kind: _shares(store, everything, kind) for kind in _KINDS}
    cells = _cells(store, failed, by)
    return {name: _of_group(number, cells[name], shares) for name, number in runs.items()}


def _cells(store: Store, failed: Filters, by: str) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    """Group -> kind -> member -> runs."""
    cells: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for name, category, model, version, runs in error_reads.by_hit(store, failed, by):
        for kind, member in (("category", category), ("model", model), ("agent_version", version)):
            cells[name][kind][member] += int(runs)
    return cells


def _of_group(
    runs: int, found: Mapping[str, Mapping[str, int]], shares: Mapping[str, Mapping[str, float]]
) -> Hits:
    told = [hit for kind in _KINDS for hit in _hits(kind, runs, found[kind], shares[kind])]
    told.sort(key=lambda hit: (-hit.ratio, hit.kind, hit.name))
    categories = sorted(found["category"], key=lambda name: (-found["category"][name], name))
    return Hits(tuple(told[:HITS_TOLD]), tuple(categories))


def _shares(store: Store, everything: Filters, kind: str) -> dict[str, float]:
    """The share of all runs that each model or version has."""
    frame = store.fetch(Query(("runs",), everything, by=kind))
    total = float(frame["runs"].sum())
    shares: dict[str, float] = defaultdict(float)
    for name, runs in zip(frame[kind], frame["runs"], strict=True):
        shares[name[:HIT_CHARS]] += runs / total
    return shares


def _hits(kind: str, runs: int, found: Mapping[str, int], shares: Mapping[str, float]) -> list[Hit]:
    hits = []
    for name, number in found.items():
        share = shares.get(name, 0.0)
        # A version that is not known is none that could be mended.
        if name and number >= LEAST_HITS and exceeds(number, runs, share):
            hits.append(
                Hit("version" if kind == "agent_version" else kind, name, number, number / runs / share)
            )
    return hits


def exceeds(number: int, of: int, share: float) -> bool:
    """Whether ``number`` of ``of`` is clearly more than ``share`` of them: by a quarter, and by more than
    chance explains (normal approximation of the binomial)."""
    if not 0 < share < 1:
        return False
    expected = of * share
    return number >= LEAST_RATIO * expected and number - expected >= SIGMAS * math.sqrt(
        expected * (1 - share)
    )
