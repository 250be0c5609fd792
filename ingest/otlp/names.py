"""What instrumentations call things, the likeliest name first: OpenTelemetry's GenAI conventions as they
stand, as they were, and the dialects beside them (OpenInference, OpenLLMetry, Vercel's AI SDK, Langfuse).
"""

from __future__ import annotations

# What a span is; everything else is only a link between those.
AGENT, MODEL, EMBEDDING, TOOL, LINK = "agent", "model", "embedding", "tool", ""

# By this Claude Code's own traces are known; they count cache tokens as Anthropic's API does, apart.
CLAUDE_CODE, CLAUDE_CODE_CALL = "span.type", "llm_request"
SUCCESS, ERROR = "success", "error"  # and so they tell whether a call went well

# (attribute, its value) -> what the span is. The first attribute that says something decides.
_AI_SDK = ("generateText", "streamText", "generateObject", "streamObject")
KINDS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "gen_ai.operation.name",
        {
            **dict.fromkeys(("invoke_agent", "invoke_workflow"), AGENT),
            **dict.fromkeys(("chat", "text_completion", "generate_content"), MODEL),
            "embeddings": EMBEDDING,
            "execute_tool": TOOL,
        },
    ),
    (
        "openinference.span.kind",
        {"AGENT": AGENT, "LLM": MODEL, "EMBEDDING": EMBEDDING, "TOOL": TOOL},
    ),
    ("traceloop.span.kind", {"workflow": AGENT, "agent": AGENT, "tool": TOOL}),
    ("llm.request.type", {"chat": MODEL, "completion": MODEL, "embedding": EMBEDDING}),
    (
        "langfuse.observation.type",
        {"agent": AGENT, "generation": MODEL, "embedding": EMBEDDING, "tool": TOOL},
    ),
    (
        "ai.operationId",
        {
            **{f"ai.{name}": AGENT for name in _AI_SDK},
            **{f"ai.{name}.doGenerate": MODEL for name in ("generateText", "generateObject")},
            **{f"ai.{name}.doStream": MODEL for name in ("streamText", "streamObject")},
            **{f"ai.{name}.doEmbed": EMBEDDING for name in ("embed", "embedMany")},
            "ai.toolCall": TOOL,
        },
    ),
    ("mcp.method.name", {"tools/call": TOOL}),
    (CLAUDE_CODE, {"interaction": AGENT, CLAUDE_CODE_CALL: MODEL, "tool": TOOL}),
)
# Before there were operations, a model's call was known by the model it asked.
OLD_MODEL = "gen_ai.request.model"

MODEL_NAME = (
    "gen_ai.response.model",
    "llm.response.model_name",
    "ai.response.model",
    "gen_ai.request.model",
    "llm.request.model_name",
    "llm.model_name",
    "embedding.model_name",
    "ai.model.id",
    "model_name",
)
REQUESTED_MODEL = ("gen_ai.request.model", "llm.request.model_name", "ai.model.id")
PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider")

# Field of a span -> what it is called.
COUNTS: dict[str, tuple[str, ...]] = {
    "input_tokens": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.usage.prompt_tokens",
        "llm.token_count.prompt",
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "gen_ai.aggregated_usage.input_tokens",
        "input_tokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.usage.completion_tokens",
        "llm.token_count.completion",
        "ai.usage.outputTokens",
        "ai.usage.completionTokens",
        "gen_ai.aggregated_usage.output_tokens",
        "output_tokens",
    ),
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.cached_input_tokens",
        "llm.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
        "ai.usage.cachedInputTokens",
        "gen_ai.aggregated_usage.cache_read.input_tokens",
        "cache_read_tokens",
    ),
    "cache_write_tokens": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
        "llm.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
        "gen_ai.aggregated_usage.cache_write.input_tokens",
        "gen_ai.aggregated_usage.cache_creation.input_tokens",
        "cache_creation_tokens",
    ),
    "total_tokens": (
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "llm.token_count.total",
        "ai.usage.totalTokens",
    ),
}
COST = (
    "gen_ai.usage.cost",
    "gen_ai.usage.total_cost",
    "gen_ai.usage.cost_usd",
    "llm.cost.total",
    "operation.cost",
)
TOOL_NAME = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name", "tool_name")
AGENT_NAME = (
    "gen_ai.agent.name",
    "gen_ai.workflow.name",
    "agent.name",
    "agent_name",
    "traceloop.entity.name",
)
# Texts of a span that are kept as they are.
TEXTS: dict[str, tuple[str, ...]] = {
    "agent_version": ("gen_ai.agent.version",),
    "agent_id": ("gen_ai.agent.id",),
    "conversation": ("gen_ai.conversation.id", "session.id", "langfuse.session.id"),
    "user": ("enduser.id", "user.id", "langfuse.user.id"),
    "error_type": ("error.type",),
}
# Of the resource: what sent the span.
RESOURCE: dict[str, tuple[str, ...]] = {
    "service": ("service.name",),
    "service_version": ("service.version",),
    "environment": ("deployment.environment.name", "deployment.environment"),
    "repository": ("vcs.repository.name", "vcs.repository.url.full"),
}
# What the user says of a run, on its agent span or for a whole program (OTEL_RESOURCE_ATTRIBUTES).
OWN = "fixer_metrics."
APART = "input_excludes_cache"

# Instrumentations that report cache tokens beside the input, not as parts of it, though the conventions
# say otherwise: OpenLLMetry's for Bedrock (traceloop/openllmetry#4449).
APART_SCOPES = frozenset({"opentelemetry.instrumentation.bedrock"})

# Logfire sends a span when it begins, too; only what has ended counts.
PENDING = ("logfire.span_type", "pending_span")


def _wanted() -> frozenset[str]:
    tables = (*COUNTS.values(), *TEXTS.values(), COST, TOOL_NAME, AGENT_NAME, MODEL_NAME, REQUESTED_MODEL)
    names = {name for table in (*tables, PROVIDER) for name in table}
    return frozenset(names | {attribute for attribute, _ in KINDS} | {PENDING[0], SUCCESS, ERROR})


WANTED = _wanted()
