"""When runs start: the office's days and weeks, the growth of the team; pure functions of time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

OFFICE = ZoneInfo("Europe/Berlin")
HORIZON_DAYS = 200  # trends run over this long and are flat before, however many days are asked for

# Runs by local hour of a working day: nightly jobs at two, a full day with a lunch dip, a quiet evening.
_HOURS = np.array(
    [8, 7, 26, 20, 8, 8, 14, 30, 62, 88, 100, 97, 70, 82, 98, 100, 90, 70, 46, 34, 28, 22, 16, 11], float
)
_WEEKDAYS = np.array([0.96, 1.04, 1.06, 1.03, 0.92, 0.28, 0.24])
_GROWTH = 1.2  # at the end there are 1 + this many times the runs of HORIZON_DAYS ago
_DAY_NOISE = 0.07


def progress(days_ago: np.ndarray) -> np.ndarray:
    """0 at the horizon and before it, 1 at the end: the clock of every trend."""
    return np.clip(1 - days_ago / HORIZON_DAYS, 0.0, 1.0)


def settled(grown: np.ndarray) -> np.ndarray:
    """The same clock for trends that are over some weeks before the end, and hide no release of today."""
    return np.minimum(grown / 0.8, 1.0)


def hourly_weights(until: datetime, days: int, rng: np.random.Generator) -> np.ndarray:
    """One weight for each hour of the ``days`` up to ``until``, oldest first, adding up to 1."""
    hours = days * 24
    first = until - timedelta(days=days) + timedelta(minutes=30)
    local = [(first + timedelta(hours=n)).astimezone(OFFICE) for n in range(hours)]
    weights = _HOURS[[moment.hour for moment in local]] * _WEEKDAYS[[moment.weekday() for moment in local]]
    weights *= 1 + _GROWTH * progress((hours - np.arange(hours)) / 24)
    weights *= np.repeat(rng.lognormal(0.0, _DAY_NOISE, days), 24)
    return weights / weights.sum()


def office_time(until: datetime, days_ago: float, hour: int) -> datetime:
    """``hour`` o'clock in the office that many days ago, or on the Friday before if that is a weekend."""
    day = (until - timedelta(days=days_ago)).astimezone(OFFICE).date()
    day -= timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(day, time(hour), OFFICE)
