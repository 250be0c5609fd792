"""Runs, their gate, and the rollups that are exact the moment a run is committed.

The checks are the last door: no single row that passes them can break a later compaction.
The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0001"
down_revision = None

RUNS = """
CREATE TABLE agent_execution (
    invocation_id text COLLATE "C" NOT NULL CHECK (octet_length(invocation_id) <= 512),
    agent text NOT NULL CHECK (char_length(agent) <= 200),
    agent_version text CHECK (char_length(agent_version) <= 200),
    model text NOT NULL CHECK (char_length(model) <= 200),
    status text NOT NULL CHECK (status IN ('success', 'failure', 'error', 'unknown')),
    start_time timestamptz NOT NULL CHECK (start_time >= '2000-01-01 00:00:00+00'),
    end_time timestamptz,
    duration_ms numeric(14, 3) CHECK (duration_ms >= 0 AND duration_ms <> 'NaN'),
    input_tokens bigint CHECK (input_tokens BETWEEN 0 AND 1000000000000),
    cache_read_tokens bigint CHECK (cache_read_tokens BETWEEN 0 AND 1000000000000),
    cache_write_tokens bigint CHECK (cache_write_tokens BETWEEN 0 AND 1000000000000),
    output_tokens bigint CHECK (output_tokens BETWEEN 0 AND 1000000000000),
    total_tokens bigint CHECK (total_tokens BETWEEN 0 AND 1000000000000),
    cost_usd numeric(18, 9) CHECK (cost_usd >= 0 AND cost_usd <> 'NaN'),
    cost_source text CHECK (cost_source IN ('reported', 'estimated')),
    llm_call_count integer CHECK (llm_call_count >= 0),
    tool_call_count integer CHECK (tool_call_count >= 0),
    tools_used jsonb,
    files_modified_count integer CHECK (files_modified_count >= 0),
    files_modified text[],
    error_message text,
    error_category text,
    error_template text,
    attributes jsonb NOT NULL,
    import_id bigint,
    ingested_at timestamptz NOT NULL,
    PRIMARY KEY (start_time, invocation_id)
) PARTITION BY RANGE (start_time)
"""

MEASURES = [
    "runs",
    "duration_us",
    "duration_known",
    "input_tokens",
    "uncached_input_tokens",
    "input_known",
    "output_tokens",
    "output_known",
    "total_tokens",
    "total_known",
    "cache_read_tokens",
    "cache_read_known",
    "cache_write_tokens",
    "cache_write_known",
    "hit_read_tokens",
    "hit_input_tokens",
    "hit_known",
    "cost_usd",
    "cost_known",
    "estimated_cost_usd",
    "estimated_known",
    "llm_calls",
    "llm_known",
    "tool_calls",
    "tool_known",
    "files_modified",
    "files_known",
]
MONEY = ("cost_usd", "estimated_cost_usd")
SKETCHES = ("duration_sketch", "cost_sketch")
SHAPES = {"rollup": ("agent", "agent_version", "model", "status"), "status": ("status",)}

# Tiers and delta turn over all the time: vacuum by count, not by share, or dead rows pile up.
VACUUM = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000"
TOAST = "toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000"


def _columns(names: tuple[str, ...], kind: str) -> list[str]:
    return [f"{name} {kind} NOT NULL" for name in names]


def _sums() -> list[str]:
    return [f"{m} {'numeric' if m in MONEY else 'bigint'} NOT NULL" for m in MEASURES]


def _tier(name: str, dimensions: tuple[str, ...], columns: list[str], options: str) -> None:
    key = ", ".join(("bucket", *reversed(dimensions)))
    body = ["bucket timestamptz NOT NULL", *_columns(dimensions, "text"), *columns]
    body.append(f"PRIMARY KEY ({key})")
    op.execute(f"CREATE TABLE {name} ({', '.join(body)}) WITH ({options})")


def upgrade() -> None:
    op.execute(RUNS)
    op.execute("CREATE INDEX agent_execution_model ON agent_execution (model, start_time)")
    op.execute("CREATE INDEX agent_execution_status ON agent_execution (status, start_time)")
    op.execute("CREATE INDEX agent_execution_cost ON agent_execution (cost_usd)")
    op.execute("CREATE INDEX agent_execution_duration ON agent_execution (duration_ms)")
    op.execute(
        'CREATE TABLE execution_key (invocation_id text COLLATE "C" PRIMARY KEY, '
        "start_time timestamptz NOT NULL)"
    )
    op.execute(
        "CREATE TABLE data_import (import_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "source text NOT NULL, started_at timestamptz NOT NULL, finished_at timestamptz, "
        + ", ".join(
            f"{count} bigint NOT NULL DEFAULT 0"
            for count in ("read", "inserted", "replaced", "already_there", "differing", "rejected")
        )
        + ")"
    )
    op.execute(
        "CREATE TABLE data_state (id integer PRIMARY KEY CHECK (id = 1), "
        "identity uuid NOT NULL, folded bigint NOT NULL)"
    )
    op.execute("INSERT INTO data_state VALUES (1, gen_random_uuid(), 0)")
    dimensions = SHAPES["rollup"]
    body = ["bucket timestamptz NOT NULL", *_columns(dimensions, "text"), *_sums()]
    body += _columns(SKETCHES, "bytea")
    op.execute(f"CREATE TABLE rollup_delta ({', '.join(body)}) WITH ({VACUUM}, {TOAST})")
    for shape, dimensions in SHAPES.items():
        for tier in ("quarter", "hour", "day"):
            _tier(f"{shape}_{tier}", dimensions, _sums(), f"fillfactor = 80, {VACUUM}")
            sketches = _columns(SKETCHES, "bytea")
            options = f"fillfactor = 80, {VACUUM}, {TOAST}"
            _tier(f"{shape}_{tier}_sketch", dimensions, sketches, options)
