"""Ninety ordinary days and one that is not, made by hand, for what tells the unusual.

Forty runs a day, one of which fails on two days of three; on Friday, 13 November twelve break, ten of them
by a rate limit, all on gpt-5, which half of the runs use. The page is asked at NOW, in UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from ingest.write import Writer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = datetime(2026, 11, 22, tzinfo=UTC)
BAD_DAY = TODAY - timedelta(days=9)


def put_bad_day(engine: Engine, run: Callable[..., tuple[Any, ...]]) -> None:
    with Writer(engine) as writer:
        writer.write([_run(run, back, n) for back in range(90) for n in range(40)])


def _run(run: Callable[..., tuple[Any, ...]], back: int, n: int) -> tuple[Any, ...]:
    """The run number ``n`` of the day so many days back."""
    day = TODAY - timedelta(days=back)
    bad = day == BAD_DAY and n % 2 and n < 24
    plain = n == 0 and back % 3 > 0
    category = ("rate_limit" if n < 20 else "other") if bad else "other" if plain else None
    return run(
        day + timedelta(minutes=7 * n),
        model="gpt-5" if n % 2 else "gpt-4",
        status="error" if bad or plain else "success",
        error_message=category,
        error_category=category,
        cost_usd=1 + n / 100 + back % 3 / 50,
        duration_ms=30_000 + 100 * n + 200 * (back % 3),
    )
