"""Random runs in random batches, replayed, replaced, taken back, folded and rebuilt in between; then every
rollup is compared with plain SQL, written by hand, over the raw rows, and those with a model in Python."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ingest import batch
from ingest.compact import compact
from ingest.rebuild import rebuild
from ingest.verify import verify
from ingest.write import Writer, WriteResult, take_back_runs
from queries.measures import MEASURES
from queries.schema import CONTENT_COLUMNS
from queries.sketch import ZERO_BIN, decode

Row = tuple[Any, ...]
START = CONTENT_COLUMNS.index("start_time")

# Hand-written, over raw rows: one for every measure.
ORACLES = {
    "runs": "count(*)",
    "duration_us": "sum(duration_ms) * 1000",
    "duration_known": "count(duration_ms)",
    "input_tokens": "sum(input_tokens)",
    "uncached_input_tokens": "sum(input_tokens) - sum(coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0)) FILTER (WHERE input_tokens IS NOT NULL)",
    "input_known": "count(input_tokens)",
    "output_tokens": "sum(output_tokens)",
    "output_known": "count(output_tokens)",
    "total_tokens": "sum(total_tokens)",
    "total_known": "count(total_tokens)",
    "cache_read_tokens": "sum(cache_read_tokens)",
    "cache_read_known": "count(cache_read_tokens)",
    "cache_write_tokens": "sum(cache_write_tokens)",
    "cache_write_known": "count(cache_write_tokens)",
    "hit_read_tokens": "sum(cache_read_tokens) FILTER (WHERE input_tokens IS NOT NULL)",
    "hit_input_tokens": "sum(input_tokens) FILTER (WHERE cache_read_tokens IS NOT NULL)",
    "hit_known": "count(input_tokens + cache_read_tokens)",
    "cost_usd": "sum(cost_usd)",
    "cost_known": "count(cost_usd)",
    "estimated_cost_usd": "sum(cost_usd) FILTER (WHERE cost_source = 'estimated')",
    "estimated_known": "count(cost_usd) FILTER (WHERE cost_source = 'estimated')",
    "llm_calls": "sum(llm_call_count)",
    "llm_known": "count(llm_call_count)",
    "tool_calls": "sum(tool_call_count)",
    "tool_known": "count(tool_call_count)",
    "files_modified": "sum(files_modified_count)",
    "files_known": "count(files_modified_count)",
}
QUARTER = "to_timestamp(floor(extract(epoch FROM {0}) / 900) * 900)"
BUCKETS = {
    "quarter": QUARTER,
    "hour": "date_trunc('hour', {0}, 'UTC')",
    "day": "date_trunc('day', {0}, 'UTC')",
}
DIMENSIONS = {"rollup": ("agent", "agent_version", "model", "status"), "status": ("status",)}

# Edges of quarters, hours, days, months, years and of the clock changes of zones.
EDGES = [
    datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC),
    datetime(2024, 3, 1, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 45, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
]
moments = st.sampled_from(EDGES) | st.integers(0, 90 * 24 * 60).map(
    lambda minutes: datetime(2026, 8, 20, tzinfo=UTC) + timedelta(minutes=minutes, milliseconds=minutes % 999)
)
tokens = st.none() | st.just(0) | st.integers(0, 10**12)
counts = st.none() | st.just(0) | st.integers(0, 2**31 - 1)
costs = st.none() | st.sampled_from([Decimal(0), Decimal("1E-9"), Decimal("999999999.999999999")])
durations = st.none() | st.sampled_from([Decimal(0), Decimal("0.001"), Decimal(366 * 86_400_000)])


@st.composite
def runs(draw: st.DrawFn) -> Row:
    row: dict[str, Any] = dict.fromkeys(CONTENT_COLUMNS)
    cost = draw(costs | st.decimals(0, 100, places=9))
    row |= {
        "invocation_id": f"r{draw(st.integers(1, 30))}",
        "agent": draw(st.sampled_from(["fixer", "", "Fixer"])),
        "agent_version": draw(st.sampled_from([None, "", "1"])),
        "model": draw(st.sampled_from(["a", "ü\t\\N"])),
        "status": draw(st.sampled_from(["success", "failure", "error", "unknown"])),
        "start_time": draw(moments),
        "duration_ms": draw(durations | st.decimals(0, 10**6, places=3)),
        "input_tokens": draw(tokens),
        "cache_read_tokens": draw(tokens),
        "cache_write_tokens": draw(tokens),
        "output_tokens": draw(tokens),
        "total_tokens": draw(tokens),
        "cost_usd": cost,
        "cost_source": None if cost is None else draw(st.sampled_from(["reported", "estimated"])),
        "llm_call_count": draw(counts),
        "tool_call_count": draw(counts),
        "files_modified_count": draw(counts),
        "attributes": draw(st.sampled_from(["{}", '{"a": 1}'])),
    }
    return tuple(row.values())


batches = st.lists(runs(), max_size=12)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), batches),
        st.tuples(st.just("replace"), batches),
        st.tuples(st.just("again"), st.integers(0, 9)),  # the batch of an earlier step
        st.tuples(st.just("take back"), st.lists(st.integers(1, 30), max_size=15)),
        st.tuples(st.just("fold"), st.sampled_from([3, 20_000])),
        st.tuples(st.just("rebuild"), st.none()),
    ),
    min_size=1,
    max_size=9,
)


def play(engine: Engine, script: list[tuple[str, Any]]) -> dict[str, Row]:
    """Does the steps, and in ``model`` what they should come to."""
    model: dict[str, Row] = {}
    written: list[list[Row]] = []
    for kind, what in script:
        if kind == "again":
            kind, what = "write", written[what % len(written)] if written else []
        if kind in ("write", "replace"):
            written.append(what)
            with Writer(engine, replace=kind == "replace") as writer:
                check_counts(writer.write(what), what, model, kind == "replace")
        elif kind == "take back":
            gone = [f"r{number}" for number in what]
            assert take_back_runs(engine, gone) == len(model.keys() & set(gone))
            for name in gone:
                model.pop(name, None)
        elif kind == "fold":
            compact(engine, batch=what)
        else:
            rebuild(engine)
    return model


def same_but_for_the_price(row: Row, known: Row) -> bool:
    """Whether only an estimated cost tells them apart: a newer price list makes no other run."""
    cost, source = CONTENT_COLUMNS.index("cost_usd"), CONTENT_COLUMNS.index("cost_source")
    alike = row[:cost] + row[cost + 1 :] == known[:cost] + known[cost + 1 :]
    return alike and row[source] == "estimated"


def check_counts(result: WriteResult, rows: list[Row], model: dict[str, Row], replace: bool) -> None:
    known = len(model)
    within: dict[Any, Row] = {}  # of a batch that brings a run twice, one stands for it
    for row in rows:
        if replace or row[0] not in within:
            within[row[0]] = row
    for row in within.values():
        if row[0] not in model or (replace and not same_but_for_the_price(row, model[row[0]])):
            model[row[0]] = row
    assert result.inserted == len(model) - known
    assert result.inserted + result.replaced + result.already_there + result.differing == len(rows)
    assert (result.differing if replace else result.replaced) == 0
    assert result.rejected == []


def wipe(engine: Engine) -> None:
    tables = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname NOT IN ('alembic_version', 'data_state')"
    with engine.begin() as connection:
        names = connection.execute(text(tables)).scalars().all()
        connection.execute(text(f"TRUNCATE {', '.join(names)}"))


def rolled_up(engine: Engine, shape: str, tier: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    names = DIMENSIONS[shape]
    measures = ", ".join(f"sum({m.name})" for m in MEASURES)
    listed = ", ".join((*names, *(m.name for m in MEASURES)))
    return found(
        engine,
        f"SELECT b, {', '.join(names)}, {measures} FROM (SELECT bucket b, {listed} FROM {shape}_{tier} UNION ALL "
        f"SELECT {BUCKETS[tier].format('bucket')}, {listed} FROM rollup_delta) t "
        f"GROUP BY b, {', '.join(names)} HAVING sum(runs) <> 0",
        len(names) + 1,
    )


def added_up(engine: Engine, shape: str, tier: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    raw_names = ["coalesce(agent_version, '')" if n == "agent_version" else n for n in DIMENSIONS[shape]]
    positions = ", ".join(str(n + 1) for n in range(len(raw_names) + 1))
    oracles = ", ".join(f"coalesce({ORACLES[m.name]}, 0)" for m in MEASURES)
    key = ", ".join((BUCKETS[tier].format("start_time"), *raw_names))
    return found(
        engine, f"SELECT {key}, {oracles} FROM agent_execution GROUP BY {positions}", len(raw_names) + 1
    )


def found(engine: Engine, statement: str, width: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(statement).all()
    return {tuple(row[:width]): tuple(row[width:]) for row in rows}


def bins_of(values: list[Decimal]) -> Counter[int]:
    gamma = math.log(1.01 / 0.99)
    return Counter(ZERO_BIN if value == 0 else math.ceil(math.log(float(value)) / gamma) for value in values)


def sketched(engine: Engine, table: str, column: str) -> Counter[int]:
    statement = f"SELECT coalesce(string_agg({column}, ''), '') FROM (SELECT {column} FROM {table}_sketch UNION ALL SELECT {column} FROM rollup_delta) t"
    with engine.connect() as connection:
        bins, counts = decode(connection.execute(text(statement)).scalar_one())
    return Counter(dict(zip(bins.tolist(), counts.tolist(), strict=True)))


@pytest.mark.parametrize("small", [0, 200], ids=["copy", "json"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=steps)
def test_rollups_are_what_the_raw_rows_say(
    module_engine: Engine, monkeypatch: pytest.MonkeyPatch, small: int, script: list[tuple[str, Any]]
) -> None:
    engine = module_engine
    monkeypatch.setattr(batch, "SMALL", small)
    wipe(engine)
    model = play(engine, script)
    with engine.connect() as connection:
        stored = connection.execute(
            text(f"SELECT {', '.join(CONTENT_COLUMNS[:17])} FROM agent_execution")
        ).all()
    assert {row[0]: tuple(row) for row in stored} == {name: row[:17] for name, row in model.items()}
    for shape in DIMENSIONS:
        for tier in BUCKETS:
            assert rolled_up(engine, shape, tier) == added_up(engine, shape, tier), (shape, tier)
            for column, place in (("duration_sketch", 7), ("cost_sketch", 13)):
                values = [row[place] for row in model.values() if row[place] is not None]
                assert sketched(engine, f"{shape}_{tier}", column) == bins_of(values)
    assert verify(engine) == []


def test_every_measure_has_an_oracle() -> None:
    assert list(ORACLES) == [measure.name for measure in MEASURES]
