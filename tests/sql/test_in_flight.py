"""Runs in flight: known from their start to their end, counted nowhere, overdue by what their model takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.in_flight import announce, is_announced, row, sweep
from ingest.posts import Sender, receive
from ingest.record import Canon
from ingest.verify import verify
from ingest.write import Writer, take_back_runs
from queries.errors import RecordError
from queries.filters import Filters, parse
from queries.in_flight import InFlight, Patience, in_flight
from queries.store import Query, Store

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = Patience(timedelta(hours=24), timedelta(minutes=60))
WHO = Sender("api", "test", "0")


def announced(invocation_id: str, minutes: float = 5, **fields: Any) -> dict[str, Any]:
    start = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"invocation_id": invocation_id, "status": "running", "start_time": start, "model": "m"} | fields


def ended(invocation_id: str, minutes: float = 5, **fields: Any) -> dict[str, Any]:
    return announced(invocation_id, minutes, status="success", end_time=NOW.isoformat(), **fields)


def send(engine: Engine, *records: dict[str, Any]) -> Any:
    import orjson

    return receive(engine, orjson.dumps(records), Canon(), WHO, now=NOW, most_runs=1_000)


def asked(**params: str) -> Filters:
    return parse(params, now=NOW)


def flying(store: Store, patience: Patience = HOUR, **params: str) -> InFlight:
    return in_flight(store, asked(**params), patience)


def ids(found: InFlight) -> list[str]:
    return [flight.invocation_id for flight in found.flights]


def test_from_its_start_to_its_end(engine: Engine, store: Store) -> None:
    received = send(engine, announced("a", 30, agent="fixer 2.5.0", repository="r"), announced("b", 10))
    assert (received.announced, received.inserted, received.import_id) == (2, 0, None)
    found = flying(store)
    assert (found.total, found.overdue, found.oldest, ids(found)) == (
        2,
        0,
        NOW - timedelta(minutes=30),
        ["a", "b"],
    )
    first = found.flights[0]
    assert (first.agent, first.agent_version, first.model, first.attributes) == (
        "fixer",
        "2.5.0",
        "m",
        {"repository": "r"},
    )
    assert store.fetch(Query(("runs",), asked()))["runs"].tolist() == [0]
    assert send(engine, ended("a", 30)).inserted == 1
    assert ids(flying(store)) == ["b"]
    assert store.fetch(Query(("runs",), asked()))["runs"].tolist() == [1]
    assert verify(engine) == []


def test_a_run_that_has_ended_stays_so_whatever_brought_its_end(
    engine: Engine, store: Store, run: Callable[..., Any]
) -> None:
    send(engine, announced("a"))
    with Writer(engine) as writer:
        writer.write([run(invocation_id="a")])
    assert flying(store).total == 0
    received = send(engine, announced("a"), announced("b"))
    assert (received.read, received.announced, received.already_there) == (2, 1, 1)
    assert ids(flying(store)) == ["b"]
    assert sweep(engine, NOW, HOUR.give_up) == 1
    take_back_runs(engine, ["a"])
    assert ids(flying(store)) == ["b"]


def test_in_one_request_the_end_counts_wherever_it_stands(engine: Engine, store: Store) -> None:
    received = send(
        engine, ended("a"), announced("a"), announced("b"), ended("b"), announced("c"), announced("c", 7)
    )
    assert (received.read, received.inserted, received.announced, received.already_there) == (6, 2, 2, 2)
    found = flying(store)
    assert (ids(found), found.oldest) == (["c"], NOW - timedelta(minutes=7))


def test_overdue_is_longer_than_99_of_100_runs_of_its_model(
    engine: Engine, store: Store, run: Callable[..., Any]
) -> None:
    """Of 100 runs of "m" the 99th takes 10 minutes; "n" has 99 runs, too few to tell: an hour counts."""
    yesterday = NOW - timedelta(days=1)
    rows = [run(yesterday, model="m", duration_ms=60_000) for _ in range(98)]
    rows += [run(yesterday, model="m", duration_ms=600_000) for _ in range(2)]
    rows += [run(yesterday, model="n", duration_ms=60_000) for _ in range(99)]
    rows += [run(yesterday, model="n") for _ in range(5)]  # without a duration
    with Writer(engine) as writer:
        writer.write(rows)
    send(
        engine, announced("m9", 9), announced("m11", 11), announced("n11", 11, model="n"),
        announced("n61", 61, model="n"), announced("new", 61, model="new"), announced("newer", 59, model="new"),
    )  # fmt: skip
    found = flying(store)
    assert {flight.invocation_id for flight in found.flights if flight.overdue} == {"m11", "n61", "new"}
    assert (found.total, found.overdue) == (6, 3)
    due = next(flight.due for flight in found.flights if flight.invocation_id == "m9")
    assert abs(due - (NOW + timedelta(minutes=1))) < timedelta(seconds=6.1)  # the sketch's one per cent
    assert flying(store, Patience(timedelta(hours=24), timedelta(minutes=62))).overdue == 1


def test_filters_of_model_agent_and_version_narrow_and_the_others_do_not(
    engine: Engine, store: Store
) -> None:
    send(
        engine, announced("a", agent="x", agent_version="1"), announced("b", model="n", agent="x"),
        announced("c", model="n", agent="y", agent_version="1"),
    )  # fmt: skip
    assert ids(flying(store, model="n")) == ["b", "c"]
    assert ids(flying(store, agent="x")) == ["a", "b"]
    assert ids(flying(store, version="1", agent="y")) == ["c"]
    assert ids(flying(store, version="(none)")) == ["b"]
    assert flying(store, range="2026-01-01..2026-01-02", status="error").total == 3


def test_silence_gives_a_run_up_and_a_word_keeps_it(engine: Engine, store: Store) -> None:
    send(engine, announced("a", 10), announced("b", 10))
    with engine.begin() as connection:
        connection.execute(text("UPDATE run_in_flight SET heard_at = heard_at - interval '25 h'"))
    assert flying(store).total == 0
    send(engine, announced("b", 10, model="n"))
    assert [(f.invocation_id, f.model) for f in flying(store).flights] == [("b", "n")]
    assert sweep(engine, NOW, HOUR.give_up) == 1
    assert send(engine, ended("a")).inserted == 1


@pytest.mark.parametrize(
    ("record", "code", "field"),
    [
        (announced("a", end_time=NOW.isoformat()), "not_running", "end_time"),
        ({"status": "running", "start_time": NOW.isoformat()}, "no_invocation_id", "invocation_id"),
        ({"status": "running", "invocation_id": "a"}, "no_start_time", "start_time"),
        (announced("a" * 513), "too_long", "invocation_id"),
        (announced("a", model="\x00"), "nul_character", "model"),
    ],
)
def test_an_announcement_is_judged_like_a_run(record: dict[str, Any], code: str, field: str) -> None:
    assert is_announced(record)
    with pytest.raises(RecordError) as caught:
        row(record, Canon(), NOW)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_many_announce_the_same_runs_at_once(database_url: str, engine: Engine) -> None:
    import random

    from tests.sql.test_concurrency import at_once

    rows = [row(announced(f"run-{number}"), Canon(), NOW) for number in range(60)]

    def work(_: int, own: Engine, rng: random.Random) -> int:
        return sum(announce(own, rng.sample(rows, 40)) for _ in range(10))

    assert at_once(database_url, 6, work) == [400] * 6
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM run_in_flight")).scalar_one() == 60
