"""Makes the rollups again from the raw rows, exact beside writers and readers that go on meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg import IsolationLevel
from sqlalchemy import Engine

from ingest import facets, months
from ingest.compact import LOCK, fold_sql
from ingest.rollups import of_runs, runs_between
from ingest.transactions import Cursor, connected, transact
from queries.schema import rollup_delta, sketches, sums

_FOLD_MONTH = fold_sql(of_runs(runs_between("%(first)s", "%(last)s"))) + "SELECT count(*) FROM source"
_KEPT = "date_trunc('month', {}, 'UTC') <> ALL(%(dropped)s)"


def rebuild(engine: Engine, attributes: Sequence[str] | None = None) -> None:
    """Tiers, keys and facets as the raw rows say; months whose raw rows were dropped stay as they are.

    ``attributes``: those to be rolled up from now on; None leaves them as they are.
    """
    if attributes is not None:
        facets.configure(engine, attributes)
    with connected(engine, IsolationLevel.REPEATABLE_READ) as connection:
        # Before the transaction begins: its snapshot must not be older than the last compaction.
        transact(connection, lambda cursor: cursor.execute(f"SELECT pg_advisory_lock({LOCK})"))
        try:
            transact(connection, _rebuild)
        finally:
            if not connection.closed:
                connection.execute(f"SELECT pg_advisory_unlock({LOCK})")
    facets.refresh(engine)


def _rebuild(cursor: Cursor) -> None:
    cursor.execute(months.HOLD)
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
    facets.mark_all(cursor)
    # Answers cached under the old identity may be wrong.
    cursor.execute("UPDATE data_state SET identity = gen_random_uuid()")


def _mend_keys(cursor: Cursor, dropped: Mapping[str, object]) -> None:
    """Every run is known by its start, and nothing is known that is not there."""
    cursor.execute(
        "INSERT INTO execution_key SELECT DISTINCT ON (r.invocation_id) r.invocation_id, r.start_time "
        "FROM agent_execution r LEFT JOIN execution_key k USING (invocation_id, start_time) "
        "WHERE k.invocation_id IS NULL AND NOT EXISTS (SELECT FROM execution_key o JOIN agent_execution s "
        "USING (invocation_id, start_time) WHERE o.invocation_id = r.invocation_id) "
        "ORDER BY r.invocation_id, r.start_time "
        "ON CONFLICT (invocation_id) DO UPDATE SET start_time = excluded.start_time"
    )
    cursor.execute(
        "DELETE FROM execution_key k WHERE NOT EXISTS (SELECT FROM agent_execution r "
        "WHERE r.invocation_id = k.invocation_id AND r.start_time = k.start_time) "
        f"AND {_KEPT.format('k.start_time')}",
        dropped,
    )
