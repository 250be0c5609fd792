"""Spans to runs: who told what, in which convention, counted once. Every expected number is worked out by hand."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from ingest.columns import FIELDS
from ingest.otlp import decode, tree
from ingest.otlp.runs import Assembler, TraceOptions
from tests import spans as otlp
from tests.spans import agent, chat, span, tool

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Run = dict[str, Any]


def runs(
    *spans: Any,
    resource: dict[str, Any] | None = None,
    scope: str = "tests",
    settled: bool = True,
    posted: dict[str, Any] | None = None,
    options: TraceOptions | None = None,
) -> list[Run]:
    body = otlp.request(spans, resource, scope).SerializeToString()
    read = decode.spans_of(body, decode.PROTOBUF, NOW)
    assert not read.rejected, read.message()
    mixed = random.Random(len(spans)).sample(read.spans, len(read.spans))
    rows, problems = Assembler(options).rows(mixed, settled=settled, posted=posted, now=NOW)
    assert problems == []
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


def run(*spans: Any, **options: Any) -> Run:
    (found,) = runs(*spans, **options)
    return found


def tokens(found: Run) -> tuple[Any, ...]:
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
    return tuple(found[name] for name in names)


def test_attributes_of_ones_own_are_bounded_and_never_cost_the_run() -> None:
    own = {"a\0b": "v", "k" * 10**6: "w", "texts": ["y" * 10**6] * 3, "text": "z" * 10**6}
    found = run(span(1, None, agent("a", **{f"fixer_metrics.{name}": said for name, said in own.items()})))
    kept = orjson.loads(found["attributes"])
    assert kept["a\N{REPLACEMENT CHARACTER}b"] == "v"
    assert kept["k" * 200] == "w"
    assert (kept["texts"], kept["text"]) == (["y" * 200] * 3, "z" * 1000)


# ---- which spans are runs -------------------------------------------------------------------------------


def test_the_outermost_agent_has_all_that_is_under_it() -> None:
    found = run(
        span(1, None, name="POST /ask", begin=0, end=60),
        span(2, 1, agent("outer"), begin=1, end=50),
        span(3, 2, chat(100, 10), begin=2, end=3),
        span(4, 2, tool("ask"), begin=3, end=9),
        span(5, 4, agent("inner"), begin=4, end=8),
        span(6, 5, chat(7, 3), begin=5, end=6),
        span(7, 5, tool("look"), begin=6, end=7),
    )
    assert found["invocation_id"] == f"{otlp.TRACE.hex()}-0000000000000002"
    assert (found["agent"], found["duration_ms"]) == ("outer", Decimal(49_000))
    assert found["start_time"] == datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC)
    assert found["end_time"] == datetime(2026, 11, 20, 10, 0, 50, tzinfo=UTC)
    assert tokens(found) == (107, None, None, 13)
    assert (found["llm_call_count"], found["tool_call_count"]) == (2, 2)
    assert found["tools_used"] == '{"ask":1,"look":1}'


def test_agents_beside_each_other_are_a_run_each_and_the_rest_is_one_of_the_root() -> None:
    found = runs(
        span(1, None, name="triage", begin=0, end=9),
        span(2, 1, agent("a"), begin=1, end=2),
        span(3, 2, chat(1, 2), begin=1, end=2),
        span(4, 1, agent("b"), begin=3, end=4),
        span(5, 4, chat(4, 8), begin=3, end=4),
        span(6, 1, chat(16, 32), begin=5, end=6),
    )
    assert [(one["agent"], *tokens(one)[::3]) for one in found] == [
        ("triage", 16, 32),
        ("a", 1, 2),
        ("b", 4, 8),
    ]


def test_a_root_with_models_or_tools_is_a_run_of_its_service() -> None:
    found = run(
        span(1, None, name="nightly job"),
        span(2, 1, chat(5, 1)),
        resource={"service.name": "reports", "service.version": "7", "deployment.environment": "prod"},
    )
    assert (found["agent"], found["agent_version"]) == ("reports", "7")
    assert '"environment":"prod"' in found["attributes"]
    # Who traces models alone says nothing of tools.
    assert (found["tool_call_count"], found["tools_used"]) == (None, None)
    unnamed = {"service.name": "unknown_service:python"}
    assert (
        run(span(1, None, name="nightly job"), span(2, 1, chat(5, 1)), resource=unnamed)["agent"]
        == "nightly job"
    )


def test_a_call_alone_is_a_run_and_a_web_request_is_none() -> None:
    assert run(span(1, None, chat(5, 1)))["llm_call_count"] == 1
    assert runs(span(1), span(2, 1, {"http.request.method": "GET"})) == []
    assert runs(span(1, None, {"gen_ai.operation.name": "create_agent", "gen_ai.request.model": "m"})) == []


def test_parents_that_may_still_come_are_waited_for() -> None:
    orphans = (span(3, 2, agent("a")), span(4, 3, chat(1, 1)))
    assert runs(*orphans, settled=False) == []
    assert len(runs(*orphans, settled=True)) == 1
    served = (span(3, 2, agent("a"), flags=otlp.REMOTE), span(4, 3, chat(1, 1)))
    assert len(runs(*served, settled=False)) == 1


def test_calls_whose_parent_never_came_are_one_run() -> None:
    found = run(
        span(3, 2, chat(1, 2), begin=5, end=6), span(4, 2, chat(4, 8), begin=2, end=9, error="overloaded")
    )
    assert found["invocation_id"] == f"{otlp.TRACE.hex()}-0000000000000002"
    assert tokens(found) == (5, None, None, 10)
    # Whoever made them may still be at work, or has ended badly: it counts in no rate.
    assert (found["duration_ms"], found["status"], found["error_message"]) == (Decimal(7000), "unknown", None)


def test_calls_whose_parent_was_lost_belong_to_the_one_agent_of_the_trace() -> None:
    sums = {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 10}
    lost = (
        span(1),
        span(2, 1, agent("a", **sums)),
        span(5, 4, chat(1, 2)),
        span(6, 4, agent("b")),
        span(7, 6, chat(4, 8)),
    )
    found = run(*lost)
    assert (found["agent"], tokens(found), found["llm_call_count"]) == ("a", (5, None, None, 10), 2)
    assert [one["agent"] for one in runs(*lost, settled=False)] == ["a"]
    # Of two agents nobody knows which it was.
    assert len(runs(*lost, span(9, 1, agent("c")), span(10, 9, chat(16, 32)))) == 4


def test_a_call_whose_parent_was_lost_is_no_part_of_another_call() -> None:
    """Two beside each other under a span that never came; one is known to begin in another process."""
    tools = [span(2, 1, tool("bash")), span(3, 1, tool("bash"), flags=otlp.REMOTE)]
    assert run(*tools)["tools_used"] == '{"bash":2}'
    calls = [span(2, 1, chat(100, 10)), span(3, 1, chat(7, 1), flags=otlp.REMOTE)]
    found = run(*calls)
    assert (found["input_tokens"], found["llm_call_count"]) == (107, 2)


def test_whether_a_trace_is_over_though_parents_are_missing() -> None:
    def is_over(*spans: Any) -> bool:
        body = otlp.request(spans).SerializeToString()
        return tree.is_over(decode.spans_of(body, decode.PROTOBUF, NOW).spans)

    one = (span(3, 2, agent("a"), begin=5, end=9), span(4, 3, chat(1, 1), begin=6, end=7))
    assert is_over(*one)  # of a program that sends the spans of its agents alone
    assert is_over(
        *one, span(6, 5, chat(1, 1), begin=7, end=8)
    )  # and of their calls, but not what is between
    assert not is_over(
        *one, span(6, 5, chat(1, 1), begin=1, end=4)
    )  # somebody asked a model before: outer agent
    assert not is_over(*one, span(6, 5, agent("b"), begin=10, end=11))
    assert not is_over(span(6, 5, chat(1, 1)))  # an agent that works, and waits for a slow tool
    assert is_over(span(6, 5, chat(1, 1)), span(1, None, begin=0, end=9))


def test_a_circle_of_parents_hurts_nobody() -> None:
    circle = (span(1, 2, chat(1, 1)), span(2, 3), span(3, 1), span(4, 4, chat(2, 2)))
    assert sum(one["input_tokens"] for one in runs(*circle)) == 3


def test_a_chain_without_end_is_read_in_time() -> None:
    links = [span(n, n - 1 or None, chat(1, 1) if n % 100 == 0 else {}) for n in range(1, 5_001)]
    assert (
        sum(one["llm_call_count"] for one in runs(*links)) == 50 - 49
    )  # each call is a part of the one above


# ---- tokens ---------------------------------------------------------------------------------------------


def test_sums_of_agents_are_not_added_to_their_calls() -> None:
    sums = {"gen_ai.usage.input_tokens": 107, "gen_ai.usage.output_tokens": 13}
    other = {"gen_ai.aggregated_usage.input_tokens": 7, "gen_ai.aggregated_usage.output_tokens": 3}
    found = run(
        span(1, None, agent("outer", **sums)),
        span(2, 1, chat(100, 10)),
        span(3, 1, agent("inner", **other)),
        span(4, 3, chat(7, 3)),
    )
    assert tokens(found) == (107, None, None, 13)


def test_sums_of_an_agent_count_where_its_calls_say_nothing() -> None:
    remote = {"gen_ai.usage.input_tokens": 50, "gen_ai.usage.output_tokens": 5, "gen_ai.request.model": "far"}
    found = run(
        span(1, None, agent("outer", **{"gen_ai.usage.input_tokens": 150, "gen_ai.usage.output_tokens": 15})),
        span(2, 1, chat(100, 10)),
        span(3, 1, agent("elsewhere", **remote)),  # a service that traces to somebody else
    )
    assert tokens(found) == (150, None, None, 15)
    assert found["llm_call_count"] == 1
    assert '"models":{"far":1,"gpt-4o":1}' in found["attributes"]


def test_a_call_that_two_libraries_trace_is_one() -> None:
    found = run(
        span(1, None, agent("a")),
        span(2, 1, chat(100, 10)),  # the framework's
        span(3, 2, {"http.request.method": "POST"}),
        span(4, 3, chat(100, 10)),  # the client library's
        span(5, 1, chat()),  # the framework knows no tokens of this one
        span(6, 5, chat(40, 4)),
    )
    assert tokens(found) == (140, None, None, 14)
    assert found["llm_call_count"] == 2


def test_a_model_asked_by_a_tool_inside_a_call_is_one_more() -> None:
    found = run(span(1, None, chat(100, 10)), span(2, 1, tool("judge")), span(3, 2, chat(40, 4)))
    assert (tokens(found), found["llm_call_count"]) == ((140, None, None, 14), 2)


def test_a_tool_that_its_protocol_traces_once_more_was_called_once() -> None:
    mcp = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "search"}
    found = run(span(1, None, agent("a")), span(2, 1, tool("search")), span(3, 2, mcp), span(4, 1, mcp))
    assert found["tools_used"] == '{"search":2}'


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        # As the conventions stand: the cache's tokens are among the input's.
        ({"gen_ai.usage.cache_read.input_tokens": 60, "gen_ai.usage.cache_write.input_tokens": 10}, (100, 60, 10, 5)),
        ({"gen_ai.usage.cache_read.input_tokens": 60, "gen_ai.usage.cache_creation.input_tokens": 10}, (100, 60, 10, 5)),
        # More from the cache than there is: they are beside it.
        ({"gen_ai.usage.cache_read_input_tokens": 600, "gen_ai.usage.cache_creation_input_tokens": 10}, (710, 600, 10, 5)),
        # The total says that they are beside it, or that they are not.
        ({"gen_ai.usage.cache_read_input_tokens": 60, "gen_ai.usage.total_tokens": 165}, (160, 60, None, 5)),
        ({"gen_ai.usage.cache_read_input_tokens": 60, "gen_ai.usage.total_tokens": 105}, (100, 60, None, 5)),
        # The user says it.
        ({"gen_ai.usage.cache_read.input_tokens": 60, "fixer_metrics.input_excludes_cache": True}, (160, 60, None, 5)),
        ({"gen_ai.usage.cache_read.input_tokens": 0}, (100, 0, None, 5)),
    ],
)  # fmt: skip
def test_cache_tokens(said: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    assert tokens(run(span(1, None, chat(100, 5, **said)))) == wanted


def test_an_instrumentation_has_one_convention_in_all_of_a_run() -> None:
    read = "gen_ai.usage.cache_read_input_tokens"
    found = run(
        span(1, None, agent("a")),
        span(2, 1, chat(10, 1, **{read: 5})),  # could be either
        span(3, 1, chat(10, 1, **{read: 500})),  # tells
    )
    assert tokens(found) == (525, 505, None, 2)


def test_an_instrumentation_known_to_leave_the_cache_out() -> None:
    call = span(1, None, chat(100, 5, **{"gen_ai.usage.cache_read_input_tokens": 60}))
    assert tokens(run(call, scope="opentelemetry.instrumentation.bedrock")) == (160, 60, None, 5)
    assert tokens(run(call, scope="opentelemetry.instrumentation.anthropic")) == (100, 60, None, 5)


@pytest.mark.parametrize(
    "said",
    [
        {"gen_ai.operation.name": "chat", "gen_ai.response.model": "m", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5},
        # 2024: no operation yet, other words for tokens
        {"gen_ai.system": "openai", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 5},
        {"openinference.span.kind": "LLM", "llm.model_name": "m", "llm.token_count.prompt": 100, "llm.token_count.completion": 5},
        {"llm.request.type": "chat", "gen_ai.request.model": "m", "llm.usage.prompt_tokens": 100, "llm.usage.completion_tokens": 5},
        {"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "m", "ai.usage.promptTokens": 100, "ai.usage.completionTokens": 5},
        {"ai.operationId": "ai.streamText.doStream", "ai.model.id": "m", "ai.usage.inputTokens": 100, "ai.usage.outputTokens": 5},
        {"langfuse.observation.type": "generation", "gen_ai.response.model": "m", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5},
        {"gen_ai.operation.name": "generate_content", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 100.0, "gen_ai.usage.output_tokens": 5},
    ],
)  # fmt: skip
def test_dialects(said: dict[str, Any]) -> None:
    found = run(span(1, None, said))
    assert (found["model"], tokens(found), found["llm_call_count"]) == ("m", (100, None, None, 5), 1)


@pytest.mark.parametrize(
    ("sample", "cached", "cost"),
    [
        # gpt-4o-2024-08-06: 2.50 a million in, 1.25 from the cache, 10 out. 2 x (2.5e-3 + 1e-3)
        ("openai-v2", None, "0.007"),
        ("openinference-openai", 1200, "0.0055"),  # 2 x (400 x 2.5e-6 + 600 x 1.25e-6 + 1e-3)
    ],
)
def test_what_libraries_really_sent(sample: str, cached: int | None, cost: str) -> None:
    """Requests of opentelemetry-instrumentation-openai-v2 2.3b0 and openinference-instrumentation-openai 0.1.66
    around the openai client 3.57: in one span an embedding of 9 tokens, and three chats, of which two had
    1,000 tokens in (600 of them cached) and 100 out, and one met a server that was overloaded."""
    body = (SAMPLES / f"{sample}.otlp").read_bytes()
    now = datetime(2026, 11, 29, tzinfo=UTC)
    read = decode.spans_of(body, decode.PROTOBUF, now)
    rows, problems = Assembler().rows(read.spans, settled=False, posted=None, now=now)
    assert (len(read.spans), read.rejected.total(), problems) == (5, 0, [])
    (found,) = (dict(zip(FIELDS, row, strict=True)) for row in rows)
    assert tokens(found) == (2009, cached, None, 200)
    assert (found["agent"], found["model"], found["status"]) == (
        "support desk",
        "gpt-4o-2024-08-06",
        "success",
    )
    assert (found["llm_call_count"], found["cost_usd"]) == (3, Decimal(cost))


def test_claude_code() -> None:
    """Its own traces: a prompt is a run; tokens as Anthropic's API counts them, the cache's apart."""
    request = {"span.type": "llm_request", "model": "claude-opus-4-1", "gen_ai.system": "anthropic"}
    request |= {"gen_ai.request.model": "claude-opus-4-1", "output_tokens": 1200, "success": True}
    told = {"input_tokens": 900, "cache_read_tokens": 500, "cache_creation_tokens": 100}
    found = run(
        span(
            1, None, {"span.type": "interaction", "session.id": "s-1"}, name="claude_code.interaction", end=9
        ),
        span(2, 1, {**request, **told}),
        span(3, 1, {"span.type": "tool", "tool_name": "Bash"}, name="claude_code.tool"),
        span(4, 3, {"span.type": "tool.execution", "success": True}),
        span(
            5, 1, {**request, "success": False, "error": "Overloaded", "output_tokens": 0, "input_tokens": 0}
        ),
        resource={"service.name": "claude-code", "service.version": "2.1.224"},
    )
    assert (found["agent"], found["agent_version"], found["status"]) == ("claude-code", "2.1.224", "success")
    assert tokens(found) == (1500, 500, 100, 1200)
    assert (found["llm_call_count"], found["tools_used"]) == (2, '{"Bash":1}')
    assert '"conversation":"s-1"' in found["attributes"]
    failed = run(span(1, None, {**request, "success": False, "error": "Overloaded"}))
    assert (failed["status"], failed["error_message"]) == ("error", "Overloaded")


def test_a_wrapper_of_the_ai_sdk_is_the_agent() -> None:
    wrapper = {"ai.operationId": "ai.generateText", "ai.model.id": "m", "ai.usage.promptTokens": 140}
    step = {"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "m"}
    found = run(
        span(1, None, wrapper),
        span(2, 1, {**step, "ai.usage.promptTokens": 100, "ai.usage.completionTokens": 10}),
        span(3, 1, {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "weather"}),
        span(4, 1, {**step, "ai.usage.promptTokens": 40, "ai.usage.completionTokens": 4}),
    )
    assert (tokens(found), found["llm_call_count"]) == ((140, None, None, 14), 2)
    assert found["tools_used"] == '{"weather":1}'


@pytest.mark.parametrize("odd", [-1, 10**12, True, "100", 1.5, float("nan"), [1]])
def test_numbers_that_are_none_are_not_known(odd: Any) -> None:
    found = run(span(1, None, chat(None, 5, **{"gen_ai.usage.input_tokens": odd, "gen_ai.usage.cost": odd})))
    assert found["input_tokens"] is None


# ---- model and cost -------------------------------------------------------------------------------------


def test_the_model_is_the_one_that_wrote_most() -> None:
    found = run(
        span(1, None, agent("a")),
        span(2, 1, chat(9000, 10, **{"gen_ai.request.model": "small"})),
        span(3, 1, chat(100, 11, **{"gen_ai.request.model": "big"})),
        span(4, 1, chat(100, 0, **{"gen_ai.request.model": "big", "gen_ai.response.model": "big-0801"})),
    )
    assert found["model"] == "big"
    assert '"models":{"big":1,"big-0801":1,"small":1}' in found["attributes"]


def test_the_model_that_answered_goes_before_the_one_asked_for() -> None:
    found = run(span(1, None, chat(1, 1, **{"gen_ai.response.model": "gpt-4o-2024-08-06"})))
    assert found["model"] == "gpt-4o-2024-08-06"
    assert '"requested_model":"gpt-4o"' in found["attributes"]


def test_cost_is_estimated_model_by_model() -> None:
    found = run(
        span(1, None, agent("a")),
        span(2, 1, chat(1_000_000, 100_000)),  # gpt-4o: 2.50 + 1.00
        span(3, 1, chat(1_000_000, 50_000, **{"gen_ai.request.model": "gpt-4o-mini"})),  # 0.15 + 0.03
    )
    assert (found["cost_usd"], found["cost_source"]) == (Decimal("3.68"), "estimated")


def test_one_model_without_a_price_leaves_the_cost_unknown() -> None:
    found = run(
        span(1, None, agent("a")),
        span(2, 1, chat(1_000_000, 100_000)),
        span(3, 1, chat(10, 10, **{"gen_ai.request.model": "of-our-own"})),
    )
    assert (found["cost_usd"], found["cost_source"]) == (None, None)


def test_a_cost_that_is_told_is_reported() -> None:
    of_calls = [span(n, 1, chat(10, 1, **{"gen_ai.usage.cost": 0.1})) for n in (2, 3)]
    of_agent = span(1, None, agent("a", **{"gen_ai.usage.cost": 0.2}))
    found = run(of_agent, *of_calls)
    assert (found["cost_usd"], found["cost_source"]) == (Decimal("0.2"), "reported")
    found = run(of_agent, span(2, 1, chat(10, 1)))  # told by the agent alone
    assert (found["cost_usd"], found["cost_source"]) == (Decimal("0.2"), "reported")
    mixed = run(span(1, None, agent("a")), of_calls[0], span(4, 1, chat(1_000_000, 100_000)))
    assert (mixed["cost_usd"], mixed["cost_source"]) == (Decimal("3.6"), "estimated")


def test_embeddings_count_as_tokens_and_not_as_calls() -> None:
    embedding = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "text-embedding-3-small"}
    found = run(
        span(1, None, agent("a")),
        span(2, 1, {**embedding, "gen_ai.usage.input_tokens": 1_000_000}),
        span(3, 1, chat(10, 1)),
    )
    assert (tokens(found), found["llm_call_count"], found["model"]) == (
        (1_000_010, None, None, 1),
        1,
        "gpt-4o",
    )
    assert found["cost_usd"] == Decimal("0.000035")  # 10 * 2.5e-6 + 1e-5; the list has no embeddings


def test_an_embedding_alone_costs_what_nobody_knows() -> None:
    said = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "e",
        "gen_ai.usage.input_tokens": 9,
    }
    found = run(span(1, None, said))
    assert (found["cost_usd"], found["cost_source"], found["llm_call_count"]) == (None, None, None)


def test_nothing_is_made_up() -> None:
    found = run(span(1, None, agent("a")))
    assert tokens(found) == (None, None, None, None)
    assert (found["llm_call_count"], found["tool_call_count"], found["cost_usd"]) == (None, None, None)
    assert found["model"] == "unknown"


# ---- how it ended ---------------------------------------------------------------------------------------


def test_status() -> None:
    assert run(span(1, None, agent("a")))["status"] == "success"
    unknown = TraceOptions(unset_status="unknown")
    assert run(span(1, None, agent("a")), options=unknown)["status"] == "unknown"
    assert run(span(1, None, agent("a"), error=""), options=unknown)["status"] == "error"
    said_so = span(1, None, agent("a"), status=Status(code=Status.STATUS_CODE_OK))
    assert run(said_so, options=unknown)["status"] == "success"
    assert run(span(1, None, agent("a", **{"error.type": "timeout"})))["status"] == "error"
    assert run(span(1, None, agent("a", **{"fixer_metrics.status": "failure"})))["status"] == "failure"


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([span(1, None, agent("a"), error="out of turns")], "out of turns"),
        ([span(1, None, agent("a"), error="x", exception=("ValueError", "no such file"))], "ValueError: no such file"),
        ([span(1, None, agent("a", **{"error.type": "timeout"}))], "timeout"),
        # An agent that says no more than that it failed: what failed last under it.
        ([span(1, None, agent("a"), error=""), span(2, 1, chat(), error="first", end=2), span(3, 1, tool("t"), error="last", end=3)], "last"),
        ([span(1, None, agent("a")), span(2, 1, chat(), error="overcome")], None),
        ([span(1, None, agent("a"), error="")], None),
    ],
)  # fmt: skip
def test_messages(spans: list[Any], message: str | None) -> None:
    assert run(*spans)["error_message"] == message


def test_a_clock_that_went_back_leaves_the_duration_unknown() -> None:
    found = run(span(1, None, agent("a"), begin=5, end=1))
    assert (found["end_time"], found["duration_ms"]) == (None, None)


# ---- what the user says ---------------------------------------------------------------------------------


def test_what_the_user_says_goes_before_what_was_measured() -> None:
    own = {
        "fixer_metrics.invocation_id": "ticket-17/2",
        "fixer_metrics.files_modified": ["a.py", "b.py"],
        "fixer_metrics.cost_usd": 0.5,
        "fixer_metrics.repository": "shop",
    }
    found = run(
        span(1, None, agent("a", **own)), span(2, 1, chat(10, 1)), resource={"fixer_metrics.task": "T1"}
    )
    assert found["invocation_id"] == "ticket-17/2"
    assert (found["files_modified_count"], found["files_modified"]) == (2, ["a.py", "b.py"])
    assert (found["cost_usd"], found["cost_source"]) == (Decimal("0.5"), "reported")
    assert '"repository":"shop"' in found["attributes"]
    assert '"task":"T1"' in found["attributes"]


def test_what_the_user_says_wrong_spoils_nothing() -> None:
    found = run(span(1, None, agent("a", **{"fixer_metrics.status": "splendid"})), span(2, 1, chat(10, 1)))
    assert (found["status"], found["input_tokens"]) == ("success", 10)
    assert '"status":"splendid"' in found["attributes"]


def test_two_agents_with_one_id_are_two_runs() -> None:
    mine = {"fixer_metrics.invocation_id": "same"}
    found = runs(span(1), span(2, 1, agent("a", **mine), begin=1), span(3, 1, agent("b", **mine), begin=2))
    assert [one["invocation_id"] for one in found] == ["same", f"{otlp.TRACE.hex()}-0000000000000003"]


def test_what_was_posted_of_a_trace_is_completed_by_its_spans() -> None:
    posted = {"invocation_id": "job-1", "status": "failure", "attributes": {"task": "T9"}}
    spans = (
        span(1),
        span(2, 1, agent("a")),
        span(3, 2, chat(1, 2)),
        span(4, 1, agent("b")),
        span(5, 4, chat(4, 8)),
    )
    found = run(*spans, posted=posted)
    assert (found["invocation_id"], found["status"], tokens(found)) == (
        "job-1",
        "failure",
        (5, None, None, 10),
    )
    assert '"task":"T9"' in found["attributes"]
    assert f'"trace_id":"{otlp.TRACE.hex()}"' in found["attributes"]


def test_hostile_texts() -> None:
    evil = "<script>alert(1)</script>\0" + "x" * 1000
    found = run(
        span(1, None, agent(evil, **{"fixer_metrics.note": evil}), name=evil, error=evil),
        span(2, 1, chat(1, 1, **{"gen_ai.request.model": evil})),
        span(3, 1, tool(evil)),
        resource={"service.name": evil, "deployment.environment.name": evil},
    )
    assert len(found["agent"]) == len(found["model"]) == 200
    assert "\0" not in found["error_message"]
    assert "\\u0000" not in found["attributes"]


def test_pending_spans_are_none() -> None:
    begun = span(1, None, agent("a", **{"logfire.span_type": "pending_span"}))
    assert runs(begun, span(2, 1, chat(1, 1)), settled=False) == []
