"""Roof: the command ``fixer-metrics alerts``: looks at the rules once, by hand or from a timetable."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from dashboard.commands import InOrder, say, told
from dashboard.config import Settings


@click.group(cls=InOrder, short_help="Look at the alert rules once.")
def alerts() -> None:
    """Alert rules are made on /alerts or by the API; a running worker looks at them by itself."""


@alerts.command("evaluate", short_help="Look at all rules now, and send what is to be told.")
@click.option("--no-send", is_flag=True, help="Leave the messages in the outbox.")
@told
def evaluate(settings: Settings, no_send: bool) -> None:
    """Look at all rules at the last full quarter hour, and send what is to be told.

    It may be run as often as you like, and beside a worker: each quarter hour counts once.
    """
    from dashboard.database import open_database
    from dashboard.watching import on
    from layouts.words import count

    now = datetime.now(UTC)
    with open_database(settings, say) as database, database.engine() as engine:
        watch = on(settings, engine)
        looked = watch.look(now)
        sent, failed = (0, 0) if no_send else watch.send(now)
    moved = ", ".join(looked.moved) or "nothing moved"
    rules = count(looked.rules, "rule")
    say(f"{rules} at {looked.instant:%Y-%m-%d %H:%M} UTC: {moved}; {looked.failed} failed")
    say(f"{count(sent, 'message')} sent, {failed} not")


@click.command(short_help="Print the weekly digest.")
@click.option("--print", "print_", is_flag=True, help="Print it as text (the default).")
@click.option("--html", is_flag=True, help="Print the HTML of the mail instead.")
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="The time zone of its days.")
@told
def digest(settings: Settings, print_: bool, html: bool, tz: str) -> None:
    """Print the digest of the last seven whole days, as it would be sent now.

    When and to whom it is sent is set on /alerts; a running worker sends it.
    """
    from dashboard.database import open_database
    from dashboard.watching import on
    from queries.calendar import zone

    zone(tz)
    with open_database(settings, say) as database, database.engine() as engine:
        message = on(settings, engine).digest(tz, datetime.now(UTC))
    click.echo(message.html if html else f"{message.subject}\n\n{message.body}", nl=html)
