"""The tables of the runs and of their sums.

This module and those beside it whose names end in ``_tables`` are the only ones that name tables and columns.

``agent_execution`` holds one flat row per run, partitioned by month of ``start_time`` (UTC).
``execution_key`` is the gate: a run enters only if its key does. ``rollup_delta`` receives the rollup
rows of every write; compaction folds it into three tiers (quarter hour, hour, day; UTC), each with the
full key and a twin by status alone, each with its sketches in a table of their own. ``facet_hour`` and
``facet_day`` hold the same by one error category, error template, tool or attribute at a time; hours in
``facet_dirty`` are out of date there and are read from the raw rows (queries/facets.py).
"""

from __future__ import annotations

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from queries.measures import DIMENSIONS, MEASURES, SKETCHES

metadata = MetaData()

INSTANT = TIMESTAMP(timezone=True)
ID = Text(collation="C")  # byte order: one order for all writers, and prefix search by index


def serial(name: str) -> Column:
    """A number that the database gives to each new row, its key."""
    return Column(name, BigInteger, primary_key=True, autoincrement=True)


agent_execution = Table(
    "agent_execution",
    metadata,
    Column("invocation_id", ID, nullable=False),
    Column("agent", Text, nullable=False),
    Column("agent_version", Text),
    Column("model", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("start_time", INSTANT, nullable=False),
    Column("end_time", INSTANT),
    Column("duration_ms", Numeric(14, 3)),
    Column("input_tokens", BigInteger),
    Column("cache_read_tokens", BigInteger),
    Column("cache_write_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("total_tokens", BigInteger),
    Column("cost_usd", Numeric(18, 9)),
    Column("cost_source", Text),
    Column("llm_call_count", Integer),
    Column("tool_call_count", Integer),
    Column("tools_used", JSONB),
    Column("files_modified_count", Integer),
    Column("files_modified", ARRAY(Text)),
    Column("error_message", Text),
    Column("error_category", Text),
    Column("error_template", Text),
    Column("attributes", JSONB, nullable=False),
    Column("import_id", BigInteger),
    Column("ingested_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("start_time", "invocation_id"),
    postgresql_partition_by="RANGE (start_time)",
)

# What a record says of a run; the rest (import_id, ingested_at) says how it came here.
CONTENT_COLUMNS = tuple(
    column.name for column in agent_execution.columns if column.name not in ("import_id", "ingested_at")
)

execution_key = Table(
    "execution_key",
    metadata,
    Column("invocation_id", ID, primary_key=True),
    Column("start_time", INSTANT, nullable=False),
)

# An import that is being taken back holds the advisory lock of this number plus its own.
TAKING_BACK = 7_310_552_100_000_000

# Held by the worker that leads, for as long as its session lives.
LEADING = 7_310_552_004

# What became of each job of the worker, last time. ``failures``: how often in a row it has failed, with
# ``problem`` why; 0 and null once it succeeds.
worker_job = Table(
    "worker_job",
    metadata,
    Column("job", Text, primary_key=True),
    Column("succeeded_at", INSTANT),
    Column("did", Text),
    Column("failed_at", INSTANT),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("problem", Text),
)

# Runs that were announced at their start. They count nowhere; one whose key is at the gate has ended,
# whatever brought it, and is no longer in flight.
run_in_flight = Table(
    "run_in_flight",
    metadata,
    Column("invocation_id", ID, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("agent_version", Text),
    Column("model", Text, nullable=False),
    Column("start_time", INSTANT, nullable=False),
    Column("heard_at", INSTANT, nullable=False),
    Column("attributes", JSONB, nullable=False),
)

# One row per import or request that brought runs, so that a bad one can be listed and undone. Small
# requests share one: ``bundle`` names the one that is still open to more of them.
data_import = Table(
    "data_import",
    metadata,
    serial("import_id"),
    Column("source", Text, nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    Column("read", BigInteger, nullable=False, server_default="0"),
    Column("inserted", BigInteger, nullable=False, server_default="0"),
    Column("replaced", BigInteger, nullable=False, server_default="0"),
    Column("already_there", BigInteger, nullable=False, server_default="0"),
    Column("differing", BigInteger, nullable=False, server_default="0"),
    Column("rejected", BigInteger, nullable=False, server_default="0"),
    Column("taken_back_at", INSTANT),
    Column("taken_back", BigInteger, nullable=False, server_default="0"),
    Column("dropped", BigInteger, nullable=False, server_default="0"),
    Column("bundle", Text, unique=True),
)

# One row. identity is renewed by seed-from-nothing and rebuild; folded grows by each compaction by the
# number of delta rows it moved, so that folded + count(rollup_delta) changes exactly with each commit.
# raw_from: the month from which on retention keeps raw rows; null while it has dropped none.
data_state = Table(
    "data_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", UUID(as_uuid=False), nullable=False),
    Column("folded", BigInteger, nullable=False),
    Column("raw_from", INSTANT),
)
# Raw rows from before are dropped or about to be: no run enters, changes or goes there any more.
RAW_FROM = f"coalesce((SELECT raw_from FROM {data_state.name}), '-infinity')"


def _measures() -> list[Column]:
    return [Column(m.name, Numeric if m.money else BigInteger, nullable=False) for m in MEASURES]


def _sketches() -> list[Column]:
    return [Column(name, LargeBinary, nullable=False) for name in SKETCHES]


def _key(dimensions: tuple[str, ...]) -> list[Column]:
    return [
        Column("bucket", INSTANT, nullable=False),
        *(Column(name, Text, nullable=False) for name in dimensions),
    ]


rollup_delta = Table("rollup_delta", metadata, *_key(DIMENSIONS), *_measures(), *_sketches())

TIERS = ("quarter", "hour", "day")
# Two shapes of rollup: every dimension, and status alone for the unfiltered view.
SHAPES = {"rollup": DIMENSIONS, "status": ("status",)}


def _tier(shape: str, tier: str, suffix: str, columns: list[Column]) -> Table:
    dimensions = SHAPES[shape]
    return Table(
        f"{shape}_{tier}{suffix}",
        metadata,
        *_key(dimensions),
        *columns,
        PrimaryKeyConstraint("bucket", *reversed(dimensions)),
    )


sums = {(shape, tier): _tier(shape, tier, "", _measures()) for shape in SHAPES for tier in TIERS}
sketches = {(shape, tier): _tier(shape, tier, "_sketch", _sketches()) for shape in SHAPES for tier in TIERS}


FACET_TIERS = ("hour", "day")
# ``calls``: how often the runs called the tool, for facet ``tool``; 0 for the others.
facets = {
    tier: Table(
        f"facet_{tier}",
        metadata,
        Column("facet", ID, nullable=False),
        Column("bucket", INSTANT, nullable=False),
        Column("value", ID, nullable=False),
        Column("model", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("calls", BigInteger, nullable=False),
        *_measures(),
        *_sketches(),
    )
    for tier in FACET_TIERS
}

# The facets that are rolled up. ``hours`` false: nearly every run is a row of its own there, so that its
# hours are read from the raw rows instead. ``complete_from``: older raw rows were gone when it was begun.
rollup_facet = Table(
    "rollup_facet",
    metadata,
    Column("facet", ID, primary_key=True),
    Column("hours", Boolean, nullable=False, server_default="true"),
    Column("complete_from", INSTANT),
)

# UTC hours whose runs have changed since their facets were made; an hour may be noted many times.
facet_dirty = Table("facet_dirty", metadata, Column("hour", INSTANT, nullable=False))
