"""When each version of an agent first ran: to the day from the rollups, then hour, quarter, and the run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from queries.filters import Filters
from queries.store import Store

MOST = 200  # versions of one period; beyond that they are no events any more


@dataclass(frozen=True)
class FirstRun:
    agent: str
    version: str
    at: datetime


def first_runs(store: Store, filters: Filters) -> list[FirstRun]:
    """The versions whose first run of all lies in the period, oldest first; the newest ``MOST``.

    Of the filters, agent and version say which; a version that began earlier with other models is not new,
    so the others are not asked.
    """
    values = {
        "start": filters.start,
        "end": filters.end,
        "agents": list(filters.agent) or None,
        "versions": list(filters.version) or None,
        "most": MOST,
    }

    def read(connection: Connection) -> list[tuple[str, str, datetime]]:
        return [tuple(row) for row in connection.exec_driver_sql(_FIRST, values)]

    key = f"first runs {sorted((name, str(value)) for name, value in values.items())}"
    return [FirstRun(*row) for row in store.cached(key, read)]


def _first_of(tier: str, size: str, since: str) -> str:
    """SQL for the first bucket of a tier with runs of ``v``'s version, within the coarser one."""
    return f"""
        SELECT bucket FROM (
            SELECT bucket, runs FROM rollup_{tier}
            WHERE bucket >= {since} AND bucket < {since} + interval '1 {size}'
              AND agent = v.agent AND agent_version = v.agent_version
            UNION ALL
            SELECT date_bin(interval '{_TIERS[tier]}', bucket, timestamptz '2000-01-01 00:00+00'), runs
            FROM rollup_delta
            WHERE bucket >= {since} AND bucket < {since} + interval '1 {size}'
              AND agent = v.agent AND agent_version = v.agent_version
        ) AS rows GROUP BY bucket HAVING sum(runs) > 0 ORDER BY bucket LIMIT 1"""


_TIERS = {"hour": "1 hour", "quarter": "15 minutes"}

# Sessions run in UTC, so date_trunc cuts days as the day tier does. Raw rows may be gone (retention): then
# the quarter hour is all that is known.
_FIRST = f"""
    WITH days AS (
        SELECT agent, agent_version, min(day) AS day FROM (
            SELECT agent, agent_version, date_trunc('day', bucket) AS day FROM (
                SELECT agent, agent_version, bucket, runs FROM rollup_day
                UNION ALL SELECT agent, agent_version, bucket, runs FROM rollup_delta
            ) AS rows
            WHERE agent_version <> '' AND bucket < %(end)s
              AND (%(agents)s::text[] IS NULL OR agent = ANY(%(agents)s))
              AND (%(versions)s::text[] IS NULL OR agent_version = ANY(%(versions)s))
            GROUP BY 1, 2, 3 HAVING sum(runs) > 0
        ) AS seen GROUP BY 1, 2 HAVING min(day) >= date_trunc('day', %(start)s)
    ), found AS (
        SELECT v.agent, v.agent_version, q.bucket FROM days AS v
        CROSS JOIN LATERAL ({_first_of("hour", "day", "v.day")}) AS h
        CROSS JOIN LATERAL ({_first_of("quarter", "hour", "h.bucket")}) AS q
        WHERE q.bucket >= %(start)s AND q.bucket < %(end)s
        ORDER BY q.bucket DESC LIMIT %(most)s
    )
    SELECT agent, agent_version, coalesce((
        SELECT min(r.start_time) FROM agent_execution AS r
        WHERE r.start_time >= found.bucket AND r.start_time < found.bucket + interval '15 minutes'
          AND r.agent = found.agent AND r.agent_version = found.agent_version
    ), bucket) AS at FROM found ORDER BY at, agent, agent_version
"""
