"""Runs of spans in the log of imports: each has an entry there, and what is taken back stays so."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, text

from ingest.imports import take_back
from ingest.otlp import decode
from ingest.otlp.stored import Kept
from ingest.otlp.traces import SpanKeeper
from ingest.otlp.waiting import Stale
from ingest.posts import Sender, receive
from ingest.record import Canon
from ingest.verify import verify
from queries.health import Import, read_imports
from tests import spans as otlp

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SENDER = Sender("otlp", "tests", "1")
AT_ONCE = timedelta(0)
HEX = otlp.TRACE.hex()


def send(engine: Engine, *spans: Any, sender: Sender = SENDER, short: int = 200) -> Kept:
    body = otlp.request(spans, {"service.name": "tests"}).SerializeToString()
    return SpanKeeper(engine, short=short).keep(decode.spans_of(body, decode.PROTOBUF, NOW).spans, sender)


def settle(engine: Engine) -> int:
    return SpanKeeper(engine).settle(AT_ONCE, AT_ONCE)


def log(engine: Engine) -> dict[int, Import]:
    with engine.connect() as connection:
        return {found.import_id: found for found in read_imports(connection)}


def undo_last(engine: Engine) -> int:
    return take_back(engine, max(log(engine)))


def runs(engine: Engine) -> dict[str, int | None]:
    """Agent and input tokens of each; the rollups agree with them."""
    assert verify(engine) == []
    with engine.connect() as connection:
        found = connection.execute(text("SELECT agent, input_tokens FROM agent_execution")).all()
    assert len({agent for agent, _ in found}) == len(found)
    return {row.agent: row.input_tokens for row in found}


def agent(number: int, name: str, parent: int | None = None, **more: Any) -> Any:
    return otlp.span(number, parent, otlp.agent(name), begin=0, end=50, **more)


def call(number: int, parent: int, tokens: int) -> Any:
    return otlp.span(number, parent, otlp.chat(tokens, 1), begin=1, end=2)


def test_undone_stays_undone(engine: Engine) -> None:
    send(engine, agent(1, "a"), call(2, 1, 100))
    assert undo_last(engine) == 1
    assert send(engine, call(3, 1, 7)).new == 1
    send(engine, agent(1, "a", error="after all"), call(2, 1, 101))  # the same spans, told otherwise
    send(engine, agent(4, "inner", 1), call(5, 4, 9))  # under it, as well
    settle(engine)
    assert runs(engine) == {}
    assert sorted(entry.inserted for entry in log(engine).values()) == [0, 1]


def test_new_agents_of_the_trace_are_no_part_of_it(engine: Engine) -> None:
    send(engine, agent(1, "a", 9), call(2, 1, 100), otlp.span(9, None))
    undo_last(engine)
    assert runs(engine) == {}
    send(engine, agent(3, "b", 8), call(4, 3, 5), otlp.span(8, None))
    assert runs(engine) == {"b": 5}
    send(engine, call(5, 1, 1000), call(6, 3, 20))
    assert runs(engine) == {"b": 25}
    assert undo_last(engine) == 1
    assert runs(engine) == {}


def test_an_agent_above_it_that_comes_later_counts_without_it(engine: Engine) -> None:
    send(engine, agent(2, "served", 1, flags=otlp.REMOTE), call(3, 2, 100))
    assert runs(engine) == {"served": 100}
    undo_last(engine)
    send(engine, agent(1, "calling"), call(4, 1, 5), call(5, 2, 1000))
    assert runs(engine) == {"calling": 5}


def test_what_came_home_to_it_stays_away(engine: Engine) -> None:
    """Spans whose parent was lost belonged to the one agent of their trace."""
    send(engine, agent(1, "a"), call(3, 2, 100))
    settle(engine)
    assert runs(engine) == {"a": 100}
    undo_last(engine)
    send(engine, call(4, 2, 7), call(5, 6, 8))
    settle(engine)
    assert runs(engine) == {}
    send(engine, agent(7, "b"), call(8, 7, 9))
    assert runs(engine)["b"] == 9


def test_a_run_under_a_name_of_its_own(engine: Engine) -> None:
    said = {"fixer_metrics.invocation_id": "mine", "fixer_metrics.trace_id": "not this"}
    send(engine, otlp.span(1, None, otlp.agent("a", **said)), call(2, 1, 100))
    undo_last(engine)
    send(engine, call(3, 1, 7))
    assert runs(engine) == {}


def test_only_what_the_import_brought_goes(engine: Engine) -> None:
    other = Sender("otlp", "others", "2")
    send(engine, agent(1, "a"), call(2, 1, 100), sender=other)
    send(engine, otlp.span(7, None), agent(3, "b", 7), call(4, 3, 5))
    assert runs(engine) == {"a": 100, "b": 5}
    assert undo_last(engine) == 1
    send(engine, call(5, 1, 20), call(6, 3, 40), sender=other)
    assert runs(engine) == {"a": 120}


def test_a_posted_run_takes_its_trace_with_it_and_may_be_posted_again(engine: Engine) -> None:
    said = {"invocation_id": "job", "start_time": "2026-11-20T10:00:00Z", "trace_id": HEX, "agent": "a"}

    def post() -> Any:
        return receive(engine, orjson.dumps(said), Canon(), SENDER, now=NOW, most_runs=9)

    post()
    send(engine, agent(1, "x"), call(2, 1, 100))
    assert runs(engine) == {"a": 100}
    assert sum(take_back(engine, number) for number in log(engine)) == 1
    assert send(engine, call(3, 1, 7)).late == 1
    assert runs(engine) == {}
    assert post().inserted == 1
    assert runs(engine) == {"a": None}


def test_runs_that_come_by_waiting_have_an_entry(engine: Engine) -> None:
    send(engine, call(2, 1, 100))
    assert (runs(engine), [entry.brought for entry in log(engine).values()]) == ({}, [0])
    assert settle(engine) == 1
    assert runs(engine) == {"tests": 100}
    (entry,) = log(engine).values()
    assert (entry.read, entry.inserted, entry.replaced) == (1, 1, 0)
    assert entry.can_be_taken_back
    assert undo_last(engine) == 1
    assert runs(engine) == {}


def test_each_run_belongs_to_the_sender_of_its_spans(engine: Engine) -> None:
    for number in (1, 2, 3):
        trace = number.to_bytes(16, "big")
        unfinished = otlp.span(2, 1, otlp.chat(number, 1), trace=trace, name=f"of {number}")
        send(engine, unfinished, sender=Sender("otlp", f"sender {number % 2}", str(number % 2)))
    assert settle(engine) == 3
    sources = {entry.source.rsplit(" ", 3)[0]: entry.inserted for entry in log(engine).values()}
    assert sources == {"otlp: sender 0": 1, "otlp: sender 1": 2}


def test_runs_that_catch_up_are_counted_as_replaced(engine: Engine) -> None:
    send(engine, agent(1, "a"), *(call(number, 1, 1) for number in range(2, 50)), short=0)
    send(engine, call(50, 1, 1), short=0)
    assert runs(engine) == {"a": 48}
    assert SpanKeeper(engine).catch_up(Stale(AT_ONCE, AT_ONCE)) == 1
    assert runs(engine) == {"a": 49}
    (entry,) = log(engine).values()
    assert (entry.inserted, entry.replaced) == (1, 1)


def test_an_import_that_was_taken_back_brings_nothing_by_waiting(engine: Engine) -> None:
    send(engine, call(2, 1, 100))
    assert undo_last(engine) == 0
    assert settle(engine) == 1
    assert runs(engine) == {}
    # The agent ends after that: it is a run of another import, and all of its calls are its own.
    send(engine, agent(1, "a"))
    assert runs(engine) == {"a": 100}
    assert sorted(entry.brought for entry in log(engine).values()) == [0, 1]


def test_an_import_that_was_taken_back_catches_up_no_more(engine: Engine) -> None:
    send(engine, agent(1, "a"), *(call(number, 1, 1) for number in range(2, 50)), short=0)
    send(engine, call(50, 1, 1), short=0, sender=Sender("otlp", "others", "2"))
    undo_last(engine)
    due = Stale(AT_ONCE, AT_ONCE)
    assert (SpanKeeper(engine).catch_up(due), SpanKeeper(engine).catch_up(due)) == (1, 0)
    assert runs(engine) == {"a": 48}
    send(engine, call(51, 1, 1))
    assert runs(engine) == {"a": 50}


def test_what_is_sent_while_an_import_is_taken_back_is_another_one(engine: Engine) -> None:
    send(engine, otlp.span(1, None))  # the month is there
    errors: list[BaseException] = []

    def sending(client: int) -> None:
        try:
            for number in range(1, 41):
                trace = (client * 10_000 + number).to_bytes(16, "big")
                head = otlp.span(1, None, otlp.agent(f"{client}-{number}"), trace=trace)
                send(engine, head)
        except BaseException as error:
            errors.append(error)

    clients = [threading.Thread(target=sending, args=(client,)) for client in (1, 2, 3)]
    for client in clients:
        client.start()
    while any(client.is_alive() for client in clients):
        undo_last(engine)
    for client in clients:
        client.join()
    assert errors == []
    kept = "SELECT count(*) FROM agent_execution JOIN data_import USING (import_id) WHERE taken_back_at IS NOT NULL"
    with engine.connect() as connection:
        assert connection.execute(text(kept)).scalar_one() == 0
    assert verify(engine) == []


@pytest.mark.parametrize("closed", [False, True])
def test_traces_that_are_closed_can_be_taken_back(engine: Engine, closed: bool) -> None:
    send(engine, agent(1, "a"), call(2, 1, 100))
    if closed:
        SpanKeeper(engine).close(AT_ONCE)
    assert undo_last(engine) == 1
    assert send(engine, call(3, 1, 7)).late == closed
    assert runs(engine) == {}
