"""One look at all rules: every instant of the quarter-hour grid that has not been looked at yet.

Each rule moves in a transaction of its own that locks it, so that however many workers look at once, each
instant counts once. What happened while nobody looked is gone through instant by instant for the history, but
told only as it stands at its end (alerts.tell).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError

from alerts import keep, words
from alerts.keep import Kept
from alerts.machine import Standing, Timing, step
from alerts.observe import Observation, observe
from alerts.rules import Rule
from queries import alert_tables as tables
from queries.calendar import QUARTER, quarter_ceil, quarter_floor
from queries.errors import QueryError, first_line
from queries.outage import is_outage
from queries.store import Store

log = logging.getLogger(__name__)

CATCH_UP = timedelta(hours=24)  # what lies further back is left out


@dataclass(frozen=True)
class Looked:
    """``instant``: the newest that was looked at; ``rules``: how many; ``moved``: transitions, by kind."""

    instant: datetime
    rules: int
    moved: tuple[str, ...]
    failed: int


def evaluate(
    engine: Engine,
    store: Store,
    now: datetime,
    *,
    delay: timedelta = timedelta(),
    budget: float | None = None,
) -> Looked:
    """``delay``: how long runs may come late; an instant is looked at that long after it."""
    newest = quarter_floor(now - delay)
    with engine.connect() as connection:
        kept = keep.rules(connection, only_enabled=True)
    moved: list[str] = []
    failed = 0
    for one in kept:
        try:
            moved += _look(engine, store, one, newest, budget)
        except Exception as error:  # whatever it is, the other rules are looked at
            if is_outage(error):
                raise
            failed += 1
            _cannot(engine, one, newest, error)
    return Looked(newest, len(kept), tuple(moved), failed)


def due(one: Kept, newest: datetime) -> list[datetime]:
    """The instants to look at, oldest first. A new rule begins with the newest."""
    if one.evaluated_at is None:
        return [newest] if one.rule.changed_at is None or newest >= quarter_floor(one.rule.changed_at) else []
    first = max(quarter_ceil(one.evaluated_at) + QUARTER, newest - CATCH_UP)
    number = (newest - first) // QUARTER + 1
    return [first + n * QUARTER for n in range(number)]


def _look(engine: Engine, store: Store, one: Kept, newest: datetime, budget: float | None) -> list[str]:
    instants = due(one, newest)
    if not instants:
        return []
    with store.together():
        seen = observe(store, one.rule, instants, budget)
    with engine.begin() as connection:
        if not _still(connection, one):
            return []  # somebody else looked, or changed the rule, meanwhile
        return _walk(connection, one, seen)


def _still(connection: Connection, one: Kept) -> bool:
    """Whether the rule stands as it was read; locks it until the end of the transaction."""
    table, state = tables.rule, tables.state
    row = connection.execute(
        select(table.c.condition_at, table.c.enabled, table.c.deleted_at)
        .where(table.c.rule_id == one.rule.rule_id)
        .with_for_update()
    ).one()
    at = select(state.c.evaluated_at).where(state.c.rule_id == one.rule.rule_id)
    evaluated_at = connection.execute(at).scalar()
    same = row.condition_at == one.rule.changed_at and evaluated_at == one.evaluated_at
    return bool(same and row.enabled and row.deleted_at is None)


def _walk(connection: Connection, one: Kept, seen: Sequence[Observation]) -> list[str]:
    standing = one.standing
    moved: list[str] = []
    for observed in seen:
        after = step(timing(one.rule), standing, observed.verdict, observed.at)
        if after.state != standing.state:
            moved.append(after.state)
            _record(connection, one.rule, standing, after, observed)
        standing = after
    _stand(connection, one.rule, standing, seen[-1])
    return moved


def timing(rule: Rule) -> Timing:
    return Timing(rule.hold.length, rule.clear.length, rule.no_data)


def _record(
    connection: Connection, rule: Rule, before: Standing, after: Standing, observed: Observation
) -> None:
    """The transition into the history; what fires opens an episode, what is over closes it."""
    episode = None
    if after.state == "firing":
        episode = _open(connection, rule, before, observed)
    elif before.state == "firing":
        episode = _close(connection, rule, observed.at)
    seen = {"value": observed.value, "runs": observed.runs}
    values = {"rule_id": rule.rule_id, "episode_id": episode, "at": observed.at, "kind": after.state, **seen}
    connection.execute(insert(tables.event).values(values))


def _open(connection: Connection, rule: Rule, before: Standing, observed: Observation) -> int:
    began = before.since if before.state == "pending" and before.since else observed.at
    values: dict[str, Any] = {
        "rule_id": rule.rule_id,
        "name": rule.name,
        "severity": rule.severity,
        "said": words.condition(rule),
        "began_at": began,
        "fired_at": observed.at,
        "value": observed.value,
        "threshold": rule.limit,
    }
    made = connection.execute(
        insert(tables.episode).values(values).returning(tables.episode.c.episode_id)
    ).scalar_one()
    return int(made)


def _close(connection: Connection, rule: Rule, at: datetime) -> int | None:
    table = tables.episode
    closed = connection.execute(
        update(table)
        .where(table.c.rule_id == rule.rule_id, table.c.resolved_at.is_(None))
        .values(resolved_at=at)
        .returning(table.c.episode_id)
    )
    return closed.scalar_one_or_none()


def _stand(connection: Connection, rule: Rule, standing: Standing, last: Observation) -> None:
    _put(connection, rule.rule_id, {
        "state": standing.state,
        "since": standing.since,
        "clear_since": standing.clear_since,
        "evaluated_at": last.at,
        "value": last.value,
        "runs": last.runs,
        "problem": "",
    })  # fmt: skip


def _cannot(engine: Engine, one: Kept, at: datetime, error: Exception) -> None:
    """What could not be worked out is shown, and tried again at the next look."""
    expected = isinstance(error, (DBAPIError, QueryError))
    problem = _told(error) if expected else "something broke on our side; the log of the worker has it"
    log.warning("rule %s could not be looked at", one.rule.rule_id, exc_info=error)
    with engine.begin() as connection:
        if not _still(connection, one):
            return
        state: dict[str, Any] = {"state": one.standing.state, "since": one.standing.since, "runs": one.runs}
        state |= {"clear_since": one.standing.clear_since, "value": one.value, "problem": problem}
        _put(connection, one.rule.rule_id, state | {"evaluated_at": one.evaluated_at or at - QUARTER})


def _told(error: Exception) -> str:
    """What may be shown on a page: no statement, no parameters."""
    return first_line(getattr(error, "orig", error))[:300]


def _put(connection: Connection, rule_id: int, values: dict[str, Any]) -> None:
    statement = upsert(tables.state).values(rule_id=rule_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["rule_id"], set_=values))
