"""A headless Chromium on a page of our own scripts: how things look is decided there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.look.sheet import write

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1000,900", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
)  # fmt: skip


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    chrome = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (chrome and driver):
        pytest.skip("needs chromium and chromedriver (apt-get install chromium chromium-driver)")
    options = Options()
    options.binary_location = chrome
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(service=Service(driver), options=options)
    browser.get(write(tmp_path_factory.mktemp("sheet")))
    yield browser
    browser.quit()


@pytest.fixture
def sheet(page: webdriver.Chrome) -> Callable[..., Any]:
    """``sheet("return arguments[0]", value)``: runs a script on the page."""
    return page.execute_script


@pytest.fixture
def fresh(page: webdriver.Chrome) -> webdriver.Chrome:
    """The page as it is before anything happens."""
    page.refresh()
    return page
