"""Bad hours: clustered failures of one kind, some within the last 30 days, older ones by chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from seed.models import MODELS
from seed.rhythm import office_time


@dataclass(frozen=True)
class Incident:
    """For ``hours`` from ``start``, a ``share`` of the runs on ``models`` breaks with errors of ``kind``."""

    start: datetime
    hours: float
    kind: str
    models: tuple[str, ...]
    share: float


def _provider(name: str) -> tuple[str, ...]:
    return tuple(model.name for model in MODELS if model.provider == name)


def _old_kinds() -> tuple[tuple[str, tuple[str, ...], float], ...]:
    return (
        ("rate_limit", _provider("anthropic"), 0.5),
        ("overloaded", _provider("openai"), 0.7),
        ("network", tuple(model.name for model in MODELS), 0.45),
        ("overloaded", ("claude-3-opus",), 0.95),
    )


def incidents(until: datetime, days: int, rng: np.random.Generator) -> list[Incident]:
    """Two in the last 30 days at fixed distances, and about one a month before; all in office hours."""
    found = [
        (4.0, Incident(office_time(until, 4, 13), 3.5, "overloaded", ("gpt-4-turbo",), 0.95)),
        (12.0, Incident(office_time(until, 12, 9), 7.0, "rate_limit", _provider("anthropic"), 0.55)),
    ]
    old_kinds = _old_kinds()
    for month in range(36, days, 30):
        days_ago = month + rng.uniform(0, 20)
        kind, models, share = old_kinds[rng.integers(len(old_kinds))]
        start = office_time(until, days_ago, int(rng.integers(8, 14)))
        found.append((days_ago, Incident(start, rng.uniform(2.5, 6.0), kind, models, share)))
    return [incident for days_ago, incident in found if days_ago + 2 < days]


def strike(found: list[Incident], start_us: np.ndarray, model: np.ndarray, dice: np.ndarray) -> np.ndarray:
    """For each run the position of the incident that breaks it, -1 where none does."""
    struck = np.full(len(start_us), -1, dtype=np.int64)
    for position, incident in enumerate(found):
        begin = incident.start.timestamp() * 1e6
        touched = np.isin(model, [n for n, known in enumerate(MODELS) if known.name in incident.models])
        during = (start_us >= begin) & (start_us < begin + incident.hours * 3.6e9)
        struck[during & touched & (dice < incident.share)] = position
    return struck
