"""The pages of alerts in a browser: a rule is made in its form, which previews it; errors stand beside fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select
from sqlalchemy import Engine

from alerts import channels, digest
from alerts.guard import Allowed
from alerts.outbox import Post
from ingest.write import Writer
from queries.engine import make_engine
from tests.browser.conftest import forget
from tests.browser.page import Page
from tests.browser.site import serving
from tests.callbacks.rows import NOW, put_rows
from tests.conftest import fresh_database

FORM = "#alert-form"
HOSTILE = '<img src=x onerror="document.title=1">'
POST = Post("a secret of these tests", Allowed(everything=True))


def put_week(engine: Engine, run: Callable[..., Any]) -> None:
    """Runs of the last seven days, whatever day it is: a digest is made by the clock of the server."""
    at = datetime.now(UTC) - timedelta(days=3)
    rows = [run(at, model=HOSTILE) for _ in range(4)]
    with Writer(engine) as writer:
        writer.write([*rows, run(at - timedelta(days=7)), run(at - timedelta(days=7))])


@pytest.fixture
def page(
    fresh: WebDriver,
    server: str,
    template: str,
    run: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    with fresh_database(server, template) as url:
        engine = make_engine(url)
        put_rows(engine, run)
        put_week(engine, run)
        with engine.begin() as connection:
            number = channels.add(connection, "team", "json://127.0.0.1:9/", POST, NOW).channel_id
            digest.add(connection, {"channels": [number], "weekday": 4, "tz": "Asia/Tokyo"}, NOW)
        engine.dispose()
        with serving(url, tmp_path_factory.mktemp("site")) as address:
            forget(fresh, address)
            yield Page(fresh, address)


def write(page: Page, key: str, text: str) -> None:
    """Into a field of the form, as a person does; leaving it asks."""
    field = page.one(f"#alert-{key}")
    field.clear()
    field.send_keys(text)
    page.after(lambda: field.send_keys(Keys.TAB))


def test_a_rule_is_made_and_its_preview_follows(page: Page) -> None:
    page.open("alerts")
    page.says("#body-alert-rules", "failure rate above 20 %")
    page.after(lambda: page.click("#new-rule"))
    page.says("#alert-said", "It would")
    write(page, "name", "Agents fail")
    write(page, "minRuns", "1")
    page.after(lambda: Select(page.one("#alert-window")).select_by_visible_text("24 hours"))
    page.says("#alert-said", "It would have fired")
    assert "window=24h" in page.search  # the draft is a link
    page.after(lambda: page.click("#alert-to input"))
    page.after(lambda: page.click(f"{FORM} [type=submit]"))
    page.says("#body-alert-rules", "Agents fail")
    page.says("#body-alert-rules", "Failure rate above 20.0 % over 24 hours")
    assert page.path == "/alerts"
    # Back into the form: it shows what was saved.
    page.after(lambda: page.click(".rule-name"))
    assert page.one("#alert-name").get_attribute("value") == "Agents fail"
    assert Select(page.one("#alert-window")).first_selected_option.text == "24 hours"
    page.wait(lambda: page.one("#alert-to input").is_selected(), "the channel to be ticked")
    assert page.console() == []


def test_what_is_wrong_stands_beside_its_field(page: Page) -> None:
    page.open("alerts/new")
    write(page, "threshold", "many")
    page.says("#complaint-threshold", "threshold 'many' is not allowed")
    assert page.one("#alert-threshold").get_attribute("aria-invalid") == "true"
    write(page, "threshold", "5")
    page.wait(lambda: not page.read("#complaint-threshold"), "the complaint to go")
    page.click(f"{FORM} [type=submit]")
    page.says("#complaint-name", "1 to 100 characters")
    assert page.path == "/alerts/new"


def test_a_rule_takes_the_filters_of_the_bar(page: Page) -> None:
    page.open("alerts/new?model=gpt-4&status=failed")
    page.after(lambda: page.click("#take-filters"))
    assert page.one("#alert-filters").get_attribute("value") == "model=gpt-4&status=failed"
    page.says("#card-alert_preview", "failed runs, model gpt-4")


def test_a_rule_is_snoozed_and_deleted_and_a_bad_channel_refused(page: Page) -> None:
    page.open("alerts/new?name=Short")
    page.after(lambda: page.click(f"{FORM} [type=submit]"))
    page.says("#body-alert-rules", "Short")
    page.after(lambda: Select(page.one("[data-snooze]")).select_by_visible_text("for a day"))
    page.says("#body-alert-rules", "snoozed until")
    page.run("window.confirm = () => true")
    page.after(lambda: page.click("#body-alert-rules [data-delete]"))
    page.says("#body-alert-rules", "No rule yet")
    page.one("[data-field=name]").send_keys("router")
    page.one("[data-field=address]").send_keys("json://192.168.1.1/" + Keys.ENTER)
    page.says("[data-adds$=channels] .complaint", "own network")


def test_a_digest_is_shown_as_it_would_be_sent(page: Page) -> None:
    page.open("alerts")
    page.says("#body-alert-digests", "Friday, 08:00 (Asia/Tokyo)")
    page.click("#body-alert-digests [data-preview]")
    page.says("#digest-subject", "Fixer Metrics: the week of")
    frame = page.one("#digest-mail")
    assert "allow-scripts" not in frame.get_attribute("sandbox")
    # As high as the mail, which is all there at once.
    page.wait(
        lambda: page.run(
            "const root = arguments[0].contentDocument.documentElement;"
            "return root.scrollHeight > 400 && root.scrollHeight <= arguments[0].clientHeight", frame,
        ),
        "the whole mail to show",
    )  # fmt: skip
    page.driver.switch_to.frame(frame)
    page.wait(lambda: page.driver.find_elements("css selector", "h1"), "the mail to show")
    said = page.driver.find_element("css selector", "body").text
    assert page.driver.find_elements("css selector", "img, script") == []
    page.driver.switch_to.default_content()
    for words in ("Your agents this week", "Success rate", "(Asia/Tokyo)", HOSTILE):
        assert words in said
    page.click("#digest-plain summary")
    page.says("#digest-text", "(Asia/Tokyo), against")
    page.says("#digest-text", HOSTILE)
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.one("body").find_element("id", "digest-preview").is_displayed(), "it to close")
    assert page.run("return document.activeElement.dataset.preview") == "Asia/Tokyo"
    # Before there is a digest: in the zone of the page, which is the browser's.
    page.click(".below-form [data-preview]")
    page.says("#digest-text", "(Europe/Berlin), against")
    page.click("#digest-close")
    assert page.console() == []


def test_a_budget_alert_is_on_what_is_spent_or_foreseen(page: Page) -> None:
    page.open("alerts/new?metric=cost_usd")
    shown = "return ['basis', 'window', 'against'].filter((n) => document.getElementById('alert-' + n).checkVisibility())"
    assert page.run(shown) == ["window"]  # only what the comparison asks for
    page.after(lambda: Select(page.one("#alert-comparison")).select_by_value("rises"))
    assert page.run(shown) == ["window", "against"]
    page.after(lambda: Select(page.one("#alert-comparison")).select_by_value("budget"))
    assert page.run(shown) == ["basis"]
    page.after(lambda: Select(page.one("#alert-basis")).select_by_value("foreseen"))
    assert "basis=foreseen" in page.search
    page.says("#card-alert_preview", "Foreseen cost of the month above 20.0 % of the budget")
    page.says("#alert-said", "MONTHLY_BUDGET is not set")
    write(page, "name", "Dear month")
    page.after(lambda: page.click(f"{FORM} [type=submit]"))
    page.says("#body-alert-rules", "Foreseen cost of the month above 20.0 % of the budget")
