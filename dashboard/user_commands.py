"""Roof: the command ``fixer-metrics user``: people who log in with a password."""

from __future__ import annotations

import click

from dashboard.commands import InOrder, say, told
from dashboard.config import Settings


@click.group(cls=InOrder, short_help="People who log in with a password (AUTH=users).")
def user() -> None:
    """Add, list, change and remove the people who log in with a password.

    With AUTH=users only they see the page. A viewer looks; an editor also changes alerts, digests, markers
    and saved views, takes imports back and has rollups compared with runs. A change counts at once, on all
    machines.
    """


_ROLE = click.Choice(["viewer", "editor"])


@user.command("add", short_help="Add a user; the password is asked for.")
@click.argument("name")
@click.option("--role", type=_ROLE, default="viewer", show_default=True, help="What they may do.")
@told
def user_add(settings: Settings, name: str, role: str) -> None:
    """Add a user. The password is asked for, or read from standard input: it never stands in a command."""
    from dashboard import people

    people.add(settings, say, name, role)


@user.command("list", short_help="List the users.")
@told
def user_list(settings: Settings) -> None:
    """List the users with their roles, and when each was changed last."""
    from dashboard import people

    people.listed(settings)


@user.command("passwd", short_help="Give a user a new password.")
@click.argument("name")
@told
def user_passwd(settings: Settings, name: str) -> None:
    """Give a user a new password, asked for or read from standard input; ends their sessions."""
    from dashboard import people

    people.new_password(settings, say, name)


@user.command("role", short_help="Make a user viewer or editor.")
@click.argument("name")
@click.argument("role", type=_ROLE)
@told
def user_role(settings: Settings, name: str, role: str) -> None:
    """Make a user viewer or editor; ends their sessions."""
    from dashboard import people

    people.new_role(settings, say, name, role)


@user.command("remove", short_help="Remove a user.")
@click.argument("name")
@told
def user_remove(settings: Settings, name: str) -> None:
    """Remove a user; ends their sessions."""
    from dashboard import people

    people.remove(settings, say, name)
