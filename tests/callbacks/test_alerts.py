"""The pages of alerts through the real wiring: what a reader reads, hostile names, and what is refused where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from alerts import channels, digest, keep
from alerts.evaluate import evaluate
from alerts.guard import Allowed
from alerts.outbox import Post, deliver
from alerts.tell import Message, tell
from layouts import ids
from queries import alert_tables as tables
from tests.callbacks.conftest import Page, make_page, words
from tests.callbacks.rows import NOW, put_rows
from tests.conftest import uncached

HOSTILE = '<img src=x onerror="alert(1)">'
POST = Post("a secret of these tests", Allowed(everything=True))
# 13:00 in Berlin: of the last 24 hours 1 of 3 failed, see rows.py.


@pytest.fixture(scope="module")
def alerts(
    module_engine: Engine, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    put_rows(module_engine, run)
    with module_engine.begin() as connection:
        channel = channels.add(connection, HOSTILE, "json://127.0.0.1:9/", POST, NOW).channel_id
        for name, threshold in ((HOSTILE, 20), ("quiet", 90)):
            asked = {
                "name": name,
                "threshold": threshold,
                "window": "24h",
                "minRuns": 1,
                "channels": [channel],
            }
            keep.add(connection, asked, NOW - timedelta(hours=1))
        digest.add(connection, {"channels": [channel], "weekday": 4, "hour": 9, "tz": "Europe/Berlin"}, NOW)
    evaluate(module_engine, uncached(module_engine), NOW)
    tell(module_engine, lambda notices, now: Message(f"Firing {HOSTILE}", "body"), NOW)
    deliver(module_engine, POST, NOW)
    url = module_engine.url.render_as_string(hide_password=False)
    made, close = make_page(url, tmp_path_factory.mktemp("data"))
    yield made
    close()


def test_rules_say_how_they_stand(alerts: Page) -> None:
    said = alerts.words(ids.ALERT_RULES, ids.body(ids.ALERT_RULES))
    assert (
        f"Firing {HOSTILE} Failure rate above 20.0 % over 24 hours 33.3 % 3 runs 20 Nov 2026, 13:00" in said
    )
    assert "OK quiet Failure rate above 90.0 % over 24 hours" in said
    assert alerts.words(ids.ALERT_RULES, ids.subtitle(ids.ALERT_RULES)).startswith("2 in all, 1 firing")


def test_a_channel_that_takes_nothing_is_said_on_every_page(alerts: Page) -> None:
    above = alerts.words(ids.ALERT_RULES, ids.warnings(ids.ALERT_RULES))
    assert above.startswith(f"The channel {HOSTILE} does not take messages")
    assert alerts.words(ids.STANDING, ids.FRESHNESS).startswith("1 firing, 1 channel failing")


def test_what_fired_what_was_sent_and_when_the_digest_goes(alerts: Page) -> None:
    assert f"20 Nov 2026, 13:00 fires on {HOSTILE}" in alerts.words(
        ids.ALERT_EPISODES, ids.body(ids.ALERT_EPISODES)
    )
    sent = alerts.words(ids.ALERT_DELIVERIES, ids.body(ids.ALERT_DELIVERIES))
    assert "not taken, again at 20 Nov 2026, 13:08" in sent
    assert "Webhook at 127.0.0.1 2 rules" in alerts.words(ids.ALERT_CHANNELS, ids.body(ids.ALERT_CHANNELS))
    assert "Friday, 09:00 (Europe/Berlin)" in alerts.words(ids.ALERT_DIGESTS, ids.body(ids.ALERT_DIGESTS))


@pytest.mark.parametrize("panel", [*ids.ALERT_PANELS, ids.ALERT_CHOICES, ids.STANDING, ids.MARKERS])
def test_names_are_text_everywhere(alerts: Page, panel: str) -> None:
    for markup in alerts.answer(panel)["html"].values():
        assert "<img" not in markup


def test_charts_carry_what_fired(alerts: Page, module_engine: Engine) -> None:
    with module_engine.begin() as connection:
        connection.execute(insert(tables.episode).values(
            rule_id=2, name="over", severity="info", said="said", began_at=NOW - timedelta(hours=5),
            fired_at=NOW - timedelta(hours=5), resolved_at=NOW - timedelta(hours=4), threshold=1.0,
        ))  # fmt: skip
    markup = alerts.answer(ids.MARKERS, range="24h")["html"][ids.MARKERS]
    assert "over fired, 20 Nov 2026 08:07 to 20 Nov 2026 09:07" in markup
    assert "and fires on" in markup
    long_ago = alerts.answer(ids.MARKERS, range="2026-01-01..2026-01-31")["html"][ids.MARKERS]
    assert "fired," not in long_ago


def test_the_preview_draws_and_says_when_it_would_have_fired(alerts: Page) -> None:
    asked = {"path": "/alerts/new", "window": "24h", "minRuns": "1", "threshold": "30"}
    answer = alerts.answer(ids.ALERT_PREVIEW, **asked)
    assert words(answer["html"][ids.SAID]).startswith("It would have fired ")
    layout = answer["figure"]["layout"]
    assert layout["shapes"]
    labels = [column["label"] for column in layout["meta"]["columns"]]
    assert labels == ["failure rate", "threshold", "runs"]
    assert len(layout["meta"]["x"]) == 30 * 24 + 1  # from noon to noon


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"threshold": "many"}, "threshold"),
        ({"window": "20m"}, "window"),
        ({"zone": "Mars"}, "zone"),
        ({"filters": "colour=red"}, "filters"),
        ({"comparison": "budget"}, "metric"),
        ({"metric": "<b>"}, "metric"),
    ],
)
def test_the_preview_names_the_field_that_is_wrong(alerts: Page, asked: dict[str, str], field: str) -> None:
    answer = alerts.answer(ids.ALERT_PREVIEW, path="/alerts/new", **asked)
    assert f'data-complaint="{field}"' in answer["html"][ids.SAID]
    assert "Allowed: " in words(answer["html"][ids.SAID])
    assert "<b>" not in answer["html"][ids.SAID]


def test_the_page_of_a_rule_is_given_its_fields(alerts: Page) -> None:
    markup = alerts.answer(ids.ALERT_CHOICES, path="/alerts/2")["html"][ids.body(ids.ALERT_CHOICES)]
    assert 'data-go="/alerts/2?' in markup
    assert "threshold=90" in markup
    assert "window=24h" in markup
    assert (
        "data-go"
        not in alerts.answer(ids.ALERT_CHOICES, path="/alerts/new")["html"][ids.body(ids.ALERT_CHOICES)]
    )
    gone = alerts.answer(ids.ALERT_CHOICES, path="/alerts/99")["html"][ids.body(ids.ALERT_CHOICES)]
    assert 'data-go="/alerts"' in gone


def test_nobody_looks_is_said_and_every_change_is_told(alerts: Page) -> None:
    place = ids.warnings(ids.ALERT_RULES)
    later = (NOW + timedelta(hours=2)).isoformat()
    assert "Nobody has looked at the rules" not in alerts.words(ids.ALERT_RULES, place)
    assert "Nobody has looked at the rules since 20 Nov 2026, 13:00" in alerts.words(
        ids.ALERT_RULES, place, now=later
    )
    told = alerts.words(ids.ALERT_EPISODES, ids.body(ids.ALERT_EPISODES))
    assert f"20 Nov 2026, 13:00 {HOSTILE} fired 3 runs" in told
    assert "20 Nov 2026, 12:07 quiet made" in told


def test_without_rules_the_page_says_what_most_begin_with(bare_page: Page, tmp_path: Path) -> None:
    assert "failure rate above 20 %" in bare_page.words(ids.ALERT_RULES, ids.body(ids.ALERT_RULES))
    assert "nobody is told" in bare_page.words(ids.ALERT_CHANNELS, ids.body(ids.ALERT_CHANNELS))
