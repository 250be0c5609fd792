"""What the money and the data page read run by run before: two indexes, and a facet of reported costs.

The facet, of the runs that report their cost and their tokens, is filled here, by the hour and by the day, so
that it is quick from the start.
The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

UNCACHED = "input_tokens - coalesce(cache_read_tokens, 0) - coalesce(cache_write_tokens, 0)"
SUMS = {
    "calls": "0::bigint",
    "runs": "count(*)",
    "duration_us": "coalesce(sum((duration_ms * 1000)::bigint), 0)::bigint",
    "duration_known": "count(duration_ms)",
    "input_tokens": "sum(input_tokens)::bigint",
    "uncached_input_tokens": f"sum({UNCACHED})::bigint",
    "input_known": "count(*)",
    "output_tokens": "sum(output_tokens)::bigint",
    "output_known": "count(*)",
    "total_tokens": "coalesce(sum(total_tokens), 0)::bigint",
    "total_known": "count(total_tokens)",
    "cache_read_tokens": "coalesce(sum(cache_read_tokens), 0)::bigint",
    "cache_read_known": "count(cache_read_tokens)",
    "cache_write_tokens": "coalesce(sum(cache_write_tokens), 0)::bigint",
    "cache_write_known": "count(cache_write_tokens)",
    "hit_read_tokens": "coalesce(sum(cache_read_tokens), 0)::bigint",
    "hit_input_tokens": "coalesce(sum(input_tokens) FILTER (WHERE cache_read_tokens IS NOT NULL), 0)::bigint",
    "hit_known": "count(cache_read_tokens)",
    "cost_usd": "coalesce(sum(cost_usd), 0)",
    "cost_known": "count(cost_usd)",
    "estimated_cost_usd": "0::numeric",
    "estimated_known": "0::bigint",
    "llm_calls": "coalesce(sum(llm_call_count), 0)::bigint",
    "llm_known": "count(llm_call_count)",
    "tool_calls": "coalesce(sum(tool_call_count), 0)::bigint",
    "tool_known": "count(tool_call_count)",
    "files_modified": "coalesce(sum(files_modified_count), 0)::bigint",
    "files_known": "count(files_modified_count)",
}
SKETCHES = {"duration_sketch": "duration_ms", "cost_sketch": "cost_usd"}
TOLD = "cost_source = 'reported' AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL"
KEPT = "start_time >= coalesce((SELECT raw_from FROM data_state), '-infinity')"
# Held by whoever makes facets: hours that are made while this goes on would lack the new one.
FACETS = 7_310_552_003


def upgrade() -> None:
    op.execute(
        "CREATE INDEX agent_execution_odd_clock ON agent_execution (start_time) "
        "WHERE end_time < start_time "
        "OR abs(extract(epoch FROM end_time - start_time) * 1000 - duration_ms) > 1000 "
        "OR attributes ? 'start_time_assumed' OR (end_time IS NULL AND duration_ms IS NULL)"
    )
    op.execute(
        "CREATE INDEX agent_execution_no_result ON agent_execution (start_time) "
        "INCLUDE (model, llm_call_count, tool_call_count, cost_usd) "
        "WHERE status IN ('failure', 'error') OR files_modified_count = 0"
    )
    op.execute(f"SELECT pg_advisory_xact_lock({FACETS})")
    op.execute("INSERT INTO rollup_facet (facet, complete_from) SELECT 'cost_told', raw_from FROM data_state")
    for tier in ("hour", "day"):
        op.execute(_fill(tier))


def _fill(tier: str) -> str:
    columns = ["facet", "bucket", "value", "model", "status", *SUMS, *SKETCHES]
    bucket = f"date_bin('1 {tier}', start_time, TIMESTAMPTZ '2000-01-01 00:00:00+00')"
    values = ["'cost_told'", bucket, "'yes'", "model", "status", *SUMS.values()]
    values += [_sketch(column) for column in SKETCHES.values()]
    return (
        f"INSERT INTO facet_{tier} ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM agent_execution WHERE {TOLD} AND {KEPT} GROUP BY 2, 4, 5 ORDER BY 2"
    )


def _sketch(column: str) -> str:
    """A pair of bin and 1 for each run: they are added up when they are read."""
    bin_ = (
        f"CASE WHEN {column} > 0 THEN ceil(ln({column}::float8) / 0.020000666706669435)::int "
        f"WHEN {column} = 0 THEN -32768 END"
    )
    pair = f"int2send(({bin_})::int2) || int4send(1)"
    return f"coalesce(string_agg({pair}, ''::bytea) FILTER (WHERE {column} IS NOT NULL), ''::bytea)"
