"""Roof: the command ``fixer-metrics``; each command opens the database in use and hands on to its room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import click

from dashboard.alert_commands import alerts, digest
from dashboard.commands import Grouped, say
from dashboard.commands import told as _told
from dashboard.config import Settings, in_force
from dashboard.flight_commands import in_flight
from dashboard.import_commands import import_, imports, undo, watch
from dashboard.token_commands import token
from dashboard.user_commands import user

# Heavy modules are imported by the commands that need them: --help must not wait for pandas.


@click.group(cls=Grouped, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fixer-metrics")
def main() -> None:
    """Fixer Metrics: see how your AI agents are doing: runs, success, duration, tokens, cost and waste.

    \b
    Try it:         fixer-metrics demo
    Your own runs:  fixer-metrics import runs.jsonl
                    fixer-metrics serve
    On a server:    fixer-metrics migrate && fixer-metrics serve

    Runs are kept in the PostgreSQL of DATABASE_URL. Without it they are kept in an embedded one in the
    folder .data, which each command starts and stops by itself. `fixer-metrics config` shows all settings,
    and .env.example explains them.
    """


@click.command(short_help="Serve the page and the API.")
@click.option("--insecure", is_flag=True, help="Let whoever reaches HOST see and change everything.")
@_told
def serve(settings: Settings, insecure: bool) -> None:
    """Serve the page and the API until Ctrl-C or SIGTERM.

    Listens on HOST and PORT (127.0.0.1:8050) with WEB_CONCURRENCY processes of WEB_THREADS threads. The
    schema of the embedded database is brought up to date; that of DATABASE_URL is yours to `migrate`.
    """
    from dashboard import running

    running.serve(replace(settings, insecure=insecure or settings.insecure), say)


@click.command(short_help="Keep the data in order and send alerts, beside the server.")
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when the calling process does.")
@_told
def worker(settings: Settings, end_with_parent: bool) -> None:
    """Keep the data in order beside the server, until Ctrl-C or SIGTERM.

    It folds rollups, makes facets and the partitions of the months ahead, looks at the alert rules, sends
    alerts and digests, and drops single runs that are older than RETENTION_DAYS.

    Any number may run: one leads, the others stand by, and one of them takes over within seconds when it
    dies. What became of each job is on the page Data. The schema of DATABASE_URL is yours to `migrate`.
    """
    from dashboard import running

    running.work(settings, say, end_with_parent=end_with_parent)


@click.command(short_help="Serve with demo data, if the database is empty.")
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when the calling process does.")
@_told
def demo(settings: Settings, end_with_parent: bool) -> None:
    """Serve the page with demo data: some 25,000 runs over the 200 days up to now.

    Nothing needs to be prepared. A database that holds runs is left as it is.
    """
    from dashboard import running

    running.demo(settings, say, end_with_parent=end_with_parent)


@click.command(short_help="Serve with hot reload, for working on the code.")
@_told
def dev(settings: Settings) -> None:
    """Like demo, with Dash's hot reload and error pages; for working on the code, not for serving."""
    from dashboard import running

    running.dev(settings, say)


@click.command(short_help="Bring the schema to the newest revision.")
@_told
def migrate(settings: Settings) -> None:
    """Bring the database's schema to the newest revision; run it before `serve` after each update."""
    from dashboard.database import bring_up_to_date, open_database

    with open_database(settings, say) as database, database.engine() as engine:
        before, now = bring_up_to_date(engine, settings.attributes)
    say(f"schema at revision {now}" + (", as it was" if before == now else f", was {before or 'empty'}"))


@click.command(short_help="Add realistic demo runs.")
@click.option("--runs", metavar="N", default=25_000, show_default=True, help="How many runs to make.")
@click.option(
    "--days", metavar="N", default=200, show_default=True, help="Over how many days they are spread."
)
@click.option("--rng-seed", metavar="N", default=1, show_default=True, help="Same number, same data.")
@click.option(
    "--until",
    metavar="TIME",
    type=click.DateTime(),
    help="Time of the last run in UTC, such as 2026-10-01 or 2026-10-01T08:00:00.  [default: now]",
)
@_told
def seed(settings: Settings, runs: int, days: int, rng_seed: int, until: datetime | None) -> None:
    """Add realistic demo runs: rhythms of day and week, incidents, a regression, outliers, missing values.

    They are an import like any other: `fixer-metrics undo` takes them back.
    """
    from dashboard import working

    working.seed(settings, say, runs=runs, days=days, rng_seed=rng_seed, until=until)


@click.command(short_help="Compare the rollups with the runs.")
@_told
def verify(settings: Settings) -> None:
    """Compare the rollups with the runs and name every difference; the exit code is 1 if there is any.

    Rollups are the sums that pages read instead of the runs. They change with every run that is written, so
    there should never be a difference.
    """
    from dashboard import working

    working.verify(settings, say)


@click.command(short_help="Make the rollups anew from the runs.")
@_told
def rebuild(settings: Settings) -> None:
    """Make the rollups anew from the runs; reading and writing go on meanwhile.

    Needed after a change of ATTRIBUTES or ERROR_RULES, or where `verify` found a difference.
    """
    from dashboard import working

    working.rebuild(settings, say)


@click.command(short_help="Open psql on the database.", context_settings={"ignore_unknown_options": True})
@click.argument("psql_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PSQL ARGUMENTS]...")
@_told
def sql(settings: Settings, psql_arguments: tuple[str, ...]) -> None:
    """Open psql on the database in use, or print its address where there is no psql.

    What follows is handed to psql: fixer-metrics sql -c 'SELECT count(*) FROM agent_execution'
    """
    from dashboard import working

    working.open_psql(settings, say, psql_arguments)


@click.command(short_help="Print the settings in force.")
@_told
def config(settings: Settings) -> None:
    """Print every setting, the value in force (secrets masked), and where it came from."""
    rows = in_force(settings)
    name_width, value_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, value, source in rows:
        click.echo(f"{name:<{name_width}}  {value:<{value_width}}  {source}")


main.add("Serving", serve, worker, demo, dev)
main.add("Runs", import_, watch, imports, undo, in_flight, seed)
main.add("People and programs", user, token)
main.add("Alerts", alerts, digest)
main.add("The database", migrate, verify, rebuild, sql)
main.add("Settings", config)
