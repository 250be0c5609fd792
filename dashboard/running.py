"""Roof: serve, worker, demo and dev: prepare the database, do what they are for, leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from dashboard import attendant, logs
from dashboard.access.checks import check, notes
from dashboard.access.settings import NONE
from dashboard.config import Settings
from dashboard.database import Database, is_empty, open_database, prepare
from dashboard.port import address, check_port

# The application is imported when the database is there: what is wrong with that is told at once.

Say = Callable[[str], None]

DEMO_RUNS = 25_000
DEMO_DAYS = 200
DEMO_SEED = 1


def serve(settings: Settings, say: Say) -> None:
    """Serves until asked to end, also while DATABASE_URL is away; its schema is the operator's."""
    _check(settings)
    for note in notes(settings):
        say(note)
    with open_database(settings, say, must_answer=False) as database:
        if database.embedded:
            prepare(database, settings, say)
        _serve(settings, database, say)


def demo(settings: Settings, say: Say, *, end_with_parent: bool = False) -> None:
    """Serves with schema and, in an empty database, demo data."""
    parent = os.getppid() if end_with_parent else 0
    _check(settings)
    with open_database(settings, say) as database:
        _tell(settings, database, say)
        _prepare(settings, database, say)
        with _worker_beside(database):
            _serve(settings, database, say, parent=parent)


def work(settings: Settings, say: Say, *, end_with_parent: bool = False) -> None:
    """Does the jobs of a worker until asked to end, also while DATABASE_URL is away."""
    from dashboard.worker import Worker

    parent = os.getppid() if end_with_parent else 0
    logs.configure(settings.log_level, settings.log_format)
    with open_database(settings, say, must_answer=False) as database:
        if database.embedded:
            prepare(database, settings, say)
        worker = Worker(database.url, settings, lambda line: say(f"worker {os.getpid()} {line}"))
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, lambda *_: worker.end())
        attendant.end_with(parent, os.getpid())
        worker.run()


@contextmanager
def _worker_beside(database: Database) -> Iterator[None]:
    """A worker of the same database for the length of a block. It ends by itself if we are killed."""
    environment = os.environ | {"DATABASE_URL": database.url}
    command = [sys.executable, "-m", "dashboard", "worker", "--end-with-parent"]
    # In a group of its own: Ctrl-C is for us, who end it when nobody needs it any more.
    quiet = subprocess.DEVNULL
    worker = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, process_group=0)
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() == process:  # no server process that was forked meanwhile
            worker.terminate()
            worker.wait()


def dev(settings: Settings, say: Say) -> None:
    """Like demo, on Dash's own server, which starts itself anew when the code changes."""
    # Else the browser asks a host of plotly's for the newest version.
    os.environ["DASH_DISABLE_VERSION_CHECK"] = "true"
    anew = os.environ.get("WERKZEUG_RUN_MAIN") == "true"
    if not anew:
        _check(settings)
    with open_database(settings, say) as database:
        if not anew:
            _tell(settings, database, say)
            _prepare(settings, database, say)
        from dashboard.app import create_app, parts_of

        app = create_app(replace(settings, database_url=database.url), primed=False)
        if anew:
            parts_of(app.server).start_housekeeping()
        app.run(host=settings.host, port=str(settings.port), debug=True)


def _check(settings: Settings) -> None:
    """What can be told before anything is started."""
    check_port(settings)
    check(settings)
    if settings.redis_url:
        from dashboard.answers import check_redis

        check_redis(settings)


def _tell(settings: Settings, database: Database, say: Say) -> None:
    where = f"embedded in {settings.data}" if database.embedded else "of DATABASE_URL"
    say(f"PostgreSQL {database.version()}, {where}")


def _prepare(settings: Settings, database: Database, say: Say) -> None:
    prepare(database, settings, say)
    with database.engine() as engine:
        empty = is_empty(engine)
    if empty:
        from ingest.errors import reader
        from seed.load import seed

        errors = reader(settings.error_rules)
        say(f"making demo data: {DEMO_RUNS:,} runs over {DEMO_DAYS} days")
        seed(
            database.url,
            runs=DEMO_RUNS,
            days=DEMO_DAYS,
            rng_seed=DEMO_SEED,
            progress=lambda count: None,
            errors=errors,
        )


def _serve(settings: Settings, database: Database, say: Say, *, parent: int = 0) -> None:
    from dashboard import telemetry
    from dashboard.app import create_app
    from dashboard.serving import InProcess

    telemetry.share(settings.data)
    app = create_app(replace(settings, database_url=database.url))
    server = os.getpid()

    def started() -> None:
        attendant.announce(address(settings), say, public=settings.auth == NONE)
        attendant.end_with(parent, server)

    say(f"starting {settings.workers} server processes")
    InProcess(settings, app.server, started).run()
