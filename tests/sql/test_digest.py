"""The weekly digest: its figures by hand, when it is due, once a week, and hostile names in the mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import Engine

from alerts import channels, history
from alerts.digest import Plan, add, due, plans, put_due, week
from alerts.guard import Allowed
from alerts.outbox import Post
from alerts.tell import Message
from dashboard.why import why
from ingest.write import Writer
from layouts.digest_mail import mail
from queries.errors import QueryError
from queries.store import Store

Run = Callable[..., tuple[Any, ...]]
BERLIN = "Europe/Berlin"
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)  # 08:00 in Berlin
HOSTILE = '</td><script>alert("1")</script>&amp;'


@pytest.fixture
def filled(engine: Engine, run: Run) -> Engine:
    """16 to 22 November: 3 successes and 1 error, $8; the week before: 1 success, 1 failure, $3. On the edges
    one run each: Sunday the 15th and Monday the 23rd, in Berlin."""

    def made(at: str, dollars: str, **more: Any) -> tuple[Any, ...]:
        return run(
            f"{at}+00:00",
            cost_usd=Decimal(dollars),
            cost_source="reported",
            duration_ms=Decimal(2000),
            **more,
        )

    with Writer(engine) as writer:
        writer.write([
            made("2026-11-15T23:00", "1"), made("2026-11-18T12:00", "2"), made("2026-11-20T12:00", "4", model=HOSTILE),
            made("2026-11-22T22:59", "1", status="error", model=HOSTILE),
            made("2026-11-15T22:59", "1"), made("2026-11-10T12:00", "2", status="failure"),
            made("2026-11-22T23:00", "100"),
        ])  # fmt: skip
    return engine


def test_the_five_figures_against_the_week_before(filled: Engine, store: Store) -> None:
    found = week(store, BERLIN, MONDAY, why, 50.0, 2.0)
    figures = {f.metric.name: (f.now, f.before) for f in found.figures}
    assert figures["runs"] == (4, 2)
    assert figures["success_rate"] == (0.75, 0.5)
    assert figures["cost_usd"] == (8, 3)
    assert figures["cost_per_success"] == (pytest.approx(8 / 3), 3)
    assert figures["p95_duration_ms"] == (pytest.approx(2000, rel=0.011),) * 2
    assert found.spend.to_date == 111  # all of November, the Monday included
    assert [metric.name for metric, _ in found.changed] == list(figures)


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_mail_says_the_same_twice_and_escapes_names(filled: Engine, store: Store) -> None:
    message = mail(week(store, BERLIN, MONDAY, why, 50.0, 2.0), "https://fixer.example.org")
    assert message.subject == "Fixer Metrics: the week of 16 Nov to 22 Nov 2026"
    assert message.html is not None
    read = Reader(message.html)
    for part in ("Runs", "75.0", "50.0", "$8.00", "$3.00", "+25.0", HOSTILE, "$111"):
        assert part in message.body, part
        assert part in read.words, part
    assert "script" not in read.tags
    assert "better" in read.words
    assert all(link.startswith("https://fixer.example.org/") for link in read.links)
    assert any("range=2026-11-15T23%3A00Z..2026-11-22T23%3A00Z" in link for link in read.links)


def test_an_empty_week_is_told_too(store: Store) -> None:
    message = mail(week(store, BERLIN, MONDAY, why, None, 2.0), "https://fixer.example.org")
    assert "Success rate" in message.body
    assert "–" in message.body


PLAN = Plan(1, (1,), 0, 8, BERLIN, True, MONDAY - timedelta(days=30), None)


@pytest.mark.parametrize(
    ("plan", "now", "at"),
    [
        (PLAN, MONDAY, MONDAY),
        (PLAN, MONDAY - timedelta(seconds=1), None),  # the one a week before is too late by now
        (PLAN, MONDAY + timedelta(hours=47), MONDAY),
        (PLAN, MONDAY + timedelta(days=3), None),
        (replace(PLAN, sent_for=MONDAY), MONDAY + timedelta(hours=1), None),
        (replace(PLAN, sent_for=MONDAY - timedelta(days=7)), MONDAY, MONDAY),
        (replace(PLAN, created_at=MONDAY + timedelta(minutes=1)), MONDAY + timedelta(hours=1), None),
        # Sunday, 29 March 2026: 02:00 to 03:00 does not exist in Berlin; 25 October has it twice: the first.
        (replace(PLAN, weekday=6, hour=2, created_at=datetime(2026, 1, 1, tzinfo=UTC)), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (replace(PLAN, weekday=6, hour=2, created_at=datetime(2026, 1, 1, tzinfo=UTC)), datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_when_it_is_due(plan: Plan, now: datetime, at: datetime | None) -> None:
    assert due(plan, now) == at


def test_it_is_sent_once_a_week_to_each_channel(engine: Engine) -> None:
    post = Post("a secret of these tests", Allowed(everything=True))
    with engine.begin() as connection:
        both = [
            channels.add(connection, name, "json://127.0.0.1:9/", post, MONDAY).channel_id for name in "ab"
        ]
        add(connection, {"channels": both, "weekday": 0, "hour": 8, "tz": BERLIN}, MONDAY - timedelta(days=1))
        with pytest.raises(QueryError):
            add(connection, {"channels": [99]}, MONDAY)

    def write(plan: Plan, now: datetime) -> Message:
        return Message(f"for {plan.tz}", "body", "<p>body</p>")

    assert put_due(engine, write, MONDAY - timedelta(minutes=1)) == 0
    assert put_due(engine, write, MONDAY) == 2
    assert put_due(engine, write, MONDAY + timedelta(hours=1)) == 0
    assert put_due(engine, write, MONDAY + timedelta(days=7)) == 2
    with engine.connect() as connection:
        assert [plan.sent_for for plan in plans(connection)] == [MONDAY + timedelta(days=7)]
        assert [one.kind for one in history.deliveries(connection)] == ["digest"] * 4


def test_a_digest_that_cannot_be_written_holds_no_other_up(engine: Engine) -> None:
    post = Post("a secret of these tests", Allowed(everything=True))
    with engine.begin() as connection:
        channel = channels.add(connection, "a", "json://127.0.0.1:9/", post, MONDAY).channel_id
        for tz in ("UTC", BERLIN):
            asked = {"channels": [channel], "weekday": 0, "hour": 7, "tz": tz}
            add(connection, asked, MONDAY - timedelta(days=1))

    def write(plan: Plan, now: datetime) -> Message:
        if plan.tz == "UTC":
            raise ZeroDivisionError
        return Message(f"for {plan.tz}", "body")

    with pytest.raises(ZeroDivisionError):
        put_due(engine, write, MONDAY)
    with engine.connect() as connection:
        assert [one.subject for one in history.deliveries(connection)] == [f"for {BERLIN}"]
