"""Roof: what all commands share: settings loaded, mistakes told in a sentence, a clean end on signals."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from dashboard.config import Settings
from queries.errors import UserError, first_line


def say(line: str) -> None:
    """A short line on what is being done."""
    click.echo(f"  {line}")


def told(command: Callable[..., Any]) -> Callable[..., Any]:
    """Loads the settings, and turns what a user can mend into a sentence and exit code 1."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        # So that `with` blocks stop what they started, whoever asks us to end.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))
        try:
            settings = Settings.load()
            for warning in settings.warnings:
                click.echo(f"fixer-metrics: {warning}", err=True)
            return command(settings, *arguments, **options)
        except UserError as error:
            raise click.ClickException(str(error)) from error
        except DBAPIError as error:
            raise click.ClickException(f"The database says: {first_line(error.orig or error)}") from error
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)

    return run


class InOrder(click.Group):
    """Lists the commands as they stand here: the ones needed first come first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


class Grouped(InOrder):
    """The same under headings, by what the commands are for."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.groups: dict[str, list[click.Command]] = {}

    def add(self, heading: str, *commands: click.Command) -> None:
        self.groups[heading] = list(commands)
        for command in commands:
            self.add_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands))
        for heading, commands in self.groups.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(f"{one.name:<{width}}", one.get_short_help_str(100)) for one in commands]
                )


def table(rows: list[tuple[str, ...]], right: frozenset[int] = frozenset()) -> None:
    """Prints rows in columns, the first row as their names; the columns ``right`` end on one line."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        click.echo("  ".join(cells).rstrip())


def say_aside(line: str) -> None:
    """Not on standard output, which a script may read."""
    click.echo(f"  {line}", err=True)


@contextmanager
def ready_engine(settings: Settings) -> Iterator[Engine]:
    """The database in use, with this code's schema."""
    from dashboard.database import bring_up_to_date, open_database

    with open_database(settings, say_aside) as database, database.engine() as engine:
        before, now = bring_up_to_date(engine, settings.attributes)
        if before != now:
            say_aside(f"schema brought to revision {now}")
        yield engine
