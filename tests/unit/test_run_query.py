"""Which runs are asked for: every bad value is named, every good one has one meaning and one spelling."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from queries.errors import QueryError
from queries.filters import parse as parse_filters
from queries.run_query import Between, RunQuery, parse

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)


def ask(**asked: str) -> RunQuery:
    return parse(asked, parse_filters({}, now=NOW))


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0s", "0"),
        ("1500ms", "1500"),
        ("30s", "30000"),
        ("1.5s", "1500"),
        ("2m", "120000"),
        ("1m30s", "90000"),
        ("1h 30m", "5400000"),
        ("2d", "172800000"),
        ("0.001ms", "0.001"),
    ],
)
def test_lengths_of_time(text: str, milliseconds: str) -> None:
    assert ask(min_duration=text).duration == Between(Decimal(milliseconds), None)
    assert ask(max_duration=text).duration == Between(None, Decimal(milliseconds))


@pytest.mark.parametrize(("text", "dollars"), [("0", "0"), ("$3.50", "3.5"), ("0.000000001", "1E-9")])
def test_amounts_of_money(text: str, dollars: str) -> None:
    assert ask(min_cost=text).cost.low == Decimal(dollars)


@pytest.mark.parametrize(
    ("asked", "code", "named"),
    [
        ({"sort": "price"}, "bad_sort", "price"),
        ({"sort": "-cots"}, "bad_sort", "Did you mean '-cost'"),
        ({"min_duration": "30"}, "bad_min_duration", "'30'"),
        ({"max_duration": "soon"}, "bad_max_duration", "'soon'"),
        ({"min_duration": "-3s"}, "bad_min_duration", "'-3s'"),
        ({"min_duration": "1e9s"}, "bad_min_duration", "'1e9s'"),
        ({"min_duration": "2m", "max_duration": "30s"}, "bad_min_duration", "more than max_duration '30s'"),
        ({"min_cost": "five"}, "bad_min_cost", "'five'"),
        ({"max_cost": "NaN"}, "bad_max_cost", "'NaN'"),
        ({"max_cost": "1e3"}, "bad_max_cost", "'1e3'"),
        ({"min_cost": "2", "max_cost": "1"}, "bad_min_cost", "more than max_cost '1'"),
        ({"outlier": "files"}, "bad_outlier", "'files'"),
        ({"import": "0"}, "bad_import", "'0'"),
        ({"import": "-1"}, "bad_import", "'-1'"),
        ({"import": "٣"}, "bad_import", "'٣'"),
        ({"import": "9" * 19}, "bad_import", "is not the number of one"),
        ({"import": "november.jsonl"}, "bad_import", "'november.jsonl'"),
        ({"q": "x" * 601}, "bad_q", "cannot be searched for"),
        ({"q": "a\x00b"}, "bad_q", "cannot be searched for"),
        ({"q": "a\ud800b"}, "bad_q", "cannot be searched for"),
    ],
)
def test_a_bad_value_is_named(asked: dict[str, str], code: str, named: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask(**asked)
    assert caught.value.code == code
    assert code == f"bad_{caught.value.parameter}"
    assert named in caught.value.message
    assert caught.value.allowed


def test_nothing_asked_is_the_newest_of_all() -> None:
    query = ask()
    assert (query.column, query.descending, query.narrowed) == ("start_time", True, False)
    assert query.parameters() == {}
    assert query.describe() == ""


def test_what_is_asked_survives_its_own_spelling() -> None:
    query = ask(sort="cost", q=" rate limit ", min_duration="90s", max_cost="$0.50", outlier="tokens")
    assert query.parameters() == {
        "sort": "cost",
        "q": "rate limit",
        "min_duration": "90000ms",
        "max_cost": "0.5",
        "outlier": "tokens",
    }
    assert ask(**query.parameters()) == query


def test_words() -> None:
    query = ask(q="timeout", min_duration="90s", max_duration="2h", min_cost="0.05", outlier="cost")
    assert query.describe() == (
        "matching 'timeout', duration from 90s to 2h, cost at least $0.05, with unusual cost"
    )
    assert ask(min_duration="0s", max_cost="0").describe() == "duration at least 0ms, cost at most $0.00"


def test_two_questions_have_two_keys() -> None:
    asked = [{}, {"sort": "cost"}, {"q": "a"}, {"min_cost": "1"}, {"max_cost": "1"}, {"min_duration": "1s"},
             {"outlier": "cost"}, {"outlier": "tokens"}]  # fmt: skip
    assert len({ask(**one).key() for one in asked}) == len(asked)
