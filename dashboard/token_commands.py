"""Roof: the command ``fixer-metrics token``: tokens for programs, made, listed and revoked."""

from __future__ import annotations

from datetime import datetime

import click

from dashboard.commands import InOrder, ready_engine, say, table, told
from dashboard.config import Settings
from dashboard.tokens import ROLES, Token


@click.group(cls=InOrder, short_help="Make, list and revoke tokens of programs.")
def token() -> None:
    """Make, list and revoke the tokens with which programs send runs and read.

    While there has never been one, and the server listens on this machine alone, none is needed.
    """


@token.command("create", short_help="Make a token, which is shown this once.")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="ingest",
    show_default=True,
    help="viewer reads, ingest sends runs, editor does both and edits.",
)
@told
def create(settings: Settings, name: str, role: str) -> None:
    """Make a token. It is shown this once, alone on standard output: TOKEN=$(fixer-metrics token create NAME)

    From the first token on, whoever sends runs must show one.
    """
    from dashboard import tokens

    with ready_engine(settings) as engine:
        made = tokens.create(engine, name, role)
    click.echo(f"  {role} token {name!r}; keep it now, it is not shown again:", err=True)
    click.echo(made)


@token.command("list", short_help="List tokens, without their secrets.")
@told
def list_(settings: Settings) -> None:
    """List all tokens, the newest first, with their last use."""
    from dashboard import tokens

    with ready_engine(settings) as engine:
        found = tokens.tokens(engine)
    if not found:
        say("there are no tokens; `fixer-metrics token create NAME` makes one")
        return
    table([("name", "role", "made", "last used", "state"), *map(_row, found)])


@token.command("revoke", short_help="Refuse a token from now on.")
@click.argument("name")
@told
def revoke(settings: Settings, name: str) -> None:
    """Refuse the token NAME from now on, in every server process."""
    from dashboard import tokens

    with ready_engine(settings) as engine:
        tokens.revoke(engine, name)
    say(f"the token {name!r} is refused from now on")


def _row(one: Token) -> tuple[str, ...]:
    state = f"revoked {_minute(one.revoked_at)}" if one.revoked_at else "in use"
    return one.name, one.role, _minute(one.created_at), _minute(one.last_used_at) or "never", state


def _minute(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else ""
