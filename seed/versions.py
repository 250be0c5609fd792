"""The agents of the demo and their releases: some make things worse, some better."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from seed.rhythm import office_time

ROLLOUT = timedelta(hours=30)  # a release reaches all runs within this time, evenly


@dataclass(frozen=True)
class Release:
    """``days_ago``: when it came out. The factors are levels against the very first release."""

    version: str
    days_ago: float
    tokens: float = 1.0
    duration: float = 1.0
    failures: float = 1.0


@dataclass(frozen=True)
class Agent:
    """``share`` of all runs since ``since`` days ago; ``files`` scales how many files its runs modify."""

    name: str
    share: float
    since: float
    files: float
    tokens: float
    releases: tuple[Release, ...]


FIRST = float("inf")

AGENTS: tuple[Agent, ...] = (
    Agent("fixer", 0.84, FIRST, 1.0, 1.0, (
        Release("1.8.2", FIRST),
        Release("1.9.0", 172, tokens=0.97),
        Release("2.0.0", 150, tokens=0.97, failures=1.7),  # a bad one ...
        Release("2.0.1", 147, tokens=0.97),  # ... mended within days
        Release("2.1.0", 121, duration=1.06),
        Release("2.2.0", 94, duration=0.98, failures=0.95),
        Release("2.3.0", 62, duration=1.0, failures=0.95),
        Release("2.3.1", 47, failures=0.93),
        Release("2.4.0", 21, tokens=1.18, failures=0.93),  # the regression: each run costs more
        Release("2.5.0", 9, tokens=1.18, duration=0.87, failures=0.93),  # the improvement: faster
    )),
    Agent("reviewer", 0.10, FIRST, 0.0, 0.8, (
        Release("0.6.0", FIRST),
        Release("0.7.0", 133, duration=0.94),
        Release("0.8.0", 58),
        Release("0.8.1", 26),
    )),
    Agent("triage", 0.06, 96, 0.1, 0.55, (
        Release("0.1.0", FIRST, failures=1.5),
        Release("0.2.0", 70, failures=1.1),
        Release("1.0.0", 33),
    )),
)  # fmt: skip


def choose_agent(days_ago: np.ndarray, dice: np.ndarray) -> np.ndarray:
    """The agent of each run as a position in AGENTS; ``dice`` are uniform."""
    share = np.array([agent.share for agent in AGENTS])
    bounds = np.cumsum(share * (days_ago[:, None] < [agent.since for agent in AGENTS]), axis=1)
    return (dice[:, None] * bounds[:, -1:] >= bounds).sum(axis=1)


class Releases:
    """All releases of all agents as arrays; a run finds its own by agent and time."""

    def __init__(self, until: datetime) -> None:
        self._until = until
        every = [release for agent in AGENTS for release in agent.releases]
        self.version = np.array([release.version for release in every], dtype=object)
        self.tokens = np.array([release.tokens for release in every])
        self.duration = np.array([release.duration for release in every])
        self.failures = np.array([release.failures for release in every])

    def released(self, release: Release) -> datetime | None:
        """When it came out; None where it was there from the start."""
        if release.days_ago == FIRST:
            return None
        return office_time(self._until, release.days_ago, hour=11)

    def choose(self, agent: np.ndarray, start_us: np.ndarray, dice: np.ndarray) -> np.ndarray:
        """The release each run used: the newest at its start, or the one before while it rolls out."""
        reached = start_us - dice * (ROLLOUT / timedelta(microseconds=1))
        chosen = np.zeros(len(agent), dtype=np.int64)
        offset = 0
        for position, known in enumerate(AGENTS):
            mine = agent == position
            moments = [self._microseconds(release) for release in known.releases]
            chosen[mine] = offset + np.searchsorted(moments, reached[mine], side="right") - 1
            offset += len(known.releases)
        return chosen

    def _microseconds(self, release: Release) -> float:
        moment = self.released(release)
        return float("-inf") if moment is None else moment.timestamp() * 1e6
