"""A run that is posted and names its trace, and the spans of that trace: one run, whichever came first."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, text

from ingest.otlp import decode
from ingest.otlp.traces import SpanKeeper
from ingest.posts import Received, Sender, receive
from ingest.record import Canon
from ingest.verify import verify
from tests import spans as otlp

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEX = otlp.TRACE.hex()
SENDER = Sender("api", "tests", "1")
SPANS = (
    otlp.span(1, None, name="job", begin=0, end=60),
    otlp.span(2, 1, otlp.agent("solver"), begin=1, end=50),
    otlp.span(3, 2, otlp.chat(100, 10), begin=2, end=3),
    otlp.span(4, 2, otlp.tool("bash"), begin=3, end=4),
)


def posted(**more: Any) -> dict[str, Any]:
    """What a program says of its run when it knows how it went."""
    said = {"invocation_id": "job-1", "status": "failure", "start_time": "2026-11-20T10:00:00Z"}
    return said | {"files_modified_count": 2, "trace_id": HEX} | more


def post(engine: Engine, *records: dict[str, Any], replace: bool = False) -> Received:
    body = orjson.dumps(list(records))
    return receive(engine, body, Canon(), SENDER, now=NOW, most_runs=100, replace=replace)


def send(engine: Engine, *spans: Any) -> None:
    body = otlp.request(spans or SPANS).SerializeToString()
    SpanKeeper(engine).keep(decode.spans_of(body, decode.PROTOBUF, NOW).spans)


def runs(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM agent_execution ORDER BY invocation_id")).mappings()
        return [dict(row) for row in rows]


def check_one(engine: Engine, **wanted: Any) -> None:
    (run,) = runs(engine)
    assert run["invocation_id"] == "job-1"
    assert (run["status"], run["files_modified_count"]) == ("failure", 2)
    assert (run["agent"], run["model"], run["input_tokens"], run["output_tokens"]) == (
        "solver",
        "gpt-4o",
        100,
        10,
    )
    assert (run["llm_call_count"], run["tools_used"]) == (1, {"bash": 1})
    assert (run["start_time"], run["duration_ms"]) == (otlp.BEGIN + timedelta(seconds=1), 49_000)
    assert run["attributes"]["trace_id"] == HEX
    assert {name: run[name] for name in wanted} == wanted
    assert verify(engine) == []


def test_the_post_comes_first(engine: Engine) -> None:
    assert post(engine, posted()).inserted == 1
    send(engine)
    check_one(engine)


def test_the_spans_come_first(engine: Engine) -> None:
    send(engine)
    assert [run["invocation_id"] for run in runs(engine)] == [f"{HEX}-{2:016x}"]
    assert post(engine, posted()).inserted == 1
    check_one(engine)


def test_the_post_comes_in_between(engine: Engine) -> None:
    send(engine, *SPANS[2:])
    post(engine, posted())
    send(engine, *SPANS[:2])
    check_one(engine)


def test_the_spans_are_gone_already(engine: Engine) -> None:
    send(engine)
    assert SpanKeeper(engine).close(timedelta(0)) == 1
    assert post(engine, posted()).inserted == 1
    check_one(engine)


def test_both_at_once(engine: Engine) -> None:
    post(engine, {"invocation_id": "other", "start_time": "2026-11-20T10:00:00Z"})  # the month is there
    work = [
        lambda: send(engine, *SPANS[:2]),
        lambda: send(engine, *SPANS[2:]),
        lambda: post(engine, posted()),
    ]
    threads = [threading.Thread(target=do) for do in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run["invocation_id"] for run in runs(engine)] == ["job-1", "other"]
    assert runs(engine)[0]["input_tokens"] == 100
    assert verify(engine) == []


@pytest.mark.parametrize(
    "link",
    [
        {"traceparent": f"00-{HEX}-{2:016x}-01"},
        {"attributes": {"traceparent": f"00-{HEX}-{2:016x}-01"}},
        {"attributes": {"trace_id": HEX.upper()}},
    ],
)
def test_ways_to_name_a_trace(engine: Engine, link: dict[str, Any]) -> None:
    record = {name: value for name, value in posted().items() if name != "trace_id"}
    post(engine, record | link)
    send(engine)
    (run,) = runs(engine)
    assert (run["invocation_id"], run["input_tokens"], run["status"]) == ("job-1", 100, "failure")


@pytest.mark.parametrize("odd", ["", "x", HEX[:-1], "0" * 32, 17, None, [HEX]])
def test_what_names_no_trace_links_nothing(engine: Engine, odd: Any) -> None:
    assert post(engine, posted(trace_id=odd)).inserted == 1
    send(engine)
    assert len(runs(engine)) == 2


def test_a_post_that_comes_again_changes_nothing(engine: Engine) -> None:
    post(engine, posted())
    send(engine)
    again = post(engine, posted())
    assert (again.already_there, again.inserted, again.replaced, again.differing) == (1, 0, 0, 0)
    changed = post(engine, posted(files_modified_count=3))
    assert (changed.differing, changed.differing_ids) == (1, ["job-1"])
    check_one(engine)


def test_a_post_that_replaces_keeps_what_the_spans_say(engine: Engine) -> None:
    post(engine, posted(status="success", error_message="never mind"))
    send(engine)
    assert post(engine, posted(), replace=True).replaced == 1
    check_one(engine)


def test_a_second_run_that_names_the_trace_stands_for_itself(engine: Engine) -> None:
    result = post(engine, posted(), posted(invocation_id="job-2", input_tokens=7, output_tokens=1))
    assert result.inserted == 2
    send(engine)
    assert [(run["invocation_id"], run["input_tokens"]) for run in runs(engine)] == [
        ("job-1", 100),
        ("job-2", 7),
    ]


def test_what_the_post_says_goes_before_what_was_measured(engine: Engine) -> None:
    told = posted(agent="mine", cost_usd=0.5, input_tokens=7, end_time="2026-11-20T10:00:09Z")
    post(engine, told)
    send(engine)
    (run,) = runs(engine)
    assert (run["agent"], float(run["cost_usd"]), run["cost_source"]) == ("mine", 0.5, "reported")
    assert (run["input_tokens"], run["output_tokens"], run["total_tokens"]) == (7, 10, 17)
    assert (run["start_time"], run["duration_ms"]) == (otlp.BEGIN, 9_000)


def test_an_export_of_a_traced_run_is_that_run(engine: Engine) -> None:
    send(engine)
    (run,) = runs(engine)
    record = {
        "invocation_id": run["invocation_id"],
        "start_time": run["start_time"].isoformat(),
        "trace_id": HEX,
    }
    assert post(engine, record).differing == 1
    assert len(runs(engine)) == 1
