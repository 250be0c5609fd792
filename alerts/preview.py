"""When a rule would have fired in the last 30 days: its own evaluation, at every instant of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.evaluate import timing
from alerts.machine import Standing, step
from alerts.observe import Observation, observe
from alerts.rules import Rule
from queries.calendar import QUARTER, quarter_floor
from queries.store import Store

DAYS = 30


@dataclass(frozen=True)
class Firing:
    """``resolved_at``: None: it fires on."""

    fired_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True)
class Preview:
    """``seen``: every instant, oldest first; ``standing``: how the alert stands after each."""

    rule: Rule
    seen: tuple[Observation, ...]
    standings: tuple[Standing, ...]
    firings: tuple[Firing, ...]

    @property
    def fired_for(self) -> timedelta:
        """How long in all."""
        end = self.seen[-1].at
        return sum(((f.resolved_at or end) - f.fired_at for f in self.firings), timedelta())

    @property
    def without_data(self) -> int:
        return sum(one.verdict == "no_data" for one in self.seen)


def preview(
    store: Store,
    rule: Rule,
    now: datetime,
    *,
    delay: timedelta = timedelta(),
    budget: float | None = None,
    days: int = DAYS,
) -> Preview:
    newest = quarter_floor(now - delay)
    number = days * (timedelta(days=1) // QUARTER)
    instants = [newest - n * QUARTER for n in range(number, -1, -1)]
    seen = tuple(observe(store, rule, instants, budget))
    standings: list[Standing] = []
    standing = Standing()
    for one in seen:
        standing = step(timing(rule), standing, one.verdict, one.at)
        standings.append(standing)
    return Preview(rule, seen, tuple(standings), tuple(firings(seen, standings)))


def firings(seen: tuple[Observation, ...], standings: list[Standing]) -> list[Firing]:
    found: list[Firing] = []
    before = "ok"
    for one, standing in zip(seen, standings, strict=True):
        if standing.state == "firing" and before != "firing":
            found.append(Firing(one.at, None))
        if standing.state != "firing" and before == "firing":
            found[-1] = Firing(found[-1].fired_at, one.at)
        before = standing.state
    return found
