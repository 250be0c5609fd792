"""Log-in as people do it, what those who only look find, and a session that ends under an open page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from sqlalchemy import Engine

from alerts import channels, digest, keep
from alerts.guard import Allowed
from alerts.outbox import Post
from dashboard.access import users
from dashboard.api.writings import WRITINGS
from layouts import ids
from queries.engine import make_engine
from tests.browser import chromium
from tests.browser.conftest import forget
from tests.browser.page import Page
from tests.browser.site import serving
from tests.callbacks.rows import NOW, put_rows
from tests.conftest import fresh_database

PASSWORD = "many agents at work"
WHO = f"#{ids.WHO_MENU}"


@pytest.fixture(scope="module")
def closed(
    server: str, template: str, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Engine]]:
    """A page where people log in: vera looks, edith edits."""
    with fresh_database(server, template) as url:
        engine = make_engine(url)
        put_rows(engine, run)
        with engine.begin() as connection:
            users.add(connection, "vera", "viewer", PASSWORD)
            users.add(connection, "edith", "editor", PASSWORD)
        with serving(url, tmp_path_factory.mktemp("closed"), auth="users") as address:
            yield address, engine
        engine.dispose()


@pytest.fixture
def page(fresh: WebDriver, closed: tuple[str, Engine]) -> Page:
    forget(fresh, closed[0])
    return Page(fresh, closed[0])


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """With the keyboard alone: the first field has the focus, Enter sends."""
    page.one("#name")
    page.press(name, Keys.TAB, password, Keys.ENTER)


def open_and_log_in(page: Page, path: str, name: str) -> None:
    page.driver.get(page.address + path)
    log_in(page, name)
    page.one(WHO)
    page.rest(1)


def test_log_in_by_keyboard_leads_back_to_the_page_that_was_asked_for(page: Page) -> None:
    page.driver.get(f"{page.address}/errors?range=7d")
    assert page.path == "/login"
    assert page.run("return document.activeElement.id") == "name"
    log_in(page, "vera", "not this one")
    assert page.text("[role=alert]") == "Name or password is not right."
    assert page.run("return [document.activeElement.id, document.querySelector('#name').value]") == [
        "password",
        "vera",
    ]
    page.press(PASSWORD, Keys.ENTER)
    page.one(WHO)
    assert (page.path, page.search) == ("/errors", "?range=7d")
    page.click(f"{WHO} > button")
    assert page.text(".who-text") == "vera viewer, may look"
    page.console()
    page.click(f"{WHO} [type=submit]")
    page.says("[role=status]", "You are logged out.")
    page.driver.back()
    page.wait(lambda: page.path == "/login", "the page of before not to show again")


def test_who_only_looks_finds_what_changes_anything_still_and_why(page: Page) -> None:
    open_and_log_in(page, "/changes?range=all", "vera")
    form = page.one("#marker-form")
    assert form.get_attribute("title") == "Only editors can do this; your role is viewer."
    assert page.run("return document.querySelectorAll('#marker-form :enabled').length") == 0
    page.driver.get(f"{page.address}/data?range=all")
    page.rest(1)
    page.wait(lambda: page.read("#verified") and not page.one("#verify").is_enabled(), "it to be still")


ALERTS = [writing for writing in WRITINGS if writing.path.startswith("/api/alerts/")]


def test_who_only_looks_at_alerts_finds_them_still_and_the_server_closed(
    page: Page, closed: tuple[str, Engine]
) -> None:
    def kept() -> tuple[list[str], list[str], list[int]]:
        with closed[1].connect() as connection:
            rules = [repr(one.rule) for one in keep.rules(connection)]
            return rules, [one.name for one in channels.channels(connection)], [
                plan.digest_id for plan in digest.plans(connection)
            ]  # fmt: skip

    with closed[1].begin() as connection:
        post = Post("a secret of these tests", Allowed(everything=True))
        number = channels.add(connection, "team", "json://127.0.0.1:9/", post, NOW).channel_id
        keep.add(connection, {"name": "Agents fail", "channels": [number]}, NOW)
        digest.add(connection, {"channels": [number], "weekday": 4, "hour": 9, "tz": "Europe/Berlin"}, NOW)
    before = kept()
    open_and_log_in(page, "/alerts", "vera")
    for place, words in (
        ("rules", "Agents fail"),
        ("channels", "Webhook at 127.0.0.1"),
        ("digests", "Friday"),
    ):
        page.says(f"#body-alert-{place}", words)
    page.says("[data-looks-note]", "Only editors can change what is here; your role is viewer.")
    controls = page.run(
        "return [...document.querySelectorAll('[data-edits], [data-edits] :is(button, input, select)')]"
        ".filter((e) => !e.matches('form')).map((e) => [e.textContent.trim().split('\\n')[0], e.disabled, "
        "e.closest('[data-edits]').title])"
    )
    assert {(disabled, title) for _, disabled, title in controls} == {
        (True, "Only editors can do this; your role is viewer.")
    }
    named = [name for name, _, _ in controls]
    assert {"Send a test", "Add channel", "Add digest"} <= set(named)
    assert named.count("Delete") == 3  # the rule, the channel, the digest
    # Whatever a page lets through: the server refuses each way of writing there is.
    for writing in ALERTS:
        path = re.sub("{[a-z_]+}", "1", writing.path)
        status = page.run(
            "return fetch(arguments[1], { method: arguments[0], body: '{}', "
            "headers: { 'Content-Type': 'application/json' } }).then((answer) => answer.status)",
            writing.method, path,
        )  # fmt: skip
        assert status == 403, (writing.method, path)
    assert kept() == before
    page.console()  # which names each refusal
    # What they may: look at the digest, and at a rule and its preview.
    page.click("#body-alert-digests [data-preview]")
    page.says("#digest-subject", "Fixer Metrics: the week of")
    page.press(Keys.ESCAPE)
    page.after(lambda: page.click(".rule-name"))
    page.says("#alert-said", "It would")
    assert not page.one("#alert-form [type=submit]").is_enabled()
    page.says("#alert-form [data-looks-note]", "your role is viewer")
    assert page.console() == []


def test_who_edits_can(page: Page) -> None:
    open_and_log_in(page, "/changes?range=all", "edith")
    page.one("#marker-form input[name=label]").send_keys("prompt v12", Keys.ENTER)
    page.says("#announcer", "Marker prompt v12 added")
    assert page.console() == []


def test_a_session_that_ends_under_an_open_page_leads_to_log_in_and_back(
    page: Page, closed: tuple[str, Engine]
) -> None:
    open_and_log_in(page, "/?range=7d", "vera")
    with closed[1].begin() as connection:
        users.change(connection, "vera", role="viewer")

    def gone() -> bool:
        if page.path != "/login":
            page.run("window.fixer && window.fixer.ask({ refresh: true })")
        return page.path == "/login"

    page.wait(gone, "log-in")
    log_in(page, "vera")
    page.one(WHO)
    assert (page.path, page.search) == ("/", "?range=7d")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_of_log_in_fits(page: Page, width: int) -> None:
    chromium.resize(page.driver, width, 844)
    page.driver.get(page.address)
    for selector in ("#name", "#password", ".go"):
        assert page.one(selector).size["height"] >= 40
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    assert page.console() == []
