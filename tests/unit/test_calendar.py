"""Edges of buckets where clocks do what one does not expect; every expectation worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from queries.calendar import coarsest_tier, day_start, edges, segments, shift_days, zone
from queries.errors import QueryError


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def texts(instants: Sequence[datetime]) -> list[str]:
    return [instant.strftime("%d %H:%M") for instant in instants]


def test_berlin_spring_day_has_23_hours() -> None:
    # 2026-03-29: at 02:00 CET the clocks go to 03:00 CEST.
    found = edges(utc("2026-03-28T23:00"), utc("2026-03-29T22:00"), "Europe/Berlin", "hour")
    assert len(found) - 1 == 23


def test_berlin_autumn_day_has_25_hours() -> None:
    found = edges(utc("2026-10-24T22:00"), utc("2026-10-25T23:00"), "Europe/Berlin", "hour")
    assert len(found) - 1 == 25


def test_havana_day_starts_at_the_first_of_two_midnights() -> None:
    # 2026-11-01 01:00 CDT (05:00Z) goes back to 00:00 CST: midnight at 04:00Z and again at 05:00Z.
    assert day_start(date(2026, 11, 1), "America/Havana") == utc("2026-11-01T04:00")


def test_santiago_day_without_midnight_starts_at_one() -> None:
    # 2026-09-06 00:00 -04 does not exist: the clocks go to 01:00 -03, which is 04:00Z.
    assert day_start(date(2026, 9, 6), "America/Santiago") == utc("2026-09-06T04:00")


def test_apia_has_no_30_december_2011() -> None:
    found = edges(utc("2011-12-29T10:00"), utc("2011-12-31T10:00"), "Pacific/Apia", "day")
    # 29 Dec from 10:00Z (-10), then 31 Dec from 30 Dec 10:00Z (+14): two days, not three.
    assert texts(found) == ["29 10:00", "30 10:00", "31 10:00"]


def test_lord_howe_half_hour_transition_keeps_the_hours_of_the_clock() -> None:
    # 2026-04-05 02:00 +11 (15:00Z on the 4th) goes back to 01:30 +10:30: the hour from one has 90 minutes.
    found = edges(utc("2026-04-04T13:00"), utc("2026-04-04T17:30"), "Australia/Lord_Howe", "hour")
    assert texts(found) == ["04 13:00", "04 14:00", "04 15:30", "04 16:30", "04 17:30"]


def test_lord_howe_spring_hour_has_30_minutes() -> None:
    # 2026-10-04 02:00 +10:30 (15:30Z on the 3rd) goes to 02:30 +11.
    found = edges(utc("2026-10-03T14:30"), utc("2026-10-03T17:00"), "Australia/Lord_Howe", "hour")
    assert texts(found) == ["03 14:30", "03 15:30", "03 16:00", "03 17:00"]


def test_kolkata_days_start_at_half_past() -> None:
    found = edges(utc("2026-11-20T18:30"), utc("2026-11-22T18:30"), "Asia/Kolkata", "day")
    assert texts(found) == ["20 18:30", "21 18:30", "22 18:30"]


def test_weeks_are_iso_weeks_and_the_first_is_cut() -> None:
    # 2026-11-19 is a Thursday; the Monday after is the 23rd.
    found = edges(utc("2026-11-19T00:00"), utc("2026-11-25T00:00"), "UTC", "week")
    assert texts(found) == ["19 00:00", "23 00:00", "25 00:00"]


def test_leap_day_is_a_day() -> None:
    found = edges(utc("2028-02-28T00:00"), utc("2028-03-02T00:00"), "UTC", "day")
    assert texts(found) == ["28 00:00", "29 00:00", "01 00:00", "02 00:00"]


def test_shift_keeps_the_wall_clock_over_a_transition() -> None:
    # 26 Oct 2026 14:30 in Berlin is 13:30Z (CET); two days before it was 12:30Z (CEST).
    assert shift_days(utc("2026-10-26T13:30"), -2, "Europe/Berlin") == utc("2026-10-24T12:30")


def test_segments_take_days_for_the_body_and_finer_tiers_for_the_ends() -> None:
    found = segments(utc("2026-11-01T22:15"), utc("2026-11-04T01:30"))
    assert [(tier, *texts([a, b])) for tier, a, b in found] == [
        ("quarter", "01 22:15", "01 23:00"),
        ("hour", "01 23:00", "02 00:00"),
        ("day", "02 00:00", "04 00:00"),
        ("hour", "04 00:00", "04 01:00"),
        ("quarter", "04 01:00", "04 01:30"),
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-11-01T00:15", "2026-11-01T00:30"), ("2026-11-01T23:45", "2026-11-02T00:15")],
)
def test_segments_cover_a_short_period_without_gap(start: str, end: str) -> None:
    found = segments(utc(start), utc(end))
    assert found[0][1] == utc(start)
    assert found[-1][2] == utc(end)
    assert all(one[2] == other[1] for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("tz", "tier"), [("UTC", "day"), ("Europe/Berlin", "hour"), ("Asia/Kathmandu", "quarter")]
)
def test_charts_read_the_coarsest_tier_that_has_all_edges(tz: str, tier: str) -> None:
    start, end = day_start(date(2026, 11, 2), tz), day_start(date(2026, 11, 5), tz)
    assert coarsest_tier(edges(start, end, tz, "day")) == tier


@pytest.mark.parametrize("name", ["UTC+3", "europe/berlin", "Mars/Base", "../etc/passwd", ""])
def test_only_iana_names_are_zones(name: str) -> None:
    with pytest.raises(QueryError) as caught:
        zone(name)
    assert caught.value.code == "unknown_zone"
