"""Roof: the commands that work on the data: seed, import, watch, verify, rebuild, sql."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy.engine import make_url

from dashboard.config import Settings
from dashboard.database import open_database, prepare
from dashboard.embedded_server import shipped_programs

if TYPE_CHECKING:
    from dashboard.import_commands import Reading
    from ingest.columns import RecordOptions

Say = Callable[[str], None]


def seed(
    settings: Settings, say: Say, *, runs: int, days: int, rng_seed: int, until: datetime | None
) -> None:
    from ingest.errors import reader
    from seed.load import seed as sow

    errors = reader(settings.error_rules)

    until = until.replace(tzinfo=UTC) if until else None
    with open_database(settings, say) as database:
        prepare(database, settings, say)
        sown = sow(database.url, runs=runs, days=days, rng_seed=rng_seed, until=until, errors=errors)
    rate = sown.inserted / sown.seconds if sown.seconds else 0
    say(
        f"{sown.inserted:,} runs added, {sown.already_there:,} were there already; "
        f"{sown.seconds:.1f} s, {rate:,.0f} runs a second"
    )


def _record_options(settings: Settings, reading: Reading) -> RecordOptions:
    from ingest.columns import RecordOptions
    from ingest.errors import reader
    from ingest.importer import pairs

    return RecordOptions(
        columns=pairs("--map", reading.mapping),
        statuses=pairs("--map-status", reading.map_status),
        start_time=reading.start_time,
        input_excludes_cache=reading.input_excludes_cache,
        errors=reader(settings.error_rules),
    )


def import_runs(
    settings: Settings, say: Say, paths: tuple[str, ...], reading: Reading, rejects: Path | None
) -> None:
    from ingest.importer import ImportOptions, import_paths
    from ingest.progress import for_terminal

    options = ImportOptions(_record_options(settings, reading), reading.replace, rejects)
    # Asked to end it stops like after Ctrl-C: between two batches, with its summary.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open_database(settings, say) as database:
        prepare(database, settings, say)
        summary = import_paths(database.url, paths, options, for_terminal())
    click.echo(summary.text())
    sys.exit(summary.exit_code)


def watch(settings: Settings, say: Say, paths: tuple[str, ...], reading: Reading, every: float) -> None:
    from ingest.watch import Watch, WatchOptions

    options = WatchOptions(_record_options(settings, reading), reading.replace, every)
    with open_database(settings, say) as database:
        prepare(database, settings, say)
        with database.engine() as engine:
            running = Watch(engine, paths, options, say)
            for sign in (signal.SIGTERM, signal.SIGINT):
                signal.signal(sign, lambda *_: running.end())
            running.run()
            say("stopped; what comes meanwhile is read at the next start")


def verify(settings: Settings, say: Say) -> None:
    from ingest.verify import verify as compare

    with open_database(settings, say) as database, database.engine() as engine:
        differences = compare(engine)
    for difference in differences:
        say(str(difference))
    if differences:
        raise click.ClickException(f"{len(differences)} differences. `fixer-metrics rebuild` removes them.")
    say("the rollups agree with the runs")


def rebuild(settings: Settings, say: Say) -> None:
    from ingest.errors import reader
    from ingest.rebuild import rebuild as make_anew
    from ingest.rederive import rederive

    errors = reader(settings.error_rules)
    with open_database(settings, say) as database, database.engine() as engine:
        told = rederive(engine, errors)
        make_anew(engine, settings.attributes)
    if told:
        say(f"the errors of {told:,} runs have another category or template now")
    say("the rollups were made anew from the runs")


def open_psql(settings: Settings, say: Say, arguments: tuple[str, ...]) -> None:
    """psql of the machine, else the shipped one; the address where there is neither."""
    with open_database(settings, say) as database:
        url = make_url(database.url).set(drivername="postgresql")
        # The password goes by the environment: arguments are seen by everybody on the machine.
        environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
        where = url.set(password=None).render_as_string()
        program = shutil.which("psql") or shutil.which("psql", path=str(shipped_programs()))
        if program is None:
            click.echo(where)
            return
        # Ctrl-C is psql's to handle while it runs.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ended = subprocess.run([program, where, *arguments], env=environment, check=False)
    sys.exit(ended.returncode)
