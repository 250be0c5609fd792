"""Evaluating rules: each instant once, each episode told once, whatever looks, how often, and how late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from alerts import channels, history, keep
from alerts.evaluate import evaluate
from alerts.guard import Allowed
from alerts.outbox import Post
from alerts.tell import Message, Notice, tell
from ingest.write import Writer
from queries import alert_tables as tables
from queries.calendar import QUARTER
from queries.store import Store

Run = Callable[..., tuple[Any, ...]]
T = datetime(2026, 11, 20, 12, tzinfo=UTC)
POST = Post("a secret of these tests", Allowed(everything=True))


def write(notices: Sequence[Notice], now: datetime) -> Message:
    return Message("; ".join(f"{n.what} {n.episode.name}" for n in notices), "body")


class Watch:
    """Rules, runs and looks at them; what was told is ``told``."""

    def __init__(self, engine: Engine, store: Store, run: Run) -> None:
        self.engine, self.store, self.run = engine, store, run
        with engine.begin() as connection:
            made = channels.add(connection, "ops", "json://127.0.0.1:9/", POST, T)
        self.channel = made.channel_id

    def rule(self, name: str = "a", at: datetime = T - QUARTER, **more: Any) -> int:
        asked = {
            "name": name,
            "metric": "runs",
            "threshold": 2,
            "window": "15m",
            "channels": [self.channel],
        } | more
        with self.engine.begin() as connection:
            return keep.add(connection, asked, at).rule.rule_id

    def runs(self, at: datetime, number: int) -> None:
        with Writer(self.engine) as writer:
            writer.write([self.run(at) for _ in range(number)])

    def look(self, now: datetime, **more: Any) -> list[str]:
        moved = evaluate(self.engine, self.store, now, **more).moved
        tell(self.engine, write, now)
        return list(moved)

    @property
    def told(self) -> list[str]:
        with self.engine.connect() as connection:
            return [one.subject for one in reversed(history.deliveries(connection))]

    @property
    def states(self) -> list[str]:
        with self.engine.connect() as connection:
            return [one.standing.state for one in keep.rules(connection)]


@pytest.fixture
def watch(engine: Engine, store: Store, run: Run) -> Watch:
    return Watch(engine, store, run)


def test_from_ok_to_firing_to_resolved(watch: Watch) -> None:
    watch.rule()
    assert (watch.look(T), watch.states, watch.told) == ([], ["ok"], [])
    watch.runs(T + timedelta(minutes=1), 3)
    assert watch.look(T + QUARTER) == ["firing"]
    assert watch.look(T + QUARTER + timedelta(minutes=14)) == []  # the same instant
    assert watch.told == ["fires a"]
    assert watch.look(T + 2 * QUARTER) == ["resolved"]
    assert (watch.told, watch.states) == (["fires a", "over a"], ["resolved"])
    with watch.engine.connect() as connection:
        (episode,) = history.episodes(connection)
        kinds = [event.kind for event in history.events(connection)]
    assert (episode.fired_at, episode.resolved_at, episode.value) == (T + QUARTER, T + 2 * QUARTER, 3)
    assert kinds == ["resolved", "firing", "made"]


def test_late_runs_have_the_delay_to_come_in(watch: Watch) -> None:
    watch.rule()
    delay = timedelta(minutes=5)
    watch.look(T + delay, delay=delay)
    assert watch.look(T + QUARTER, delay=delay) == []  # 12:15 is looked at from 12:20 on
    watch.runs(T + timedelta(minutes=14), 3)
    assert watch.look(T + QUARTER + delay, delay=delay) == ["firing"]


def test_several_that_fire_together_are_one_message(watch: Watch) -> None:
    for name, severity in (("a", "info"), ("b", "critical"), ("c", "warning")):
        watch.rule(name, severity=severity)
    watch.rule("d", threshold=9)
    watch.runs(T - timedelta(minutes=1), 3)
    watch.look(T)
    assert watch.told == ["fires b; fires c; fires a"]


def test_two_workers_at_once_tell_once(watch: Watch) -> None:
    for number in range(6):
        watch.rule(str(number))
    watch.runs(T - timedelta(minutes=1), 3)
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            start.wait()
            watch.look(T)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    told = "; ".join(watch.told).split("; ")
    assert sorted(told) == [f"fires {number}" for number in range(6)]
    with watch.engine.connect() as connection:
        assert len(history.episodes(connection)) == 6


def test_after_a_downtime_the_history_is_whole_and_one_message_is_sent(watch: Watch) -> None:
    watch.rule()
    watch.look(T)
    for quarter in (1, 3, 5, 8):  # four times up and down, the last still up
        watch.runs(T + quarter * QUARTER - timedelta(minutes=1), 3)
    assert watch.look(T + 8 * QUARTER) == [
        "firing",
        "resolved",
        "firing",
        "resolved",
        "firing",
        "resolved",
        "firing",
    ]
    assert watch.told == ["fires a"]
    watch.look(T + 9 * QUARTER)
    assert watch.told == ["fires a", "over a"]


def test_a_long_downtime_is_not_gone_through_instant_by_instant(watch: Watch) -> None:
    watch.rule()
    watch.look(T)
    watch.runs(T + timedelta(minutes=1), 3)  # fired, and was over, a week ago
    assert watch.look(T + timedelta(days=7)) == []


def test_it_is_told_again_where_that_is_asked_for(watch: Watch) -> None:
    watch.rule(renotify="30m", window="1h")
    watch.runs(T - timedelta(minutes=1), 3)
    for quarter in range(4):
        watch.look(T + quarter * QUARTER)
    assert watch.told == ["fires a", "fires on a"]


def test_who_snoozes_is_told_afterwards(watch: Watch) -> None:
    rule = watch.rule(window="1h")
    watch.runs(T - timedelta(minutes=1), 3)
    with watch.engine.begin() as connection:
        keep.snooze(connection, rule, T + 2 * QUARTER, T - QUARTER)
    watch.look(T)
    watch.look(T + QUARTER)
    assert (watch.states, watch.told) == (["firing"], [])
    watch.look(T + 2 * QUARTER)
    assert watch.told == ["fires a"]


def test_another_condition_begins_anew_and_keeps_the_history(watch: Watch) -> None:
    rule = watch.rule(window="1h")
    watch.runs(T - timedelta(minutes=1), 3)
    watch.look(T)
    asked = {"name": "a", "metric": "runs", "threshold": 5, "window": "1h", "channels": [watch.channel]}
    with watch.engine.begin() as connection:
        keep.change(connection, rule, asked, T + timedelta(minutes=1))
    watch.look(T + QUARTER)
    assert (watch.states, watch.told) == (["ok"], ["fires a"])  # nobody is told that it is over
    with watch.engine.connect() as connection:
        assert [e.resolved_at for e in history.episodes(connection)] == [T + timedelta(minutes=1)]


def test_another_name_or_channel_does_not_begin_anew(watch: Watch) -> None:
    rule = watch.rule(window="1h")
    watch.runs(T - timedelta(minutes=1), 3)
    watch.look(T)
    asked = {"name": "b", "metric": "runs", "threshold": 2, "window": "1h", "channels": [watch.channel]}
    with watch.engine.begin() as connection:
        keep.change(connection, rule, asked, T + timedelta(minutes=1))
    watch.look(T + QUARTER)
    assert (watch.states, watch.told) == (["firing"], ["fires a"])


def test_what_is_deleted_or_off_is_not_looked_at(watch: Watch) -> None:
    gone, off = watch.rule("a"), watch.rule("b", enabled=False)
    with watch.engine.begin() as connection:
        keep.remove(connection, gone, T)
    watch.runs(T - timedelta(minutes=1), 3)
    assert watch.look(T) == []
    with watch.engine.connect() as connection:
        assert [one.rule.rule_id for one in keep.rules(connection)] == [off]
        assert [event.name for event in history.events(connection) if event.kind == "deleted"] == ["a"]


def test_one_rule_that_cannot_be_looked_at_does_not_stop_the_others(watch: Watch) -> None:
    bad, _good = watch.rule("a"), watch.rule("b")
    watch.runs(T - timedelta(minutes=1), 3)
    # The database refuses to keep its state, for whatever reason.
    with watch.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'no room'; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON alert_state FOR EACH ROW "
            f"WHEN (NEW.rule_id = {bad} AND NEW.problem = '') EXECUTE FUNCTION slow()"
        )
    looked = evaluate(watch.engine, watch.store, T)
    assert (looked.failed, looked.moved) == (1, ("firing",))
    with watch.engine.connect() as connection:
        problems = {one.rule.name: one.problem for one in keep.rules(connection)}
    assert problems == {"a": "no room", "b": ""}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(st.integers(0, 4), min_size=1, max_size=8),
    looks=st.lists(st.integers(0, 12), min_size=1, max_size=8),
    hold=st.sampled_from(["0m", "15m", "30m"]),
)
def test_no_sequence_of_looks_tells_an_episode_twice(
    watch: Watch, runs: list[int], looks: list[int], hold: str
) -> None:
    for table in (tables.delivery, tables.event, tables.episode, tables.state, tables.rule):
        with watch.engine.begin() as connection:
            connection.execute(delete(table))
    with watch.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE agent_execution, execution_key, rollup_delta")
    rule = watch.rule(hold=hold, at=T)
    for quarter, number in enumerate(runs):
        if number:
            watch.runs(T + quarter * QUARTER + timedelta(minutes=1), number)
    for quarter in looks:  # also backwards, and the same again
        watch.look(T + quarter * QUARTER)
    told = "; ".join(watch.told).split("; ") if watch.told else []
    with watch.engine.connect() as connection:
        episodes = history.episodes(connection)
        kinds = connection.execute(
            select(tables.event.c.kind, tables.event.c.at).where(tables.event.c.rule_id == rule)
        ).all()
    assert told.count("fires a") == sum(one.times_told for one in episodes)
    assert all(one.times_told <= 1 for one in episodes)
    assert told.count("over a") == sum(one.over_told for one in episodes)
    assert len(set(kinds)) == len(kinds)  # nothing happened twice at an instant
