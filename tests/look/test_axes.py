"""What the browser writes on axes, tooltips and tables: the zone's clock, round steps, exact values."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from queries.calendar import edges
from queries.filters import parse

pytestmark = [
    pytest.mark.browser,
    # selenium 4.2, which dash.testing pins, on its urllib3.
    pytest.mark.filterwarnings("ignore:HTTPResponse.getheader:DeprecationWarning"),
]
NOW = datetime(2026, 11, 22, 13, 32, tzinfo=UTC)


def meta(tz="UTC", grain="day", **parameters):
    """What layouts.charts.series puts into a figure, for whole buckets."""
    filters = parse({**parameters, "grain": grain}, now=NOW, default_tz=tz)
    limits = [f"{edge:%Y-%m-%dT%H:%M}" for edge in edges(filters.start, filters.end, tz, grain)]
    return {"tz": tz, "grain": grain, "x": limits[:-1], "from": limits[0] + "Z", "end": limits[-1] + "Z"}


def labels(sheet, width, **asked):
    return sheet("return fixer.axis.time(arguments[0], arguments[1]).ticktext", meta(**asked), width)


@pytest.mark.parametrize(
    ("asked", "width", "expected"),
    [
        ({"range": "7d"}, 540, ["16 Nov", "17 Nov", "18 Nov", "19 Nov", "20 Nov", "21 Nov", "22 Nov"]),
        ({"range": "7d"}, 260, ["17 Nov", "19 Nov", "21 Nov"]),
        ({"range": "30d"}, 540, ["26 Oct", "2 Nov", "9 Nov", "16 Nov"]),
        ({"range": "90d"}, 540, ["7 Sep", "21 Sep", "5 Oct", "19 Oct", "2 Nov", "16 Nov"]),
        ({"range": "90d"}, 260, ["Sep 2026", "Oct", "Nov"]),
        (
            {"range": "2025-10-01..2026-11-22", "grain": "week"},
            540,
            ["Nov 2025", "Jan 2026", "Mar", "May", "Jul", "Sep", "Nov"],
        ),
        (
            {"range": "24h", "grain": "hour"},
            540,
            ["15:00", "18:00", "21:00", "22 Nov", "03:00", "06:00", "09:00", "12:00"],
        ),
        ({"range": "24h", "grain": "hour", "tz": "Asia/Kolkata"}, 260, ["22 Nov", "06:00", "12:00", "18:00"]),
        (
            {"range": "7d", "grain": "hour"},
            540,
            ["16 Nov", "17 Nov", "18 Nov", "19 Nov", "20 Nov", "21 Nov", "22 Nov"],
        ),
        ({"range": "2026-11-20..2026-11-20"}, 540, ["20 Nov"]),
    ],
)
def test_labels_of_the_time_axis(sheet, asked, width, expected):
    assert labels(sheet, width, **asked) == expected


@pytest.mark.parametrize(
    "tz",
    ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Havana", "Australia/Lord_Howe", "America/New_York"],
)
@pytest.mark.parametrize("range_", ["24h", "7d", "30d", "90d", "2024-01-01..2026-11-22"])
@pytest.mark.parametrize("grain", ["hour", "day", "week"])
def test_labels_are_few_and_there_is_always_one(sheet, tz, range_, grain):
    if grain == "hour" and range_.startswith("2024"):
        pytest.skip("refused by the filters: too many points")
    for width in (250, 540, 900):
        found = labels(sheet, width, tz=tz, range=range_, grain=grain)
        assert 1 <= len(found) <= max(3, min(9, width // 62))
        assert all(one != next_one for one, next_one in pairwise(found))


@pytest.mark.parametrize(
    ("asked", "index", "words"),
    [
        ({"range": "7d"}, 5, "Sat 21 Nov 2026"),
        ({"range": "7d", "tz": "Asia/Kolkata"}, 0, "Mon 16 Nov 2026"),
        ({"range": "2026-11-09..2026-11-22", "grain": "week"}, 1, "Mon 16 – Sun 22 Nov 2026"),
        ({"range": "2026-10-26..2026-11-08", "grain": "week"}, 0, "Mon 26 Oct – Sun 1 Nov 2026"),
        ({"range": "2026-11-10..2026-11-22", "grain": "week"}, 0, "Tue 10 – Sun 15 Nov 2026"),
        (
            {"range": "2026-11-21..2026-11-21", "grain": "hour", "tz": "Europe/Berlin"},
            14,
            "Sat 21 Nov 2026, 14:00 – 15:00",
        ),
        (
            {"range": "2026-10-25..2026-10-25", "grain": "hour", "tz": "Europe/Berlin"},
            2,
            "Sun 25 Oct 2026, 02:00 – 02:00 (GMT+2)",
        ),
        (
            {"range": "2026-10-25..2026-10-25", "grain": "hour", "tz": "Europe/Berlin"},
            3,
            "Sun 25 Oct 2026, 02:00 – 03:00 (GMT+1)",
        ),
        ({"range": "2026-10-25..2026-10-25", "tz": "Europe/Berlin"}, 0, "Sun 25 Oct 2026"),
        (
            {"range": "2026-11-21T10:15Z..2026-11-21T12:00Z", "grain": "hour"},
            0,
            "Sat 21 Nov 2026, 10:15 – 11:00",
        ),
    ],
)
def test_buckets_in_words(sheet, asked, index, words):
    assert sheet("return fixer.axis.bucket(arguments[0], arguments[1])", meta(**asked), index) == words


@pytest.mark.parametrize(
    ("unit", "most", "ticks"),
    [
        ("count", 1150, ["0", "500", "1,000", "1,500"]),
        ("count", 880, ["0", "200", "400", "600", "800", "1,000"]),
        ("count", 3, ["0", "1", "2", "3"]),
        ("count", 0, ["0", "1"]),
        ("count", 22_300, ["0", "5 k", "10 k", "15 k", "20 k", "25 k"]),
        ("tokens", 24e6, ["0", "10 M", "20 M", "30 M"]),
        ("number", 7.4, ["0", "2", "4", "6", "8"]),
        ("usd", 148, ["$0", "$50", "$100", "$150"]),
        ("usd", 0.135, ["$0.00", "$0.05", "$0.10", "$0.15"]),
        ("usd", 0.0042, ["$0.000", "$0.001", "$0.002", "$0.003", "$0.004", "$0.005"]),
        ("usd", 12_000, ["$0", "$5 k", "$10 k", "$15 k"]),
        ("ms", 780, ["0", "200 ms", "400 ms", "600 ms", "800 ms"]),
        ("ms", 52_000, ["0", "15 s", "30 s", "45 s", "60 s"]),
        ("ms", 130_000, ["0", "30s", "1m", "1m 30s", "2m", "2m 30s"]),
        ("ms", 3_000_000, ["0", "15m", "30m", "45m", "60m"]),
        ("ms", 30_000_000, ["0", "2h", "4h", "6h", "8h", "10h"]),
        ("ms", 400_000_000, ["0", "2d", "4d", "6d"]),
    ],
)
def test_labels_of_a_value_axis(sheet, unit, most, ticks):
    axis = sheet("return fixer.axis.value({unit: arguments[0]}, arguments[1])", unit, most)
    assert [text.replace("\u202f", " ") for text in axis["ticktext"]] == ticks
    assert axis["range"][0] == 0
    assert axis["range"][1] >= most


@pytest.mark.parametrize(
    ("least", "ticks"),
    [
        (0.75, ["75 %", "80 %", "85 %", "90 %", "95 %", "100 %"]),
        (0.95, ["95 %", "96 %", "97 %", "98 %", "99 %", "100 %"]),
        (0.0, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
    ],
)
def test_the_axis_of_a_share_ends_at_all(sheet, least, ticks):
    axis = sheet("return fixer.axis.value({unit: 'percent', min: arguments[0]}, 0)", least)
    assert [text.replace("\u202f", " ") for text in axis["ticktext"]] == ticks


@pytest.mark.parametrize("most", [0.15, 0.16, 7.4, 31.2, 1.0, 99])
def test_the_second_axis_has_its_labels_on_the_grid_of_the_first(sheet, most):
    axis = sheet("return fixer.axis.value({unit: 'usd'}, arguments[0], 3)", most)
    assert len(axis["ticktext"]) == 4
    assert axis["range"][1] >= most


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (21482, "count", "21,482"),
        (398_123_456, "tokens", "398,123,456"),
        (7.2146, "number", "7.2146"),
        (2719.5, "usd", "$2,719.50"),
        (0.000123, "usd", "$0.000123"),
        (250.5, "ms", "250.5 ms"),
        (46_200, "ms", "46.2 s"),
        (97_000, "ms", "1m 37s"),
        (59_990, "ms", "1m 00s"),
        (7_380_000, "ms", "2h 03m"),
        (200_000_000, "ms", "2d 07h"),
        (0.90812, "percent", "90.81 %"),
        (0, "count", "0"),
        (None, "usd", "not known"),
    ],
)
def test_values_of_tooltips_and_tables(sheet, value, unit, text):
    assert (
        sheet("return fixer.units.exact(arguments[0], arguments[1])", value, unit).replace("\u202f", " ")
        == text
    )


@pytest.mark.parametrize(
    ("asked", "low", "high", "expected"),
    [
        (
            {"range": "7d"},
            "2026-11-18 03:00",
            "2026-11-19 20:00:00.5",
            "2026-11-18T00:00Z..2026-11-21T00:00Z",
        ),
        ({"range": "7d"}, "2026-11-17 13:00", "2026-11-18 11:00", "2026-11-18T00:00Z..2026-11-19T00:00Z"),
        (
            {"range": "7d", "tz": "Europe/Berlin"},
            "2026-11-17 20:00",
            "2026-11-18 01:00",
            "2026-11-17T23:00Z..2026-11-18T23:00Z",
        ),
        (
            {"range": "2026-11-10..2026-11-22", "grain": "week"},
            "2026-11-09 01:00",
            "2026-11-10 01:00",
            "2026-11-10T00:00Z..2026-11-16T00:00Z",
        ),
    ],
    ids=[
        "touched days belong to it",
        "a bar is its day, from the middle of the gap",
        "days of the zone",
        "no more than was asked for",
    ],
)
def test_a_drag_means_whole_buckets(sheet, asked, low, high, expected):
    assert sheet("return fixer.axis.bounds(...arguments)", meta(**asked), low, high) == expected
