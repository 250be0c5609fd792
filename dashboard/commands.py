"""Roof: what all commands share: settings loaded, mistakes told in a sentence, a clean end on signals."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from dashboard.config import Settings
from queries.errors import UserError


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
            reason = str(error.orig).strip().splitlines()[0]
            raise click.ClickException(f"The database says: {reason}") from error
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)

    return run


class InOrder(click.Group):
    """Lists the commands as they stand here: the ones needed first come first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def table(rows: list[tuple[str, ...]]) -> None:
    """Prints rows in columns, the first as their names."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
