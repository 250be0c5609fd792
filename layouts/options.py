"""What the pages need of the settings, handed down by create_app; layouts and callbacks know no others."""

from __future__ import annotations

from dataclasses import dataclass, field

from queries.in_flight import Patience


@dataclass(frozen=True)
class Options:
    """``budget``: dollars a month, None where there is none. ``sigma``: from how many standard deviations
    on a bucket is unusual. ``attributes``: those that filters and breakdowns offer. ``delay``: minutes
    that alerts wait for late runs. ``patience``: with runs that are in flight."""

    budget: float | None = None
    sigma: float = 2.0
    delay: int = 0
    attributes: tuple[str, ...] = ("repository", "environment", "user", "task")
    patience: Patience = field(default_factory=Patience)
