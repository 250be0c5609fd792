"""What a rule sees in tiny, hand-made rows; and that a preview and a card see the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from alerts.observe import Observation, observe
from alerts.preview import Firing, preview
from alerts.rules import Rule, read
from ingest.compact import compact
from ingest.write import Writer
from queries.budget import spend
from queries.calendar import QUARTER
from queries.filters import parse
from queries.metrics import METRIC, METRICS
from queries.store import Query, Store
from queries.windows import measure

Run = Callable[..., tuple[Any, ...]]
T = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def put(engine: Engine) -> Callable[..., None]:
    def write(*rows: tuple[Any, ...]) -> None:
        with Writer(engine) as writer:
            assert writer.write(list(rows)).inserted == len(rows)

    return write


def rule(**more: Any) -> Rule:
    return read({"name": "a", "minRuns": 1} | more)


def one(store: Store, made: Rule, at: datetime = T, budget: float | None = None) -> Observation:
    (seen,) = observe(store, made, [at], budget)
    return seen


def test_the_failure_rate_at_and_above_its_threshold(store: Store, put: Any, run: Run) -> None:
    # 11:00 to 12:00: 8 successes, 1 failure, 1 error: 2 of 10 = 20 %.
    put(*(run("2026-11-20T11:30+00:00") for _ in range(8)), run("2026-11-20T11:00+00:00", status="failure"),
        run("2026-11-20T11:59:59+00:00", status="error"))  # fmt: skip
    seen = one(store, rule(threshold=20))
    assert (seen.value, seen.runs, seen.verdict) == (0.2, 10, "clear")
    assert one(store, rule(threshold=19.9)).verdict == "breach"
    assert one(store, rule(threshold=19.9, minRuns=10)).verdict == "breach"
    assert one(store, rule(threshold=19.9, minRuns=11)).verdict == "no_data"
    assert one(store, rule(metric="success_rate", comparison="below", threshold=80)).verdict == "clear"
    assert one(store, rule(metric="success_rate", comparison="below", threshold=80.1)).verdict == "breach"


def test_a_window_begins_with_its_first_instant_and_ends_before_its_last(
    store: Store, put: Any, run: Run
) -> None:
    put(*(run(f"2026-11-20T{at}+00:00") for at in ("10:59:59.999", "11:00", "11:59:59.999", "12:00")))
    assert one(store, rule(metric="runs", threshold=0)).value == 2
    assert one(store, rule(metric="runs", threshold=0, window="15m")).value == 1
    assert one(store, rule(metric="runs", threshold=0), T + QUARTER).value == 2  # 11:15 to 12:15


def test_a_rate_is_of_runs_whose_outcome_is_known(store: Store, put: Any, run: Run) -> None:
    put(*(run("2026-11-20T11:30+00:00", status="unknown") for _ in range(20)))
    seen = one(store, rule(minRuns=0))
    assert (seen.value, seen.runs, seen.verdict) == (None, 0, "no_data")
    assert one(store, rule(metric="runs", threshold=19)).verdict == "breach"
    put(run("2026-11-20T11:30+00:00", status="error"))
    assert (one(store, rule()).value, one(store, rule()).runs) == (1.0, 1)
    assert one(store, rule(minRuns=2)).verdict == "no_data"


def test_an_average_is_of_runs_that_have_the_value(store: Store, put: Any, run: Run) -> None:
    put(run("2026-11-20T11:30+00:00"), run("2026-11-20T11:30+00:00", duration_ms=Decimal(4000)))
    seen = one(store, rule(metric="avg_duration_ms", threshold=3999))
    assert (seen.value, seen.runs, seen.verdict) == (4000, 1, "breach")
    slow = one(store, rule(metric="p95_duration_ms", threshold=3000))
    assert (slow.value, slow.runs) == (pytest.approx(4000, rel=0.011), 1)
    assert one(store, rule(metric="cost_per_run", threshold=0)).verdict == "no_data"
    cost = one(store, rule(metric="cost_usd", threshold=0, minRuns=0))
    assert (cost.value, cost.verdict) == (None, "no_data")  # runs, and none has a cost: not known, not 0


def test_no_runs_at_all(store: Store) -> None:
    assert one(store, rule(minRuns=0)).verdict == "no_data"
    none = one(store, rule(metric="runs", comparison="below", threshold=1, minRuns=0))
    assert (none.value, none.verdict) == (0, "breach")  # no runs is a number


def test_filters_are_those_of_a_url(store: Store, put: Any, run: Run) -> None:
    put(run("2026-11-20T11:30+00:00", model="a,b", status="error"), run("2026-11-20T11:30+00:00", model="c"),
        run("2026-11-20T11:30+00:00", attributes='{"user": "ann"}', status="failure"))  # fmt: skip
    assert one(store, rule(filters="model=a%252Cb")).value == 1
    assert one(store, rule(filters="attr.user=ann", metric="runs")).value == 1
    assert one(store, rule(filters="status=failed", metric="runs")).value == 2


def test_a_change_against_the_period_before_and_the_week_before(store: Store, put: Any, run: Run) -> None:
    def cost(at: str, dollars: str) -> tuple[Any, ...]:
        return run(f"{at}+00:00", cost_usd=Decimal(dollars), cost_source="reported")

    put(cost("2026-11-20T11:30", "3"), cost("2026-11-20T10:30", "2"), cost("2026-11-13T11:30", "1.5"))
    before = one(store, rule(metric="cost_usd", comparison="rises", threshold=49.9))
    assert (before.value, before.now, before.before, before.verdict) == (50, 3, 2, "breach")
    week = one(store, rule(metric="cost_usd", comparison="rises", threshold=100, against="week"))
    assert (week.value, week.verdict) == (100, "clear")
    day = one(store, rule(metric="cost_usd", comparison="rises", threshold=1, against="day"))
    assert (day.value, day.verdict) == (None, "no_data")  # from zero there is no percentage


def test_points_of_a_rate(store: Store, put: Any, run: Run) -> None:
    # 1 of 4 failed, before 1 of 2: it fell by 25 points.
    put(*(run("2026-11-20T11:30+00:00", status=s) for s in ("success", "success", "success", "error")),
        *(run("2026-11-20T10:30+00:00", status=s) for s in ("success", "error")))  # fmt: skip
    seen = one(store, rule(comparison="falls", threshold=20, minRuns=2))
    assert (seen.value, seen.runs, seen.verdict) == (-25, 2, "breach")


def test_a_day_of_25_hours_and_one_of_23(store: Store, put: Any, run: Run) -> None:
    # In Berlin, 25 October has 25 hours from 22:00 UTC of the 24th on, 29 March 23 from 23:00 of the 28th on.
    put(*(run(f"2026-10-{at}+00:00") for at in ("24T21:59", "24T22:00", "25T22:59", "25T23:00")),
        *(run(f"2026-03-{at}+00:00") for at in ("28T22:59", "28T23:00", "29T21:59", "29T22:00")))  # fmt: skip
    day = rule(metric="runs", threshold=0, window="1d", tz="Europe/Berlin")
    assert one(store, day, datetime(2026, 10, 25, 23, tzinfo=UTC)).value == 2
    assert one(store, day, datetime(2026, 3, 29, 22, tzinfo=UTC)).value == 2
    hours = rule(metric="runs", threshold=0, window="24h", tz="Europe/Berlin")
    assert one(store, hours, datetime(2026, 10, 25, 23, tzinfo=UTC)).value == 1  # from 23:00 UTC on
    assert one(store, hours, datetime(2026, 3, 29, 22, tzinfo=UTC)).value == 3


def test_the_budget_of_the_month(store: Store, put: Any, run: Run) -> None:
    for at, dollars in (("2026-10-31T23:59", "50"), ("2026-11-01T00:00", "70"), ("2026-11-20T11:00", "10.5")):
        put(run(f"{at}+00:00", cost_usd=Decimal(dollars), cost_source="reported"))
    spent = rule(metric="cost_usd", comparison="budget", threshold=80)
    seen = one(store, spent, budget=100.0)
    assert (seen.value, seen.verdict) == (80.5, "breach")
    assert one(store, spent, datetime(2026, 11, 20, 11, tzinfo=UTC), 100.0).value == 70
    assert one(store, spent, datetime(2026, 11, 1, tzinfo=UTC), 100.0).value == 50  # the whole of October
    assert one(store, spent).verdict == "no_data"  # there is no budget


def day_by_day(put: Any, run: Run) -> None:
    """At 10:00 UTC of each day from Sunday, 25 October, to Friday, 20 November: $8 on Mondays, else $1."""
    days = (datetime(2026, 10, 25, 10, tzinfo=UTC) + timedelta(days=n) for n in range(27))
    put(*(run(at, cost_usd=Decimal(1 if at.weekday() else 8), cost_source="reported") for at in days))


FORESEEN = {"metric": "cost_usd", "comparison": "budget", "basis": "foreseen", "threshold": 100}


@pytest.mark.parametrize(
    ("at", "dollars"),
    [
        # 17 days and 3 Mondays are spent, $41; to come are 8 days and 2 Mondays.
        (T, 41 + 8 + 16),
        # The hour from 10 to 11 counts by its part to come, on this Friday as on those before.
        (datetime(2026, 11, 20, 10, 15, tzinfo=UTC), 41 + 0.75 + 24),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), 40 + 1 + 24),
        # Two whole weeks are needed, and the first day may be half a day: 26 October to 8 November are.
        (datetime(2026, 11, 8, 23, 45, tzinfo=UTC), None),
        (datetime(2026, 11, 9, tzinfo=UTC), 15 + 8 + 18 + 24),
        (datetime(2026, 12, 1, tzinfo=UTC), 41),  # November is over: nothing is to come
    ],
)
def test_the_foreseen_spend_of_the_month(
    store: Store, put: Any, run: Run, at: datetime, dollars: float | None
) -> None:
    day_by_day(put, run)
    seen = one(store, rule(**FORESEEN), at, 50.0)
    assert seen.value == (None if dollars is None else dollars * 2)  # percent of $50
    assert seen.verdict == ("no_data" if dollars is None else "breach" if dollars > 50 else "clear")
    assert one(store, rule(**FORESEEN), at).verdict == "no_data"  # there is no budget


def test_what_is_foreseen_is_what_the_money_page_says(store: Store, put: Any, run: Run) -> None:
    now = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    put(*(run(now - timedelta(hours=5 * n, minutes=7), cost_usd=Decimal(n % 11) / 7, cost_source="reported")
          for n in range(300)))  # fmt: skip
    page = spend(store, parse({"tz": "Europe/Berlin"}, now=now), 80.0)
    assert page.ahead is not None
    seen = one(store, rule(**FORESEEN, tz="Europe/Berlin"), now, 80.0)
    assert seen.value == pytest.approx(page.ahead.expected[-1] / 80 * 100, abs=1e-8)


def test_the_preview_of_a_foreseen_budget(store: Store, put: Any, run: Run) -> None:
    day_by_day(put, run)
    found = preview(store, rule(**FORESEEN), T, budget=50.0)
    # $65 are foreseen from the first instant on that can foresee; 1 November, 00:00, is October's end: $14.
    assert found.firings == (Firing(datetime(2026, 11, 9, tzinfo=UTC), None),)
    values = {seen.at: seen.value for seen in found.seen}
    assert values[datetime(2026, 11, 1, tzinfo=UTC)] == 28
    assert values[datetime(2026, 11, 20, 9, tzinfo=UTC)] == 130
    assert found.seen[-1] == one(store, rule(**FORESEEN), T, 50.0)


def test_runs_that_come_late_are_seen_by_the_next_look(
    store: Store, put: Any, run: Run, engine: Engine
) -> None:
    made = rule(metric="runs", threshold=0, minRuns=0)
    assert one(store, made).value == 0
    put(run("2026-11-20T11:30+00:00"))
    assert one(store, made).value == 1
    compact(engine)
    assert one(store, made).value == 1


def test_an_hour_with_more_errors_than_ever_is_unusual(store: Store, put: Any, run: Run) -> None:
    # Four weeks of 40 runs each hour, two of them errors; in the last hour 20 are.
    start = T - timedelta(days=29)
    rows = []
    for hour in range(29 * 24):
        at = start + timedelta(hours=hour)
        errors = 20 if at == T - timedelta(hours=1) else 2 + hour % 2
        rows += [run(at, status="error" if n < errors else "success") for n in range(40)]
    put(*rows)
    made = rule(metric="errors", comparison="unusual", threshold=3, window="1h")
    seen = one(store, made)
    assert (seen.value, seen.runs, seen.verdict) == (20, 40, "breach")
    assert (seen.start, seen.end) == (T - timedelta(hours=1), T)
    assert seen.expected is not None
    assert seen.expected[0] <= 2.5 <= seen.expected[2] < 20
    assert one(store, made, T + QUARTER).value == 20  # still the last full hour
    assert one(store, made, T - timedelta(hours=1)).verdict == "clear"


def test_every_metric_is_what_its_card_says(store: Store, put: Any, run: Run, engine: Engine) -> None:
    """Windows that overlap, against the store's own answer for each of them."""
    put(*(
        run(datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=7 * n), model="ab"[n % 2],
            status=("success", "failure", "error", "unknown")[n % 4 if n % 3 else 0],
            duration_ms=Decimal(100 * n) if n % 5 else None, input_tokens=n, total_tokens=n * 2,
            cache_read_tokens=n // 2 if n % 2 else None, tool_call_count=n % 7,
            cost_usd=Decimal(n) / 7 if n % 4 else None, cost_source=("reported", "estimated")[n % 2] if n % 4 else None)
        for n in range(120)
    ))  # fmt: skip
    compact(engine)
    windows = [(T - timedelta(hours=h, minutes=15 * h), T - timedelta(minutes=15 * h)) for h in (1, 2, 6, 11)]
    for search in ({}, {"model": "a"}):
        filters = parse(search, now=T)
        for record in METRICS:
            found = measure(store, filters, record, windows)
            for (start, end), value in zip(windows, found.values, strict=True):
                asked = parse(search | {"range": f"{start:%Y-%m-%dT%H:%MZ}..{end:%Y-%m-%dT%H:%MZ}"}, now=T)
                card = store.fetch(Query((record.name,), asked))[record.name].iloc[0]
                assert value == pytest.approx(card, rel=1e-12, nan_ok=True), (record.name, start)


def test_the_preview_is_the_evaluation(store: Store, put: Any, run: Run) -> None:
    # Two errors at 08:10; half an hour above 50 %, over one hour: seen from 08:15 to 09:00, over at 09:15.
    put(*(run("2026-11-20T08:10+00:00", status="error") for _ in range(2)),
        *(run(f"2026-11-20T{hour:02}:20+00:00") for hour in (7, 9, 10)))  # fmt: skip
    made = rule(threshold=50, hold="30m")
    found = preview(store, made, T, days=2)
    at = datetime(2026, 11, 20, 8, 45, tzinfo=UTC)
    assert found.firings == (Firing(at, datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),)
    assert found.fired_for == timedelta(minutes=45)
    assert len(found.seen) == 2 * 96 + 1
    for seen in found.seen:
        assert seen == one(store, made, seen.at)
    assert METRIC[made.metric.name] is made.metric
