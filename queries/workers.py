"""Whether a worker leads, and what became of its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from queries.schema import LEADING

# A lock of one 64-bit number is shown as its two halves.
_LED = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND (classid::bigint << 32) | objid::bigint = :key)"
)


@dataclass(frozen=True)
class JobState:
    """A job of the worker. ``did``: what it said at its last success; ``failures``: how often in a row it
    has failed since, ``problem`` why."""

    job: str
    succeeded_at: datetime | None
    did: str | None
    failed_at: datetime | None
    failures: int
    problem: str | None


def is_led(connection: Connection) -> bool:
    """Whether a worker leads at this moment; asked of the server itself, not of what a worker wrote."""
    return bool(connection.execute(_LED, {"key": LEADING}).scalar_one())


def read_jobs(connection: Connection) -> list[JobState]:
    """Those in trouble first."""
    columns = ", ".join(JobState.__dataclass_fields__)
    statement = text(f"SELECT {columns} FROM worker_job ORDER BY failures > 0 DESC, job")
    return [JobState(*row) for row in connection.execute(statement)]
