"""Roof: the command ``fixer-metrics``; each command opens the database in use and hands on to its room."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from dashboard.alert_commands import alerts, digest
from dashboard.commands import InOrder, say
from dashboard.commands import told as _told
from dashboard.config import Settings, in_force
from dashboard.import_commands import imports, undo
from dashboard.token_commands import token
from dashboard.user_commands import user

# Heavy modules are imported by the commands that need them: --help must not wait for pandas.


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fixer-metrics")
def main() -> None:
    """Fixer Metrics: how AI agents are doing - runs, success, duration, cost and waste.

    \b
    Try it:            make demo      (or: fixer-metrics demo)
    Your own runs:     fixer-metrics import runs.jsonl
    On a server:       fixer-metrics migrate && fixer-metrics serve

    Without DATABASE_URL the runs are kept in an embedded PostgreSQL in the folder .data; every command
    starts it where it does not run yet, and stops it again. `fixer-metrics config` shows all settings,
    and .env.example explains them.
    """


@main.command(short_help="Serve the page and the API.")
@click.option("--insecure", is_flag=True, help="Let whoever reaches HOST see and change everything.")
@_told
def serve(settings: Settings, insecure: bool) -> None:
    """Serve the page and the API until Ctrl-C or SIGTERM.

    Listens on HOST and PORT (127.0.0.1:8050) with WEB_CONCURRENCY processes of WEB_THREADS threads. The
    schema of the embedded database is brought up to date; that of DATABASE_URL is yours to `migrate`.
    """
    from dashboard import running

    running.serve(replace(settings, insecure=insecure or settings.insecure), say)


@main.command(short_help="Keep the data in order beside the server.")
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when the calling process does.")
@_told
def worker(settings: Settings, end_with_parent: bool) -> None:
    """Fold rollups, make facets and partitions, and do what else is due, until Ctrl-C or SIGTERM.

    Any number may run: one leads, the others stand by, and one of them takes over within seconds when it
    dies. What became of each job is on the page Data. The schema of DATABASE_URL is yours to `migrate`.
    """
    from dashboard import running

    running.work(settings, say, end_with_parent=end_with_parent)


@main.command(short_help="Serve with demo data, if the database is empty.")
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when the calling process does.")
@_told
def demo(settings: Settings, end_with_parent: bool) -> None:
    """Serve with everything prepared: schema, and demo data if the database is empty.

    Some 25,000 runs over the 200 days up to now. A database that holds runs is left as it is.
    """
    from dashboard import running

    running.demo(settings, say, end_with_parent=end_with_parent)


@main.command(short_help="Serve with hot reload, for working on the code.")
@_told
def dev(settings: Settings) -> None:
    """Like demo, with Dash's hot reload and error pages; for working on the code, not for serving."""
    from dashboard import running

    running.dev(settings, say)


@main.command(short_help="Bring the schema to the newest revision.")
@_told
def migrate(settings: Settings) -> None:
    """Bring the database's schema to the newest revision; run it before `serve` after each update."""
    from dashboard.database import bring_up_to_date, open_database

    with open_database(settings, say) as database, database.engine() as engine:
        before, now = bring_up_to_date(engine, settings.attributes)
    say(f"schema at revision {now}" + (", as it was" if before == now else f", was {before or 'empty'}"))


@main.command(short_help="Add realistic demo runs.")
@click.option("--runs", default=25_000, show_default=True, help="How many runs to make.")
@click.option("--days", default=200, show_default=True, help="Over how many days they are spread.")
@click.option("--rng-seed", default=1, show_default=True, help="Same number, same data.")
@click.option("--until", type=click.DateTime(), help="Time of the last run, in UTC.  [default: now]")
@_told
def seed(settings: Settings, runs: int, days: int, rng_seed: int, until: datetime | None) -> None:
    """Add realistic demo runs: rhythms, incidents, a regression, outliers, missing values."""
    from dashboard import working

    working.seed(settings, say, runs=runs, days=days, rng_seed=rng_seed, until=until)


