"""Spans of random traces in any order, split into any requests, some twice, by two threads at once: the runs
are those that the trace was made to have, and the rollups agree with them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from dashboard.config import Settings
from dashboard.housekeeping import Housekeeping
from dashboard.jobs import JOBS
from dashboard.trace_keeping import TraceChores
from ingest.otlp import decode
from ingest.otlp import stored as rows
from ingest.otlp.traces import SHARE, SpanKeeper
from ingest.otlp.waiting import Stale
from ingest.verify import verify
from tests import spans as otlp

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUIET, NEVER = timedelta(0), timedelta(days=9)
NOW_STALE = Stale(timedelta(0), timedelta(0))
MODELS = ("model-a", "model-b")


@dataclass
class Node:
    """A span that was there, and what happened under it. ``sent``: whether it ever arrives."""

    kind: str
    tokens: tuple[int, int] = (0, 0)
    model: str = MODELS[0]
    name: str = "x"
    failed: bool = False
    sent: bool = True
    remote: bool = False
    children: list[Node] = field(default_factory=list)
    number: int = 0
    trace: int = 0

    @property
    def start(self) -> int:
        return self.number

    @property
    def end(self) -> int:
        return self.number + self.number % 7

    @property
    def cost(self) -> Decimal:
        return Decimal(self.tokens[1]) / 1000


@dataclass
class Expected:
    """A run: what a person who saw it all would write down."""

    head: Node | None = None
    members: list[Node] = field(default_factory=list)
    calls: list[Node] = field(default_factory=list)
    lost: bool = False  # whether what was above it never came, though it was of the same process
    tools: Counter[str] = field(default_factory=Counter)

    @property
    def is_run(self) -> bool:
        return any(node.kind != "link" for node in self.members)

    def row(self) -> dict[str, Any]:
        by_model = Counter[str]()
        for call in self.calls:
            by_model[call.model] += call.tokens[1]
        ranked = sorted(MODELS, key=lambda m: (by_model[m], self.read(m), self.asked(m), m))
        kinds = {node.kind for node in self.members}
        ended = "error" if self.head and self.head.failed else "success"
        whole = [self.head] if self.head else self.members
        start, end = min(node.start for node in whole), max(node.end for node in whole)
        return {
            "agent": ("agent" if self.head.kind == "agent" else "tests") if self.head else "tests",
            "model": ranked[-1] if self.calls else "unknown",
            "status": ended if self.head else "unknown",
            "start_time": otlp.BEGIN + timedelta(seconds=start),
            "duration_ms": Decimal(1000 * (end - start)),
            "input_tokens": sum(call.tokens[0] for call in self.calls) if self.calls else None,
            "output_tokens": sum(call.tokens[1] for call in self.calls) if self.calls else None,
            "cost_usd": sum((call.cost for call in self.calls), Decimal(0)) if self.calls else None,
            "llm_call_count": len(self.calls) or None,
            "tools_used": dict(self.tools) if self.tools or {"agent", "model"} <= kinds else None,
        }

    def read(self, model: str) -> int:
        return sum(call.tokens[0] for call in self.calls if call.model == model)

    def asked(self, model: str) -> int:
        return sum(call.model == model for call in self.calls)


def leaves(kind: str, **parts: Any) -> st.SearchStrategy[Node]:
    return st.builds(Node, st.just(kind), failed=st.booleans(), remote=st.booleans(), **parts)


numbers = st.tuples(st.integers(0, 10**6), st.integers(0, 10**4))
some_tool = leaves("tool", name=st.sampled_from(["bash", "edit"]))
some_model = leaves("model", tokens=numbers, model=st.sampled_from(MODELS))
trees = st.recursive(
    some_tool | some_model | leaves("link"),
    lambda children: st.builds(
        Node,
        st.sampled_from(["agent", "agent", "link", "tool"]),
        name=st.sampled_from(["bash", "edit"]),
        failed=st.booleans(),
        sent=st.sampled_from([True, True, True, True, False]),
        remote=st.booleans(),
        children=st.lists(children, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


@st.composite
def traces(draw: st.DrawFn) -> list[Node]:
    roots: list[Node] = draw(st.lists(trees, min_size=1, max_size=3))
    for trace, root in enumerate(roots, 1):
        for node in walk(root):
            node.trace = trace
    for number, node in enumerate((node for root in roots for node in walk(root)), 1):
        node.number = number
    return roots


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def expected(roots: list[Node]) -> dict[str, dict[str, Any]]:
    """Worked out from what happened, top down, without ids of parents."""
    wanted: dict[str, dict[str, Any]] = {}
    for root in roots:
        found: dict[str, Expected] = {}
        _happened(root, found)
        _bring_home(found)
        wanted |= {key: run.row() for key, run in found.items() if run.is_run}
    return wanted


def _bring_home(found: dict[str, Expected]) -> None:
    """What was lost belongs to the one run of the trace: its one agent, or, without any, its one beginning."""
    whole = [run for run in found.values() if not run.lost]
    agents = [run for run in whole if run.head and run.head.kind == "agent"]
    homes = agents or whole
    if len(homes) != 1:
        return
    for key in [key for key, run in found.items() if run.lost]:
        lost = found.pop(key)
        homes[0].members += lost.members
        homes[0].calls += lost.calls
        homes[0].tools += lost.tools


def _happened(
    node: Node,
    found: dict[str, Expected],
    key: str | None = None,
    above: str | None = None,
    agent: bool = False,
    lost: bool = False,
) -> None:
    """``key``: the run that it belongs to as far as is known; ``above``: the kind of the nearest span above in
    that run that is no link; ``agent``: whether an agent of that run is above; ``lost``: as in Expected."""
    own = f"{node.trace:032x}-{node.number:016x}"
    if not node.sent:
        # Nobody knows what was above it. Its children in other processes count as beginnings.
        for child in node.children:
            _happened(child, found, None if child.remote else own, lost=not child.remote)
        return
    if key is None or (node.kind == "agent" and not agent):
        key, above, agent = own, None, node.kind == "agent"
        found.setdefault(key, Expected(lost=lost)).head = node
    run = found.setdefault(key, Expected(lost=lost))
    run.members.append(node)
    if node.kind == "model":
        run.calls.append(node)
    if node.kind == "tool" and above != "tool":  # else it was called once, and traced twice
        run.tools[node.name] += 1
    for child in node.children:
        _happened(child, found, key, node.kind if node.kind != "link" else above or "", agent, lost)


def sent(roots: list[Node]) -> list[Any]:
    return [made for root in roots for made in _sent(root, None)]


def _sent(node: Node, parent: Node | None) -> Iterator[Any]:
    said: dict[str, Any] = {}
    if node.kind == "agent":
        calls = [below for below in walk(node) if below.kind == "model"]
        said = otlp.agent("agent")
        # The sum of what the spans under it say, once more.
        if calls and all(below.sent for below in walk(node)):
            said["gen_ai.usage.input_tokens"] = sum(call.tokens[0] for call in calls)
            said["gen_ai.usage.output_tokens"] = sum(call.tokens[1] for call in calls)
            said["gen_ai.usage.cost"] = float(sum(call.cost for call in calls))
    elif node.kind == "model":
        said = otlp.chat(
            *node.tokens, **{"gen_ai.request.model": node.model, "gen_ai.usage.cost": float(node.cost)}
        )
    elif node.kind == "tool":
        said = otlp.tool(node.name)
    if node.sent:
        yield otlp.span(
            node.number,
            parent.number if parent else None,
            said,
            begin=node.start,
            end=node.end,
            trace=node.trace.to_bytes(16, "big"),
            flags=otlp.REMOTE if node.remote else otlp.LOCAL,
            error="it failed" if node.failed else None,
        )
    for child in node.children:
        yield from _sent(child, node)


def keep(keeper: SpanKeeper, some: list[Any]) -> None:
    body = otlp.request(some, {"service.name": "tests"}).SerializeToString()
    request = decode.spans_of(body, decode.PROTOBUF, NOW)
    assert not request.rejected
    kept = keeper.keep(request.spans)
    assert (kept.problems, kept.late, kept.surplus, kept.written.rejected) == ([], 0, 0, [])
    assert kept.new + kept.known == len({(s.trace_id, s.span_id) for s in some})


def wipe(engine: Engine) -> None:
    tables = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname NOT IN ('alembic_version', 'data_state', 'rollup_facet')"
    with engine.begin() as connection:
        names = connection.execute(text(tables)).scalars().all()
        connection.execute(text(f"TRUNCATE {', '.join(names)}"))


def stored(engine: Engine, names: list[str]) -> dict[str, dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM agent_execution")).mappings().all()
    return {row["invocation_id"]: {name: row[name] for name in names} for row in rows}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(roots=traces(), data=st.data())
def test_whatever_the_order_the_runs_are_the_same(
    module_engine: Engine, roots: list[Node], data: st.DataObject
) -> None:
    wipe(module_engine)
    spans = sent(roots)
    again = data.draw(st.lists(st.sampled_from(spans), max_size=8)) if spans else []
    order = data.draw(st.permutations([*spans, *again]))
    size = data.draw(st.integers(1, 8))
    requests = [order[first : first + size] for first in range(0, len(order), size)]
    settles = data.draw(st.sets(st.integers(0, len(requests))))
    # As if some of them were long.
    keeper = SpanKeeper(module_engine, short=data.draw(st.sampled_from([0, 4, 200])))
    errors: list[BaseException] = []

    def client(mine: list[tuple[int, list[Any]]]) -> None:
        try:
            for number, some in mine:
                keep(keeper, some)
                if number in settles:
                    keeper.settle(QUIET, NEVER if number % 2 else QUIET)
                    keeper.catch_up(NOW_STALE)
        except BaseException as error:
            errors.append(error)

    numbered = list(enumerate(requests))
    threads = [threading.Thread(target=client, args=(numbered[half::2],)) for half in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    keeper.catch_up(NOW_STALE)
    keeper.settle(QUIET, QUIET)
    wanted = expected(roots)
    names = list(next(iter(wanted.values()), {}))
    assert stored(module_engine, names) == wanted
    assert verify(module_engine) == []


def test_spans_go_and_what_they_made_stays(module_engine: Engine) -> None:
    wipe(module_engine)
    keeper = SpanKeeper(module_engine)
    keep(keeper, [otlp.span(1, None, otlp.agent("a")), otlp.span(2, 1, otlp.chat(10, 5))])
    before = stored(module_engine, ["input_tokens", "llm_call_count"])
    assert list(before.values()) == [{"input_tokens": 10, "llm_call_count": 1}]
    assert keeper.close(timedelta(0)) == 1
    with module_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM otel_span")).scalar_one() == 0
    late = decode.spans_of(
        otlp.request(
            [otlp.span(1, None, otlp.agent("a")), otlp.span(3, 1, otlp.chat(7, 7))]
        ).SerializeToString(),
        decode.PROTOBUF,
        NOW,
    )
    kept = keeper.keep(late.spans)
    assert (kept.late, kept.new) == (2, 0)
    keeper.settle(QUIET, QUIET)
    assert stored(module_engine, ["input_tokens", "llm_call_count"]) == before


def test_a_trace_without_agents_models_and_tools_leaves_nothing(module_engine: Engine) -> None:
    wipe(module_engine)
    keeper = SpanKeeper(module_engine)
    keep(keeper, [otlp.span(1), otlp.span(2, 1, {"http.request.method": "GET"})])
    keeper.settle(QUIET, QUIET)
    assert stored(module_engine, ["agent"]) == {}
    assert keeper.close(timedelta(0)) == 1
    with module_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM otel_trace")).scalar_one() == 0


@pytest.mark.parametrize("flags", [otlp.LOCAL, 0], ids=["local parent", "unknown parent"])
def test_an_agent_under_another_makes_no_run_while_its_parent_is_awaited(
    module_engine: Engine, flags: int
) -> None:
    wipe(module_engine)
    keeper = SpanKeeper(module_engine)
    keep(keeper, [otlp.span(3, 2, otlp.agent("inner"), flags=flags), otlp.span(4, 3, otlp.chat(1, 1))])
    assert stored(module_engine, ["agent"]) == {}
    keep(keeper, [otlp.span(2, 1, otlp.tool("ask"))])
    assert stored(module_engine, ["agent"]) == {}
    keep(keeper, [otlp.span(1, None, otlp.agent("outer"))])
    assert [run["agent"] for run in stored(module_engine, ["agent"]).values()] == ["outer"]


def test_an_agent_called_from_another_process_is_a_run_until_an_agent_above_it_is_known(
    module_engine: Engine,
) -> None:
    wipe(module_engine)
    keeper = SpanKeeper(module_engine)
    keep(keeper, [otlp.span(3, 2, otlp.agent("served"), flags=otlp.REMOTE), otlp.span(4, 3, otlp.chat(1, 1))])
    assert [run["agent"] for run in stored(module_engine, ["agent"]).values()] == ["served"]
    keep(keeper, [otlp.span(1, None, otlp.agent("calling")), otlp.span(2, 1)])
    runs = stored(module_engine, ["agent", "input_tokens"])
    assert list(runs.values()) == [{"agent": "calling", "input_tokens": 1}]
    assert verify(module_engine) == []


def test_an_agent_at_work_counts_in_no_rate(module_engine: Engine) -> None:
    """Its calls have come, it waits for a slow tool: nothing is made of them until nothing is to be expected."""
    wipe(module_engine)
    keeper = SpanKeeper(module_engine)
    keep(keeper, [otlp.span(2, 1, otlp.chat(100, 10), begin=1, end=2)])
    keep(keeper, [otlp.span(4, 3, otlp.agent("inner"), begin=3, end=5), otlp.span(5, 4, otlp.chat(7, 3))])
    assert keeper.settle(QUIET, NEVER) == 0
    assert stored(module_engine, ["agent"]) == {}
    assert keeper.settle(QUIET, QUIET) == 1
    before = stored(module_engine, ["agent", "status", "input_tokens"])
    assert sorted((run["status"], run["input_tokens"]) for run in before.values()) == [
        ("success", 7),
        ("unknown", 100),
    ]
    keep(keeper, [otlp.span(3, 1, otlp.tool("ask")), otlp.span(1, None, otlp.agent("outer"), end=90)])
    after = stored(module_engine, ["agent", "status", "input_tokens"])
    assert list(after.values()) == [{"agent": "outer", "status": "success", "input_tokens": 107}]
    assert verify(module_engine) == []


def test_a_program_that_sends_its_agents_alone_waits_a_minute(module_engine: Engine) -> None:
    wipe(module_engine)
    keeper = SpanKeeper(module_engine)
    keep(keeper, [otlp.span(2, 1, otlp.agent("a")), otlp.span(3, 2, otlp.chat(1, 1))])
    assert keeper.settle(timedelta(minutes=1), NEVER) == 0
    assert keeper.settle(QUIET, NEVER, at_once=1) == 1
    assert [run["agent"] for run in stored(module_engine, ["agent"]).values()] == ["a"]


def long_trace(spans: int) -> list[Any]:
    """The agent's own span comes first, as from another process, or after a restart."""
    calls = [otlp.span(number, 1, otlp.chat(10, 1), begin=1, end=2) for number in range(2, spans + 1)]
    return [otlp.span(1, None, otlp.agent("long"), end=9), *calls]


