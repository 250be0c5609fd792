"""Makes the rollups again from the raw rows, exact beside writers and readers that go on meanwhile."""

from __future__ import annotations

from psycopg import IsolationLevel
from sqlalchemy import Engine

from ingest import months
from ingest.compact import LOCK, fold_sql
from ingest.rollups import of_runs, runs_between
from ingest.transactions import Cursor, connected, transact
from queries.schema import rollup_delta, sketches, sums

_FOLD_MONTH = (
    fold_sql(of_runs(runs_between("%(first)s", "%(last)s"))) + "SELECT count(*) FROM source"
)
_KEPT = "date_trunc('month', {}, 'UTC') <> ALL(%(dropped)s)"


def rebuild(engine: Engine) -> None:
    """Tiers and keys as the raw rows say; months whose raw rows were dropped stay as they are."""
    with connected(engine, IsolationLevel.REPEATABLE_READ) as connection:
        # Before the transaction begins: its snapshot must not be older than the last compaction.
        transact(connection, lambda cursor: cursor.execute(f"SELECT pg_advisory_lock({LOCK})"))
        try:
            transact(connection, _rebuild)
        finally:
            if not connection.closed:
                connection.execute(f"SELECT pg_advisory_unlock({LOCK})")


def _rebuild(cursor: Cursor) -> None:
    cursor.execute("SET LOCAL work_mem = '64MB'")
    dropped = {"dropped": months.dropped(cursor)}
    spans = months.vouched(cursor)
    _mend_keys(cursor, dropped)
    for table in (rollup_delta, *sums.values(), *sketches.values()):
        # Never TRUNCATE: readers with an older snapshot would find nothing. Rows that writers append
        # meanwhile are not in the snapshot, nor are their runs; they stay and are folded later.
        cursor.execute(f"DELETE FROM {table.name} WHERE {_KEPT.format('bucket')}", dropped)
    for first, last in spans:
        cursor.execute(_FOLD_MONTH, {"first": first, "last": last})
    # Answers cached under the old identity may be wrong.
    cursor.execute("UPDATE data_state SET identity = gen_random_uuid()")


def _mend_keys(cursor: Cursor, dropped: dict[str, object]) -> None:
    matched = (
        "EXISTS (SELECT FROM {0} o WHERE o.invocation_id = {1}.invocation_id "
        "AND o.start_time = {1}.start_time)"
    )
    cursor.execute(
        "INSERT INTO execution_key SELECT DISTINCT ON (invocation_id) r.invocation_id, r.start_time "
        f"FROM agent_execution r WHERE NOT {matched.format('execution_key', 'r')} "
        "AND NOT EXISTS (SELECT FROM execution_key k JOIN agent_execution o USING (invocation_id, start_time) "
        "WHERE k.invocation_id = r.invocation_id) ORDER BY invocation_id, r.start_time "
        "ON CONFLICT (invocation_id) DO UPDATE SET start_time = excluded.start_time"
    )
    cursor.execute(
        f"DELETE FROM execution_key k WHERE NOT {matched.format('agent_execution', 'k')} "
        f"AND {_KEPT.format('k.start_time')}",
        dropped,
    )
