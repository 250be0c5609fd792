"""Runs announced at their start: kept apart from those that have ended, until they end or are given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from ingest.columns import INDEX
from ingest.lines import Record
from ingest.record import CONTENT_ID, Canon
from ingest.staging import Row
from ingest.transactions import Cursor, connected, transact
from queries.errors import RecordError

RUNNING = "running"  # the status of a record that announces its run

_COLUMNS = ("invocation_id", "agent", "agent_version", "model", "start_time", "attributes")
_ID, _END = INDEX["invocation_id"], INDEX["end_time"]

# Ids in one order, as at the gate: requests that announce the same runs wait for each other and cannot
# deadlock. A run that has ended stays ended; one that is announced again is heard of again.
_ANNOUNCE = (
    "WITH announced AS (INSERT INTO run_in_flight AS f "
    f"({', '.join(_COLUMNS)}, heard_at) SELECT {', '.join(f's.{name}' for name in _COLUMNS)}, now() "
    "FROM jsonb_to_recordset(%(rows)s::jsonb) AS s(invocation_id text, agent text, agent_version text, "
    "model text, start_time timestamptz, attributes jsonb) "
    "WHERE NOT EXISTS (SELECT FROM execution_key k WHERE k.invocation_id = s.invocation_id) "
    'ORDER BY s.invocation_id COLLATE "C" ON CONFLICT (invocation_id) DO UPDATE SET '
    f"{', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[1:])}, heard_at = excluded.heard_at "
    "RETURNING f.invocation_id) SELECT coalesce(array_agg(invocation_id), '{}') FROM announced"
)
_GIVE_UP = (
    "DELETE FROM run_in_flight f WHERE invocation_id = ANY(:ids) AND NOT EXISTS "
    "(SELECT FROM execution_key k WHERE k.invocation_id = f.invocation_id) RETURNING invocation_id"
)
_SWEEP = (
    "DELETE FROM run_in_flight f WHERE heard_at < %(before)s "
    "OR EXISTS (SELECT FROM execution_key k WHERE k.invocation_id = f.invocation_id)"
)


def is_announced(record: Record) -> bool:
    """Whether a record says that its run has begun and not ended."""
    status = record.get("status")
    return isinstance(status, str) and status.strip().lower() == RUNNING


def row(record: Record, canon: Canon, now: datetime) -> Row:
    """The row of an announced run, judged like any other; RecordError where it cannot be announced."""
    made = canon.row({name: value for name, value in record.items() if name != "status"}, now)
    if str(made[_ID]).startswith(CONTENT_ID):
        reason = "is missing; a run that is announced needs one, so that its end is known to be its own"
        raise RecordError("no_invocation_id", "invocation_id", None, reason)
    if made[_END] is not None:
        reason = f"says that the run has ended, and its status that it is {RUNNING}"
        raise RecordError("not_running", "end_time", made[_END].isoformat(), reason)  # type: ignore[attr-defined]
    return made


def announce(engine: Engine, rows: Sequence[Row]) -> int:
    """Notes that these runs are in flight; gives how many of ``rows`` are (the others have ended already)."""
    last = {made[_ID]: made for made in rows}
    packed = orjson.dumps([_packed(made) for made in last.values()]).decode()
    with connected(engine) as connection:
        flying = transact(connection, partial(_announce, packed=packed))
    return sum(made[_ID] in flying for made in rows)


def _announce(cursor: Cursor, packed: str) -> set[str]:
    cursor.execute(_ANNOUNCE, {"rows": packed})
    return set(cursor.fetchone()[0])  # type: ignore[index]


def _packed(made: Row) -> dict[str, Any]:
    found = {name: made[INDEX[name]] for name in _COLUMNS}
    return found | {"attributes": orjson.Fragment(found["attributes"])}  # type: ignore[arg-type]


def give_up(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Forgets runs in flight of which nobody expects an end any more; gives those that were in flight.

    Nothing is said of how they ended, for nobody knows. Where an end comes all the same, it counts.
    """
    given = connection.execute(text(_GIVE_UP), {"ids": list(ids)}).scalars()
    return sorted(given)


def sweep(engine: Engine, now: datetime, give_up_after: timedelta) -> int:
    """Forgets runs that have ended, and those nothing was heard of for so long; gives how many."""

    def delete(cursor: Cursor) -> int:
        cursor.execute(_SWEEP, {"before": now - give_up_after})
        return cursor.rowcount

    with connected(engine) as connection:
        return transact(connection, delete)
