"""Facets (error category and template, tool, attribute) equal plain SQL over raw rows, whatever happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ingest.facets import configure, refresh
from ingest.rebuild import rebuild
from ingest.write import Writer, take_back_runs
from queries.conditions import where
from queries.errors import QueryError
from queries.facets import ROLLED_UP
from queries.filters import Filters, parse
from queries.schema import CONTENT_COLUMNS
from queries.store import Query, Store
from tests.conftest import uncached
from tests.sql import test_query_properties as properties
from tests.sql.test_query_properties import NOW, ORACLES, same

EVER = datetime(2100, 1, 1, tzinfo=UTC)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Any, ...]:
    row = dict(zip(CONTENT_COLUMNS, draw(properties.runs()), strict=True))
    row["error_category"] = draw(st.sampled_from([None, "timeout", "network"]))
    row["error_template"] = draw(st.sampled_from([None, "took <n> s", "50 % of %s"]))
    row["tools_used"] = draw(st.sampled_from([None, "{}", '{"bash": 2}', '{"bash": 1, "edit": 3}']))
    row["attributes"] = draw(
        st.sampled_from(["{}", '{"repository": "a/b"}', '{"repository": "c", "o\'k%": 1}', '{"user": "ü"}'])
    )
    return tuple(row.values())


# Written by hand, beside what queries/facets.py says: facet -> (values of a run, as an array).
VALUES = {
    "error_category": "ARRAY[coalesce(error_category, '')]",
    "error_template": (
        "CASE WHEN error_template IS NOT NULL THEN ARRAY[error_template] "
        "WHEN status IN ('failure', 'error') THEN ARRAY[''] ELSE '{}' END"
    ),
    "tool": "ARRAY(SELECT jsonb_object_keys(coalesce(tools_used, '{}')))",
    "attr.repository": "ARRAY[coalesce(attributes ->> 'repository', '')]",
    "attr.o'k%": "ARRAY[coalesce(attributes ->> 'o''k%', '')]",  # never rolled up
}
FILTERS = {
    "category": ("error_category", ["timeout", "network,(none)"]),
    "error": ("error_template", ["took <n> s", "50 %25 of %25s,(none)"]),
    "tool": ("tool", ["bash", "edit", "bash,edit"]),
    "attr.repository": ("attr.repository", ["a/b", "(none)", "a/b,c"]),
    "attr.o'k%": ("attr.o'k%", ["1"]),
}


@st.composite
def questions(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    """Parameters, and what to break down by."""
    asked = draw(properties.questions())
    for name in draw(st.lists(st.sampled_from(list(FILTERS)), max_size=2, unique=True)):
        asked[name] = draw(st.sampled_from(FILTERS[name][1]))
    return asked, draw(st.sampled_from([*VALUES, "model", "agent_version"]))


def within(filters: Filters) -> tuple[str, dict[str, Any]]:
    condition, values = properties.where(filters)
    for number, (facet, names) in enumerate(filters.facets):
        condition += f" AND {VALUES[facet]} && CAST(:facet{number} AS text[])"
        values[f"facet{number}"] = list(names)
    return condition, values


def raw(engine: Engine, filters: Filters, by: str, label: str) -> dict[tuple[Any, Any], dict[str, float]]:
    condition, values = within(filters)
    member = f"unnest({VALUES[by]})" if by in VALUES else f"coalesce({by}, '')"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in ORACLES.items())
    statement = (
        f"SELECT {label} AS label, member, {columns} FROM (SELECT *, {member} AS member, "
        f"start_time AT TIME ZONE '{filters.tz}' AS local FROM agent_execution WHERE {condition}) AS r GROUP BY 1, 2"
    )
    with engine.connect() as connection:
        rows = list(connection.execute(text(statement), values))
    return {
        (row.label, row.member): {
            n: np.nan if getattr(row, n) is None else float(getattr(row, n)) for n in ORACLES
        }
        for row in rows
    }


def play(engine: Engine, story: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    for step, batch in story:
        if step == "refresh":
            refresh(engine, until=EVER, most=len(batch))
        else:
            properties.play(engine, [(step, batch)])


steps = st.lists(
    st.tuples(st.sampled_from(["write", "write", "replace", "take back", "compact", "refresh", "refresh"]),
              st.lists(runs(), min_size=1, max_size=12)),
    min_size=1, max_size=7,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=steps, asked=st.lists(questions(), min_size=4, max_size=4))
def test_any_question_about_facets_equals_plain_sql(
    module_engine: Engine, story: list[Any], asked: list[tuple[dict[str, str], str]]
) -> None:
    properties.wipe(module_engine)
    play(module_engine, story)
    # A new one, which remembers no frames: wiping is no commit of data.
    module_store = uncached(module_engine)
    for params, by in asked:
        filters = parse(params, now=NOW)
        frame = module_store.fetch(Query(tuple(ORACLES), filters, by=by))
        expected = raw(module_engine, filters, by, "0")
        assert sorted(frame[by]) == sorted(member for _, member in expected)
        for _, row in frame.iterrows():
            same(row, expected[0, row[by]])
        check_series(module_engine, module_store, filters, by)


def check_series(engine: Engine, store: Store, filters: Filters, by: str) -> None:
    if filters.grain == "hour":
        return  # labels of hours are checked in test_query_properties
    frame = store.fetch(Query(tuple(ORACLES), filters, by=by, grain=filters.grain))
    expected = raw(engine, filters, by, properties.LOCAL_BUCKET[filters.grain])
    for _, row in frame.iterrows():
        if row["runs"]:
            same(row, expected.pop((properties.label(row["start"], filters.grain, filters.tz), row[by])))
    assert not expected


def rows(run: Callable[..., Any]) -> list[tuple[Any, ...]]:
    start = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
    return [
        run(start, status="success", tools_used='{"bash": 2, "edit": 1}', cost_usd=1,
            attributes='{"repository": "a"}'),
        run(start + timedelta(hours=1), status="error", tools_used='{"bash": 5}', cost_usd=2,
            error_category="timeout", error_template="took <n> s", attributes='{"repository": "a"}'),
        run(start + timedelta(days=1), status="failure", tools_used="{}", attributes='{"repository": "b"}'),
        run(start + timedelta(days=2), status="unknown"),
    ]  # fmt: skip


@pytest.mark.parametrize("made", [False, True])
def test_groups_by_facet(engine: Engine, store: Store, run: Callable[..., Any], made: bool) -> None:
    with Writer(engine) as writer:
        writer.write(rows(run))
    if made:
        # 10:00 and 11:00 of the 20th, and 10:00 of the two days after.
        assert refresh(engine, until=EVER) == 4
    filters = parse({"range": "2026-11-20..2026-11-23"}, now=NOW)

    def by(facet: str, *metrics: str) -> list[list[Any]]:
        return store.fetch(Query(("runs", *metrics), filters, by=facet)).to_numpy().tolist()

    assert by("tool") == [["bash", 7, 2], ["edit", 1, 1]]
    assert by("error_category") == [["", 3], ["timeout", 1]]
    assert by("error_template") == [["", 1], ["took <n> s", 1]]
    assert by("attr.repository", "successes", "failed") == [["a", 2, 1, 1], ["", 1, 0, 0], ["b", 1, 0, 1]]
    assert store.names("attr.repository") == [("a", 2), ("", 1), ("b", 1)]
    assert store.names("tool") == [("bash", 2), ("edit", 1)]
    values, counts = store.bins(filters, "cost_sketch", by="attr.repository")["a"]
    assert values.tolist() == pytest.approx([1, 2], rel=0.01)
    assert counts.tolist() == [1, 1]


def test_a_bucket_of_a_half_hour_zone_is_cut_where_it_ends(
    engine: Engine, store: Store, run: Callable[..., Any]
) -> None:
    """A bucket of a chart knows its bounds in its zone: 18:00 to 19:00 in Kolkata is 12:30 to 13:30 UTC.

    | start (UTC) | category | in the bucket |
    | 12:15 | timeout | no |
    | 12:45 | network | yes |
    | 13:15 | network | yes |
    | 13:45 | timeout | no |
    """
    starts = {"12:15": "timeout", "12:45": "network", "13:15": "network", "13:45": "timeout"}
    rows = [
        run(f"2026-11-20T{at}+00:00", status="error", error_category=category)
        for at, category in starts.items()
    ]
    with Writer(engine) as writer:
        writer.write(rows)
    refresh(engine, until=EVER)
    day = parse({"range": "2026-11-20..2026-11-20", "tz": "Asia/Kolkata", "grain": "hour"}, now=NOW)
    hours = store.fetch(Query(("runs",), day, grain="hour"))
    busiest = hours.iloc[int(hours["runs"].argmax())]
    bucket = replace(day, start=busiest["start"], end=busiest["end"])
    found = store.fetch(Query(("runs",), bucket, by="error_category"))
    assert dict(zip(found["error_category"], found["runs"], strict=True)) == {"network": 2}


def test_only_hours_that_are_over_are_made(engine: Engine, run: Callable[..., Any]) -> None:
    now = datetime.now(UTC)
    with Writer(engine) as writer:
        writer.write([run(now), run(now - timedelta(hours=1))])
    assert refresh(engine) == 1
    assert refresh(engine) == 0


def test_a_refresh_ends_while_an_hour_is_written_again_and_again(
    engine: Engine, run: Callable[..., Any]
) -> None:
    with Writer(engine) as writer:
        writer.write([run("2026-11-19T10:00+00:00"), run("2026-11-20T10:00+00:00")])
    with engine.begin() as connection:  # as fast as a writer can be: the hour is out of date at once
        connection.execute(
            text(
                "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "INSERT INTO facet_dirty VALUES ('2026-11-19 10:00+00'); RETURN NULL; END $$"
            )
        )
        connection.execute(text(
            "CREATE TRIGGER again AFTER DELETE ON facet_dirty FOR EACH STATEMENT EXECUTE FUNCTION again()"))  # fmt: skip
    try:
        assert refresh(engine, until=EVER, most=1) == 2
        with engine.connect() as connection:
            left = connection.execute(text("SELECT DISTINCT hour FROM facet_dirty")).scalars().all()
        assert left == [datetime(2026, 11, 19, 10, tzinfo=UTC)]
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP FUNCTION again CASCADE"))


def test_an_attribute_is_added_and_filled_and_another_one_forgotten(
    engine: Engine, store: Store, run: Callable[..., Any]
) -> None:
    with Writer(engine) as writer:
        writer.write([run(attributes='{"team": "x"}'), run(attributes='{"team": "y"}'), run()])
    rebuild(engine, ["team"])
    assert set(store.facets()) == {*ROLLED_UP, "attr.team"}
    with engine.begin() as connection:
        found = connection.execute(
            text("SELECT value, runs FROM facet_day WHERE facet = 'attr.team' ORDER BY value")
        )
        assert found.all() == [("", 1), ("x", 1), ("y", 1)]
        left = "SELECT count(*) FROM facet_dirty, facet_hour WHERE facet = 'attr.repository'"
        assert connection.execute(text(left)).scalar_one() == 0
    assert configure(engine, ["team"]) == []


def test_conditions_are_the_runs_of_the_filters(
    engine: Engine, store: Store, run: Callable[..., Any]
) -> None:
    with Writer(engine) as writer:
        writer.write(rows(run))
    take_back_runs(engine, [])
    for params, number in (
        ({"tool": "bash"}, 2),
        ({"tool": "(none)"}, 2),
        ({"category": "timeout", "attr.repository": "a"}, 1),
        ({"error": "(none)"}, 1),
        ({"status": "unknown", "attr.repository": "(none)"}, 1),
    ):
        filters = parse({"range": "2026-11-20..2026-11-23", **params}, now=NOW)
        condition, values = where(filters)
        count = f"SELECT count(*) FROM agent_execution AS r WHERE {condition}"
        assert store.uncached(lambda c, q=count, v=values: c.exec_driver_sql(q, v).scalar_one()) == number
        assert store.fetch(Query(("runs",), filters))["runs"].iloc[0] == number


def test_a_facet_with_a_value_for_nearly_every_run_keeps_no_hours(
    engine: Engine, store: Store, run: Callable[..., Any]
) -> None:
    start = datetime(2026, 11, 20, 10, tzinfo=UTC)
    with Writer(engine) as writer:
        writer.write([run(start, attributes=f'{{"task": "t{n}", "user": "u"}}') for n in range(600)])
    refresh(engine, until=EVER)
    assert store.facets()["attr.task"] is False
    assert store.facets()["attr.user"] is True
    filters = parse({"range": "2026-11-19..2026-11-21", "attr.task": "t7", "tz": "Asia/Kolkata"}, now=NOW)
    frame = store.fetch(Query(("runs",), filters, grain="hour"))
    assert frame["runs"].sum() == 1
    with Writer(engine) as writer:
        writer.write([run(start + timedelta(minutes=5), attributes='{"task": "t7"}')])
    refresh(engine, until=EVER)
    assert store.fetch(Query(("runs",), filters))["runs"].iloc[0] == 2


def test_dimensions_are_checked(store: Store) -> None:
    filters = parse({}, now=NOW)
    with pytest.raises(QueryError, match="is not a dimension"):
        store.fetch(Query(("runs",), filters, by="colour"))
    with pytest.raises(QueryError, match="cannot name an attribute"):
        parse({"attr." + "x" * 200: "1"}, now=NOW)
