"""Roof: the command ``fixer-metrics in-flight``: runs that were announced and have not ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from dashboard.commands import InOrder, ready_engine, say, table, told
from dashboard.config import Settings
from queries.errors import UserError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from queries.in_flight import Flight, InFlight

_HEADS = ("run", "began (UTC)", "agent", "model", "state")
_CHARS = 60


@click.group("in-flight", cls=InOrder, short_help="List runs in flight, and give up what will not end.")
def in_flight() -> None:
    """Runs that were announced at their start and have not ended."""


@in_flight.command("list", short_help="List them, the oldest first.")
@told
def list_(settings: Settings) -> None:
    """List the oldest hundred; overdue is what takes longer than 99 of 100 runs of its model."""
    with ready_engine(settings) as engine:
        found = _read(engine, settings)
    if not found.total:
        say("nothing is in flight")
        return
    table([_HEADS, *map(_row, found.flights)])
    say(f"{found.total:,} in flight, {found.overdue:,} overdue")


@in_flight.command("give-up", short_help="Forget those that will not end.")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--overdue", is_flag=True, help="All that are overdue, too.")
@told
def give_up(settings: Settings, ids: tuple[str, ...], overdue: bool) -> None:
    """Forget the runs ID: they are in flight no longer, and count nowhere.

    Nobody knows how they ended, so nothing is said of it; an end that comes all the same counts as ever.
    """
    from ingest.in_flight import give_up as forget

    if not ids and not overdue:
        raise UserError("Which? Name their ids (`fixer-metrics in-flight list` shows them), or --overdue.")
    with ready_engine(settings) as engine:
        late = _overdue(engine, settings) if overdue else []
        with engine.begin() as connection:
            gone = forget(connection, [*ids, *late])
    say(f"{len(gone):,} given up")
    missed = set(ids) - set(gone)
    if missed:
        raise UserError(f"Not in flight: {', '.join(map(_plain, sorted(missed)))}.")


def _overdue(engine: Engine, settings: Settings) -> list[str]:
    found = _read(engine, settings, limit=1_000_000)
    return [flight.invocation_id for flight in found.flights if flight.overdue]


def _read(engine: Engine, settings: Settings, limit: int = 100) -> InFlight:
    from dashboard.watching import asking
    from queries.filters import parse
    from queries.in_flight import Patience
    from queries.in_flight import in_flight as read

    patience = Patience(
        timedelta(hours=settings.in_flight_hours), timedelta(minutes=settings.overdue_minutes)
    )
    return read(asking(engine), parse({}, now=datetime.now(UTC)), patience, limit)


def _row(flight: Flight) -> tuple[str, ...]:
    agent = f"{flight.agent} {flight.agent_version or ''}".strip()
    state = f"overdue since {flight.due:%Y-%m-%d %H:%M}" if flight.overdue else "in flight"
    began = f"{flight.start_time:%Y-%m-%d %H:%M}"
    # The id whole: it is what give-up takes.
    return _plain(flight.invocation_id), began, _cut(agent), _cut(flight.model), state


def _cut(name: str) -> str:
    plain = _plain(name)
    return plain if len(plain) <= _CHARS else f"{plain[: _CHARS - 1]}…"


def _plain(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(character if character.isprintable() else "?" for character in text)
