"""One browser and one server for all browser tests of a process; every test begins with a fresh window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.remote.webdriver import WebDriver
from sqlalchemy import Engine

from dashboard.running import DEMO_DAYS, DEMO_RUNS, DEMO_SEED
from layouts import ids
from queries.engine import make_engine
from seed.load import seed
from tests.browser import chromium
from tests.browser.page import WATCH, Page
from tests.browser.site import serving
from tests.callbacks.rows import NOW, ZONE, put_rows
from tests.conftest import fresh_database

# Every server callback of the page, by the store that it fills.
PANELS = {
    ids.answer(name)
    for name in (
        ids.CARDS,
        *ids.CHARTS,
        *ids.DISTRIBUTIONS,
        ids.MODELS,
        ids.IN_FLIGHT,
        ids.MARKERS,
        ids.SPLIT,
        ids.STANDING,
        ids.UNUSUAL,
    )
}


# dash[testing] holds selenium back at a release that speaks to urllib3 in words it is about to forget.
_OLD_SELENIUM = pytest.mark.filterwarnings("ignore:HTTPResponse.getheader:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")
            item.add_marker(_OLD_SELENIUM)


@pytest.fixture(scope="session")
def driver() -> Iterator[WebDriver]:
    if chromium.find_browser() is None:
        pytest.fail("Chromium and chromedriver are needed: apt-get install chromium chromium-driver")
    driver = chromium.start()
    chromium.before_the_page(driver, WATCH)
    chromium.before_the_page(driver, chromium.clock_at(NOW))
    grant = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    driver.execute_cdp_cmd("Browser.grantPermissions", grant)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def site(
    server: str, template: str, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the page on the rows made by hand, which no test changes."""
    with site_with(lambda engine: put_rows(engine, run), server, template, tmp_path_factory) as address:
        yield address


@pytest.fixture(scope="session")
def demo(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page on what `make demo` makes, until NOW, which no test changes."""
    with fresh_database(server, template) as url:
        seed(url, runs=DEMO_RUNS, days=DEMO_DAYS, rng_seed=DEMO_SEED, until=NOW, progress=lambda _: None)
        with serving(url, tmp_path_factory.mktemp("demo")) as address:
            yield address


@pytest.fixture
def fresh(driver: WebDriver) -> Iterator[WebDriver]:
    """The browser as a new reader has it, and afterwards a look at its console."""
    driver.get("about:blank")
    chromium.resize(driver, 1440, 900)
    chromium.set_zone(driver, ZONE)
    chromium.prefer(driver)
    driver.get_log("browser")
    yield driver
    driver.get("about:blank")


@pytest.fixture
def page(fresh: WebDriver, site: str) -> Iterator[Page]:
    """A new reader's page; at the end its console must be clean."""
    with reader(fresh, site) as page:
        yield page


@pytest.fixture
def bare(fresh: WebDriver, database_url: str, tmp_path: Path) -> Iterator[Page]:
    """A page on an empty database of its own."""
    with serving(database_url, tmp_path) as address:
        forget(fresh, address)
        yield Page(fresh, address)
        fresh.get("about:blank")


@pytest.fixture
def own(bare: Page, engine: Engine, run: Callable[..., Any]) -> Page:
    """A page on a database of its own, with the rows made by hand."""
    put_rows(engine, run)
    return bare


@pytest.fixture
def demo_page(fresh: WebDriver, demo: str) -> Iterator[Page]:
    """A new reader's page of the demo's data."""
    with reader(fresh, demo) as page:
        yield page


@contextmanager
def site_with(
    fill: Callable[[Engine], None], server: str, template: str, folders: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a page on a database of its own, which ``fill`` writes to before it is served."""
    with fresh_database(server, template) as url:
        engine = make_engine(url)
        fill(engine)
        engine.dispose()
        with serving(url, folders.mktemp("site")) as address:
            yield address


@contextmanager
def reader(driver: WebDriver, address: str) -> Iterator[Page]:
    """A new reader's page; at the end its console must be clean."""
    forget(driver, address)
    page = Page(driver, address)
    yield page
    assert page.console() == []


def forget(driver: WebDriver, address: str) -> None:
    """Without anything that an earlier reader left: cookies, the theme."""
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
