"""Rules as they are kept: read, added, changed, snoozed, taken away, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from alerts.machine import Standing
from alerts.rules import Rule, read
from queries import alert_tables as tables
from queries.errors import QueryError

# The fields of a rule, as API and form name them.
FIELDS = (
    "name", "metric", "filters", "comparison", "threshold", "resolve", "window", "against", "unit", "basis",
    "hold", "clear", "minRuns", "noData", "severity", "channels", "renotify", "tz", "enabled",
)  # fmt: skip
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Kept:
    """A rule with where it stands. ``evaluated_at``: None: not yet."""

    rule: Rule
    standing: Standing
    evaluated_at: datetime | None
    value: float | None
    runs: int
    problem: str
    created_at: datetime


def fields(rule: Rule) -> dict[str, Any]:
    """What ``alerts.rules.read`` makes this rule of."""
    return {
        "name": rule.name,
        "metric": rule.metric.name,
        "filters": rule.search,
        "comparison": rule.comparison,
        "threshold": rule.threshold,
        "resolve": rule.resolve,
        "window": str(rule.window),
        "against": rule.against,
        "unit": rule.unit,
        "basis": rule.basis,
        "hold": str(rule.hold),
        "clear": str(rule.clear),
        "minRuns": rule.min_runs,
        "noData": rule.no_data,
        "severity": rule.severity,
        "channels": list(rule.channels),
        "renotify": str(rule.renotify) if rule.renotify else "",
        "tz": rule.tz,
        "enabled": rule.enabled,
    }


def rules(connection: Connection, *, only_enabled: bool = False) -> list[Kept]:
    """Those that are there, by name."""
    statement = _SELECT.where(tables.rule.c.deleted_at.is_(None)).order_by(
        tables.rule.c.name, tables.rule.c.rule_id
    )
    if only_enabled:
        statement = statement.where(tables.rule.c.enabled)
    return [_kept(row) for row in connection.execute(statement)]


def one(connection: Connection, rule_id: int, *, lock: bool = False) -> Kept:
    """QueryError ``not_found`` where there is none, or none any more."""
    table = tables.rule
    number = min(rule_id, LARGEST_ID)
    if lock:
        connection.execute(select(table.c.rule_id).where(table.c.rule_id == number).with_for_update())
    row = connection.execute(
        _SELECT.where(table.c.rule_id == number, table.c.deleted_at.is_(None))
    ).one_or_none()
    if row is None:
        text = f"There is no rule {rule_id}."
        raise QueryError("not_found", "", text, "the ruleId of an item of GET /api/alerts/rules")
    return _kept(row)


_SELECT = select(
    tables.rule,
    tables.state.c.state,
    tables.state.c.since,
    tables.state.c.clear_since,
    tables.state.c.evaluated_at,
    tables.state.c.value,
    tables.state.c.runs,
    tables.state.c.problem,
).outerjoin(tables.state, tables.state.c.rule_id == tables.rule.c.rule_id)


def _kept(row: Row) -> Kept:
    rule = replace(
        read(row.definition),
        rule_id=row.rule_id,
        changed_at=row.condition_at,
        snoozed_until=row.snoozed_until,
    )
    standing = Standing(row.state or "ok", row.since, row.clear_since)
    return Kept(rule, standing, row.evaluated_at, row.value, row.runs or 0, row.problem or "", row.created_at)


def add(connection: Connection, asked: Mapping[str, Any], now: datetime) -> Kept:
    rule = read(asked)
    _check_channels(connection, rule)
    values = _columns(rule) | {"created_at": now, "changed_at": now, "condition_at": now}
    made = connection.execute(insert(tables.rule).values(values).returning(tables.rule.c.rule_id))
    rule_id = made.scalar_one()
    _note(connection, rule_id, now, "made")
    return one(connection, rule_id)


def change(connection: Connection, rule_id: int, asked: Mapping[str, Any], now: datetime) -> Kept:
    """The history stays. Where the condition changes, what is firing ends, and the state begins anew."""
    before = one(connection, rule_id, lock=True)
    rule = read(asked)
    _check_channels(connection, rule)
    values = _columns(rule) | {"changed_at": now}
    if rule.condition() != before.rule.condition() or not rule.enabled:
        values["condition_at"] = now
        _begin_anew(connection, rule_id, now)
    table = tables.rule
    connection.execute(update(table).where(table.c.rule_id == rule_id).values(values))
    _note(connection, rule_id, now, "edited")
    return one(connection, rule_id)


def remove(connection: Connection, rule_id: int, now: datetime) -> Kept:
    """Its history stays, and is told under its name."""
    gone = one(connection, rule_id, lock=True)
    _begin_anew(connection, rule_id, now)
    table = tables.rule
    connection.execute(update(table).where(table.c.rule_id == rule_id).values(deleted_at=now))
    _note(connection, rule_id, now, "deleted")
    return gone


def snooze(connection: Connection, rule_id: int, until: datetime | None, now: datetime) -> Kept:
    """Until then nobody is told; it is evaluated on. None ends it."""
    one(connection, rule_id, lock=True)
    if until is not None and until <= now:
        text = f"until {until.isoformat()[:40]!r} has passed"
        raise QueryError("bad_field", "until", text, "an instant to come, with its zone")
    table = tables.rule
    connection.execute(update(table).where(table.c.rule_id == rule_id).values(snoozed_until=until))
    note = f"until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    _note(connection, rule_id, now, "snoozed" if until else "woken", note)
    return one(connection, rule_id)


def _columns(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "definition": fields(rule),
        "channels": list(rule.channels),
        "enabled": rule.enabled,
    }


def _begin_anew(connection: Connection, rule_id: int, now: datetime) -> None:
    """Nobody is told that an episode is over which ends because the rule is another now."""
    episode = tables.episode
    connection.execute(
        update(episode)
        .where(episode.c.rule_id == rule_id, episode.c.resolved_at.is_(None))
        .values(resolved_at=now, over_told=True)
    )
    connection.execute(delete(tables.state).where(tables.state.c.rule_id == rule_id))


def _note(connection: Connection, rule_id: int, at: datetime, kind: str, note: str = "") -> None:
    connection.execute(insert(tables.event).values(rule_id=rule_id, at=at, kind=kind, note=note))


def _check_channels(connection: Connection, rule: Rule) -> None:
    table = tables.channel
    there = set(connection.execute(select(table.c.channel_id).where(table.c.deleted_at.is_(None))).scalars())
    for wanted in rule.channels:
        if wanted not in there:
            allowed = ", ".join(map(str, sorted(there))) or "none yet: add one first"
            raise QueryError("bad_field", "channels", f"There is no channel {wanted}.", allowed)
