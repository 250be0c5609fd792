"""Folds the rollup rows that writes append into the tiers; changes no answer, only how fast it comes."""

from __future__ import annotations

from sqlalchemy import Engine, text

from ingest.rollups import SUMS, bounded, cascade
from ingest.transactions import Connection, Cursor, connected, transact
from queries.measures import SKETCHES
from queries.schema import SHAPES, sketches, sums

# Held by whoever rewrites tiers: compaction for a transaction, rebuild for its session.
LOCK = 7_310_552_002

BATCH = 20_000
# With so many rows waiting it is time to fold them.
FOLD_AT = 5_000


def compact(engine: Engine, *, batch: int = BATCH) -> int:
    """Folds what is there, ``batch`` rows at a time; gives the rows folded, 0 where another one is at it."""
    with connected(engine) as connection:
        return compact_on(connection, batch)


def waiting(engine: Engine, enough: int) -> int:
    """How many rows wait to be folded; no more than ``enough``: counting a million would be dear."""
    count = text("SELECT count(*) FROM (SELECT FROM rollup_delta LIMIT :enough) AS waiting")
    with engine.connect() as connection:
        return int(connection.execute(count, {"enough": enough}).scalar_one())


def compact_on(connection: Connection, batch: int = BATCH) -> int:
    folded = 0
    while True:
        moved = transact(connection, lambda cursor: _fold(cursor, batch))
        folded += moved
        # Writers may add rows all the while; a batch that was not full is the end.
        if moved < batch:
            return folded


def fold_sql(source: str) -> str:
    """One statement that adds the rollup rows ``source`` gives to every tier; a last part ends it.

    One, so that no reader sees a row in both places or in neither.
    """
    made = cascade("source")
    parts = [f"source AS ({source})"]
    parts += [f"{name} AS ({select})" for name, select in made.values()]
    for (shape, tier), (name, _) in made.items():
        parts.append(f"{name}_sums AS ({_upsert_sums(shape, tier, name)})")
        parts.append(f"{name}_sketches AS ({_upsert_sketches(shape, tier, name)})")
    return f"WITH {', '.join(parts)} "


def _fold(cursor: Cursor, batch: int) -> int:
    cursor.execute(_LOCK)
    if not cursor.fetchone()[0]:  # type: ignore[index]
        return 0
    cursor.execute(_FOLD, {"batch": batch})
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _key(shape: str) -> str:
    return ", ".join(("bucket", *reversed(SHAPES[shape])))


def _upsert_sums(shape: str, tier: str, rows: str) -> str:
    table, key = sums[shape, tier].name, _key(shape)
    columns = ", ".join(SUMS)
    added = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in SUMS)
    return (
        f"INSERT INTO {table} AS t ({key}, {columns}) SELECT {key}, {columns} FROM {rows} ORDER BY {key} "
        f"ON CONFLICT ({key}) DO UPDATE SET {added}"
    )


def _upsert_sketches(shape: str, tier: str, rows: str) -> str:
    table, key = sketches[shape, tier].name, _key(shape)
    columns = ", ".join(SKETCHES)
    merged = ", ".join(f"{name} = {bounded(f'(t.{name} || excluded.{name})')}" for name in SKETCHES)
    return (
        f"INSERT INTO {table} AS t ({key}, {columns}) SELECT {key}, {columns} FROM {rows} ORDER BY {key} "
        f"ON CONFLICT ({key}) DO UPDATE SET {merged}"
    )


# Memory for a whole batch: it spills to disk with less.
_LOCK = f"SELECT pg_try_advisory_xact_lock({LOCK}), set_config('work_mem', '64MB', true)"
_FOLD = (
    fold_sql(
        "DELETE FROM rollup_delta WHERE ctid = ANY(ARRAY("
        "SELECT ctid FROM rollup_delta LIMIT %(batch)s)) RETURNING *"
    )
    + "UPDATE data_state SET folded = folded + moved.n "
    "FROM (SELECT count(*) AS n FROM source) AS moved WHERE moved.n > 0 RETURNING moved.n"
)
