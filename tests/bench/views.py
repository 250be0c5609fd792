"""What is timed: three views of the overview, each with and without a filter to two models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from queries.filters import Filters, parse


@dataclass(frozen=True)
class View:
    """``target``: milliseconds wanted at ten million runs, uncached, without and with two models."""

    name: str
    range: str
    tz: str
    grain: str
    target: tuple[int, int]

    def filters(self, now: datetime, models: tuple[str, ...] = ()) -> Filters:
        asked = {"range": self.range, "tz": self.tz, "grain": self.grain, "model": ",".join(models)}
        return parse(asked, now=now)


VIEWS = (
    View("30 days, UTC, by day", "30d", "UTC", "day", (100, 200)),
    View("90 days, Europe/Berlin, by day", "90d", "Europe/Berlin", "day", (200, 600)),
    View("7 days, Asia/Kolkata, by hour", "7d", "Asia/Kolkata", "hour", (200, 300)),
)
CACHED_TARGET_MS = 20


def cases(now: datetime, two_models: tuple[str, ...]) -> Iterator[tuple[str, Filters, int]]:
    """(name, filters, target in milliseconds) of every view with and without the model filter."""
    for view in VIEWS:
        yield view.name, view.filters(now), view.target[0]
        yield f"{view.name}, two models", view.filters(now, two_models), view.target[1]
