"""The vocabulary of the URL: what it means, its one spelling, and what is refused."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.errors import QueryError
from queries.filters import COMPARES, GRAINS, STATUS_WORDS, Filters, parse, parse_all

NOW = datetime(2026, 11, 23, 13, 37, 20, tzinfo=UTC)  # a Monday; 14:37 in Berlin


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ask(search: str = "", *, now: datetime = NOW, tz: str = "UTC", strict: bool = False) -> Filters:
    params = dict(parse_qsl(search, keep_blank_values=True))
    return parse(params, now=now, default_tz=tz, strict=strict)


@pytest.mark.parametrize(
    ("search", "tz", "start", "end"),
    [
        ("", "UTC", "2026-10-25T00:00", "2026-11-24T00:00"),
        ("range=7d", "Europe/Berlin", "2026-11-16T23:00", "2026-11-23T23:00"),
        ("range=7d", "Asia/Kolkata", "2026-11-16T18:30", "2026-11-23T18:30"),
        ("range=24h", "UTC", "2026-11-22T14:00", "2026-11-23T14:00"),
        ("range=24h", "Asia/Kolkata", "2026-11-22T13:30", "2026-11-23T13:30"),
        ("range=2026-10-01..2026-10-02", "UTC", "2026-10-01T00:00", "2026-10-03T00:00"),
        ("range=2028-02-29..2028-02-29", "UTC", "2028-02-29T00:00", "2028-03-01T00:00"),
        ("range=2026-10-01T08:07Z..2026-10-01T09:01Z", "UTC", "2026-10-01T08:00", "2026-10-01T09:15"),
        ("range=2026-10-01T10:00%2B02:00..2026-10-01T11:00+02:00", "UTC", "2026-10-01T08:00", "2026-10-01T09:00"),
    ],
)  # fmt: skip
def test_ranges_become_instants(search: str, tz: str, start: str, end: str) -> None:
    now = NOW.replace(hour=13, minute=17) if tz == "Asia/Kolkata" and "24h" in search else NOW
    found = ask(search, now=now, tz=tz)
    assert (found.start, found.end) == (utc(start), utc(end))


def test_24_hours_in_a_half_hour_zone_are_whole_hours_of_its_clock() -> None:
    found = ask("range=24h", tz="Asia/Kolkata")  # 19:07 there: the hour from 19:00 ends at 14:30Z
    assert (found.start, found.end) == (utc("2026-11-22T14:30"), utc("2026-11-23T14:30"))


def test_all_reaches_from_the_first_run_to_today() -> None:
    first, last = utc("2026-02-20T00:45"), utc("2026-05-04T16:00")
    found = parse({"range": "all"}, now=NOW, default_tz="America/New_York", extent=lambda: (first, last))
    assert (found.start, found.end) == (utc("2026-02-19T05:00"), utc("2026-11-24T05:00"))
    assert found.previous() is None


def test_one_view_has_one_url() -> None:
    search = "?version=2,1&model=b,a&status=error,failure&range=30d&grain=day&compare=previous"
    assert ask(search[1:]).to_search() == "?model=a,b&status=failed&version=1,2"
    assert ask("").to_search() == ""
    assert ask("status=all").to_search() == ""
    assert ask("status=success,failed,unknown").to_search() == ""


def test_a_name_may_hold_anything() -> None:
    name = "gpt,4%2C &=#+/ü"
    search = Filters.to_search(ask("model=" + "gpt%252C4%25252C%20%26%3D%23%2B%2F%C3%BC"))
    assert ask(search[1:]).model == (name,)


def test_runs_without_version_can_be_asked_for() -> None:
    assert ask("version=(none),1.0").version == ("", "1.0")
    assert ask("version=(none),1.0").to_search() == "?version=(none),1.0"


def test_the_readers_own_zone_is_not_in_the_url_and_a_frozen_one_always_is() -> None:
    assert ask("tz=Europe/Berlin", tz="Europe/Berlin").to_search() == ""
    assert ask("tz=Asia/Tokyo", tz="Europe/Berlin").to_search() == "?tz=Asia%2FTokyo"
    assert ask("range=7d", tz="Europe/Berlin").frozen_search() == (
        "?range=2026-11-16T23%3A00Z..2026-11-23T23%3A00Z&tz=Europe%2FBerlin"
    )


def test_a_frozen_link_shows_everybody_the_same() -> None:
    mine = ask("range=7d&status=failed", tz="Europe/Berlin")
    theirs = ask(mine.frozen_search()[1:], now=utc("2027-01-01T00:00"), tz="Asia/Tokyo")
    assert (theirs.start, theirs.end, theirs.tz, theirs.status) == (
        mine.start, mine.end, mine.tz, mine.status,
    )  # fmt: skip


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
names = st.lists(words, max_size=3).map(tuple)


@given(
    model=names, agent=names, version=names,
    status=st.lists(st.sampled_from(STATUS_WORDS), max_size=3),
    grain=st.sampled_from(GRAINS), compare=st.sampled_from(COMPARES),
    span=st.sampled_from(["24h", "7d", "30d", "90d", "2026-10-01..2026-10-05", "2026-10-01T08:00Z..2026-10-01T09:15Z"]),
    tz=st.sampled_from(["", "UTC", "Asia/Kolkata", "America/Havana"]),
)  # fmt: skip
def test_writing_and_reading_a_url_are_inverse(**values: object) -> None:
    asked = Filters.to_search(
        parse({"range": str(values["span"]), "grain": str(values["grain"]), "compare": str(values["compare"]),
               "tz": str(values["tz"]), "status": ",".join(values["status"])}, now=NOW)  # type: ignore[arg-type]
    )  # fmt: skip
    first = ask(asked[1:])
    listed = {
        key: ",".join(name.replace("%", "%25").replace(",", "%2C") for name in values[key])  # type: ignore[attr-defined]
        for key in ("model", "agent", "version")
    }
    again = parse({**dict(parse_qsl(first.to_search()[1:])), **listed}, now=NOW)
    assert ask(again.to_search()[1:]) == again


@pytest.mark.parametrize(
    ("search", "code", "parameter"),
    [
        ("range=31d", "bad_range", "range"),
        ("range=2026-10-05..2026-10-01", "bad_range", "range"),
        ("range=2026-02-30..2026-03-01", "bad_range", "range"),
        ("range=2026-10-01T08:00..2026-10-01T09:00", "bad_range", "range"),
        ("range=2026-10-01T08:00Z..2026-10-01T08:00Z", "bad_range", "range"),
        ("range=0001-01-01..0001-01-02", "bad_range", "range"),
        ("range=9999-12-30..9999-12-31", "bad_range", "range"),
        ("grain=minute", "bad_grain", "grain"),
        ("grain=hour&range=2020-01-01..2026-01-01", "too_many_points", "grain"),
        ("status=sucess", "bad_status", "status"),
        ("status=success,", "bad_status", "status"),
        ("compare=year", "bad_compare", "compare"),
        ("tz=UTC%2B3", "unknown_zone", "tz"),
        ("model=%00", "bad_model", "model"),
        ("model=,", "bad_model", "model"),  # never all models
        ("model=" + "x" * 201, "bad_model", "model"),
        ("model=" + ",".join(map(str, range(101))), "too_many_names", "model"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_with_what_is_allowed(search: str, code: str, parameter: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask(search)
    assert (caught.value.code, caught.value.parameter) == (code, parameter)
    assert caught.value.message
    assert caught.value.allowed


def test_unknown_parameters_are_refused_only_where_asked() -> None:
    assert ask("utm_source=mail") == ask("")
    with pytest.raises(QueryError) as caught:
        ask("modle=gpt-4", strict=True)
    assert "'model'" in caught.value.message


def test_the_page_learns_of_every_bad_value() -> None:
    _, errors = parse_all({"range": "x", "status": "y", "tz": "z"}, now=NOW)
    assert [error.parameter for error in errors] == ["tz", "range", "status"]


def test_previous_period_ends_at_the_same_quarter_hour_of_the_clock() -> None:
    asked = ask("range=7d", tz="Europe/Berlin")  # now is 14:37 in Berlin: both stop at 14:30
    assert asked.elapsed().end == utc("2026-11-23T13:30")
    before = asked.previous()
    assert before is not None
    assert (before.start, before.end) == (utc("2026-11-09T23:00"), utc("2026-11-16T13:30"))


def test_previous_period_over_a_clock_change_keeps_the_wall_clock() -> None:
    # 26 Oct 2026 12:00Z is 13:00 CET; 7 days before, 13:00 CEST is 11:00Z.
    before = ask("range=7d", tz="Europe/Berlin", now=utc("2026-10-26T12:00")).previous()
    assert before is not None
    assert (before.start, before.end) == (utc("2026-10-12T22:00"), utc("2026-10-19T11:00"))


def test_previous_of_past_days_and_of_instants_and_none() -> None:
    days = ask("range=2026-03-01..2026-03-03").previous()
    assert days is not None
    assert (days.start, days.end) == (utc("2026-02-26T00:00"), utc("2026-03-01T00:00"))
    instants = ask("range=2026-10-01T08:00Z..2026-10-01T09:15Z").previous()
    assert instants is not None
    assert (instants.start, instants.end) == (utc("2026-10-01T06:45"), utc("2026-10-01T08:00"))
    assert ask("compare=none").previous() is None
    assert ask("range=2027-01-01..2027-01-02").previous() is None  # nothing of it has passed


@pytest.mark.parametrize(
    ("search", "grain"),
    [("range=24h", "hour"), ("range=7d", "day"), ("range=90d", "day"), ("range=2025-01-01..2026-01-01", "week")],
)  # fmt: skip
def test_auto_grain_follows_the_range(search: str, grain: str) -> None:
    assert ask(search + "&grain=auto").grain == grain


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("", "last 30 days"),
        ("status=failed&model=gpt-4", "last 30 days, failed runs, model gpt-4"),
        ("range=2026-10-01..2026-10-05", "1 Oct 2026 to 5 Oct 2026"),
        ("range=2026-10-01..2026-10-01&agent=a,b", "1 Oct 2026, agent a or b"),
        ("version=(none)&range=24h", "last 24 hours, version not known"),
    ],
)
def test_filters_in_words(search: str, words: str) -> None:
    assert ask(search).describe() == words