_READING = (
    click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Read FIELD from COLUMN."),
    click.option(
        "--map-status", multiple=True, metavar="WORD=STATUS", help="Read the status WORD as STATUS."
    ),
    click.option("--replace", is_flag=True, help="A known run that comes changed replaces the old one."),
    click.option("--start-time", metavar="INSTANT", help="Start of runs without one: 2026-10-01T08:00Z."),
    click.option(
        "--input-excludes-cache", is_flag=True, help="Input tokens come without cache reads and writes."
    ),
)


def _reading(command: Callable[..., None]) -> Callable[..., None]:
    """The options of commands that read files of others."""
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(_READING), command)


@main.command("import", short_help="Import agent runs from files, folders or standard input.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_reading
@click.option("--rejects", metavar="FILE", type=click.Path(path_type=Path), help="Where rejected rows go.")
@_told
def import_(settings: Settings, paths: tuple[str, ...], **options: Any) -> None:
    """Import agent runs from files and folders, or from standard input with `-`.

    JSON Lines, JSON arrays and CSV, plain or gzipped, of any size, and what agents write themselves,
    known by its content: Claude Code logs, results and streams, Codex rollouts, SWE-agent trajectories,
    Langfuse traces. A log that has grown changes its run with --replace. Column names in snake_case and
    camelCase and their usual synonyms are understood; what is no known column is kept as an attribute. A
    run that is there already is skipped, so an interrupted import can simply be run again. Rejected rows
    are written to a file with line, field, value and reason, to be mended and imported again.
    """
    from dashboard import working

    working.import_runs(settings, say, paths, **options)


main.add_command(imports)
main.add_command(undo)
main.add_command(token)
main.add_command(alerts)
main.add_command(digest)
main.add_command(user)


@main.command(short_help="Follow files and folders and import what is new.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_reading
@click.option(
    "--every",
    type=click.FloatRange(0.1, 3600),
    default=2.0,
    show_default=True,
    help="Seconds between two looks.",
)
@_told
def watch(settings: Settings, paths: tuple[str, ...], **options: Any) -> None:
    """Follow files and folders and import what is new in them, until Ctrl-C or SIGTERM.

    Whatever `import` reads: of JSON Lines with runs only new lines are read; a log of an agent that grows
    updates its one run. Files may come, grow, be rotated, cut off and go. How far each was read is kept in
    the database, so that a restart goes on from there. What is wrong with a file is said once.
    """
    from dashboard import working

    working.watch(settings, say, paths, **options)


@main.command(short_help="Compare the rollups with the runs.")
@_told
def verify(settings: Settings) -> None:
    """Compare the rollups with the runs themselves and name every difference; exit code 1 if any."""
    from dashboard import working

    working.verify(settings, say)


@main.command(short_help="Make the rollups anew from the runs.")
@_told
def rebuild(settings: Settings) -> None:
    """Make the rollups anew from the runs; reading and writing go on meanwhile."""
    from dashboard import working

    working.rebuild(settings, say)


@main.command(short_help="Open psql on the database.", context_settings={"ignore_unknown_options": True})
@click.argument("psql_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PSQL ARGUMENTS]...")
@_told
def sql(settings: Settings, psql_arguments: tuple[str, ...]) -> None:
    """Open psql on the database in use; or print its address where there is no psql.

    What follows is handed to psql: fixer-metrics sql -c 'select count(*) from agent_execution'
    """
    from dashboard import working

    working.open_psql(settings, say, psql_arguments)


@main.command(short_help="Print the settings in force.")
@_told
def config(settings: Settings) -> None:
    """Print every setting, the value in force (secrets masked), and where it came from."""
    rows = in_force(settings)
    name_width, value_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, value, source in rows:
        click.echo(f"{name:<{name_width}}  {value:<{value_width}}  {source}")
