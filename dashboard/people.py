"""Roof: the commands about people who log in with a password; the password never stands in a command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Connection

from dashboard.access import users
from dashboard.access.settings import USERS
from dashboard.commands import table
from dashboard.config import Settings
from dashboard.database import bring_up_to_date, open_database

Say = Callable[[str], None]


def add(settings: Settings, say: Say, name: str, role: str) -> None:
    with _database(settings, say) as connection:
        if users.find(connection, name):
            raise users.already_there(name)
        name = users.add(connection, name, role, _password())
    say(f"{name} may log in as {role}")
    if settings.auth != USERS:
        say(f"AUTH is {settings.auth}: users count with AUTH=users")


def listed(settings: Settings) -> None:
    with _database(settings, lambda line: None) as connection:
        found = users.everybody(connection)
    if not found:
        click.echo("There are no users yet: fixer-metrics user add NAME --role editor")
        return
    rows = [(user.name, user.role, f"{user.changed_at:%Y-%m-%d %H:%M} UTC") for user in found]
    table([("name", "role", "changed"), *rows])


def new_password(settings: Settings, say: Say, name: str) -> None:
    with _database(settings, say) as connection:
        name = users.known(connection, name).name
        password = _password()
        users.check_password(password, name)
        users.change(connection, name, password_hash=users.hashed(password))
    say(f"{name} has a new password; their sessions have ended")


def new_role(settings: Settings, say: Say, name: str, role: str) -> None:
    with _database(settings, say) as connection:
        users.check_role(role)
        name = users.change(connection, name, role=role)
    say(f"{name} is {role} now; their sessions have ended")


def remove(settings: Settings, say: Say, name: str) -> None:
    with _database(settings, say) as connection:
        name = users.remove(connection, name)
    say(f"{name} is gone; their sessions have ended")


@contextmanager
def _database(settings: Settings, say: Say) -> Iterator[Connection]:
    """A transaction on the database in use, its schema brought up to date where it is our own."""
    with open_database(settings, say) as database, database.engine() as engine:
        if database.embedded:
            bring_up_to_date(engine, settings.attributes)
        with engine.begin() as connection:
            yield connection


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="Once more"))
    return sys.stdin.readline().rstrip("\r\n")
