"""Roof: the database in use: the one of DATABASE_URL, or the embedded one; reached, or a sentence why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from dashboard.config import Settings
from dashboard.embedded import attach
from dashboard.setting import masked_address
from ingest.facets import configure
from queries import migrate
from queries.engine import make_engine
from queries.errors import UserError, first_line

OLDEST = 14
_HINTS = {
    "password authentication failed": "Correct the user or the password",
    "no password supplied": "Add the password",
    "does not exist": "Create it (createdb), or correct the name",
    "refused": "Start that server, or correct host and port",
    "could not translate host name": "Correct the host",
    "resolve host": "Correct the host",
    "timeout": "Check the host, and the network and firewall on the way to it",
}


@dataclass(frozen=True, slots=True)
class Database:
    """The address of the database in use; ``embedded`` says whether it is our own to migrate and fill."""

    url: str
    embedded: bool

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """For administration: few connections, and statements may take as long as they need."""
        engine = make_engine(self.url, pool_size=2, statement_timeout_ms=0)
        try:
            yield engine
        finally:
            engine.dispose()

    def version(self) -> str:
        with self.engine() as engine, engine.connect() as connection:
            version = str(connection.execute(text("SHOW server_version")).scalar_one())
        return version.split()[0]  # 15.20 (Debian 15.20-0+deb12u1) -> 15.20


@contextmanager
def open_database(
    settings: Settings, say: Callable[[str], None] = lambda line: None, *, must_answer: bool = True
) -> Iterator[Database]:
    """The database in use for the length of a block; UserError with what to do where it is out of reach."""
    if settings.database_url is None:
        with attach(settings.data, say) as embedded:
            yield Database(embedded.url, embedded=True)
        return
    if must_answer:
        check_reachable(settings)
    yield Database(settings.database_url, embedded=False)


def check_reachable(settings: Settings) -> None:
    assert settings.database_url
    try:
        url = make_url(settings.database_url).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise UserError(_unreachable(settings, str(error))) from error
    if version < OLDEST:
        raise UserError(f"{_named(settings)} is PostgreSQL {version}; {OLDEST} or later is needed.")


def _unreachable(settings: Settings, reason: str) -> str:
    # libpq's reason has several lines, and one for each address it tried: the first says it.
    first = reason.strip().splitlines()[0]
    what = next((hint for sign, hint in _HINTS.items() if sign in reason), "Check the server and the address")
    return (
        f"{_named(settings)} cannot be reached: {first}.\n"
        f"{what}; or leave DATABASE_URL empty to use the embedded PostgreSQL."
    )


def _named(settings: Settings) -> str:
    source = settings.sources.get("DATABASE_URL", "environment")
    return f"The database {masked_address(settings.database_url or '')} (DATABASE_URL, from {source})"


def bring_up_to_date(engine: Engine, attributes: tuple[str, ...] | None = None) -> tuple[str | None, str]:
    """Migrates the schema to this code's revision; (revision before, revision now).

    While there are no runs, ``attributes`` are what is rolled up; later it takes a rebuild.
    """
    before = migrate.current(engine)
    known = migrate.revisions()
    if before is not None and before not in known:
        raise UserError(
            f"The database's schema is at revision {before}, which this version does not know: "
            "a newer Fixer Metrics made it. Update this one, or use another database."
        )
    if before != migrate.head():
        try:
            migrate.upgrade(engine)
        except ProgrammingError as error:
            reason = first_line(error.orig or error)
            raise UserError(f"The schema could not be migrated: {reason}. The user must own it.") from error
    if attributes is not None and is_empty(engine):
        configure(engine, attributes)
    return before, migrate.head()


def prepare(database: Database, settings: Settings, say: Callable[[str], None]) -> None:
    """The same for a command that may be the first one, with a word where something was done."""
    with database.engine() as engine:
        before, now = bring_up_to_date(engine, settings.attributes)
    if before != now:
        say(f"schema brought to revision {now}")


def is_empty(engine: Engine) -> bool:
    """Whether no run was ever recorded."""
    with engine.connect() as connection:
        return not connection.execute(text("SELECT EXISTS (SELECT FROM execution_key)")).scalar_one()
