"""Roof: the commands that bring runs from files (``import``, ``watch``), and back (``imports``, ``undo``)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from dashboard.commands import ready_engine, say, table, told
from dashboard.config import Settings
from queries.errors import UserError
from queries.health import Import

_SOURCE_CHARS = 60
_HEADS = ("no.", "began (UTC)", "source", "read", "inserted", "replaced", "skipped", "rejected", "state")


@dataclass(frozen=True)
class Reading:
    """What the options of ``import`` and ``watch`` say of the files of others."""

    mapping: tuple[str, ...]
    map_status: tuple[str, ...]
    replace: bool
    start_time: str | None
    input_excludes_cache: bool


_READING = (
    click.option(
        "--map", "mapping", multiple=True, metavar="FIELD=COLUMN",
        help="Take FIELD from COLUMN: --map cost_usd=price.",
    ),
    click.option(
        "--map-status", multiple=True, metavar="WORD=STATUS",
        help="What a word of the source means: --map-status passed=success.",
    ),
    click.option(
        "--replace", is_flag=True,
        help="Let a run that comes changed take the place of the one that is there.",
    ),
    click.option(
        "--start-time", metavar="INSTANT", help="Start of runs without one, such as 2026-10-01T08:00Z."
    ),
    click.option(
        "--input-excludes-cache", is_flag=True,
        help="The source counts cache reads and writes apart from input tokens: add them up.",
    ),
)  # fmt: skip


def _reading(command: Callable[..., None]) -> Callable[..., None]:
    """The options of commands that read files of others, handed on as one ``reading``."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        reading = Reading(**{field.name: options.pop(field.name) for field in fields(Reading)})
        command(*arguments, reading=reading, **options)

    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(_READING), run)


@click.command("import", short_help="Import runs from files, folders or standard input.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_reading
@click.option(
    "--rejects", metavar="FILE", type=click.Path(path_type=Path), help="Where rejected rows are written."
)
@told
def import_(settings: Settings, paths: tuple[str, ...], reading: Reading, rejects: Path | None) -> None:
    """Import runs from files and folders, or from standard input with `-`.

    It reads JSON Lines, JSON arrays and CSV, plain or gzipped, and what agents write themselves: Claude
    Code session logs, results and streams, Codex rollouts, SWE-agent trajectories, Langfuse traces. The
    format is known by the content.

    Columns may be written start_time or startTime; --map names the others, and what is no known column is
    kept as an attribute.

    A run that is there already is skipped, so an import that broke off can simply be run again. With
    --replace a log that has grown updates its run. Rejected rows are written to a file, each with its line,
    field, value and reason, to be mended and imported again.
    """
    from dashboard import working

    working.import_runs(settings, say, paths, reading, rejects)


@click.command(short_help="Follow files and folders and import what is new in them.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_reading
@click.option(
    "--every",
    metavar="SECONDS",
    type=click.FloatRange(0.1, 3600),
    default=2.0,
    show_default=True,
    help="How often to look.",
)
@told
def watch(settings: Settings, paths: tuple[str, ...], reading: Reading, every: float) -> None:
    """Follow files and folders and import what is new in them, until Ctrl-C or SIGTERM.

    It reads what `import` reads. Of JSON Lines with runs only new lines are read; an agent's log that grows
    updates its one run. Files may appear, grow, be rotated, be cut off or go.

    How far each file was read is kept in the database, so a restart goes on from there. What is wrong with
    a file is said once, and stops nothing.
    """
    from dashboard import working

    working.watch(settings, say, paths, reading, every)


@click.command("imports", short_help="List imports and requests with what they brought.")
@click.option(
    "--limit",
    default=50,
    show_default=True,
    metavar="N",
    type=click.IntRange(1, 10_000),
    help="How many.",
)
@told
def imports(settings: Settings, limit: int) -> None:
    """List what brought runs, the newest first: imports of files, and requests by the hour.

    Skipped runs were there already, as they came or otherwise (--replace).
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
    """Take back the runs that import ID brought or replaced, totals and charts included.

    `fixer-metrics imports` lists the IDs. Of a run that it replaced, what was there before does not come
    back. All of them enter again if they are imported again.
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
