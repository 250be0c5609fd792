"""The planted incidents of the demo are found, as `make demo` makes it; and what is not to be judged is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from dashboard.running import DEMO_DAYS, DEMO_RUNS, DEMO_SEED
from ingest.write import Writer
from queries.filters import Filters, parse
from queries.store import Store
from queries.surprises import explained, surprises
from queries.unusual import unusual
from seed.incidents import Incident, incidents
from seed.load import seed

NOW = datetime(2026, 11, 22, 14, 32, tzinfo=UTC)
ZONE = "Europe/Berlin"


def _filters(now: datetime = NOW, **params: str) -> Filters:
    return parse({"tz": ZONE, **params}, now=now)


@pytest.fixture(scope="module")
def demo(module_engine: Engine) -> Engine:
    url = module_engine.url.render_as_string(hide_password=False)
    seed(url, runs=DEMO_RUNS, days=DEMO_DAYS, rng_seed=DEMO_SEED, until=NOW, progress=lambda _written: None)
    return module_engine


def planted(days: int) -> list[Incident]:
    """As the generator plants them: its first generator, after the counts of the hours are drawn, is asked
    for the incidents; the two of the last 30 days are fixed, so no draw decides them."""
    found = incidents(NOW, DEMO_DAYS, np.random.default_rng(0))
    return [one for one in found if one.start > NOW - timedelta(days=days)]


def test_the_planted_incidents_are_listed_and_nothing_else(demo: Engine, module_store: Store) -> None:
    filters = _filters()
    listed = surprises(unusual(module_store, filters, 2.0))
    days = {one.start.date() for one in planted(30)}
    assert len(days) == 2
    assert {one.start.date() for one in listed} == days
    assert all(one.peak.worse and one.peak.group == "outcome" for one in listed)


def test_each_is_told_with_its_numbers(demo: Engine, module_store: Store) -> None:
    """Values against plain SQL over raw rows; the rate limit hit one provider, so no single model is named;
    the overload hit gpt-4-turbo, which is found among its own runs."""
    filters = _filters()
    overload, limit = (one.start.date() for one in planted(30))
    told = {one.start.date(): one for one in explained(
        module_store, filters, surprises(unusual(module_store, filters, 2.0)))}  # fmt: skip
    assert (told[limit].peak.metric, told[limit].category) == ("errors", "rate_limit")
    assert (told[overload].peak.metric, told[overload].model) == ("errors", "gpt-4-turbo")
    for day, model in ((limit, None), (overload, "gpt-4-turbo")):
        sql = text("""SELECT count(*) FROM agent_execution WHERE status = 'error'
            AND (start_time AT TIME ZONE 'Europe/Berlin')::date = :day AND model = coalesce(:model, model)""")
        with demo.connect() as connection:
            errors = connection.execute(sql, {"day": day, "model": model}).scalar_one()
        assert told[day].peak.value == errors
        assert errors > told[day].peak.high


def test_charts_flag_the_day_on_errors_and_on_the_rate(demo: Engine, module_store: Store) -> None:
    limit = planted(30)[1].start.date()
    found = unusual(module_store, _filters(), 2.0)
    flagged = {(f.metric, f.model) for f in found.flags if f.start.date() == limit and f.worse}
    assert {("errors", ""), ("success_rate", "")} <= flagged


def test_older_incidents_are_found_in_a_longer_view(demo: Engine, module_store: Store) -> None:
    """The generator's own draws decide these: what really happened is asked of the rows."""
    found = surprises(unusual(module_store, _filters(range="90d"), 2.0))
    sql = text("""SELECT (start_time AT TIME ZONE 'Europe/Berlin')::date AS day FROM agent_execution
        WHERE start_time >= '2026-08-25' GROUP BY 1
        HAVING count(*) FILTER (WHERE status = 'error') >= 15 AND
               count(*) FILTER (WHERE status = 'error') > 0.1 * count(*)""")
    with demo.connect() as connection:
        worst = {row.day for row in connection.execute(sql)}
    assert len(worst) >= 2
    assert worst <= {one.start.date() for one in found}


def test_flags_are_few_in_what_is_ordinary(demo: Engine, module_store: Store) -> None:
    """About the 4.6 % that two standard deviations promise, with what is not chance in this world."""
    found = unusual(module_store, _filters(), 2.0)
    assert found.judged > 400
    assert len(found.flags) / found.judged < 0.06
    assert len(unusual(module_store, _filters(), 4.0).flags) < len(found.flags) / 3


@pytest.fixture
def busy(engine: Engine, run: Callable[..., Any]) -> Callable[[datetime, int], None]:
    """Writes so many runs on the day of an instant."""

    def write(day: datetime, number: int) -> None:
        with Writer(engine) as writer:
            writer.write([run(day + timedelta(minutes=n), cost_usd=1) for n in range(number)])

    return write


def _flagged(store: Store, filters: Filters, metric: str = "runs") -> list[str]:
    found = unusual(store, filters, 2.0)
    return [f"{flag.start:%d %b}" for flag in found.flags if flag.metric == metric]


def test_the_incomplete_bucket_is_neither_judged_nor_learned_from(
    store: Store, busy: Callable[[datetime, int], None]
) -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    for back in range(1, 60):
        busy(midnight - timedelta(days=back), 50 + back % 5)
    busy(midnight, 3)  # today, so far
    assert _flagged(store, _filters(tz="UTC")) == []
    # Once the day is over, three runs are few.
    tomorrow = NOW + timedelta(days=1)
    assert _flagged(store, _filters(tomorrow, tz="UTC")) == ["22 Nov"]
    # A range that ends within a day cuts it off: nothing can be said of that one either.
    cut = _filters(tomorrow, tz="UTC", range="2026-11-01T00:00Z..2026-11-22T06:00Z")
    assert _flagged(store, cut) == []


def test_days_before_the_first_run_are_not_quiet_days(
    store: Store, busy: Callable[[datetime, int], None]
) -> None:
    """The data begin three weeks ago, in the afternoon: neither what was before nor that day counts."""
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    busy(midnight - timedelta(days=21, hours=-15), 9)
    for back in range(1, 21):
        busy(midnight - timedelta(days=back), 50 + back % 5)
    found = unusual(store, _filters(tz="UTC"), 2.0)
    assert found.flags == ()
    low, middle, _ = found.bands["runs"]
    assert middle[-2] == pytest.approx(52, abs=2)
    assert low[-2] > 30


def test_a_planted_day_of_hours_is_found(store: Store, busy: Callable[[datetime, int], None]) -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    for back in range(21):
        for hour in (9, 10, 11):  # today, too
            busy(midnight - timedelta(days=back, hours=-hour), 40 + (back + hour) % 5)
    busy(midnight - timedelta(days=2, hours=-10), 30)
    found = unusual(store, _filters(tz="UTC", range="7d", grain="hour"), 2.0)
    assert [f"{f.start:%d %b %H}" for f in found.flags if f.metric == "runs"] == ["20 Nov 10"]
