"""One side of a comparison: the value of each metric, on how many runs it rests, and how sure it is.

Adjusted for another mix of strata (agents, repositories) by direct standardisation: what each stratum of
the side shows is weighted by the mix of both sides together. Shares and means are weighted; of ratios of
sums numerator and denominator are, each per run (a stratum without a success has no cost per success).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from queries.evaluate import Groups
from queries.filters import Filters
from queries.measures import MEASURE, SKETCHES
from queries.metrics import METRICS, Metric, Term
from queries.sketch import ACCURACY
from queries.spread import Moments, moments
from queries.stats import LEAST, Histogram, Mixture, Spread
from queries.store import Query, Store

Kind = Literal["share", "mean", "ratio", "percentile", "total"]

# The failure rate is the success rate's other side: judged beside it, it would be held against all others.
COMPARED = tuple(r.name for r in METRICS if r.kind != "interval" and r.name != "failure_rate")
RATIOS = tuple(record.name for record in METRICS if record.kind == "ratio")
SMALLEST_STRATUM = 10  # runs on each side


def kind_of(metric: Metric) -> Kind:
    if metric.kind in ("sum", "percentile"):
        return "total" if metric.kind == "sum" else "percentile"
    if all(term.measure == "runs" for term in metric.terms):
        return "share"
    (top, *more), (bottom, *_) = metric.numerator, metric.denominator
    counts = not more and top.statuses == bottom.statuses and MEASURE[top.measure].known == bottom.measure
    return "mean" if counts else "ratio"


@dataclass(frozen=True)
class Strata:
    """What is adjusted for: the strata that both sides have, their weights (summing to 1), and how many
    were left out with which share of the runs of each side."""

    by: str
    weights: dict[str, float]
    left_out: int
    lost: tuple[float, float]


def strata_of(by: str, a: dict[str, float], b: dict[str, float]) -> Strata:
    """``a``, ``b``: the runs of each stratum."""
    names = sorted(a.keys() | b.keys())
    kept = [n for n in names if min(a.get(n, 0), b.get(n, 0)) >= SMALLEST_STRATUM]
    pooled = sum(a[n] + b[n] for n in kept)
    weights = {n: (a[n] + b[n]) / pooled for n in kept}
    lost = [1 - sum(side[n] for n in kept) / (sum(side.values()) or 1) for side in (a, b)]
    return Strata(by, weights, len(names) - len(kept), (max(0.0, lost[0]), max(0.0, lost[1])))


@dataclass(frozen=True)
class Rest:
    """``runs``: how many a value rests on. ``term`` counts them: which statuses, and what they know.
    ``strata``: of which they are, where the value is adjusted."""

    runs: int
    term: Term
    strata: tuple[str, ...] = ()


class Side:
    """What is asked of it first is read first. ``strata``: None for the runs as they are."""

    def __init__(self, store: Store, filters: Filters, strata: Strata | None = None) -> None:
        self._store = store
        self._filters = filters
        self._by = strata.by if strata else None
        self._mix = strata.weights if strata else {"": 1.0}
        self._adjusted = strata is not None
        self.other = self  # set to the side it is compared with: only what both know can be weighted alike

    @cached_property
    def _values(self) -> dict[str, float]:
        """As cards and tables show them."""
        row = self._store.fetch(Query(COMPARED, self._filters)).iloc[0]
        return {name: float(row[name]) for name in COMPARED}

    @property
    def runs(self) -> int:
        return int(self._values["runs"])

    @cached_property
    def _sums(self) -> tuple[Groups, list[str]]:
        return sums_by(self._store, self._filters, self._by)

    @cached_property
    def _moments(self) -> dict[str, Moments]:
        return moments(self._store, self._filters, self.runs, RATIOS, self._by)

    @cached_property
    def _bins(self) -> dict[str, dict[str, Histogram]]:
        """Per sketch and stratum."""
        found = {sketch: self._store.bins(self._filters, sketch, by=self._by) for sketch in SKETCHES}
        return {
            sketch: {name or "": Histogram(*pair, ACCURACY) for name, pair in bins.items()}
            for sketch, bins in found.items()
        }

    @property
    def read(self) -> int:
        """How many runs the spread was read from."""
        return sum(part.read for part in self._moments.values())

    def value(self, metric: Metric) -> float:
        kind = kind_of(metric)
        if kind == "total" or not self._adjusted:
            return self._values[metric.name]
        if kind == "percentile":
            found = self.distribution(metric)
            return found.quantile(metric.quantile) if found else math.nan
        return self._ratio(metric) * metric.scale

    def _ratio(self, metric: Metric) -> float:
        top, bottom, runs = (self._of(terms) for terms in (metric.numerator, metric.denominator, _RUNS))
        mix = self._mix_of(metric)
        if not mix:
            return math.nan
        if kind_of(metric) != "ratio":
            return sum(weight * top[n] / bottom[n] for n, weight in mix.items())
        above, below = (
            sum(weight * part[n] / runs[n] for n, weight in mix.items()) for part in (top, bottom)
        )
        return above / below if below > 0 else math.nan

    def _of(self, terms: Iterable[Term]) -> dict[str, float]:
        """The sum of terms per stratum."""
        groups, names = self._sums
        added = sum((term.sign * groups.total(term) for term in terms), np.zeros(len(names)))
        return dict(zip(names, added.tolist(), strict=True))

    def _mix_of(self, metric: Metric) -> dict[str, float]:
        """The weights of the strata that say something of ``metric`` on both sides."""
        known = self._knowing(metric) & self.other._knowing(metric)
        total = sum(weight for name, weight in self._mix.items() if name in known)
        return {name: weight / total for name, weight in self._mix.items() if name in known}

    def _knowing(self, metric: Metric) -> set[str]:
        if metric.kind == "percentile":
            return set(self._bins[metric.sketch])
        terms = [metric.denominator] if kind_of(metric) == "share" else [(_known(t),) for t in metric.terms]
        return set.intersection(*({n for n, count in self._of(t).items() if count > 0} for t in terms))

    def rests_on(self, metric: Metric) -> Rest:
        """The runs behind a value; of a ratio the fewer of those behind its numerator and denominator."""
        kind = kind_of(metric)
        if kind == "percentile":
            found, term = self.distribution(metric), Term(_OF_SKETCH[metric.sketch])
            return Rest(found.n if found else 0, term, self._strata(self._mix_of(metric)))
        terms = metric.denominator if kind == "share" else [_counter(term) for term in metric.terms]
        names = set(self._of(_RUNS) if kind == "total" else self._mix_of(metric))
        counts = [int(sum(self._of([term])[name] for name in names)) for term in terms]
        fewest = min(counts)
        return Rest(fewest, terms[counts.index(fewest)], self._strata(names))

    def _strata(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names)) if self._adjusted else ()

    def share(self, metric: Metric) -> tuple[float, float]:
        """Hits and runs of a share."""
        return (sum(self._of(metric.numerator).values()), sum(self._of(metric.denominator).values()))

    def spread(self, metric: Metric) -> Spread | None:
        """Of a mean, a ratio or an adjusted share; None where too few single runs could be read for it."""
        if self.read < LEAST:
            return None
        top, bottom, runs = (self._of(terms) for terms in (metric.numerator, metric.denominator, _RUNS))
        mix, combined, n = self._mix_of(metric), kind_of(metric) == "ratio", self.rests_on(metric).runs
        below = {name: bottom[name] / runs[name] for name in mix}
        whole = sum(weight * below[name] for name, weight in mix.items())
        variance = 0.0
        for name, weight in mix.items():
            ratio = self._ratio(metric) if combined else top[name] / bottom[name]
            unit = whole if combined else below[name]
            variance += (weight / unit) ** 2 * self._variance(metric, name, ratio) / runs[name]
        if math.isnan(variance):
            return None
        if not self._adjusted:
            # Runs that do not know a value are no observations of it.
            variance *= n / (n - 1) * (self.runs - 1) / self.runs
        taken = sum(runs[name] for name in mix) if combined else n
        return Spread(variance * metric.scale**2, n, taken)

    def _variance(self, metric: Metric, stratum: str, ratio: float) -> float:
        """Of one run; where too few of a stratum were read, that of all."""
        found = self._moments.get(stratum, Moments(0, {})).variance(metric.name, ratio)
        if not math.isnan(found):
            return found
        others = [part for part in self._moments.values() if part.read > 1]
        read = sum(part.read for part in others)
        return sum(p.read * p.variance(metric.name, ratio) for p in others) / read if read else math.nan

    def distribution(self, metric: Metric) -> Histogram | Mixture | None:
        """Of the values that a percentile is of; None where no run knows its own."""
        parts, mix = self._bins[metric.sketch], self._mix_of(metric)
        if not mix:
            return None
        return Mixture(tuple(parts[n] for n in mix), tuple(mix.values())) if self._adjusted else parts[""]


_RUNS = (Term("runs"),)
_OF_SKETCH = {"duration_sketch": "duration_known", "cost_sketch": "cost_known"}


def sums_by(store: Store, filters: Filters, by: str | None) -> tuple[Groups, list[str]]:
    """The sums of every member of ``by``, and their names in the order of the groups."""
    rows = store.sums(filters, by)
    keys = [str(key) for key in rows["key"]] if by else [""] * len(rows["status"])
    names = sorted(set(keys)) or [""]
    place = {name: n for n, name in enumerate(names)}
    return Groups(rows, np.array([place[key] for key in keys], dtype=np.int64), len(names)), names


def _counter(term: Term) -> Term:
    """What counts the runs behind a term."""
    return Term(MEASURE[term.measure].known or term.measure, term.statuses)


def _known(term: Term) -> Term:
    """The same whatever the outcome: a stratum without failures has no waste, which is a value."""
    return Term(MEASURE[term.measure].known or term.measure)
