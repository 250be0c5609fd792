"""Twelve runs made by hand, for the tests that look at what a reader sees. All sums are in the comments.

The page is asked at NOW, a Friday, 13:07 in Berlin.

    day (Berlin)  what                                      24h  7d  30d  90d  all
    20 Nov        claude success, claude success, gpt-4 error  3    3    3    3    3
    19 Nov        gpt-4 success, gpt-4 failure, odd success    -    3    3    3    3
    18 Nov        odd unknown                                  -    1    1    1    1
     1 Nov        gpt-4 success                                -    -    1    1    1
    30 Oct        gpt-4 failure                                -    -    1    1    1
    25 Oct        claude success                               -    -    1    1    1
    15 Sep        gpt-4 success                                -    -    -    1    1
    10 Jan        gpt-4 error                                  -    -    -    -    1
                                                               3    7   10   11   12

Of the ten of the last 30 days: 6 success, 2 failure, 1 error, 1 unknown; success rate 6 / 9 = 66.7 %;
cost 0.10 + 0.20 + 0.05 + 0.30 + 0.40 + 1 + 2 + 0.50 = $4.55, two without a cost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from ingest.write import Writer

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
ZONE = "Europe/Berlin"
ODD = "odd, 100%"  # a name with what has a meaning in URLs

# start (UTC), agent, version, model, status, seconds, cost, LLM calls
_RUNS = (
    ("2026-11-20T09:00", "fixer", "2.0", "claude", "success", 30, "0.10", 3),
    ("2026-11-20T10:30", "fixer", "2.0", "claude", "success", 40, "0.20", 4),
    ("2026-11-20T11:00", "fixer", "2.0", "gpt-4", "error", 10, "0.05", 1),
    ("2026-11-19T09:00", "fixer", "2.0", "gpt-4", "success", 60, "0.30", 6),
    ("2026-11-19T10:00", "fixer", "2.0", "gpt-4", "failure", 50, "0.40", 5),
    ("2026-11-18T23:30", "helper", None, ODD, "success", 20, None, 2),  # 19 Nov in Berlin
    ("2026-11-18T12:00", "helper", None, ODD, "unknown", None, None, None),
    ("2026-11-01T12:00", "fixer", "1.0", "gpt-4", "success", 60, "1", 6),
    ("2026-10-30T12:00", "fixer", "1.0", "gpt-4", "failure", 90, "2", 9),
    ("2026-10-25T12:00", "fixer", "1.0", "claude", "success", 45, "0.50", 4),
    ("2026-09-15T12:00", "fixer", "1.0", "gpt-4", "success", 60, "1", 6),
    ("2026-01-10T12:00", "fixer", "0.9", "gpt-4", "error", 5, "0.10", 1),
)


def put_rows(engine: Engine, run: Callable[..., tuple[Any, ...]]) -> None:
    rows = []
    for start, agent, version, model, status, seconds, cost, calls in _RUNS:
        measures = {
            "duration_ms": None if seconds is None else Decimal(seconds * 1000),
            "cost_usd": None if cost is None else Decimal(cost),
            "cost_source": None if cost is None else "reported",
            "llm_call_count": calls,
            "tool_call_count": calls and calls * 2,
            "input_tokens": seconds and seconds * 100,
            "output_tokens": seconds and seconds * 10,
            "total_tokens": seconds and seconds * 110,
        }
        who = {"agent": agent, "agent_version": version, "model": model, "status": status}
        rows.append(run(f"{start}+00:00", **who, **measures))
    with Writer(engine) as writer:
        writer.write(rows)
