"""The data page in a browser: an import is taken back after it was asked; rollups are compared; money links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from sqlalchemy import Engine

from ingest.write import Writer, finish_import, start_import
from layouts import ids
from tests.browser.conftest import reader, site_with
from tests.browser.page import Page
from tests.callbacks.rows import put_rows

DIALOG = "#take-back"
TAKE_BACK = "[data-take-back='1']"
GO = "#take-back-go"


@pytest.fixture
def page(
    fresh: WebDriver,
    server: str,
    template: str,
    run: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    """Twelve runs, and three more that an import brought, on a site of this test's own."""

    def fill(engine: Engine) -> None:
        put_rows(engine, run)
        bad = start_import(engine, "bad export.jsonl")
        with Writer(engine, import_id=bad) as writer:
            writer.write(
                [run("2026-11-19T10:00Z", invocation_id=f"bad-{n}", status="error") for n in range(3)]
            )
        finish_import(engine, bad, {"read": 5, "inserted": 3, "rejected": 2})

    with (
        site_with(fill, server, template, tmp_path_factory) as address,
        reader(fresh, address) as page,
    ):
        yield page


def is_open(page: Page) -> bool:
    return bool(page.run(f"return document.querySelector('{DIALOG}').open"))


def test_an_import_is_taken_back_only_after_it_was_asked(page: Page) -> None:
    page.open("data?range=all")
    page.says(f"#{ids.subtitle(ids.LACKING)}", "15 runs")
    page.click(TAKE_BACK)
    page.says("#take-back-what", "3 runs of import 1 (bad export.jsonl)")
    assert page.text(GO) == "Take back 3 runs"
    page.press(Keys.ESCAPE)
    page.wait(lambda: not is_open(page), "the dialog to close")
    # The keyboard is back where it was, and nothing has happened.
    assert page.run("return document.activeElement.dataset.takeBack") == "1"
    page.click(TAKE_BACK)
    page.says("#take-back-what", "3 runs")
    page.click("#take-back-cancel")
    assert page.text(f"#{ids.subtitle(ids.LACKING)}").startswith("15 runs")
    page.click(TAKE_BACK)
    page.says("#take-back-what", "3 runs")
    page.after(lambda: page.click(GO))
    page.says(f"#{ids.body(ids.IMPORTS)}", "3 runs taken back on")
    page.says(f"#{ids.subtitle(ids.LACKING)}", "12 runs")
    assert not page.all(TAKE_BACK)
    assert not is_open(page)


def test_rollups_are_compared_and_the_result_stays(page: Page) -> None:
    page.open("data")
    page.says(f"#{ids.VERIFIED}", "Not compared yet")
    page.click(f"#{ids.VERIFY}")
    page.says(f"#{ids.VERIFIED}", "Equal to the runs: no difference found")
    page.open("data")
    page.says(f"#{ids.VERIFIED}", "Equal to the runs")


def test_a_number_of_waste_opens_its_runs(page: Page) -> None:
    page.open("money?range=all")
    page.says("#waste-failed", "See these 7 runs")
    page.after(lambda: page.click("#waste-failed a"))
    assert page.run("return location.pathname") == "/runs"
    assert "status=failed" in page.search


def test_an_import_opens_its_runs_and_its_chip_goes(page: Page) -> None:
    page.open("data")
    page.after(lambda: page.click(f"#{ids.body(ids.IMPORTS)} a"))
    assert (page.path, page.search.partition("&tz")[0]) == ("/runs", "?import=1&range=all")
    page.says("#runs-total", "3 runs")
    assert len(page.all("#body-runs tbody tr")) == 3
    chip = f"#{ids.CHIPS} .chip"
    assert page.text(chip) == "Import: no. 1"
    page.after(lambda: page.click(chip))
    page.says("#runs-total", "15 runs")
    assert "import" not in page.search
    assert not page.all(chip)
