"""Roof: the commands ``fixer-metrics imports`` and ``undo``: what brought runs, and the way back."""

from __future__ import annotations

import click

from dashboard.commands import ready_engine, say, table, told
from dashboard.config import Settings
from queries.errors import UserError
from queries.health import Import

_SOURCE_CHARS = 60
_HEADS = ("no.", "began (UTC)", "source", "read", "inserted", "replaced", "skipped", "rejected", "state")


@click.command("imports", short_help="List imports and requests with what they brought.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@told
def imports(settings: Settings, limit: int) -> None:
    """List what brought runs, the newest first: imports of files, and requests by the hour.

    Skipped are runs that were known, changed ones included.
    """
    from queries.health import read_imports

    with ready_engine(settings) as engine, engine.connect() as connection:
        found = read_imports(connection, limit)
    if not found:
        say("nothing has brought runs yet; `fixer-metrics import PATH` does")
        return
    table([_HEADS, *map(_row, found)], right=frozenset({0, 3, 4, 5, 6, 7}))


@click.command("undo", short_help="Take back the runs that an import brought.")
@click.argument("import_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--dry-run", is_flag=True, help="Only say how many runs it would take out.")
@told
def undo(settings: Settings, import_id: int, dry_run: bool) -> None:
    """Take out the runs that import ID (see `imports`) brought or replaced, rollups included.

    What stood there before it replaced a run is not kept. The runs enter again if they come again.
    """
    from ingest.imports import take_back
    from queries.health import is_import, runs_of

    with ready_engine(settings) as engine:
        with engine.connect() as connection:
            if not is_import(connection, import_id):
                raise UserError(f"There is no import {import_id}; `fixer-metrics imports` lists them.")
            runs = runs_of(connection, import_id) if dry_run else 0
        taken = 0 if dry_run else take_back(engine, import_id)
    say(f"import {import_id} would lose {runs:,} runs" if dry_run else f"{taken:,} runs taken back")


def _row(one: Import) -> tuple[str, ...]:
    counts = (one.read, one.inserted, one.replaced, one.already_there + one.differing, one.rejected)
    return (
        str(one.import_id),
        f"{one.started_at:%Y-%m-%d %H:%M}",
        _shown(one.source),
        *(f"{count:,}" for count in counts),
        _state(one),
    )


def _shown(source: str) -> str:
    """On one line, and without what a terminal would obey: file names may hold anything."""
    plain = "".join(character if character.isprintable() else "?" for character in source)
    return plain if len(plain) <= _SOURCE_CHARS else f"{plain[: _SOURCE_CHARS - 1]}…"


def _state(one: Import) -> str:
    if one.taken_back_at:
        return f"{one.taken_back:,} taken back"
    if one.going_back:
        return f"going back: {one.taken_back:,} so far"
    return "done" if one.finished_at else "not ended"
