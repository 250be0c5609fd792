"""The states of an alert: a table of every way from one to another, and what no sequence of them can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.machine import RESOLVED_FOR, Standing, Timing, Verdict, step
from alerts.tell import Episode, what_is_due

T = datetime(2026, 11, 20, 12, tzinfo=UTC)
Q = timedelta(minutes=15)
AT_ONCE, HALF_AN_HOUR = Timing(), Timing(hold=2 * Q, clear=2 * Q)


def run(timing: Timing, verdicts: str) -> str:
    """Letters in, letters out: b(reach), m(iddle), c(lear), n(o data) at each quarter hour to the state's
    first letter (N for no data)."""
    words: dict[str, Verdict] = {"b": "breach", "m": "between", "c": "clear", "n": "no_data"}
    standing, states = Standing(), ""
    for place, letter in enumerate(verdicts):
        standing = step(timing, standing, words[letter], T + place * Q)
        states += "N" if standing.state == "no_data" else standing.state[0]
    return states


@pytest.mark.parametrize(
    ("timing", "verdicts", "states"),
    [
        (AT_ONCE, "ccc", "ooo"),
        (AT_ONCE, "cbc", "ofr"),  # fires and is over at once
        (AT_ONCE, "bbcb", "ffrf"),  # a second time is a second episode
        (AT_ONCE, "bmmcm", "fffrr"),  # between the thresholds it fires on, and begins nothing
        (AT_ONCE, "m", "o"),
        (HALF_AN_HOUR, "bbb", "ppf"),  # at 12:00, 12:15, 12:30: half an hour
        (HALF_AN_HOUR, "bbcbbb", "ppoppf"),  # an interruption begins anew
        (HALF_AN_HOUR, "bbmbb", "ppopp"),
        (HALF_AN_HOUR, "bbbccc", "ppfffr"),
        (HALF_AN_HOUR, "bbbccbccc", "ppffffffr"),
        (HALF_AN_HOUR, "bbbcmccc", "ppfffffr"),
        (AT_ONCE, "cnc", "oNo"),
        (AT_ONCE, "bnc", "ffr"),  # keep: what fires goes on firing
        (HALF_AN_HOUR, "bnb", "ppf"),  # what waits goes on waiting
        (Timing(no_data="ok"), "bnb", "frf"),
        (Timing(no_data="alert"), "cnc", "ofr"),
        (Timing(hold=2 * Q, no_data="alert"), "nnn", "ppf"),
        (Timing(no_data="ok"), "n", "o"),
    ],
)
def test_the_way_through_the_states(timing: Timing, verdicts: str, states: str) -> None:
    assert run(timing, verdicts) == states


def test_resolved_is_said_for_a_day() -> None:
    resolved = Standing("resolved", T)
    assert step(AT_ONCE, resolved, "clear", T + RESOLVED_FOR - Q).state == "resolved"
    assert step(AT_ONCE, resolved, "clear", T + RESOLVED_FOR).state == "ok"


def test_a_state_knows_since_when() -> None:
    standing = step(HALF_AN_HOUR, Standing(), "breach", T)
    standing = step(HALF_AN_HOUR, standing, "breach", T + Q)
    assert standing == Standing("pending", T)
    # The instants need not be a quarter hour apart: after a downtime the time counts, not the number.
    assert step(HALF_AN_HOUR, Standing("pending", T), "breach", T + 9 * Q) == Standing("firing", T + 9 * Q)


@given(st.text("bmcn", max_size=60), st.sampled_from([AT_ONCE, HALF_AN_HOUR]))
def test_firing_comes_only_from_a_breach_and_ends_only_when_clear(verdicts: str, timing: Timing) -> None:
    states = "o" + run(timing, verdicts)
    for place, letter in enumerate(verdicts):
        before, after = states[place], states[place + 1]
        if after == "f" and before != "f":
            assert letter == "b"
        if before == "f" and after != "f":
            assert (letter, after) == ("c", "r")


def episode(**more: object) -> Episode:
    known = {"resolved_at": None, "told_at": None, "times_told": 0, "over_told": False}
    return Episode(1, 1, "a", "warning", "said", T, T, value=1.0, threshold=1.0, **(known | more))  # type: ignore[arg-type]


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("how", "renotify", "snoozed", "due"),
    [
        ({}, None, None, "fires"),
        ({"told_at": T - 9 * HOUR}, None, None, None),
        ({"told_at": T - HOUR}, HOUR, None, "fires on"),
        ({"told_at": T - HOUR + Q}, HOUR, None, None),
        ({}, None, T + Q, None),
        ({}, None, T, "fires"),  # the snooze is over
        ({"told_at": T - HOUR}, HOUR, T + Q, None),
        ({"told_at": T - HOUR, "resolved_at": T}, HOUR, None, "over"),
        ({"told_at": T - HOUR, "resolved_at": T}, None, T + Q, "over"),
        ({"told_at": T - HOUR, "resolved_at": T, "over_told": True}, HOUR, None, None),
        ({"resolved_at": T}, None, None, None),  # over before anybody was told
    ],
)
def test_what_is_due(
    how: dict[str, object], renotify: timedelta | None, snoozed: datetime | None, due: str | None
) -> None:
    assert what_is_due(episode(**how), renotify, snoozed, T) == due
