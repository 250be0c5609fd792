"""What A and B are: from a URL, by default, and back into one spelling."""

from datetime import UTC, datetime

import pytest

from queries.errors import QueryError
from queries.filters import Filters, parse
from queries.pair import Pair, pair

NOW = datetime(2026, 11, 22, 13, 32, tzinfo=UTC)
EXTENT = (datetime(2026, 5, 1, 12, tzinfo=UTC), NOW)
MEMBERS = {
    "model": [("gpt-4", 900), ("claude", 700), ("o1", 3)],
    "version": [("2.5", 800), ("2.4", 700), ("", 100)],
    "agent": [("fixer", 1600)],
    "attr.repository": [("web, old", 1000), ("", 600)],
}


def of(members: dict[str, list[tuple[str, int]]] = MEMBERS, **params: str) -> Pair:
    common = parse(params, now=NOW, default_tz="Europe/Berlin", extent=lambda: EXTENT)
    return pair(params, common, members=lambda _filters, by: members.get(by, []), extent=lambda: EXTENT)


def sides(found: Pair) -> tuple[Filters, Filters]:
    assert found.b is not None
    return found.a.filters, found.b.filters


def test_by_default_the_two_models_with_most_runs() -> None:
    found = of(status="failed")
    a, b = sides(found)
    assert (a.model, b.model) == (("gpt-4",), ("claude",))
    assert a.status == b.status == ("failed",)
    assert found.by == "model"
    assert found.b
    assert (found.a.search, found.b.search) == ("model=gpt-4", "model=claude")
    assert (found.a.words, found.b.words) == ("model gpt-4", "model claude")
    assert found.members == tuple(MEMBERS["model"])


def test_where_there_is_one_model_the_next_dimension_is_compared() -> None:
    found = of({**MEMBERS, "model": [("gpt-4", 900)]})
    assert found.by == "version"
    assert [side.version for side in sides(found)] == [("2.5",), ("2.4",)]


def test_where_nothing_differs_this_period_and_the_one_before() -> None:
    found = of({}, range="7d")
    a, b = sides(found)
    assert found.by == "period"
    assert found.b
    assert found.b.search == "period=previous"
    # Both stop at the last full quarter hour before now (14:32 in Berlin), seven days apart.
    assert (a.start, a.end) == (
        datetime(2026, 11, 15, 23, tzinfo=UTC),
        datetime(2026, 11, 22, 13, 30, tzinfo=UTC),
    )
    assert (b.start, b.end) == (
        datetime(2026, 11, 8, 23, tzinfo=UTC),
        datetime(2026, 11, 15, 13, 30, tzinfo=UTC),
    )
    assert found.b.words.startswith("the previous period, 9 Nov 2026 00:00 to 15 Nov 2026 14:30")


def test_the_period_before_of_a_past_one_is_told_in_days() -> None:
    found = of(range="2026-10-08..2026-10-14", b="period=previous")
    assert found.b
    assert found.b.words == "the previous period, 1 Oct 2026 to 7 Oct 2026"
    assert found.a.words == "8 Oct 2026 to 14 Oct 2026"
    assert found.by == "period"


def test_members_of_a_dimension_that_was_chosen() -> None:
    found = of(by="attr.repository")
    assert [side.attributes for side in sides(found)] == [
        (("repository", ("web, old",)),),
        (("repository", ("",)),),
    ]
    assert found.b
    assert (found.a.search, found.b.search) == ("attr.repository=web%252C%20old", "attr.repository=(none)")
    again = of(a=found.a.search, b=found.b.search)
    assert sides(again) == sides(found)
    assert again.by == "attr.repository"


def test_a_dimension_with_one_member_has_nothing_to_compare() -> None:
    found = of(by="agent")
    assert found.b is None
    assert found.members == (("fixer", 1600),)


def test_sides_of_one_s_own_replace_what_is_common() -> None:
    found = of(model="o1", status="failed", a="model=gpt-4&status=all", b="range=7d")
    a, b = sides(found)
    assert (a.model, a.statuses) == (("gpt-4",), ())
    assert (b.model, b.status, b.range) == (("o1",), ("failed",), "7d")
    assert a.range == "30d"
    assert (found.a.search, found.b and found.b.search) == ("model=gpt-4&status=all", "range=7d")
    assert (found.a.words, found.b and found.b.words) == ("model gpt-4", "last 7 days")


def test_what_is_as_in_the_common_filters_is_left_out() -> None:
    found = of(status="failed", a="status=failed&model=gpt-4", b="model=claude")
    assert found.a.search == "model=gpt-4"


def test_the_same_on_both_sides_is_nothing_to_compare() -> None:
    assert of(a="model=gpt-4", b="model=gpt-4").b is None


def test_one_side_alone_stands_against_all() -> None:
    found = of(a="model=gpt-4", status="success")
    assert sides(found)[1].model == ()
    assert found.b
    assert found.b.words == "last 30 days"


@pytest.mark.parametrize(
    ("params", "code", "says"),
    [
        ({"a": "modle=gpt-4"}, "bad_a", "did you mean 'model'"),
        ({"b": "period=next"}, "bad_b", "period 'next'"),
        ({"b": "gpt-4"}, "bad_b", "'gpt-4'"),
        ({"a": "range=soon"}, "bad_a", "soon"),
        ({"a": "status=fine"}, "bad_a", "fine"),
        ({"range": "all", "b": "period=previous"}, "bad_b", "there is none"),
        ({"by": "weather"}, "bad_by", "weather"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, str], code: str, says: str) -> None:
    with pytest.raises(QueryError) as refused:
        of(**params)
    assert refused.value.code == code
    assert says.lower() in str(refused.value.message).lower()