def test_a_request_costs_what_it_brings(module_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many requests a trace comes in, its spans are read only so often."""
    wipe(module_engine)
    spans, at_once = long_trace(600), 3
    read = 0

    def reading(*asked: Any) -> dict[bytes, list[Any]]:
        nonlocal read
        found = as_it_is(*asked)
        read += sum(map(len, found.values()))
        return found

    as_it_is = rows.read
    monkeypatch.setattr(rows, "read", reading)
    keeper = SpanKeeper(module_engine, short=0)
    for first in range(0, len(spans), at_once):
        keep(keeper, spans[first : first + at_once])
    # Each reading has at least an eighth more than the one before: a geometric series.
    assert read <= len(spans) * (SHARE + 1)
    (lagging,) = stored(module_engine, ["llm_call_count"]).values()
    assert 600 - 600 / SHARE - 1 <= lagging["llm_call_count"] <= 599
    keeper.catch_up(NOW_STALE)
    assert list(stored(module_engine, ["llm_call_count", "input_tokens"]).values()) == [
        {"llm_call_count": 599, "input_tokens": 5990}
    ]
    assert keeper.catch_up(NOW_STALE) == 0
    assert verify(module_engine) == []


def test_the_end_of_a_long_trace_is_there_at_once(module_engine: Engine) -> None:
    """Children come first, the agent's span last: nobody waits for what comes then."""
    wipe(module_engine)
    keeper = SpanKeeper(module_engine, short=0)
    agent, *calls = long_trace(100)
    for call in calls:
        keep(keeper, [call])
    assert stored(module_engine, ["agent"]) == {}
    keep(keeper, [agent])
    assert list(stored(module_engine, ["llm_call_count"]).values()) == [{"llm_call_count": 99}]
    assert keeper.catch_up(NOW_STALE) == 0


def test_long_traces_wait_the_longer_the_longer_they_are(module_engine: Engine) -> None:
    wipe(module_engine)
    keeper = SpanKeeper(module_engine, short=0)
    spans = long_trace(50)
    keep(keeper, spans[:-1])
    keep(keeper, spans[-1:])
    assert keeper.catch_up(Stale(timedelta(0), timedelta(hours=1))) == 0
    assert keeper.catch_up(Stale(timedelta(hours=1), timedelta(0))) == 0
    assert keeper.catch_up(NOW_STALE, at_once=1) == 1


def test_what_waits_is_not_closed(module_engine: Engine) -> None:
    wipe(module_engine)
    keeper = SpanKeeper(module_engine, short=0)
    spans = long_trace(50)
    keep(keeper, spans[:-1])
    keep(keeper, spans[-1:])
    assert keeper.close(timedelta(0)) == 0
    keeper.catch_up(NOW_STALE)
    assert keeper.close(timedelta(0)) == 1
    assert list(stored(module_engine, ["llm_call_count"]).values()) == [{"llm_call_count": 49}]


@pytest.mark.parametrize("who", ["a worker", "a server without one"])
def test_long_traces_are_looked_after(module_engine: Engine, who: str) -> None:
    wipe(module_engine)
    spans = long_trace(50)
    keeper = SpanKeeper(module_engine, short=0)
    keep(keeper, spans[:-1])
    keep(keeper, spans[-1:])
    with module_engine.begin() as connection:
        connection.execute(text("UPDATE otel_trace SET stale_since = stale_since - interval '1 minute'"))
    if who == "a worker":
        (job,) = (job for job in JOBS if job.name == "long traces")
        did = job.work(module_engine, Settings.load({}, Path("/nonexistent")), NOW)
        assert did == "runs of 1 long traces have caught up with their spans"
    else:
        Housekeeping(module_engine, traces=TraceChores(keeper, timedelta(hours=1))).fold(due=False)
    assert list(stored(module_engine, ["llm_call_count"]).values()) == [{"llm_call_count": 49}]
