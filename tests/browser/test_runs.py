"""The table of runs and the page of one run in the browser: sorting, searching, paging, keys, copying."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote
from urllib.request import urlopen

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from sqlalchemy import Engine

from ingest.write import Writer
from layouts import ids
from tests.browser import chromium
from tests.browser.conftest import reader, site_with
from tests.browser.page import Page

NUMBER = 120
ODD = "a/b c?#%25&é"
TABLE = {ids.answer(name): 1 for name in (ids.STANDING, ids.RUNS, ids.IN_FLIGHT_RUNS)}
RUN = {ids.answer(name): 1 for name in (ids.STANDING, ids.RUN, ids.RUN_PEERS, ids.RUN_AROUND)}


@pytest.fixture(scope="module")
def runs_site(
    server: str, template: str, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """120 runs, a minute apart; each costs a cent more than the one before, each tenth broke."""
    rows = [
        run(
            f"2026-11-19T{8 + n // 60:02}:{n % 60:02}+00:00", invocation_id=f"r-{n:03}", model="m", cost_usd=Decimal(n) / 100,
            cost_source="reported", duration_ms=Decimal(1000 * (n % 7 + 1)), status="error" if n % 10 == 0 else "success",
            error_message=f"Rate limit exceeded\nline two of {n}" if n % 10 == 0 else None,
        )
        for n in range(1, NUMBER)
    ]  # fmt: skip
    rows.append(
        run("2026-11-20T10:00+00:00", invocation_id=ODD, model="m", tools_used='{"bash": 3}', files_modified=["a.py"],
            attributes='{"repository": "web/a,b"}', error_message="x" * 3000, error_template="x", status="failure")
    )  # fmt: skip

    def fill(engine: Engine) -> None:
        with Writer(engine) as writer:
            writer.write(rows)

    with site_with(fill, server, template, tmp_path_factory) as address:
        yield address


@pytest.fixture
def page(fresh: WebDriver, runs_site: str) -> Iterator[Page]:
    with reader(fresh, runs_site) as page:
        yield page


def shown(page: Page) -> list[str]:
    return list(
        page.run("return [...document.querySelectorAll('.runs tbody tr')].map((row) => row.dataset.run)")
    )


def sideways(page: Page) -> int:
    return int(page.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def open_at(page: Page, path: str) -> Any:
    page.driver.get(page.address + path)
    page.rest(1)
    return page.calls()


def test_pages_and_the_way_back(page: Page) -> None:
    assert open_at(page, "/runs") == TABLE
    assert page.text(f"#{ids.RUNS_TOTAL}") == "120 runs"
    assert page.one(f"#{ids.RUNS_TOTAL}").get_attribute("data-value") == "120"
    assert shown(page) == [ODD, *(f"r-{n:03}" for n in range(119, 70, -1))]
    assert page.after(lambda: page.click(".runs-pages [data-way=next]")) == TABLE
    assert shown(page) == [f"r-{n:03}" for n in range(70, 20, -1)]
    assert page.search.startswith("?after=")
    page.after(lambda: page.click(".runs-pages [data-way=next]"))
    assert shown(page) == [f"r-{n:03}" for n in range(20, 0, -1)]
    assert not page.one(".runs-pages [data-way=next]").is_enabled()
    page.after(lambda: page.click(".runs-pages [data-way=prev]"))
    assert shown(page)[0] == "r-070"
    page.back()
    assert shown(page)[0] == "r-020"
    page.back()
    page.back()
    assert (page.search, shown(page)[0]) == ("", ODD)
    # A place in a list goes with the list.
    page.after(lambda: page.click(".runs-pages [data-way=next]"))
    page.after(lambda: page.choose(ids.STATUS, "failed"))
    assert page.search == "?status=failed"
    assert page.text(f"#{ids.RUNS_TOTAL}") == "12 runs"


def test_sorting_by_a_heading_and_searching(page: Page) -> None:
    open_at(page, "/runs")
    heading = ".runs th.c-cost"
    assert page.after(lambda: page.click(f"{heading} button")) == TABLE
    assert (page.search, shown(page)[:2]) == ("?sort=-cost", ["r-119", "r-118"])
    assert page.one(heading).get_attribute("aria-sort") == "descending"
    page.after(lambda: page.click(f"{heading} button"))
    assert (page.search, shown(page)[:2]) == ("?sort=cost", ["r-001", "r-002"])
    field = page.one("#set-q")
    field.send_keys("limit rate")
    assert page.after(lambda: page.press(Keys.ENTER)) == TABLE
    assert page.search == "?q=limit%20rate&sort=cost"
    assert shown(page) == [f"r-{n:03}" for n in range(10, NUMBER, 10)]
    assert page.text(".runs td.c-error") == "Rate limit exceeded"
    page.one("#set-min_cost").send_keys("$0.50", Keys.TAB)
    page.wait(lambda: page.text(f"#{ids.RUNS_TOTAL}") == "7 runs", "the dearer ones")
    page.after(lambda: page.back())
    page.after(lambda: page.back())
    assert (page.search, page.one("#set-q").get_attribute("value")) == ("?sort=cost", "")


def test_nothing_found_and_bad_values_say_what_to_do(page: Page) -> None:
    open_at(page, "/runs?q=nowhere&max_cost=1")
    page.says(f"#{ids.body(ids.RUNS)}", "No run matches")
    page.after(lambda: page.click(f"#{ids.body(ids.RUNS)} button"))
    assert (page.search, len(shown(page))) == ("", 50)
    open_at(page, "/runs?min_duration=soon")
    page.says(f"#{ids.body(ids.RUNS)}", "min_duration 'soon' is not a length of time")
    assert shown(page) == []
    assert page.one("#set-min_duration").get_attribute("value") == "soon"


def test_keys_move_through_the_rows_and_open_a_run(page: Page) -> None:
    open_at(page, "/runs?sort=-cost")
    focused = "return document.activeElement.closest('tr')?.dataset.run || null"
    for key, expected in (
        ("j", "r-119"),
        ("j", "r-118"),
        (Keys.ARROW_DOWN, "r-117"),
        ("k", "r-118"),
        (Keys.ARROW_UP, "r-119"),
    ):
        page.press(key)
        assert page.run(focused) == expected
    assert page.after(lambda: page.press("j", Keys.ENTER)) == RUN
    assert (page.path, page.search.partition("&")[0]) == ("/runs/r-118", "?sort=-cost")
    page.says(f"#{ids.RUN_PEERS} section", "Cost more than 99 % of 118 other runs")
    assert page.after(lambda: page.press("j")) == RUN
    assert page.path == "/runs/r-117"
    page.after(lambda: page.press("k"))
    assert page.path == "/runs/r-118"
    page.back()
    page.back()
    page.back()
    assert (page.path, shown(page)[0]) == ("/runs", "r-119")


def test_a_click_on_a_row_opens_the_run_and_its_parts_lead_on(page: Page) -> None:
    open_at(page, "/runs")
    assert page.after(lambda: page.click(".runs tbody td.c-status")) == RUN
    assert unquote(page.path) == f"/runs/{ODD}"
    assert page.path == f"/runs/{quote(ODD, safe='')}"
    assert page.text(".run-id") == ODD
    assert page.after(lambda: page.click("#run-attributes a")) == TABLE
    assert page.search.partition("&")[0] == "?attr.repository=web%2Fa%252Cb"
    assert shown(page) == [ODD]


def test_the_record_is_copied_as_the_api_has_it(page: Page, runs_site: str) -> None:
    open_at(page, f"/runs/{quote(ODD, safe='')}")
    page.click("[data-copy]")
    page.says(f"#{ids.ANNOUNCER}", "Copied as JSON")
    copied = json.loads(page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])"))
    with urlopen(f"{runs_site}/api/runs/{quote(ODD, safe='')}") as answer:
        assert copied == json.load(answer)
    assert copied["invocationId"] == ODD


def test_an_unknown_run(page: Page) -> None:
    assert open_at(page, "/runs/no-such-run") == RUN
    page.says(f"#{ids.RUN_BODY} section", "There is no run with this id")
    page.after(lambda: page.click(f"#{ids.RUN_BODY} a"))
    assert len(shown(page)) == 50


def test_columns_are_chosen_in_the_menu(page: Page) -> None:
    open_at(page, "/runs")
    page.click(f"#{ids.RUNS_MENUS} details:first-child summary")
    for name in ("agent", "version", "attr.repository"):
        page.click(f".boxes input[value='{name}']")
    page.after(lambda: page.click("[data-columns]"))
    assert page.read(".runs thead th") == ["Start", "Status", "Model", "Duration", "Cost", "Tokens", "LLM", "Tools", "Files",
                                           "Error", "Repository"]  # fmt: skip
    assert page.text(".runs td.c-attribute") == "web/a,b"
    page.driver.refresh()
    page.rest(1)
    assert len(page.read(".runs thead th")) == 11


def test_the_export_has_the_rows_that_are_counted(page: Page) -> None:
    open_at(page, "/runs?status=failed&min_cost=0.35")
    page.click(f"#{ids.RUNS_MENUS} details:last-child summary")
    links = {link.get_attribute("href").partition("?")[0].rpartition(".")[2]: link.get_attribute("href")
             for link in page.all(f"#{ids.RUNS_MENUS} a")}  # fmt: skip
    number = int(page.one(f"#{ids.RUNS_TOTAL}").get_attribute("data-value") or "")
    with urlopen(links["jsonl"]) as answer:
        lines = [json.loads(line) for line in answer]
    assert [line["invocationId"] for line in lines] == shown(page)
    assert len(lines) == number == 8


@pytest.mark.parametrize("path", ["/runs", f"/runs/{quote(ODD, safe='')}", "/runs/r-010", "/runs?q=nowhere"])
def test_nothing_scrolls_sideways(page: Page, path: str) -> None:
    for width, height in ((390, 844), (1024, 768), (1440, 900)):
        chromium.resize(page.driver, width, height)
        open_at(page, path)
        assert sideways(page) == 0, width
