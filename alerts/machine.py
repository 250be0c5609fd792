"""The states of an alert: one evaluation leads from a state to the next. A pure function, no clock.

ok -> pending -> firing -> resolved -> ok, and no_data. A rule fires once it has been beyond its threshold for
as long as it says, and is over once it has been on the good side of its resolve threshold for as long as it
says; between the two thresholds a firing alert goes on and a pending one is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

State = Literal["ok", "pending", "firing", "resolved", "no_data"]
Verdict = Literal["breach", "between", "clear", "no_data"]

RESOLVED_FOR = timedelta(hours=24)  # how long a state says so before it is simply ok


@dataclass(frozen=True)
class Timing:
    """Of a rule: how long beyond before it fires, how long clear before it is over, what no data means."""

    hold: timedelta = timedelta()
    clear: timedelta = timedelta()
    no_data: str = "keep"


@dataclass(frozen=True)
class Standing:
    """``since``: of the state. ``clear_since``: of a firing alert, since when it has been clear."""

    state: State = "ok"
    since: datetime | None = None
    clear_since: datetime | None = None


def step(timing: Timing, before: Standing, verdict: Verdict, at: datetime) -> Standing:
    """The standing after the evaluation of the instant ``at``, which is later than all before."""
    if verdict == "no_data":
        if timing.no_data == "keep":
            return before if before.state in ("pending", "firing") else _to(before, "no_data", at)
        verdict = "breach" if timing.no_data == "alert" else "clear"
    if before.state == "firing":
        return _firing(timing, before, verdict, at)
    if verdict == "breach":
        return _beyond(timing, before, at)
    if before.state == "resolved" and before.since is not None and at - before.since < RESOLVED_FOR:
        return before
    return _to(before, "ok", at)


def _beyond(timing: Timing, before: Standing, at: datetime) -> Standing:
    pending = _to(before, "pending", at)
    assert pending.since is not None
    return _to(pending, "firing", at) if at - pending.since >= timing.hold else pending


def _firing(timing: Timing, before: Standing, verdict: Verdict, at: datetime) -> Standing:
    if verdict != "clear":
        return replace(before, clear_since=None)
    since = before.clear_since or at
    if at - since >= timing.clear:
        return _to(before, "resolved", at)
    return replace(before, clear_since=since)


def _to(before: Standing, state: State, at: datetime) -> Standing:
    return before if before.state == state else Standing(state, at)
